"""优惠: what holds now, where and for whom; one offer with who pays; a dry run. The app reads these rows for everybody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf
from typing import NamedTuple

from django.db import connection
from django.db.models import Prefetch, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from gonghui.benefits.models import Release, Voucher
from gonghui.bills import pricing
from gonghui.bills.holidays import holidays_around
from gonghui.bills.models import OfferStore, OfferTerms
from gonghui.bills.offers_live import STAMP, asker_and_groups, live_offers, printed_terms, with_audiences
from gonghui.bills.pricing.fitting import is_kept_from_transit
from gonghui.bills.pricing.screen import says_per
from gonghui.bills.pricing.windows import day_of
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.clock import CHINA
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.templatetags.kit import yuan
from gonghui.partners.models import Store
from gonghui.portal.distances import Place, metres_to, said_distance
from gonghui.portal.queries.bills import BarPart, PartShown, bar_of

PRINTED = "printed on the offer"
STORES_NAMED = 2
STORES_MAX = 300
EXAMPLE_FEN = 10_000


@dataclass(frozen=True, slots=True)
class OfferShown:
    """As a card or a page shows it."""

    row: OfferTerms
    printed: pricing.LiveOffer
    group_names: dict[str, str]
    asker: pricing.Asker
    voucher: Voucher | None
    vouchers: int
    release: Release | None
    at: datetime
    near: Place | None = None
    """Where the reader stands, if their phone said so for this one request."""

    @property
    def terms(self) -> pricing.Terms:
        return self.printed.terms

    @property
    def windows(self) -> tuple[pricing.Window, ...]:
        return self.printed.windows

    @property
    def offer_id(self) -> int:
        return self.row.offer_id

    @property
    def title(self) -> str:
        return self.row.offer.title

    @property
    def says(self) -> str:
        return pricing.says_terms(self.terms)

    @property
    def when(self) -> list[str]:
        """One line a group of people; empty: always."""
        return self._lines({one.store_id: one.store.name for one in self.row.offer_stores.all()})

    @property
    def when_here(self) -> list[str]:
        """For who asks about one store already: no store is named, and lines that say nothing are left out."""
        return [line for line in self._lines({}) if line]

    def _lines(self, stores: dict[int, str]) -> list[str]:
        if not self.windows:
            return []
        said = pricing.says(self.windows, self.terms, self.group_names, stores)
        return [f" {line}".replace(f" {self.says}", "").lstrip(" ，") for line in said.split("\n")]

    @property
    def groups(self) -> list[str]:
        return [self.group_names.get(code, code) for code in self.row.groups]

    @property
    def stores(self) -> list[Store]:
        """Nearest first where that is known, else by name; each with its distance in words, `far`."""
        stores = [one.store for one in self.row.offer_stores.all()]
        if self.near is None:
            return stores
        metres = {store.pk: metres_to(store, self.near) for store in stores}
        for store in stores:
            store.far = "" if metres[store.pk] is None else said_distance(metres[store.pk])
        return sorted(stores, key=lambda store: (metres[store.pk] is None, metres[store.pk] or 0))

    @property
    def metres(self) -> float:
        """To the nearest of its stores; endless where nobody knows."""
        if self.near is None:
            return inf
        found = (metres_to(one.store, self.near) for one in self.row.offer_stores.all())
        return min((far for far in found if far is not None), default=inf)

    @property
    def stores_named(self) -> list[Store]:
        return self.stores[:STORES_NAMED]

    @property
    def stores_more(self) -> int:
        return max(0, len(self.stores) - STORES_NAMED)

    @property
    def is_mine(self) -> bool:
        """Whether the reader belongs to those it is for; strangers are shown everything."""
        asker, row = self.asker, self.row
        if asker.person_id is None:
            return True
        path = row.audience_union.path if row.audience_union else ""
        return (
            asker.union_path.startswith(path)
            and (not row.groups or not asker.groups.isdisjoint(row.groups))
            and (self.printed.audience is None or self.printed.audience in asker.audiences)
        )

    @property
    def suits_reader(self) -> bool:
        """As `is_mine`, and at one of its hours at least."""
        return self.is_mine and (not self.windows or bool(self.own_windows))

    @property
    def pause_reason(self) -> str:
        """Why nobody can claim a voucher of it just now."""
        return self.release.pause_reason if self.release else ""

    @property
    def needs_verifying(self) -> bool:
        return self.row.verified_only and self.asker.person_id is not None and not self.asker.is_verified

    @property
    def waits_for_union(self) -> bool:
        """The reader is in a transit pool: the till would not give it them."""
        return is_kept_from_transit(self.printed, self.asker)

    @property
    def own_windows(self) -> list[pricing.Window]:
        asker = self.asker
        return [
            one
            for one in self.windows
            if not one.whom or asker.person_id is None or not one.whom.isdisjoint(asker.groups)
        ]

    @property
    def is_open(self) -> bool:
        if self.row.state != OfferTerms.State.PUBLISHED:
            return False
        days = holidays_around(self.at.astimezone(CHINA).date())
        return not self.windows or any(day_of(one, self.at, days) for one in self.own_windows)

    @property
    def opens(self) -> datetime | None:
        """When it next begins, at any of its stores."""
        days = holidays_around(self.at.astimezone(CHINA).date())
        found = []
        for one in self.own_windows:
            store_id = min(one.store_ids, default=None)
            visit = pricing.Visit(store_id, self.at, holidays=days)
            whoever = replace(self.asker, groups=one.whom) if self.asker.person_id is None else self.asker
            found.append(pricing.next_opening([one], whoever, visit))
        return min((at for at in found if at), default=None)

    @property
    def is_usable(self) -> bool:
        has_voucher = not self.row.needs_voucher or self.vouchers > 0
        return (
            self.is_open
            and self.is_mine
            and has_voucher
            and not self.needs_verifying
            and not self.waits_for_union
        )

    @property
    def rank(self) -> tuple:
        """Usable now first, then the nearest, then what one holds, then what is open."""
        return (
            not self.is_usable,
            self.metres,
            not self.vouchers,
            not self.is_mine,
            not self.is_open,
            self.row.order,
            self.row.pk,
        )


def shown_terms() -> QuerySet[OfferTerms]:
    stores = OfferStore.objects.select_related("store__partner").order_by("store__name", "id")
    return printed_rows().prefetch_related(Prefetch("offer_stores", stores))


def printed_rows() -> QuerySet[OfferTerms]:
    found = OfferTerms.objects.unscoped(PRINTED).filter(state__in=("published", "paused"))
    found = found.annotate(stamp=RawSQL(STAMP, []))  # noqa: S611  no value in it
    return found.select_related("offer__union", "audience_union")


def offers_now(actor: Actor, *, store_id: int | None = None, near: Place | None = None) -> list[OfferShown]:
    """Seven queries at most, however many offers."""
    found = shown_terms().filter(state=OfferTerms.State.PUBLISHED)
    if store_id:
        found = found.filter(offer_stores__store_id=store_id)
    shown = (replace(one, near=near) for one in _shown(actor, list(found)))
    return sorted(shown, key=lambda one: one.rank)


def offers_without_stores(actor: Actor, *, store_id: int | None = None) -> list[OfferShown]:
    """As `offers_now`, for who reads the stores by themselves: of these, neither `stores` nor `when` may be asked."""
    found = printed_rows().filter(state=OfferTerms.State.PUBLISHED)
    if store_id:
        found = found.filter(offer_stores__store_id=store_id)
    return _shown(actor, list(found))


def offer_now(actor: Actor, offer_id: int) -> OfferShown:
    """Also one that is paused, and one that ended of which a voucher is left."""
    row = shown_terms().filter(offer_id=offer_id).first()
    require(row, NOT_FOUND)
    return _shown(actor, [row])[0]


def _shown(actor: Actor, rows: Sequence[OfferTerms]) -> list[OfferShown]:
    at = clock.now()
    asker, names = asker_and_groups(actor.person_id, at)
    printed = {one.terms_id: one.offer for one in printed_terms((row.pk, row.stamp) for row in rows)}
    asker = with_audiences(asker, printed.values())
    ids = [row.offer_id for row in rows if row.needs_voucher]
    held = own_vouchers(actor, ids, at)
    releases = open_releases(actor, ids, at)
    found = []
    for row in rows:
        voucher, vouchers = held.get(row.offer_id, (None, 0))
        release = releases.get(row.offer_id)
        found.append(OfferShown(row, printed[row.pk], names, asker, voucher, vouchers, release, at))
    return found


def own_vouchers(actor: Actor, offer_ids: Sequence[int], at: datetime) -> dict[int, tuple[Voucher, int]]:
    """By offer: the one that ends first, and how many can be used."""
    if actor.person_id is None or not offer_ids:
        return {}
    rows = Voucher.objects.unscoped("one's own").filter(
        person_id=actor.person_id, release__offer_id__in=offer_ids, state=Voucher.State.CONFIRMED
    )
    found: dict[int, tuple[Voucher, int]] = {}
    for row in rows.select_related("release", "pool").order_by("pool__valid_until", "id"):
        if row.pool.valid_until and row.pool.valid_until <= at:
            continue
        first, count = found.get(row.release.offer_id, (row, 0))
        found[row.release.offer_id] = (first, count + 1)
    return found


def open_releases(actor: Actor, offer_ids: Sequence[int], at: datetime) -> dict[int, Release]:
    """Where a voucher of each can be had, now or next."""
    if not offer_ids:
        return {}
    rows = Release.objects.visible_to(actor).filter(
        offer_id__in=offer_ids, state__in=("announced", "open", "paused"), closes_at__gt=at
    )
    return {row.offer_id: row for row in rows.exclude(mode=Release.Mode.PACK).order_by("-opens_at", "-id")}


def limits_said(shown: OfferShown) -> list[str]:
    """How often it is given, and how much for it, in words."""
    return [_says_limit(limit) for limit in shown.printed.limits]


def _says_limit(limit: pricing.Limit) -> str:
    per = says_per(limit.per)
    if limit.in_fen:
        return _("%(per)s最多补贴 %(fen)s 元") % {"per": per, "fen": yuan(limit.most)}
    return _("%(per)s限用 %(most)d 次") % {"per": per, "most": limit.most}


# --- who pays -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Example:
    """One bill of this offer alone, split as a redemption would, were every purse full."""

    list_fen: int
    parts: tuple[PartShown, ...]

    @property
    def bar(self) -> list[BarPart]:
        return bar_of(self.parts)

    @property
    def worker_fen(self) -> int:
        return sum(part.fen for part in self.parts if not part.is_given)


def example_of(shown: OfferShown) -> Example | None:
    """None for a gift that is worth no money."""
    shares = shown.printed.shares
    list_fen = _example_fen(shown)
    is_gift = shown.terms.form == pricing.Form.GIFT
    off_fen = shown.terms.price_fen if is_gift else pricing.discount_of(shown.terms, list_fen)
    if not off_fen or not shares:
        return None
    whole = off_fen if is_gift else list_fen
    sums: dict[str, int] = {}
    for share, fen in zip(shares, pricing.split_discount(off_fen, shares).fens, strict=True):
        sums[share.payer] = sums.get(share.payer, 0) + fen
    sums["worker"] = whole - sum(sums.values())
    order = ("merchant", "union", "employer", "worker")
    return Example(whole, tuple(PartShown(payer, sums[payer]) for payer in order if sums.get(payer)))


def _example_fen(shown: OfferShown) -> int:
    """What one would buy: the list price where there is one, else the threshold, else a hundred yuan or twice the price."""
    terms = shown.terms
    return (
        shown.row.offer.list_price_fen
        or terms.threshold_fen
        or max(EXAMPLE_FEN, 2 * terms.price_fen, 2 * terms.off_fen)
    )


# --- a dry run ----------------------------------------------------------------------------------------------


class Choice(NamedTuple):
    key: str
    name: str


CHOICES = """
(SELECT 'store', id::text, name FROM partners_store o
  WHERE EXISTS (SELECT FROM bills_offerstore s JOIN bills_offerterms t ON t.id = s.terms_id
                 WHERE s.store_id = o.id AND t.state = 'published') ORDER BY name, id LIMIT %s)
UNION ALL (SELECT 'section', code, name FROM funds_section ORDER BY id)
"""


def basket_choices() -> tuple[list[Choice], list[Choice]]:
    """Stores where an offer holds now, and sections of goods; one query."""
    found: dict[str, list[Choice]] = {"store": [], "section": []}
    with connection.cursor() as cursor:
        cursor.execute(CHOICES, [STORES_MAX])
        for kind, key, name in cursor.fetchall():
            found[kind].append(Choice(key, name))
    return found["store"], found["section"]


def is_offer_store(store_id: int) -> bool:
    return OfferStore.objects.filter(store_id=store_id).exists()


def dry_run(actor: Actor, store_id: int, lines: Iterable[pricing.Line], *, points: int = 0) -> pricing.Quote:
    """What a till of this store would say to the reader. Writes nothing."""
    offers, asker, visit = live_offers(store_id, actor.person_id, clock.now())
    require(offers or is_offer_store(store_id), NOT_FOUND)
    return pricing.quote(offers, pricing.Basket(tuple(lines)), asker, visit, points=points)
