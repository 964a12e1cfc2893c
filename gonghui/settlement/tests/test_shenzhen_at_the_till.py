"""What `shenzhen.write_bills` writes by SQL is what the till writes for the same offer: two hundred of each."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import connection

from gonghui.accounts.models import User
from gonghui.benefits.models import Offer
from gonghui.bills.actions.selling import sell
from gonghui.bills.models import Bill, BillPart, FundingShare, OfferStore, OfferTerms, Programme, Purse
from gonghui.bills.tests.stage import pay_code, sale
from gonghui.funds.models import Commitment
from gonghui.funds.tests.stage import balance, trial
from gonghui.ledger.models import Transfer
from gonghui.members.models import PayCodeUse
from gonghui.partners.models import Clerk, Store
from gonghui.settlement.programmes import effects_of
from gonghui.settlement.tests import shenzhen

pytestmark = pytest.mark.django_db
BILLS = 200
UNION, MERCHANT, WORKER = 255_00, 250_00, 151_00
PEOPLE = ("mei", "lan", "qiang", "hua")


def put_up(cast, programme: Programme, payer: str, purse: Commitment, store: Store) -> Offer:
    """505 off whatever the bill, at one store: 255 of the union or the sponsor, the rest the merchant's."""
    offer = Offer.objects.create(
        union=programme.union, title=f"普惠优惠 {payer}", kind="coupon", is_priced=True
    )
    price = {"form": "threshold_off", "threshold_fen": 0, "off_fen": UNION + MERCHANT}
    users = {"maker": cast.users["city_admin"], "checker": cast.users["province_admin"]}
    terms = OfferTerms.objects.create(
        offer=offer, programme=programme, needs_voucher=False, verified_only=False, **price, **users
    )
    share = FundingShare.objects.create(
        terms=terms, nth=2, payer=payer, budget=purse.budget, fixed_fen=UNION, set_aside_fen=purse.amount_fen
    )
    FundingShare.objects.create(terms=terms, nth=1, payer="merchant", takes_rest=True)
    OfferStore.objects.create(terms=terms, store=store)
    for state in ("reviewed", "published"):
        OfferTerms.objects.unscoped("test").filter(pk=terms.pk).update(state=state)
    Purse.objects.create(share=share, commitment=purse)
    return offer


def sold(shop, store: Store, who: str, list_fen: int) -> Bill:
    """By its clerk, to whoever shows a code; each code pays once, so the minute's are forgotten."""
    PayCodeUse.objects.unscoped("test").delete()
    asked = sale(shop.cast, list_fen, customer=pay_code(shop.cast, who), store_id=store.pk, method="cash")
    return sell(shop.actor("店员"), sale=asked)


def written_down(bills) -> Counter:
    """Of each bill what it says and what moved, but for whose it is and under which offer."""
    found = list(bills)
    parts: dict[int, list] = {bill.pk: [] for bill in found}
    rows = BillPart.objects.unscoped("test").filter(line__bill__in=found, fen__gt=0)
    for part in rows.select_related("line").order_by("line__nth", "nth"):
        parts[part.line.bill_id].append((part.line.name, part.payer, part.fen, part.account_id))
    moved: dict[str, list] = {f"bill:{bill.pk}": [] for bill in found}
    for row in Transfer.objects.unscoped("test").filter(subject__in=moved).select_related("debit", "credit"):
        way = (row.code, row.kind, row.amount, row.debit.kind, row.credit.kind)
        moved[row.subject].append(way)
    return Counter(
        (
            bill.list_fen, bill.due_fen, bill.state, bill.method, tuple(sorted(parts[bill.pk], key=str)),
            tuple(sorted(moved[f"bill:{bill.pk}"])),
        )
        for bill in found
    )  # fmt: skip


def test_bills_written_by_sql_are_what_the_till_writes_for_the_same_offer(shop, cast):
    programme, offer = shenzhen.programme(cast)
    # Twice: what is written, and what is sold out of the very same purses.
    sponsored = BILLS // 5
    yuan = UNION // 100 * 2
    purses = shenzhen.purses(
        cast, union_yuan=yuan * (BILLS - sponsored), sponsor_yuan=yuan * sponsored, stock_yuan=0
    )
    shenzhen.write_bills(shop, offer, purses, BILLS, fen=(UNION, MERCHANT, WORKER))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")  # as at the beginning of a transaction
    written = list(Bill.objects.unscoped("test").order_by("pk"))
    put_up(cast, programme, "union", purses.of_union, shop.stores[0])
    put_up(cast, programme, "employer", purses.of_sponsor, shop.stores[1])
    cast.users["店员"] = User.objects.create(phone="13800000066", display_name="店员")
    for store in shop.stores:
        Clerk.objects.create(user=cast.users["店员"], store=store)
    for n, bill in enumerate(written):
        store = shop.stores[bill.pk % 5 == 0]
        sold(shop, store, PEOPLE[n % 4], bill.list_fen)
    at_the_till = Bill.objects.unscoped("test").exclude(pk__in=[bill.pk for bill in written])
    assert written_down(at_the_till) == written_down(written)
    assert {len(key[4]) for key in written_down(written)} == {3}
    whole, _months = effects_of(programme)
    assert whole.visits == 2 * BILLS
    assert (whole.input_fen, whole.merchant_fen) == (2 * BILLS * UNION, 2 * BILLS * MERCHANT)
    assert [balance(purse.account_id) for purse in (purses.of_union, purses.of_sponsor)] == [0, 0]
    assert trial() == 0
