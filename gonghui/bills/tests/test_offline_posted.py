"""What a till could not hand in is a bill after all, by the union: at the price of that moment, once, and no other way."""

import datetime as dt

import pytest
from django.urls import reverse

from gonghui.benefits.actions.redemptions import settle_offline_exception
from gonghui.benefits.models import OfflineException
from gonghui.benefits.tests.plans import refused
from gonghui.bills.actions.offline import post_exception
from gonghui.bills.tests.offline import bills, coupon_of, exceptions, handed, pack_at, tap
from gonghui.bills.tests.stage import balances, by_payer, counted, fresh, moved, sold
from gonghui.funds.tests.stage import trial
from gonghui.kit import clock
from gonghui.kit.tests.racing import at_once
from gonghui.ledger.models import Transfer
from gonghui.ledger.moments import moments_of, says_moment

pytestmark = pytest.mark.django_db


@pytest.fixture
def late(shop, money):
    """Sold within the pack's time, handed in three days after: an exception."""
    return excepted(shop, coupon_of(money))


def excepted(shop, voucher, due_fen: int = 8_000) -> OfflineException:
    clerk, ago = shop.actor("clerk"), dt.timedelta(days=3)
    pack = pack_at(clerk, shop.store, minutes_ago=3 * 24 * 60)
    assert handed(clerk, pack, tap(voucher, 10_000, due_fen, at=clock.now() - ago)) == [False]
    return exceptions()[-1]


def test_what_came_too_late_is_posted_at_the_price_of_its_moment_once(shop, late):
    city, before = shop.actor("city_admin"), balances()
    made = post_exception(city, exception_id=late.pk, note="小票核对无误")
    assert post_exception(city, exception_id=late.pk, note="再点一次") == made
    [bill] = bills()
    assert (bill.state, bill.offline_at, bill.clerk_id) == ("settled", late.at, late.clerk_id)
    assert by_payer(bill) == {"union": 1_000, "merchant": 1_000, "worker": 8_000}
    late = fresh(late)
    assert (late.note, late.settled_at is not None, fresh(late.voucher).state) == (
        "小票核对无误",
        True,
        "redeemed",
    )
    assert moved(before, balances()) != {} and trial() == 0


def test_coupon_used_elsewhere_meanwhile_is_not_posted(shop, late):
    sold(shop, customer=late.voucher.code)
    before = counted()
    assert (
        refused(post_exception, shop.actor("city_admin"), exception_id=late.pk, note="核对") == "already_used"
    )
    assert (counted(), fresh(late).settled_at) == (before, None)


def test_sum_that_is_not_the_price_is_not_posted(shop, money):
    row = excepted(shop, coupon_of(money), due_fen=7_000)
    before = counted()
    assert (
        refused(post_exception, shop.actor("city_admin"), exception_id=row.pk, note="核对")
        == "bill_price_changed"
    )
    assert (counted(), fresh(row).settled_at) == (before, None)


def test_settled_by_words_is_not_posted_afterwards(shop, late):
    city = shop.actor("city_admin")
    settle_offline_exception(city, exception_id=late.pk, note="门店自愿承担")
    said = refused(post_exception, city, exception_id=late.pk, note="还是补记")
    assert (said, bills()) == ("exception_already_settled", [])


@pytest.mark.parametrize("who", ["clerk", "mei", "sister_admin", "finance_officer"])
def test_who_may_not_post_changes_nothing(shop, late, who):
    before = counted()
    refused(post_exception, shop.actor(who), exception_id=late.pk, note="我说了算")
    assert (counted(), fresh(late).settled_at) == (before, None)


@pytest.mark.django_db(transaction=True)
def test_posted_from_six_sides_is_one_bill(shop, late):
    city = shop.actor("city_admin")
    made = at_once(*[lambda: post_exception(city, exception_id=late.pk, note="小票核对无误")] * 6)
    assert {one.pk for one in made} == {bills()[0].pk} and len(bills()) == 1
    assert trial() == 0


def test_button_makes_the_bill(shop, late, client):
    shop.sign_in(client, "city_admin")
    address = reverse("admin:benefits_offlineexception_change", args=[late.pk])
    assert "补记成账单" in client.get(address).content.decode()
    answer = client.post(
        reverse("admin:benefits_offlineexception_post", args=[late.pk]), {"note": "小票核对无误"}
    )
    assert (answer.status_code, len(bills())) == (302, 1)


def test_account_history_says_when_the_till_took_it(shop, late, client):
    made = post_exception(shop.actor("city_admin"), exception_id=late.pk, note="小票核对无误")
    sold(shop)
    rows = Transfer.objects.unscoped("test")
    told = moments_of(rows.filter(subject__startswith="bill:").order_by("seq"))
    of_bill = rows.filter(subject=f"bill:{made.pk}")
    assert told == {row.pk: late.at for row in of_bill} and len(told) == 3
    payable = of_bill.get(code="subsidise").credit_id
    shop.sign_in(client, "city_admin")
    page = client.get(reverse("admin:ledger_statement", args=[payable])).content.decode()
    assert f"发生于 {says_moment(late.at)}" in page
