"""The coupons in a clerk's offline pack: good at this till while the pack lives, paid for, refused by nothing that is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import OuterRef, Q, Subquery

from gonghui.benefits.counter import OFFLINE_LIFE
from gonghui.benefits.models import Voucher
from gonghui.benefits.packs import new_pack, unix_ms
from gonghui.bills import plans, pricing
from gonghui.bills.counters import given_terms
from gonghui.bills.holidays import holidays_around
from gonghui.bills.models import Purse
from gonghui.bills.offers_live import Printed, offers_at
from gonghui.bills.offline import (
    COUPONS_MAX,
    FUNDED_FEN_MAX,
    MARK_ROUNDS,
    is_simple,
    mark_of,
    mark_salt,
    offer_facts,
)
from gonghui.bills.pricing.fitting import Candidate, fit
from gonghui.bills.rule_checks import category_of
from gonghui.funds import rulebook
from gonghui.funds.models import Budget
from gonghui.funds.rulebook import Giving
from gonghui.kit import tokens
from gonghui.kit.actors import Actor
from gonghui.kit.clock import CHINA
from gonghui.kit.masks import mask_name
from gonghui.members.models import Membership
from gonghui.partners.models import Store
from gonghui.partners.queries import may_trade

OURS = "coupons that are good at this till"
BASKET = pricing.Basket((pricing.Line("any", 1),))


class Life(NamedTuple):
    """Where and how long a pack holds."""

    store_id: int
    since: datetime
    until: datetime

    @property
    def visits(self) -> list[pricing.Visit]:
        """Its first moment and its last: a window open at both, begun on one day, is open between them."""
        moments = (self.since, self.until)
        return [
            pricing.Visit(self.store_id, at, holidays=holidays_around(at.astimezone(CHINA).date()))
            for at in moments
        ]


def new_till_pack(actor: Actor, *, store_id: int) -> dict[str, Any]:
    """The counter's pack with the coupons of the till and their terms."""
    pack = new_pack(actor, store_id=store_id)
    since = datetime.fromtimestamp(pack["issued"] / 1000, CHINA)
    life = Life(store_id, since, since + OFFLINE_LIFE)
    offers = {one.offer.id: one for one in simple_offers(life)}
    coupons = fundable(good_coupons(life, offers), offers, since)
    named, salt = {coupon.release.offer_id for coupon in coupons}, mark_salt()
    return pack | {
        "salt": salt.hex(),
        "rounds": MARK_ROUNDS,
        "most_fen": FUNDED_FEN_MAX,
        "offers": {str(pk): offer_facts(offers[pk].offer) for pk in named},
        "coupons": {mark_of(coupon.code, salt): _entry(coupon) for coupon in coupons},
    }


def simple_offers(life: Life) -> list[Printed]:
    """None of a health store: who goes there is nobody's business on a phone; none where nothing may be honoured."""
    store = Store.objects.unscoped(OURS).select_related("partner").get(pk=life.store_id)
    if store.partner.kind == "health" or may_trade(store.pk, life.since.astimezone(CHINA).date()):
        return []
    return [one for one in offers_at(store.pk) if is_simple(one.offer)]


def good_coupons(life: Life, offers: Mapping[int, Printed]) -> list[Voucher]:
    """One query; those whose holder the offer is for, from the pack's first moment to its last."""
    if not offers:
        return []
    of_them = Membership.objects.unscoped(OURS).filter(
        person_id=OuterRef("person_id"), status__in=Membership.LIVE
    )
    found = (
        Voucher.objects.unscoped(OURS)
        .filter(
            Q(pool__store=None) | Q(pool__store_id=life.store_id),
            Q(pool__valid_from=None) | Q(pool__valid_from__lt=life.until),
            Q(pool__valid_until=None) | Q(pool__valid_until__gt=life.since),
            state=Voucher.State.CONFIRMED,
            release__offer_id__in=list(offers),
        )
        .annotate(union_path=Subquery(of_them.values("union__path")[:1]))
        .select_related("pool", "release", "person")
        .only("code", "person__name", "person__groups", "person__verification", "release__offer_id",
              "pool__valid_from", "pool__valid_until")
        .order_by("pool__valid_until", "id")[:COUPONS_MAX]
    )  # fmt: skip
    visits = life.visits
    return [one for one in found if is_for(offers[one.release.offer_id].offer, asker_of(one), visits)]


def asker_of(coupon: Voucher) -> pricing.Asker:
    person = coupon.person
    return pricing.Asker(
        person.pk,
        frozenset(person.groups),
        getattr(coupon, "union_path", None) or "",
        person.verification == "verified",
    )


def is_for(offer: pricing.LiveOffer, asker: pricing.Asker, visits: Iterable[pricing.Visit]) -> bool:
    fits = [fit(replace(offer, vouchers=1), BASKET, asker, visit) for visit in visits]
    begun = {
        (one.window and one.window.id, one.window_day) if isinstance(one, Candidate) else None for one in fits
    }
    return len(begun) == 1 and None not in begun


def fundable(coupons: Sequence[Voucher], offers: Mapping[int, Printed], at: datetime) -> list[Voucher]:
    """Those of a release whose purses are there, held by people whom the rulebook would let have the most of it."""
    by_release: dict[int, list[Voucher]] = defaultdict(list)
    for coupon in coupons:
        by_release[coupon.release_id].append(coupon)
    found = Purse.objects.unscoped(OURS).filter(release_id__in=list(by_release))
    purses = {
        (purse.release_id, purse.share_id): purse.commitment.budget
        for purse in found.select_related("commitment__budget__union", "commitment__budget__source")
    }
    kept: set[int] = set()
    for release_id, own in by_release.items():
        printed = offers[own[0].release.offer_id]
        budgets = [purses.get((release_id, share_id)) for share_id in printed.share_ids]
        people = {coupon.person_id for coupon in own}
        allowed = people - _refused(printed, budgets, sorted(people), at)
        kept |= {coupon.pk for coupon in own if coupon.person_id in allowed}
    return [coupon for coupon in coupons if coupon.pk in kept]


def _refused(
    printed: Printed, budgets: Sequence[Budget | None], people: Sequence[int], at: datetime
) -> set[int]:
    """Whom a rule would refuse; everybody, where a share has no purse or no bound."""
    offer, refused = printed.offer, set()
    most = plans.most_of_shares(offer.terms, offer.shares)
    terms = given_terms([offer.id])[offer.id]
    for share, budget, most_fen in zip(offer.shares, budgets, most, strict=True):
        if share.payer == pricing.Payer.MERCHANT or most_fen == 0:
            continue
        if budget is None or most_fen is None:
            return set(people)
        if share.payer != pricing.Payer.UNION:
            continue
        giving = Giving(
            person_ids=people,
            union=budget.union,
            source_kind=budget.source.kind,
            source_level=budget.source.level,
            category=category_of(terms.category),
            festival=terms.festival,
            amount_fen=most_fen,
            on=at.astimezone(CHINA).date(),
            occasion=f"offline-pack:{offer.id}",
        )
        refused |= {one.person_id for one in rulebook.would_fit(giving) if not one.is_given}
    return refused


def _entry(coupon: Voucher) -> dict[str, Any]:
    pool = coupon.pool
    return {
        "secret": tokens.voucher_secret(coupon.code).hex(),
        "name": mask_name(coupon.person.name),
        "offer": str(coupon.release.offer_id),
        "from": unix_ms(pool.valid_from) if pool.valid_from else 0,
        "until": unix_ms(pool.valid_until) if pool.valid_until else None,
    }
