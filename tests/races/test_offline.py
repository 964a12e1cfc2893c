"""Tills without network that hand in what they sold: one coupon from two phones, one list from many sides, a till that dies."""

from __future__ import annotations

from functools import partial

import pytest

from gonghui.benefits.models import OfflineException, Redemption
from gonghui.bills.actions.offline import hand_in_sales, take_sale
from gonghui.bills.actions.selling import sell
from gonghui.bills.models import Bill, PackUse
from gonghui.bills.tests.offline import (
    bills,
    coupon_of,
    coupon_terms,
    exceptions,
    handed,
    pack_at,
    second_desk,
    tap,
)
from gonghui.bills.tests.priced import released
from gonghui.bills.tests.stage import balances, fresh, moved, open_shop, sale
from gonghui.funds.tests.stage import trial
from tests.races.stage import killed_inside, lock_on, past_the_check

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]
HANDS_IN = """
from datetime import datetime
from uuid import UUID
from gonghui.accounts.models import User
from gonghui.benefits.packs import pack_of
from gonghui.bills.actions.offline import hand_in_sales
from gonghui.bills.offline import OfflineSale
from gonghui.config.actors import actor_of
clerk = actor_of(User.objects.unscoped("test").get(pk=clerk_id))
sale = OfflineSale(UUID(key), code, 10_000, 8_000, datetime.fromisoformat(at))
assert hand_in_sales(clerk, pack=pack_of(token), sales=[sale])[0].taken
"""


@pytest.fixture
def shop(money):
    return open_shop(money.cast)


@pytest.fixture
def clerk(shop):
    return shop.actor("clerk")


def taken(answers) -> list[bool]:
    return sorted(one.taken for one in answers)


def test_one_coupon_of_two_offline_tills_pays_once_and_names_both(money, shop, clerk):
    """Saleor #544, django-oscar #2101: one voucher in two checkouts. Here: two phones sold on the same coupon without network,
    find it at once and hand in together; one is a bill, the other an exception with both desks, and the money moved once."""
    other, store = second_desk(shop)
    voucher = coupon_of(money, stores=[shop.store, store])
    phones = [
        partial(take_sale, actor, pack=pack_at(actor, place), sale=tap(voucher))
        for actor, place in ((clerk, shop.store), (other, store))
    ]
    assert taken(past_the_check(lock_on(voucher), *phones)) == [False, True]
    [bill], [row] = bills(), exceptions()
    assert (row.why, {row.store_id, row.first.store_id}) == ("already_used", {shop.store.pk, store.pk})
    assert {row.clerk_id, row.first.clerk_id} == {clerk.user_id, other.user_id}
    assert (bill.store_id, bill.due_fen, trial()) == (row.first.store_id, 8_000, 0)
    assert (Redemption.objects.unscoped("test").count(), fresh(voucher).state) == (1, "redeemed")


def test_offline_sale_beside_a_till_with_network_is_one_bill(money, shop, clerk):
    """PrestaShop #29493: a coupon checked when it was entered, not when it was paid. Here: a phone hands in what it sold while
    another till, online, stands before the same coupon; one bill, and whoever came second hears it."""
    voucher = coupon_of(money)
    phone = partial(take_sale, clerk, pack=pack_at(clerk, shop.store), sale=tap(voucher))
    till = partial(sell, clerk, sale=sale(shop, customer=voucher.code))
    answers = past_the_check(lock_on(voucher), phone, till)
    assert len(bills()) == 1
    lost = [one for one in answers if not (isinstance(one, Bill) or getattr(one, "taken", False))]
    assert len(lost) == 1
    assert (len(exceptions()), trial()) == (int(bills()[0].offline_at is None), 0)


def test_offline_sales_handed_in_from_four_sides_are_one_bill_each(money, shop, clerk):
    """Formance stack #1633: one key twice at once. Here: a phone that heard no answer sends its list again and again; each
    sale is one bill, nobody is accused of using a coupon twice, and the pack counts each once."""
    pool = released(coupon_terms(money))
    coupons = [coupon_of(money, who, pool=pool) for who in ("mei", "lan")]
    pack, sales = pack_at(clerk, shop.store), [tap(one) for one in coupons]
    lists = [partial(hand_in_sales, clerk, pack=pack, sales=sales) for _n in range(4)]
    answers = past_the_check(lock_on(coupons[0]), *lists)
    assert {one.taken for said in answers for one in said} == {True}
    use = PackUse.objects.unscoped("test").get()
    assert (len(bills()), exceptions(), use.used, use.funded_fen, trial()) == (2, [], 2, 2_000, 0)


def test_refused_offline_sale_handed_in_from_four_sides_is_one_exception(money, shop, clerk):
    """The same, of a sale that cannot be taken: one row to look at, however often it is heard."""
    voucher = coupon_of(money)
    sell(clerk, sale=sale(shop, customer=voucher.code))
    pack, late = pack_at(clerk, shop.store), tap(voucher)
    phones = [partial(take_sale, clerk, pack=pack, sale=late) for _n in range(4)]
    new_rows = ("LOCK TABLE benefits_offlineexception IN EXCLUSIVE MODE",)
    assert taken(past_the_check(new_rows, *phones)) == [False] * 4
    assert (OfflineException.objects.unscoped("test").count(), len(bills())) == (1, 1)


def test_till_killed_while_handing_in_is_handed_in_again(money, shop, clerk):
    """Saleor PR #15855: half a checkout on file. Here: the server dies with -9 once all but the commit of an offline sale is
    written; nothing is used, and the phone, which heard nothing, hands it in again for one bill."""
    voucher = coupon_of(money)
    pack, sold_there, before = pack_at(clerk, shop.store), tap(voucher), balances()
    facts = {"key": str(sold_there.key), "code": voucher.code, "at": sold_there.at.isoformat()}
    killed_inside(HANDS_IN, clerk_id=clerk.user_id, token=pack.token(), **facts)
    assert (moved(before, balances()), bills(), exceptions()) == ({}, [], [])
    assert handed(clerk, pack, sold_there) == handed(clerk, pack, sold_there) == [True]
    assert (len(bills()), bills()[0].due_fen, trial()) == (1, 8_000, 0)
