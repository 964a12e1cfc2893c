"""What a bill uses up besides money: windows, limits, vouchers. Used by guarded statements, given back when a bill ends.

Locked in this order: windows, limits, vouchers, each by id; the ledger's accounts come after.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import F, Q

from gonghui.benefits.events import VoucherRedeemed
from gonghui.benefits.models import Redemption, Voucher
from gonghui.bills import errors
from gonghui.bills.models import Bill, BillOffer, LimitUse, WindowUse
from gonghui.bills.offers_live import OF_PERSON, since_of
from gonghui.bills.pricing import Applied
from gonghui.bills.selling import BillFacts
from gonghui.kit import clock, events
from gonghui.kit.clock import CHINA
from gonghui.kit.errors import DomainError, require
from gonghui.ledger.engine import id_of

OURS = "counters of a bill"
USE_WINDOWS = """
INSERT INTO bills_windowuse AS u (window_id, day, used, capacity)
SELECT w, d, 1, c FROM unnest(%s::bigint[], %s::date[], %s::integer[]) AS asked(w, d, c) ORDER BY w, d
ON CONFLICT (window_id, day) DO UPDATE SET used = u.used + 1, updated_at = now() WHERE u.used < u.capacity
RETURNING window_id
"""
USE_LIMITS = """
INSERT INTO bills_limituse AS u (limit_id, person_id, since, used, most)
SELECT l, p, s, 1, m FROM unnest(%s::bigint[], %s::bigint[], %s::date[], %s::integer[]) AS asked(l, p, s, m) ORDER BY l
ON CONFLICT (limit_id, person_id, since) DO UPDATE SET used = u.used + 1, updated_at = now() WHERE u.used < u.most
RETURNING limit_id
"""


GIVEN = """
SELECT t.offer_id, t.needs_voucher, t.category, t.festival, l.id, l.per, l.most
  FROM bills_offerterms t LEFT JOIN bills_offerlimit l ON l.terms_id = t.id WHERE t.offer_id = ANY(%s) ORDER BY l.id
"""


class OneLimit(NamedTuple):
    pk: int
    per: str
    most: int


@dataclass(frozen=True, slots=True)
class GivenTerms:
    """Of an offer that is given: what writing its bill asks for."""

    needs_voucher: bool
    category: str
    festival: str
    limits: tuple[OneLimit, ...] = ()


def given_terms(offer_ids: Sequence[int]) -> dict[int, GivenTerms]:
    """By offer; one query."""
    found: dict[int, GivenTerms] = {}
    if not offer_ids:
        return found
    with connection.cursor() as cursor:
        cursor.execute(GIVEN, [list(offer_ids)])
        for offer_id, needs_voucher, category, festival, *limit in cursor.fetchall():
            before = found.get(offer_id, GivenTerms(needs_voucher, category, festival))
            more = (OneLimit(*limit),) if limit[0] else ()
            found[offer_id] = replace(before, limits=before.limits + more)
    return found


class LimitAsked(NamedTuple):
    limit_id: int
    person_id: int | None
    since: date
    most: int


def use_windows(applied: Sequence[Applied]) -> None:
    asked = {
        (one.window_id, one.window_day): one
        for one in applied
        if one.window is not None and one.window.capacity is not None
    }
    if not asked:
        return
    columns = [
        [w for w, _d in asked],
        [d for _w, d in asked],
        [one.window.capacity for one in asked.values()],
    ]
    with connection.cursor() as cursor:
        cursor.execute(USE_WINDOWS, columns)
        used = {row[0] for row in cursor.fetchall()}
    for (window_id, _day), one in asked.items():
        require(window_id in used, errors.BILL_WINDOW_FULL, title=one.title)


def use_limits(titles: Mapping[OneLimit, str], facts: BillFacts) -> None:
    """`titles`: of the offer each limit is of."""
    asked = [limit_asked(limit, facts.person_id, facts.at) for limit in titles]
    if not asked:
        return
    with connection.cursor() as cursor:
        cursor.execute(USE_LIMITS, [list(column) for column in zip(*asked, strict=True)])
        used = {row[0] for row in cursor.fetchall()}
    for limit, title in titles.items():
        require(limit.pk in used, errors.LIMIT_REACHED, title=title)


def limit_asked(limit: OneLimit, person_id: int, at: datetime) -> LimitAsked:
    day = at.astimezone(CHINA).date()
    whose = person_id if limit.per in OF_PERSON else None
    return LimitAsked(limit.pk, whose, since_of(limit.per, day), limit.most)


def use_vouchers(facts: BillFacts, vouchers: Sequence[Voucher]) -> None:
    """Compare-and-set: whoever comes second finds it used."""
    ids = sorted(voucher.pk for voucher in vouchers)
    if not ids:
        return
    found = Voucher.objects.unscoped("vouchers of the one at the counter").filter(pk__in=ids)
    if len(ids) > 1:
        list(found.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    confirmed = found.filter(state=Voucher.State.CONFIRMED, person_id=facts.person_id)
    moved = confirmed.update(state=Voucher.State.REDEEMED, settled_at=facts.at, updated_at=clock.now())
    require(moved == len(ids), errors.VOUCHER_GONE)
    if facts.clerk_id:
        Redemption.objects.bulk_create([redemption_of(facts, voucher) for voucher in vouchers])
    for voucher_id in ids:
        events.emit(VoucherRedeemed(voucher_id=voucher_id))


def redemption_of(facts: BillFacts, voucher: Voucher) -> Redemption:
    return Redemption(
        voucher=voucher,
        kind=Redemption.Kind.BILL,
        at=facts.at,
        store_id=facts.store.pk,
        clerk_id=facts.clerk_id,
        arrived=voucher.seats,
        idempotency_key=id_of(facts.key, "voucher", voucher.pk),
    )


# --- back ---------------------------------------------------------------------------------------------------


def give_back(bill: Bill) -> None:
    """The bill was cancelled or wholly refunded: its uses count no longer, vouchers still good are good again."""
    offers = list(bill.offers_given.order_by("window_id"))
    for one in offers:
        if one.window_id:
            uses = WindowUse.objects.unscoped(OURS).filter(window_id=one.window_id, day=one.window_day)
            uses.filter(used__gt=0).update(used=F("used") - 1, updated_at=clock.now())
    give_back_limits(bill, offers)
    restore_vouchers([one.voucher_id for one in offers if one.voucher_id])


def give_back_limits(bill: Bill, offers: Iterable[BillOffer]) -> None:
    terms = given_terms([one.offer_id for one in offers])
    for limit in sorted(limit for one in terms.values() for limit in one.limits):
        asked = limit_asked(limit, bill.person_id, bill.at)
        uses = LimitUse.objects.unscoped(OURS).filter(
            limit_id=asked.limit_id, person_id=asked.person_id, since=asked.since, used__gt=0
        )
        uses.update(used=F("used") - 1, updated_at=clock.now())


def restore_vouchers(voucher_ids: Iterable[int]) -> None:
    """One past its time, or of a cancelled release, stays used."""
    now = clock.now()
    still_good = Q(pool__valid_until=None) | Q(pool__valid_until__gt=now)
    found = Voucher.objects.unscoped("vouchers of a bill that ends").filter(
        still_good, pk__in=list(voucher_ids), state=Voucher.State.REDEEMED
    )
    ids = list(found.exclude(release__state="cancelled").order_by("pk").values_list("pk", flat=True))
    again = Voucher.objects.unscoped(OURS).filter(pk__in=ids, state=Voucher.State.REDEEMED)
    again.update(state=Voucher.State.CONFIRMED, settled_at=None, updated_at=now)


MOVED = (
    errors.BILL_WINDOW_FULL,
    errors.LIMIT_REACHED,
    errors.VOUCHER_GONE,
    errors.FUNDER_SHORT,
    errors.POINTS_GONE,
)


def is_moved(refused: DomainError) -> bool:
    """Somebody else was faster: another look at the facts gives another price or its reason."""
    return refused.reason in MOVED
