"""How often an offer is given, where it is sold: the till refuses by the words of the dry run, and the last use goes out once."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from gonghui.benefits.models import Release, Voucher
from gonghui.bills.actions.selling import quote_sale, sell
from gonghui.bills.models import Bill, LimitUse, OfferTerms
from gonghui.bills.tests.priced import MERCHANT, given_voucher, published, released, union_share
from gonghui.bills.tests.stage import balances, counted, pay_code, sale, sold
from gonghui.bills.tests.test_selling_races import tills
from gonghui.funds.tests.stage import trial
from gonghui.kit.clock import CHINA
from gonghui.kit.errors import DomainError

SUNDAY_NIGHT = dt.datetime(2026, 11, 29, 20, 0, tzinfo=CHINA)
MONDAY = dt.datetime(2026, 11, 30, 9, 0, tzinfo=CHINA)
DECEMBER = dt.datetime(2026, 12, 1, 9, 0, tzinfo=CHINA)
LIMITS = [
    ("person_day", "每人每天限用 1 次，已经用了 1 次。", MONDAY),
    ("person_week", "每人每周限用 1 次，已经用了 1 次。", MONDAY),
    ("person_month", "每人每月限用 1 次，已经用了 1 次。", DECEMBER),
    ("day", "每天限用 1 次，已经用了 1 次。", MONDAY),
    ("month", "每月限用 1 次，已经用了 1 次。", DECEMBER),
]


def coupons(money, per: str, most: int = 1, count: int = 3) -> tuple[OfferTerms, list[Voucher]]:
    """小梅's, of one offer that is half the city's money."""
    terms = published(
        money.cast, needs_voucher=True, limits=[(per, most)], shares=[union_share(money.city, 500), MERCHANT]
    )
    pool = released(terms, valid_until=DECEMBER + dt.timedelta(days=30))
    Release.objects.unscoped("test").filter(pk=pool.release_id).update(per_person=count)
    return terms, [given_voucher(pool, money.cast.people["mei"].pk) for _n in range(count)]


def everything(voucher: Voucher) -> tuple:
    uses = LimitUse.objects.unscoped("test").order_by("pk").values_list("since", "used")
    state = Voucher.objects.unscoped("test").get(pk=voucher.pk).state
    return counted(), balances(), list(uses), state


@pytest.mark.django_db
@pytest.mark.parametrize(("per", "words", "again"), LIMITS)
def test_coupon_over_its_limit_is_refused_by_the_words_of_the_dry_run_and_changes_nothing(
    money, shop, per, words, again
):
    _terms, (first, second, _third) = coupons(money, per)
    clerk = shop.actor("clerk")
    with time_machine.travel(SUNDAY_NIGHT, tick=False):
        assert sold(shop, customer=first.code).due_fen == 8_000
        before = everything(second)
        said = []
        for act in (quote_sale, lambda actor, one: sell(actor, sale=one)):
            with pytest.raises(DomainError) as refused:
                act(clerk, sale(shop, customer=second.code))
            said.append((refused.value.code, refused.value.message, refused.value.advice))
        assert said == [("offer_limit_used", words, "请查看其他优惠。")] * 2
        assert everything(second) == before
    with time_machine.travel(again, tick=False):
        assert sold(shop, customer=second.code).due_fen == 8_000
    assert trial() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(("per", "words", "again"), LIMITS)
def test_price_shown_before_the_last_use_went_is_refused_and_changes_nothing(shop, per, words, again):
    """An offer without coupons: the till that showed 80 yuan is told 100 before anything is written, and the dry run says why."""
    published(shop, limits=[(per, 1)])
    clerk = shop.actor("clerk")
    with time_machine.travel(SUNDAY_NIGHT, tick=False):
        asked = sale(shop, customer=pay_code(shop, ahead=1), shown_due_fen=8_000)
        sold(shop)
        before = counted()
        (why,) = quote_sale(clerk, asked).quote.refused
        assert (why.code, why.sentence) == ("offer_limit_used", words)
        with pytest.raises(DomainError) as refused:
            sell(clerk, sale=asked)
        assert (refused.value.code, counted()) == ("bill_price_changed", before)
        assert LimitUse.objects.unscoped("test").get().used == 1
    with time_machine.travel(again, tick=False):
        assert sold(shop).due_fen == 8_000


@pytest.mark.django_db
def test_limit_of_each_person_leaves_the_next_person_theirs(shop):
    published(shop, limits=[("person_week", 1)])
    dues = [
        sold(shop, customer=pay_code(shop, who, ahead=n)).due_fen for who in ("mei", "lan") for n in (0, 1)
    ]
    assert dues == [8_000, 10_000, 8_000, 10_000]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("per", ["person_week", "person_month", "day"])
def test_last_use_of_the_week_at_two_tills_is_sold_once(money, shop, per):
    _terms, (first, *rest) = coupons(money, per, most=2)
    sold(shop, customer=first.code)
    said = tills(shop, [sale(shop, customer=one.code) for one in rest])
    assert sorted(one for one in said if isinstance(one, str)) == ["offer_limit_used"]
    assert [bill.due_fen for bill in Bill.objects.unscoped("test")] == [8_000, 8_000]
    assert LimitUse.objects.unscoped("test").get().used == 2
    states = Voucher.objects.unscoped("test").order_by("state").values_list("state", flat=True)
    assert (list(states), trial()) == (["confirmed", "redeemed", "redeemed"], 0)


@pytest.mark.django_db(transaction=True)
def test_last_use_without_coupons_at_two_tills_is_sold_once(money, shop):
    published(shop, limits=[("person_week", 2)], shares=[union_share(money.city, 500), MERCHANT])
    sold(shop, customer=pay_code(shop))
    with_codes = [sale(shop, customer=pay_code(shop, ahead=n), shown_due_fen=8_000) for n in (1, -1)]
    said = tills(shop, with_codes)
    assert sorted(one for one in said if isinstance(one, str)) == ["bill_price_changed"]
    assert [bill.due_fen for bill in Bill.objects.unscoped("test")] == [8_000, 8_000]
    assert (LimitUse.objects.unscoped("test").get().used, trial()) == (2, 0)
