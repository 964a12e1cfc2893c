"""What holds at one store now: rows of terms as facts of `pricing`, with what has been counted for whoever asks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F, Q

from gonghui.benefits.models import Voucher
from gonghui.bills import pricing
from gonghui.bills.holidays import holidays_around
from gonghui.bills.models import OfferTerms
from gonghui.kit.clock import CHINA
from gonghui.members.models import Membership, WorkerGroup

ONE_DAY = timedelta(days=1)
LONG_AGO = date(2000, 1, 1)
"""When the period of a limit that never starts anew began."""
BY_DAY = (pricing.Per.PERSON_DAY, pricing.Per.DAY)
BY_MONTH = (pricing.Per.PERSON_MONTH, pricing.Per.MONTH)
OF_PERSON = (pricing.Per.PERSON, pricing.Per.PERSON_DAY, pricing.Per.PERSON_MONTH)
OURS = "facts of prices, for whoever stands at the counter"


@dataclass(frozen=True, slots=True)
class Held:
    """The voucher of an offer that would be used next, and how many there are."""

    voucher: Voucher
    count: int


def since_of(per: str, day: date) -> date:
    """The first day of the period of a limit that `day` lies in: `LimitUse.since`."""
    if per in BY_DAY:
        return day
    return day.replace(day=1) if per in BY_MONTH else LONG_AGO


class Facts(NamedTuple):
    """All that `quote` asks for, and by offer the voucher that would be used."""

    offers: list[pricing.LiveOffer]
    asker: pricing.Asker
    visit: pricing.Visit
    vouchers: dict[int, Voucher]


def live_offers(
    store_id: int, person_id: int | None, at: datetime
) -> tuple[list[pricing.LiveOffer], pricing.Asker, pricing.Visit]:
    """Ten queries at most, however many offers. Of an ended offer, vouchers already held still count."""
    found = facts_at(store_id, person_id, at)
    return found.offers, found.asker, found.visit


def facts_at(store_id: int, person_id: int | None, at: datetime, *, shown: Voucher | None = None) -> Facts:
    """`shown`: the voucher of its offer that would be used, whichever ends earlier."""
    held = _held(person_id, at, offer_pools(store_id)) if person_id else {}
    if shown and (mine := held.get(shown.release.offer_id)):
        held[shown.release.offer_id] = Held(shown, mine.count)
    rows = _terms_at(store_id, held)
    ids = [row["id"] for row in rows]
    left_fen: dict[pricing.Id, int] = {}
    shares = _shares(ids, [one.voucher.release_id for one in held.values()], left_fen)
    windows, uses = _windows(ids, at)
    limits = _limits(ids, person_id, at)
    offers = [_live(row, shares, windows, limits, held=held, store_id=store_id) for row in rows]
    visit = pricing.Visit(
        store_id,
        at,
        holidays=holidays_around(at.astimezone(CHINA).date()),
        left_fen=left_fen,
        window_uses=uses,
        group_names=dict(WorkerGroup.objects.values_list("code", "name")),
    )
    vouchers = {offer_id: one.voucher for offer_id, one in held.items()}
    return Facts(offers, asker_of(person_id, at), visit, vouchers)


def vouchers_at_hand(
    person_id: int, offer_ids: Collection[int], *, at: datetime, store_id: int | None = None
) -> dict[int, Voucher]:
    """By offer, the voucher a bill would use: confirmed, valid at `at`, earliest to expire first, then by id."""
    found = Q(release__offer_id__in=list(offer_ids))
    if store_id is not None:
        found &= Q(pool__store=None) | Q(pool__store_id=store_id)
    return {offer_id: one.voucher for offer_id, one in _held(person_id, at, found).items()}


def offer_pools(store_id: int) -> Q:
    """Of vouchers: those of offers of this store that a pool does not tie to another one."""
    here = Q(release__offer__priced_by__offer_stores__store_id=store_id)
    return here & (Q(pool__store=None) | Q(pool__store_id=store_id))


def _held(person_id: int, at: datetime, which: Q) -> dict[int, Held]:
    valid = Q(pool__valid_from=None) | Q(pool__valid_from__lte=at)
    valid &= Q(pool__valid_until=None) | Q(pool__valid_until__gt=at)
    found = (
        Voucher.objects.unscoped(OURS)
        .filter(which, valid, person_id=person_id, state=Voucher.State.CONFIRMED)
        .select_related("release", "pool")
        .order_by(F("pool__valid_until").asc(nulls_last=True), "id")
    )
    held: dict[int, Held] = {}
    for voucher in found:
        before = held.get(voucher.release.offer_id)
        held[voucher.release.offer_id] = Held(
            before.voucher if before else voucher, before.count + 1 if before else 1
        )
    return held


TERMS = [name for name in pricing.Terms.__slots__ if name not in ("form", "basis", "stacking")]
AROUND = ("sections", "codes", "groups", "verified_only", "needs_voucher")


def _terms_at(store_id: int, held: Collection[int]) -> list[dict[str, Any]]:
    kept = Q(state=OfferTerms.State.ENDED, needs_voucher=True, offer_id__in=list(held))
    found = OfferTerms.objects.unscoped(OURS).filter(
        Q(state=OfferTerms.State.PUBLISHED) | kept, offer_stores__store_id=store_id
    )
    named = {
        "title": F("offer__title"),
        "path": F("audience_union__path"),
        "union": F("audience_union__name"),
    }
    return list(
        found.order_by("order", "offer_id").values(
            "id", "offer_id", "form", "basis", "stacking", *TERMS, *AROUND, **named
        )
    )


def terms_of(row: Mapping[str, Any]) -> pricing.Terms:
    return pricing.Terms(
        form=pricing.Form(row["form"]),
        basis=pricing.Basis(row["basis"]),
        stacking=pricing.Stacking(row["stacking"]),
        **{name: row[name] for name in TERMS},
    )


def _live(
    row: Mapping[str, Any],
    shares: Mapping[int, list[pricing.Share]],
    windows: Mapping[int, list[pricing.Window]],
    limits: Mapping[int, list[pricing.Limit]],
    *,
    held: Mapping[int, Held],
    store_id: int,
) -> pricing.LiveOffer:
    mine = held.get(row["offer_id"])
    return pricing.LiveOffer(
        id=row["offer_id"],
        title=row["title"],
        terms=terms_of(row),
        shares=tuple(shares.get(row["id"], ())),
        windows=tuple(windows.get(row["id"], ())),
        store_ids=frozenset((store_id,)),
        sections=frozenset(row["sections"]),
        codes=frozenset(row["codes"]),
        groups=frozenset(row["groups"]),
        audience_path=row["path"] or "",
        audience_name=row["union"] or "",
        verified_only=row["verified_only"],
        needs_voucher=row["needs_voucher"],
        vouchers=mine.count if mine else 0,
        limits=tuple(limits.get(row["id"], ())),
    )


# Statements of their own: every bill asks them, and building them anew takes longer than asking.
SHARES = """
SELECT s.id, s.terms_id, s.payer, s.permille, s.fixed_fen, s.max_fen, s.when_empty, s.takes_rest,
       a.id, a.credits_posted, a.debits_posted, a.debits_pending
  FROM bills_fundingshare s
  LEFT JOIN bills_purse p ON p.share_id = s.id AND (p.release_id IS NULL OR p.release_id = ANY(%s))
  LEFT JOIN funds_commitment c ON c.id = p.commitment_id LEFT JOIN ledger_account a ON a.id = c.account_id
 WHERE s.terms_id = ANY(%s) ORDER BY s.terms_id, s.nth
"""
WINDOWS = """
SELECT w.terms_id, w.id, w.starts_on, w.ends_on, w.weekdays, w.from_time, w.to_time, w.groups, w.store_ids, w.capacity,
       w.holidays, u.day, u.used
  FROM bills_offerwindow w LEFT JOIN bills_windowuse u ON u.window_id = w.id AND u.day = ANY(%s)
 WHERE w.terms_id = ANY(%s) ORDER BY w.terms_id, w.id
"""
LIMITS = """
SELECT l.terms_id, l.id, l.per, l.most, u.person_id, u.since, u.used
  FROM bills_offerlimit l LEFT JOIN bills_limituse u
    ON u.limit_id = l.id AND (u.person_id IS NULL OR u.person_id = %s) AND u.since = ANY(%s::date[])
 WHERE l.terms_id = ANY(%s) ORDER BY l.terms_id, l.id
"""


def _asked(sql: str, *facts: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, facts)
        return cursor.fetchall()


def _shares(
    terms_ids: list[int], release_ids: list[int], left_fen: dict[pricing.Id, int]
) -> dict[int, list[pricing.Share]]:
    """Each with the account of the purse it pays from; who has none has nothing to give. Fills `left_fen`."""
    rows = _asked(SHARES, release_ids, terms_ids)
    found: dict[int, list[pricing.Share]] = {}
    for share_id, terms_id, payer, permille, fixed, most, when, rest, account, came, gone, pending in rows:
        funder = None
        if payer != pricing.Payer.MERCHANT:
            funder = account or -share_id
            left_fen[funder] = came - gone - pending if account else 0
        share = pricing.Share(
            pricing.Payer(payer), funder, permille, fixed, most, pricing.WhenEmpty(when), rest
        )
        found.setdefault(terms_id, []).append(share)
    return found


def window_of(row: Iterable[Any]) -> pricing.Window:
    """Of the columns of `WINDOWS` from id to holidays."""
    pk, starts_on, ends_on, weekdays, begins, ends, groups, store_ids, capacity, holidays = row
    return pricing.Window(
        id=pk,
        starts_on=starts_on,
        ends_on=ends_on,
        weekdays=frozenset(weekdays),
        from_time=begins,
        to_time=ends,
        groups=frozenset(groups),
        store_ids=frozenset(store_ids),
        capacity=capacity,
        holidays=pricing.Holidays(holidays),
    )


def _windows(
    terms_ids: list[int], at: datetime
) -> tuple[dict[int, list[pricing.Window]], dict[tuple[pricing.Id, date], int]]:
    """With the uses of the days on which one that is open now can have begun."""
    today = at.astimezone(CHINA).date()
    rows = _asked(WINDOWS, [today, today - ONE_DAY], terms_ids)
    found: dict[int, dict[int, pricing.Window]] = {}
    uses: dict[tuple[pricing.Id, date], int] = {}
    for terms_id, pk, *facts, day, used in rows:
        mine = found.setdefault(terms_id, {})
        if pk not in mine:
            mine[pk] = window_of((pk, *facts))
        if day is not None:
            uses[pk, day] = used
    return {terms_id: list(mine.values()) for terms_id, mine in found.items()}, uses


def _limits(terms_ids: list[int], person_id: int | None, at: datetime) -> dict[int, list[pricing.Limit]]:
    """Those of persons count the uses of this one, the others everybody's."""
    today = at.astimezone(CHINA).date()
    since = sorted({since_of(per, today) for per in pricing.Per})
    rows = _asked(LIMITS, person_id, since, terms_ids)
    found: dict[int, dict[int, pricing.Limit]] = {}
    for terms_id, pk, per, most, whom, began, used in rows:
        is_it = began == since_of(per, today) and whom == (person_id if per in OF_PERSON else None)
        mine = found.setdefault(terms_id, {})
        if is_it or pk not in mine:
            mine[pk] = pricing.Limit(pricing.Per(per), most, used if is_it else 0)
    return {terms_id: list(mine.values()) for terms_id, mine in found.items()}


PERSON = """
SELECT p.groups, p.verification,
       (SELECT u.path FROM members_membership m JOIN orgs_union u ON u.id = m.union_id
         WHERE m.person_id = p.id AND m.status = ANY(%s) LIMIT 1)
  FROM members_person p WHERE p.id = %s
"""
LOTS = """
SELECT a.id, a.credits_posted - a.debits_posted - a.debits_pending, g.sections
  FROM ledger_account a LEFT JOIN funds_pointgrant g ON g.id = substr(a.name, 7)::bigint
 WHERE a.person_id = %s AND a.kind = 'points' AND a.expires_at > %s
   AND a.credits_posted > a.debits_posted + a.debits_pending
 ORDER BY a.expires_at, a.id
"""


def asker_of(person_id: int | None, at: datetime) -> pricing.Asker:
    """Two queries: the person with the union they belong to, and their points."""
    rows = _asked(PERSON, list(Membership.LIVE), person_id) if person_id is not None else []
    if not rows:
        return pricing.Asker()
    groups, verification, path = rows[0]
    return pricing.Asker(
        person_id, frozenset(groups), path or "", verification == "verified", lots=point_lots(person_id, at)
    )


def point_lots(person_id: int, at: datetime) -> tuple[pricing.PointLot, ...]:
    """As `funds.points.lots_of`, without the accounts behind them, which only a payment needs."""
    return tuple(
        pricing.PointLot(pk, points, frozenset(sections or ()))
        for pk, points, sections in _asked(LOTS, person_id, at)
    )
