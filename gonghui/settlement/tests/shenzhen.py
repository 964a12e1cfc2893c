"""Bills and uses of a provider's coupons, written set by set through SQL with every trigger on: the totals of Shenzhen, 2024.

Of each bill a part is the merchant's, a part the union's or (every fifth) a sponsor's, a part the worker's. Two neighbours
differ by 37 fen each way, so that nothing is round and the sums are exact. No transfers: those are the till's (test_programmes).
"""

from __future__ import annotations

from uuid import uuid4

from django.db import connection, transaction

from gonghui.benefits.models import Offer
from gonghui.bills.models import OfferTerms, Programme, StockFunding
from gonghui.funds.actions.commitments import reserve
from gonghui.payments.models import ExternalStock
from gonghui.settlement.tests.stage import SYSTEM, Shop

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
SELECT id, 1, '合计', 1, list_fen, '', '', 0, 0 FROM bills_bill WHERE partner_id = %(partner)s
"""
PARTS = """
INSERT INTO bills_billpart (line_id, nth, payer, fen, offer_id, account_id, refunded_fen)
SELECT l.id, s.nth, s.payer, s.fen, s.offer, s.account, 0
  FROM bills_billline l JOIN bills_bill b ON b.id = l.bill_id
 CROSS JOIN LATERAL (VALUES
      (1, 'merchant', %(merchant_fen)s::bigint, %(offer)s, NULL::bigint),
      (2, CASE b.id %% 5 WHEN 0 THEN 'employer' ELSE 'union' END, %(union_fen)s, %(offer)s, %(account)s),
      (3, 'worker', b.due_fen, NULL, NULL)) s(nth, payer, fen, offer, account)
 WHERE b.partner_id = %(partner)s
"""
OFFERS = """
INSERT INTO bills_billoffer (bill_id, offer_id, discount_fen, gift, is_live)
SELECT id, %(offer)s, %(union_fen)s + %(merchant_fen)s, '', true FROM bills_bill WHERE partner_id = %(partner)s
"""
USES = """
INSERT INTO bills_externaluse (funding_id, use_id, code, off_fen, paid_fen, state, created_at)
SELECT %(funding)s, 'use ' || i, 'code ' || i, %(off_fen)s, %(paid_fen)s, 'posted',
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


def write_bills(shop: Shop, offer: Offer, bills: int, *, fen: tuple[int, int, int] = (750, 250, 250)) -> None:
    """`fen`: union or sponsor, merchant, worker; of each bill, on average."""
    facts = {
        "union": shop.partner.union_id,
        "partner": shop.partner.pk,
        "stores": [store.pk for store in shop.stores],
        "people": [person.pk for person in shop.cast.people.values()],
        "count": len(shop.cast.people),
        "bills": bills,
        "offer": offer.pk,
        "account": shop.commitment_id,
        **dict(zip(("union_fen", "merchant_fen", "worker_fen"), fen, strict=True)),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        # Tables nobody has analysed yet: the deferred trigger's plan would walk them for every bill.
        cursor.execute("SET LOCAL enable_seqscan = off")
        for text in (BILLS, LINES, PARTS, OFFERS):
            cursor.execute(text, facts)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def write_uses(shop: Shop, programme: Programme, uses: int, *, off_fen: int, paid_fen: int) -> None:
    """Of one stock of a provider's coupons that the programme pays for."""
    commitment = reserve(SYSTEM, budget_id=shop.money.city.pk, amount_fen=100, purpose="test:stock")
    stock = ExternalStock.objects.create(
        key=uuid4(), union=shop.partner.union, name="渠道券", face_fen=off_fen, threshold_fen=0, total=uses,
        starts_at="2024-01-01T00:00+08:00", ends_at="2025-01-01T00:00+08:00",
    )  # fmt: skip
    funding = StockFunding.objects.create(
        stock=stock, budget=shop.money.city, commitment=commitment, programme=programme
    )
    facts = {"funding": funding.pk, "uses": uses, "off_fen": off_fen, "paid_fen": paid_fen}
    with connection.cursor() as cursor:
        cursor.execute(USES, facts)
