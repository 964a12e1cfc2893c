"""What funders give for one offer at most: a store a day, a merchant a month, a member; given back by the line."""

import datetime as dt

import pytest
import time_machine

from gonghui.benefits.tests.plans import refused
from gonghui.bills.actions.selling import cancel_bill, quote_sale
from gonghui.bills.models import LimitUse
from gonghui.bills.tests.priced import MERCHANT, given_voucher, published, released, union_share
from gonghui.bills.tests.stage import (
    balances,
    by_payer,
    counted,
    moved,
    pay_code,
    refunded,
    sale,
    sold,
)
from gonghui.bills.tests.test_bills_database import refuses
from gonghui.bills.tests.written import by_union, drafted, plan
from gonghui.funds.tests.stage import trial
from gonghui.kit.clock import CHINA
from gonghui.partners.models import Clerk
from gonghui.partners.tests.stage import new_partner, new_store, standing_agreement

NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=CHINA)


def capped(money, *caps: tuple[str, int], when_empty: str = "refuse", **facts):
    """满 100 减 20, half of it the city's."""
    share = union_share(money.city, 500, when_empty=when_empty)
    return published(money.cast, shares=[share, MERCHANT], caps=caps, **facts)


def used() -> list[int]:
    found = LimitUse.objects.unscoped("test").order_by("limit__per", "since", "id")
    return list(found.values_list("used", flat=True))


def quoted(shop, at: dt.datetime = NOON, **facts):
    with time_machine.travel(at + dt.timedelta(minutes=counted()[0]), tick=False):
        return quote_sale(shop.actor("clerk"), sale(shop, **facts)).quote


def bought(shop, *lines, at: dt.datetime = NOON, who: str = "mei", **facts):
    """Each minute's code pays once, so each is a minute later."""
    minute = dt.timedelta(minutes=counted()[0])
    with time_machine.travel(at + minute, tick=False):
        return sold(shop, *lines, customer=facts.pop("customer", None) or pay_code(shop, who), **facts)


@pytest.mark.parametrize(
    ("policy", "dues", "union", "merchant"),
    [
        ("refuse", [8_000, 10_000], 1_000, 1_000),
        ("shrink", [8_000, 8_500], 1_500, 2_000),
        ("next", [8_000, 8_000], 1_500, 2_500),
    ],
)
def test_cap_that_is_used_up_goes_as_its_share_says(money, shop, policy, dues, union, merchant):
    capped(money, ("store_day", 1_500), when_empty=policy)
    bills = [bought(shop) for _n in range(2)]
    assert [bill.due_fen for bill in bills] == dues
    assert sum(by_payer(bill).get("union", 0) for bill in bills) == union
    assert sum(by_payer(bill).get("merchant", 0) for bill in bills) == merchant
    assert used() == [union]
    assert trial() == 0


def test_quote_says_what_is_used_up_and_when_to_come_again(money, shop):
    capped(money, ("store_day", 1_500))
    bought(shop)
    (why,) = quoted(shop).refused
    assert (why.code, why.sentence) == (
        "offer_cap_short",
        "今天这家店的补贴只剩 5 元，不够这一单，明天 0 点再来。",
    )
    published(shop, shares=[union_share(money.city, 500), MERCHANT], caps=[("partner_month", 1_000)])
    bought(shop)
    (why,) = [one for one in quoted(shop).refused if one.code == "offer_cap_used"]
    assert why.sentence == "本月这家商户的补贴用完了，12月1日 0 点再来。"


def test_empty_purse_is_not_said_to_be_a_cap(money, shop):
    share = union_share(money.city, 500, set_aside_fen=1_000)
    published(shop, shares=[share, MERCHANT], caps=[("store_day", 5_000)])
    bought(shop)
    assert [one.code for one in quoted(shop).refused] == ["offer_budget_empty"]


def test_each_store_has_its_own_day_and_a_merchant_one_for_all_its_stores(money, shop):
    other = new_store(shop.store.partner, "二店")
    Clerk.objects.create(user=shop.users["clerk"], store=other)
    stores = [shop.store, other]
    capped(money, ("store_day", 1_000), stores=stores, title="按店", stacking="always")
    capped(money, ("partner_day", 1_500), stores=stores, title="按商户", stacking="always")
    at_first = bought(shop, 20_000)
    assert at_first.due_fen == 16_000
    at_second = bought(shop, 20_000, store_id=other.pk)
    assert (at_second.due_fen, used()) == (18_000, [1_000, 1_000, 1_000])
    tomorrow = NOON + dt.timedelta(days=1)
    assert bought(shop, 20_000, at=tomorrow).due_fen == 16_000


def in_group(shop) -> list:
    """One store in a mall of the group, one the group's own, and one of somebody else."""
    group = new_partner(shop, "东江商业集团")
    mall = new_partner(shop, "江口广场", parent=group)
    shop.store.partner.parent = mall
    shop.store.partner.save()
    own, beside = new_store(group, "集团旗舰店"), new_store(new_partner(shop, "隔壁小店"), "小店")
    for store in (own, beside):
        standing_agreement(store.partner)
        Clerk.objects.create(user=shop.users["clerk"], store=store)
    return [shop.store, own, beside]


def test_group_has_one_cap_for_all_malls_and_stores_below_it(money, shop):
    stores = in_group(shop)
    capped(money, ("group_day", 1_500), ("partner_month", 9_000), stores=stores, when_empty="shrink")
    _mine, own, beside = stores
    first = bought(shop, 10_000)
    assert first.due_fen == 8_000
    assert bought(shop, 10_000, store_id=own.pk).due_fen == 8_500  # five yuan were left to the group
    assert quoted(shop, store_id=own.pk).due_fen == 9_000
    assert bought(shop, 10_000, store_id=beside.pk).due_fen == 8_000
    groups = LimitUse.objects.unscoped("test").filter(limit__per="group_day").order_by("partner__name")
    assert list(groups.values_list("partner__name", "used")) == [("东江商业集团", 1_500), ("隔壁小店", 1_000)]
    with time_machine.travel(NOON + dt.timedelta(hours=1), tick=False):
        refunded(shop, first)
    assert list(groups.values_list("used", flat=True)) == [500, 1_000]
    assert quoted(shop, store_id=own.pk).due_fen == 8_000


def test_day_begins_at_midnight_in_china(money, shop):
    capped(money, ("day", 1_000))
    late, past = NOON.replace(hour=23, minute=58), NOON.replace(hour=0) + dt.timedelta(days=1)
    assert bought(shop, at=late).due_fen == 8_000
    assert quoted(shop, at=late).due_fen == 10_000
    assert quoted(shop, at=past).due_fen == 8_000


def test_member_has_a_month_of_money_beside_a_number_of_times(money, shop):
    capped(money, ("person_month", 1_500), limits=[("person_month", 9)], when_empty="shrink")
    assert [bought(shop).due_fen for _n in range(2)] == [8_000, 8_500]
    assert quoted(shop).due_fen == 9_000
    assert bought(shop, who="lan").due_fen == 8_000


def test_refund_gives_back_exactly_what_its_lines_used(money, shop):
    capped(money, ("store_day", 2_000), ("partner_month", 9_000), limits=[("day", 5)])
    before = balances()
    bill = bought(shop, ("面", 3_333, 3), ("茶", 1_001, 1))
    given = by_payer(bill)["union"]
    assert (given, used()) == (1_000, [1, 1_000, 1_000])
    with time_machine.travel(NOON + dt.timedelta(hours=1), tick=False):
        first = refunded(shop, bill, (1, 1))
        back = sum(part.fen for line in first.lines.all() for part in line.parts.filter(part__payer="union"))
        assert used() == [1, 1_000 - back, 1_000 - back]
        refunded(shop, bill)
    assert (used(), moved(before, balances())) == ([0, 0, 0], {})


def test_refund_on_a_later_day_frees_the_day_of_the_bill(money, shop):
    capped(money, ("store_day", 1_000))
    bill = bought(shop)
    tomorrow = NOON + dt.timedelta(days=1)
    bought(shop, at=tomorrow)
    with time_machine.travel(tomorrow, tick=False):
        refunded(shop, bill, by="city_admin")
    assert used() == [0, 1_000]


def test_held_bill_counts_until_it_is_cancelled(money, shop):
    capped(money, ("store_day", 1_000))
    bill = bought(shop, method="wechat")
    assert (used(), quoted(shop).due_fen) == ([1_000], 10_000)
    with time_machine.travel(NOON, tick=False):
        cancel_bill(shop.actor("clerk"), bill_id=bill.pk, reason="不要了")
    assert (used(), quoted(shop).due_fen) == ([0], 8_000)


def test_voucher_waits_for_another_day_where_the_cap_is_used_up(money, shop):
    terms = capped(money, ("store_day", 1_000), needs_voucher=True)
    with time_machine.travel(NOON, tick=False):
        pool = released(terms, valid_until=NOON + dt.timedelta(days=7))
        first, second = (given_voucher(pool, shop.people[who].pk) for who in ("mei", "lan"))
    bought(shop, customer=first.code)
    before = counted()
    with time_machine.travel(NOON, tick=False):
        assert refused(sold, shop, customer=second.code) == "offer_cap_used"
    assert counted() == before
    tomorrow = NOON + dt.timedelta(days=1)
    assert bought(shop, customer=second.code, at=tomorrow).due_fen == 8_000


def test_gift_is_given_whole_or_not_at_all_under_a_cap(money, shop):
    shares = [union_share(money.city, takes_rest=True, permille=0, when_empty="shrink")]
    published(
        shop, form="gift", gift="毛巾", price_fen=1_500, off_fen=0, shares=shares, caps=[("day", 2_000)]
    )
    assert bought(shop).list_fen == 11_500
    assert [one.code for one in quoted(shop).refused] == ["offer_cap_short"]


def test_no_program_uses_more_than_a_cap(money, shop):
    capped(money, ("store_day", 1_000))
    bought(shop)
    refuses("bills_limit_never_overused", "UPDATE bills_limituse SET used = used + 1")
    refuses("bills_limit_never_overused", "UPDATE bills_limituse SET used = -1")


@pytest.mark.parametrize(
    ("caps", "sentence"),
    [
        ((("day", 0),), "补贴上限要大于 0；不限请不要填。"),
        ((("day", 5), ("day", 6)), "同一种补贴上限只能填一次。"),
    ],
)
def test_cap_that_makes_no_sense_is_refused_in_words(money, caps, sentence):
    share = by_union(money.city, permille=500, max_fen=2_000)
    assert refused(drafted, money.cast, share, *plan(money.cast).shares, caps=caps) == "terms_wrong"
    with pytest.raises(Exception, match=sentence):
        drafted(money.cast, share, *plan(money.cast).shares, caps=caps)


def test_cap_without_anybody_it_holds_is_refused(shop):
    with pytest.raises(Exception, match="这项优惠全由商家让利"):
        drafted(shop, caps=(("day", 500),))
