"""Bills and uses of a provider's coupons, many at a time: the totals of Shenzhen, 2024.

By SQL, set by set with every trigger on: the rows of bills, lines, parts and offers given, with parts told by who asks for them,
and the uses a provider tells of, as rows not covered yet. By the product: every fen that moves, by the orders of the till and of
the daily sweep, out of commitments reserved out of budgets; reports, statements and proofs. No price is worked out here and no
callback is heard; that the till writes the very same for an offer of such parts, `test_shenzhen_at_the_till.py` shows.

Of each bill a part is the merchant's, a part the union's or (every fifth) a sponsor's, a part the worker's. Two neighbours differ
by 37 fen each way, so that nothing is round and the sums are exact.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import uuid4

from django.db import connection, transaction

from gonghui.benefits.models import Offer
from gonghui.bills import flows
from gonghui.bills.actions.writing import ticket_of, tills_of
from gonghui.bills.models import Bill, BillPart, OfferTerms, Programme, StockFunding
from gonghui.bills.pricing import Part, Payer
from gonghui.bills.tests.stocks import ordered_stock
from gonghui.funds.actions.commitments import reserve
from gonghui.funds.models import Budget, Commitment
from gonghui.funds.tests.stage import approved, funded_source
from gonghui.kit import clock
from gonghui.ledger.engine import Order, transfer_all
from gonghui.payments.actions.coupons import note_stock
from gonghui.payments.ports.coupons import StockOrder
from gonghui.settlement.tests.stage import SYSTEM, Shop

YUAN = 100
BILLS_AT_ONCE = 1000
YEAR = (dt.datetime(2024, 1, 1, tzinfo=clock.CHINA), dt.datetime(2025, 1, 1, tzinfo=clock.CHINA))

BILLS = """
INSERT INTO bills_bill (key, union_id, partner_id, store_id, person_id, at, list_fen, due_fen, points, method, state, settled_at,
       refunded_fen)
SELECT gen_random_uuid(), %(union)s, %(partner)s, (%(stores)s::bigint[])[1 + i %% 2], (%(people)s::bigint[])[1 + i %% %(count)s],
       t.at,
       %(union_fen)s + %(merchant_fen)s + %(worker_fen)s + d.fen, %(worker_fen)s + d.fen, 0, 'cash', 'settled', t.at, 0
  FROM generate_series(0, %(bills)s - 1) i
 CROSS JOIN LATERAL (
       SELECT timestamptz '2024-01-01 08:00+08' + (i %% 330) * interval '1 day' + (i %% 12) * interval '1 hour') t(at)
 CROSS JOIN LATERAL (SELECT CASE i %% 2 WHEN 0 THEN 37 ELSE -37 END) d(fen)
"""
LINES = """
INSERT INTO bills_billline (bill_id, nth, name, quantity, list_fen, section, code, refunded_quantity, refunded_fen)
SELECT id, 1, '合计', 1, list_fen, '', '', 0, 0 FROM bills_bill WHERE partner_id = ANY(%(partners)s)
"""
PARTS = """
INSERT INTO bills_billpart (line_id, nth, payer, fen, offer_id, account_id, refunded_fen)
SELECT l.id, s.nth, s.payer, s.fen, s.offer, s.account, 0
  FROM bills_billline l JOIN bills_bill b ON b.id = l.bill_id
 CROSS JOIN LATERAL (SELECT b.id %% 5 = 0 AND %(sponsor_account)s::bigint IS NOT NULL) f(is_sponsored)
 CROSS JOIN LATERAL (VALUES
      (1, 'merchant', %(merchant_fen)s::bigint, %(offer)s, NULL::bigint),
      (2, CASE WHEN is_sponsored THEN 'employer' ELSE 'union' END, %(union_fen)s, %(offer)s,
          CASE WHEN is_sponsored THEN %(sponsor_account)s ELSE %(union_account)s END),
      (3, 'worker', b.due_fen, NULL, NULL)) s(nth, payer, fen, offer, account)
 WHERE b.partner_id = ANY(%(partners)s)
"""
OFFERS = """
INSERT INTO bills_billoffer (bill_id, offer_id, discount_fen, gift, is_live)
SELECT id, %(offer)s, %(union_fen)s + %(merchant_fen)s, '', true FROM bills_bill WHERE partner_id = ANY(%(partners)s)
"""
USES = """
INSERT INTO bills_externaluse (funding_id, use_id, code, off_fen, paid_fen, state, created_at)
SELECT %(funding)s, 'use ' || i, 'code ' || i, %(off_fen)s, %(paid_fen)s, 'uncovered',
       timestamptz '2024-01-01 08:00+08' + (i %% 330) * interval '1 day'
  FROM generate_series(1, %(uses)s) i
"""


def programme(cast, title: str = "工会杯职工普惠服务项目") -> tuple[Programme, Offer]:
    """With one offer of its own."""
    union, maker = cast.unions["city"], cast.users["city_admin"]
    made = Programme.objects.create(union=union, title=title, starts_on="2024-01-01")
    offer = Offer.objects.create(union=union, title="普惠优惠", kind="coupon", is_priced=True)
    OfferTerms.objects.create(
        offer=offer, programme=made, form="threshold_off", off_fen=1000, needs_voucher=False, maker=maker
    )
    return made, offer


@dataclass(frozen=True, slots=True)
class Purses:
    """What the unions put in: the city's budget, and what a sponsor's reserved out of its own for bills."""

    city: Budget
    of_union: Commitment
    sponsor: Budget | None = None
    of_sponsor: Commitment | None = None


def purses(cast, *, union_yuan: int, sponsor_yuan: int, stock_yuan: int) -> Purses:
    """Source → province → city → sponsor, to the fen: nothing is left in any of them once all is reserved."""
    whole = union_yuan + sponsor_yuan + stock_yuan
    source = funded_source(cast, "province", yuan=whole)
    province = approved(cast, "province", source=source, yuan=whole)
    city = approved(cast, "city", parent=province, yuan=whole)
    of_union = reserve(SYSTEM, budget_id=city.pk, amount_fen=union_yuan * YUAN, purpose="shenzhen:bills")
    if not sponsor_yuan:
        return Purses(city, of_union)
    sponsor = approved(cast, "factory", parent=city, yuan=sponsor_yuan, by="city_finance")
    fen = sponsor_yuan * YUAN
    of_sponsor = reserve(SYSTEM, budget_id=sponsor.pk, amount_fen=fen, purpose="shenzhen:sponsor")
    return Purses(city, of_union, sponsor, of_sponsor)


def write_bills(
    shop: Shop, offer: Offer, purses: Purses, bills: int, *, fen: tuple[int, int, int] = (750, 250, 250)
) -> None:
    """`fen`: union or sponsor, merchant, worker; of each bill, on average."""
    facts = {
        "union": shop.partner.union_id,
        "partner": shop.partner.pk,
        "stores": [store.pk for store in shop.stores],
        "people": [person.pk for person in shop.cast.people.values()],
        "count": len(shop.cast.people),
        "bills": bills,
        **dict(zip(("union_fen", "merchant_fen", "worker_fen"), fen, strict=True)),
    }
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(BILLS, facts)
        split_bills([shop.partner.pk], offer, purses, fen=fen)


def split_bills(partner_ids: list[int], offer: Offer, purses: Purses, *, fen: tuple[int, int, int]) -> None:
    """Of bills that stand there whole: their line, who pays what of it, the offer; then the orders of the till."""
    facts = {
        "partners": partner_ids,
        "offer": offer.pk,
        "union_account": purses.of_union.account_id,
        "sponsor_account": purses.of_sponsor.account_id if purses.of_sponsor else None,
        **dict(zip(("union_fen", "merchant_fen", "worker_fen"), fen, strict=True)),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        for text in (LINES, PARTS, OFFERS):
            cursor.execute(text, facts)
        # As autovacuum does, sooner or later. The deferred trigger may have a plan from a test before, made for empty tables:
        # it would walk them for every bill, for minutes.
        cursor.execute("ANALYZE bills_bill, bills_billline, bills_billpart")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    post_bills(partner_ids)


def post_bills(partner_ids: list[int]) -> None:
    """The orders the till makes of a bill, of many bills at once."""
    bills = list(Bill.objects.unscoped("test").filter(partner__in=partner_ids).order_by("pk"))
    places = {(bill.person_id, bill.partner_id): bill for bill in bills}
    tills = {place: tills_of(bill) for place, bill in places.items()}
    for start in range(0, len(bills), BILLS_AT_ONCE):
        some = bills[start : start + BILLS_AT_ONCE]
        parts = parts_of(some)
        transfer_all(
            [
                order
                for bill in some
                for order in orders_of(bill, parts[bill.pk], tills[bill.person_id, bill.partner_id])
            ]
        )


def parts_of(bills: list[Bill]) -> dict[int, list[Part]]:
    found = BillPart.objects.unscoped("test").filter(line__bill__in=bills).select_related("line")
    parts: dict[int, list[Part]] = {bill.pk: [] for bill in bills}
    for row in found.order_by("line__bill", "nth"):
        parts[row.line.bill_id].append(Part(Payer(row.payer), row.fen, row.account_id, row.offer_id))
    return parts


def orders_of(bill: Bill, parts: list[Part], tills: flows.Tills) -> list[Order]:
    ticket = ticket_of(bill)
    given = flows.given(ticket, flows.totals_of(parts), tills, {})
    return given + flows.paid(ticket, bill.due_fen, tills, online=False)


def hear_uses(
    cast, purses: Purses, programme: Programme, uses: int, *, off_fen: int, paid_fen: int
) -> StockFunding:
    """Of one stock of a provider's coupons that the programme pays for: heard, not covered yet."""
    order = StockOrder(uuid4().hex, "渠道券", off_fen, 0, uses, *YEAR)
    funding = ordered_stock(cast, purses.city, order, programme_id=programme.pk)
    note_stock(SYSTEM, pk=funding.stock_id, stock_id="stock-2024")
    facts = {"funding": funding.pk, "uses": uses, "off_fen": off_fen, "paid_fen": paid_fen}
    with connection.cursor() as cursor:
        cursor.execute(USES, facts)
    return funding
