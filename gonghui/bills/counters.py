"""What a bill uses up besides money: windows, limits, vouchers. Used by guarded statements, given back when a bill ends;
of a limit in fen goes back what its lines used, with every refund.

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
from gonghui.bills.pricing import Applied, Part, Payer, Per
from gonghui.bills.selling import BillFacts
from gonghui.kit import clock, events
from gonghui.kit.clock import CHINA
from gonghui.kit.errors import DomainError, require
from gonghui.ledger.engine import id_of
from gonghui.partners.queries import chain_of

OURS = "counters of a bill"
FUNDERS = (Payer.UNION, Payer.EMPLOYER)
OF_STORE = (Per.STORE_DAY,)
OF_PARTNER = (Per.PARTNER_DAY, Per.PARTNER_MONTH)
OF_GROUP = (Per.GROUP_DAY, Per.GROUP_MONTH)
USE_WINDOWS = """
INSERT INTO bills_windowuse AS u (window_id, day, used, capacity)
SELECT w, d, 1, c FROM unnest(%s::bigint[], %s::date[], %s::integer[]) AS asked(w, d, c) ORDER BY w, d
ON CONFLICT (window_id, day) DO UPDATE SET used = u.used + 1, updated_at = now() WHERE u.used < u.capacity
RETURNING window_id
"""
USE_LIMITS = """
INSERT INTO bills_limituse AS u (limit_id, person_id, store_id, partner_id, since, most, used)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::date[], %s::bigint[], %s::bigint[])
    AS asked(l, person, store, partner, since, most, n) WHERE n <= most ORDER BY l
ON CONFLICT (limit_id, person_id, store_id, partner_id, since)
DO UPDATE SET used = u.used + EXCLUDED.used, updated_at = now() WHERE u.used + EXCLUDED.used <= u.most
RETURNING limit_id
"""


GIVEN = """
SELECT t.offer_id, t.needs_voucher, t.category, t.festival, l.id, l.per, l.most, l.most_fen
  FROM bills_offerterms t LEFT JOIN bills_offerlimit l ON l.terms_id = t.id WHERE t.offer_id = ANY(%s) ORDER BY l.id
"""


class OneLimit(NamedTuple):
    pk: int
    per: str
    most: int | None
    most_fen: int | None


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


class Place(NamedTuple):
    """Who bought, where and when: what limits are counted by."""

    person_id: int
    store_id: int
    partner_id: int
    group_id: int
    """The topmost above the partner; itself, where none is."""
    at: datetime


class LimitAsked(NamedTuple):
    """The counter of a limit, and what is asked of it: a time, or fen."""

    limit_id: int
    person_id: int | None
    store_id: int | None
    partner_id: int | None
    since: date
    most: int
    used: int


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


def use_limits(limits: Mapping[OneLimit, Applied], facts: BillFacts) -> None:
    """`limits`: with the offer each is of."""
    partner_id = facts.store.partner_id
    place = Place(facts.person_id, facts.store.pk, partner_id, _group_of(partner_id, limits), facts.at)
    asked = [limit_asked(limit, place, funded_fen(one.parts)) for limit, one in limits.items()]
    asked = [one for one in asked if one.used]
    if not asked:
        return
    with connection.cursor() as cursor:
        cursor.execute(USE_LIMITS, [list(column) for column in zip(*asked, strict=True)])
        used = {row[0] for row in cursor.fetchall()}
    refused = {one.limit_id for one in asked} - used
    for limit, one in limits.items():
        reason = errors.LIMIT_REACHED if limit.most_fen is None else errors.CAP_REACHED
        require(limit.pk not in refused, reason, title=one.title)


def _group_of(partner_id: int, limits: Iterable[OneLimit]) -> int:
    """Looked up only where a limit counts by it."""
    return chain_of(partner_id)[-1] if any(limit.per in OF_GROUP for limit in limits) else partner_id


def limit_asked(limit: OneLimit, place: Place, fen: int) -> LimitAsked:
    return LimitAsked(
        limit.pk,
        place.person_id if limit.per in OF_PERSON else None,
        place.store_id if limit.per in OF_STORE else None,
        place.group_id if limit.per in OF_GROUP else place.partner_id if limit.per in OF_PARTNER else None,
        since_of(limit.per, place.at.astimezone(CHINA).date()),
        limit.most_fen or limit.most,
        1 if limit.most_fen is None else fen,
    )


def funded_fen(parts: Iterable[Part]) -> int:
    """What is not the merchant's own of a discount."""
    return sum(part.fen for part in parts if part.payer in FUNDERS)


def use_vouchers(facts: BillFacts, vouchers: Sequence[Voucher]) -> None:
    """Compare-and-set: whoever comes second finds it used."""
    ids = sorted(voucher.pk for voucher in vouchers)
    if not ids:
        return
    found = Voucher.objects.unscoped("vouchers of the one at the counter").filter(pk__in=ids)
    if len(ids) > 1:
        list(found.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    confirmed = found.filter(state=Voucher.State.CONFIRMED, person_id=facts.person_id)
    moved = confirmed.update(state=Voucher.State.REDEEMED, settled_at=facts.used_at, updated_at=clock.now())
    require(moved == len(ids), errors.VOUCHER_GONE)
    if facts.clerk_id:
        Redemption.objects.bulk_create([redemption_of(facts, voucher) for voucher in vouchers])
    for voucher_id in ids:
        events.emit(VoucherRedeemed(voucher_id=voucher_id))


def redemption_of(facts: BillFacts, voucher: Voucher) -> Redemption:
    return Redemption(
        voucher=voucher,
        kind=Redemption.Kind.BILL,
        at=facts.used_at,
        store_id=facts.store.pk,
        clerk_id=facts.clerk_id,
        arrived=voucher.seats,
        idempotency_key=id_of(facts.key, "voucher", voucher.pk),
        offline=facts.offline_at is not None,
    )


# --- back ---------------------------------------------------------------------------------------------------


def give_back(bill: Bill, parts: Iterable[Part], *, is_over: bool) -> None:
    """`parts` came back. `is_over`: cancelled or wholly refunded, so its uses count no longer and vouchers still good are
    good again."""
    fens: dict[int, int] = {}
    for part in parts:
        if part.payer in FUNDERS:
            fens[part.offer_id] = fens.get(part.offer_id, 0) + part.fen
    if not (fens or is_over):
        return
    offers = list(bill.offers_given.order_by("window_id"))
    if is_over:
        give_back_windows(offers)
    give_back_limits(bill, offers, fens, is_over=is_over)
    if is_over:
        restore_vouchers([one.voucher_id for one in offers if one.voucher_id])


def give_back_windows(offers: Iterable[BillOffer]) -> None:
    for one in offers:
        if one.window_id:
            uses = WindowUse.objects.unscoped(OURS).filter(window_id=one.window_id, day=one.window_day)
            uses.filter(used__gt=0).update(used=F("used") - 1, updated_at=clock.now())


def give_back_limits(
    bill: Bill, offers: Iterable[BillOffer], fens: Mapping[int, int], *, is_over: bool
) -> None:
    terms = given_terms([one.offer_id for one in offers])
    limits = [(limit, offer_id) for offer_id, one in terms.items() for limit in one.limits]
    group_id = _group_of(bill.partner_id, [limit for limit, _offer_id in limits])
    place = Place(bill.person_id, bill.store_id, bill.partner_id, group_id, bill.at)
    for limit, offer_id in sorted(limits, key=lambda pair: pair[0].pk):
        *counter, _most, used = limit_asked(limit, place, fens.get(offer_id, 0))
        if used and (is_over or limit.most_fen is not None):
            where = dict(zip(LimitAsked._fields, counter, strict=False))
            uses = LimitUse.objects.unscoped(OURS).filter(**where, used__gte=used)
            uses.update(used=F("used") - used, updated_at=clock.now())


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
    errors.CAP_REACHED,
    errors.VOUCHER_GONE,
    errors.FUNDER_SHORT,
    errors.POINTS_GONE,
)


def is_moved(refused: DomainError) -> bool:
    """Somebody else was faster: another look at the facts gives another price or its reason."""
    return refused.reason in MOVED
