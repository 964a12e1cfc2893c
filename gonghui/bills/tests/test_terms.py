"""An offer from a draft to its end: by two people, with stores that may trade and numbers that make sense."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
import time_machine
from django.db import IntegrityError, transaction

from gonghui.benefits.models import Offer
from gonghui.benefits.tests.plans import fresh, refused
from gonghui.bills import plans, pricing
from gonghui.bills.actions import terms
from gonghui.bills.models import FundingShare, OfferStore, OfferTerms, OfferWindow
from gonghui.bills.plans import SharePlan
from gonghui.bills.tests.written import OFF, REST, by_union, drafted, plan, put_up, reviewed
from gonghui.funds.models import BenefitRule
from gonghui.funds.tests.stage import build_money, submitted
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.orgs.models import Region
from gonghui.partners.models import MerchantRole
from gonghui.partners.tests.stage import new_partner, new_store, standing_agreement

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def agreement(cast):
    return standing_agreement(cast.store.partner)


@pytest.fixture
def money(cast):
    return build_money(cast)


def said(verb, *args, **kwargs) -> str:
    with pytest.raises(DomainError) as caught:
        verb(*args, **kwargs)
    return caught.value.message


def test_draft_comes_back_as_it_was_written(cast, money):
    night = pricing.Window(
        from_time=dt.time(22), to_time=dt.time(2), weekdays=frozenset({5, 6}), capacity=50,
        groups=frozenset({"food_rider"}), store_ids=frozenset({cast.store.pk}), holidays=pricing.Holidays.EXCLUDED,
    )  # fmt: skip
    wanted = plan(
        cast, by_union(money.city, permille=600, max_fen=2000, when_empty="next"), REST,
        title="骑手夜宵", windows=(night,), limits=(("person_day", 1), ("total", 5000)), says="出示会员码。",
        groups=("food_rider",), sections=("farm",), codes=("690",), audience_union_id=cast.unions["factory"].pk,
        price=replace(OFF, cap_fen=3000, basis=pricing.Basis.AFTER, order=7, family=True),
    )  # fmt: skip
    made = terms.write_terms(cast.actor("city_admin"), union_id=cast.unions["city"].pk, plan=wanted)
    found = plans.plan_of(fresh(made))
    assert replace(found, windows=(replace(found.windows[0], id=0),)) == wanted
    assert (made.offer.is_priced, made.state, made.maker_id) == (True, "draft", cast.users["city_admin"].pk)
    again = replace(wanted, title="骑手宵夜", windows=(), shares=(REST,))
    terms.write_terms(cast.actor("city_admin"), union_id=cast.unions["city"].pk, plan=again, terms_id=made.pk)
    assert plans.plan_of(fresh(made)) == again
    assert Offer.objects.unscoped("test").filter(is_priced=True).count() == 1


@pytest.mark.parametrize(
    "facts, sentence",
    [
        ({"price": replace(OFF, off_fen=0)}, "满减要填减多少元。"),
        ({"price": replace(OFF, off_fen=30_000)}, "减的金额不能多于满的金额。"),
        (
            {"price": pricing.Terms(pricing.Form.PERCENT)},
            "折扣要在 0 折和 10 折之间，例如七五折填 7.5；全免请选“免费”。",
        ),
        ({"price": pricing.Terms(pricing.Form.FIXED_PRICE)}, "请填写价格；不收钱的请选“免费”。"),
        ({"price": pricing.Terms(pricing.Form.GIFT)}, "请写明赠品是什么。"),
        ({"shares": (SharePlan("merchant", permille=500),)}, "要有且只有一个出资方承担余额。"),
        (
            {"windows": (pricing.Window(ends_on=dt.date(2020, 1, 1)),)},
            "第 1 个时段在今后一年里一天也没有：请核对日期、星期和节假日。",
        ),
        ({"windows": (pricing.Window(capacity=0),)}, "第 1 个时段的每天名额不能为 0；不限请留空。"),
        (
            {"windows": (pricing.Window(store_ids=frozenset({0})),)},
            "第 1 个时段选了不参加这项优惠的门店：请先选上它们，或在时段里去掉。",
        ),
        ({"limits": (("person", 1), ("person", 2))}, "同一种限次只能填一次。"),
        ({"groups": ("nobody",)}, "没有“nobody”这个群体。"),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_written(cast, facts, sentence):
    assert said(drafted, cast, **facts) == sentence
    assert not OfferTerms.objects.unscoped("test").exists()
    assert not Offer.objects.unscoped("test").exists()


def test_percent_coupon_with_union_money_needs_a_cap(cast, money):
    percent = pricing.Terms(pricing.Form.PERCENT, rate_permille=750)
    half = by_union(money.city, permille=500)
    sentence = "发券要按名额留足补贴资金：请填写“最多优惠”，或填写工会、单位每单最多出多少元。"
    assert said(drafted, cast, half, REST, price=percent) == sentence
    assert drafted(cast, half, REST, price=replace(percent, cap_fen=2000)).pk
    assert drafted(cast, replace(half, max_fen=500, when_empty="shrink"), REST, price=percent).pk
    assert drafted(cast, REST, price=percent).pk


def test_offer_without_vouchers_says_how_much_is_set_aside(cast, money):
    half = by_union(money.city, permille=500)
    assert "上线时预留多少元" in said(drafted, cast, half, REST, needs_voucher=False)
    assert drafted(cast, replace(half, set_aside_fen=1), REST, needs_voucher=False).pk


def test_maker_is_not_checker(cast):
    made = drafted(cast)
    assert refused(terms.review_terms, cast.actor("city_admin"), terms_id=made.pk) == "terms_maker_is_checker"
    with pytest.raises(IntegrityError), transaction.atomic():
        OfferTerms.objects.unscoped("test").filter(pk=made.pk).update(
            state="reviewed", checker=cast.users["city_admin"]
        )
    assert fresh(made).state == "draft"


def test_owner_of_a_store_reviews_no_offer_that_holds_there(cast):
    made = drafted(cast)
    MerchantRole.objects.create(user=cast.users["province_admin"], partner=cast.store.partner, role="owner")
    assert refused(terms.review_terms, cast.actor("province_admin"), terms_id=made.pk) == "own_merchant"
    assert fresh(made).state == "draft"


def test_way_of_an_offer(cast):
    made, admin = put_up(cast), cast.actor("city_admin")
    terms.pause_terms(admin, terms_id=made.pk, reason="设备检修")
    terms.resume_terms(admin, terms_id=made.pk)
    assert refused(terms.publish_terms, admin, terms_id=made.pk) == "illegal_move"
    assert refused(terms.end_terms, admin, terms_id=made.pk, reason=" ") == "reason_missing"
    terms.end_terms(admin, terms_id=made.pk, reason="活动结束")
    assert fresh(made).state == "ended"
    assert refused(terms.resume_terms, admin, terms_id=made.pk) == "illegal_move"


def test_reviewed_terms_change_only_after_they_were_sent_back(cast):
    made, city = reviewed(cast), cast.unions["city"]
    again = plan(cast, title="改了")
    asked = {"union_id": city.pk, "plan": again, "terms_id": made.pk}
    assert refused(terms.write_terms, cast.actor("city_admin"), **asked) == "terms_not_draft"
    assert fresh(made.offer).title == "满减"
    terms.send_back_terms(cast.actor("province_admin"), terms_id=made.pk, reason="减得太多")
    terms.write_terms(cast.actor("city_admin"), **asked)
    assert (fresh(made.offer).title, fresh(made).checker_id) == ("改了", None)


def test_review_asks_for_stores_that_may_trade(cast, agreement):
    review, checker = terms.review_terms, cast.actor("province_admin")
    nowhere = drafted(cast, store_ids=())
    assert said(review, checker, terms_id=nowhere.pk) == "请至少选一家门店。"
    made = drafted(cast)
    agreement.state = "terminated"
    agreement.save()
    assert said(review, checker, terms_id=made.pk) == "“珠岛游船公司”这一天没有生效的合作协议。"
    assert (fresh(nowhere).state, fresh(made).state) == ("draft", "draft")


def test_review_asks_for_budgets_that_are_open(cast, money):
    made = drafted(cast, by_union(money.city, permille=500), REST)
    with time_machine.travel(dt.datetime(2031, 1, 2, 12, tzinfo=clock.CHINA)):
        sentence = said(terms.review_terms, cast.actor("province_admin"), terms_id=made.pk)
    assert sentence == f"预算“{money.city.name}”在 2031-01-02 不能用：有效期是 2024-01-01 至 2030-12-31。"
    assert fresh(made).state == "draft"


def test_sister_city_lends_neither_stores_nor_budgets(cast, money):
    foreign = new_store(new_partner(cast, "西岭饭店", union="sister"))
    assert refused(drafted, cast, store_ids=(foreign.pk,)) == "offer_store_of_others"
    theirs = submitted(cast, "sister", yuan=10, source=money.source, maker="sister_admin")
    assert refused(drafted, cast, by_union(theirs, permille=500), REST) == "offer_budget_unknown"
    assert not OfferTerms.objects.unscoped("test").exists()


@pytest.mark.parametrize("who", ["sister_admin", "finance_officer", "mei", "clerk", "anonymous"])
def test_nobody_else_writes_or_moves_it(cast, who):
    made = put_up(cast)
    asked = {"union_id": cast.unions["city"].pk, "plan": plan(cast)}
    assert refused(terms.write_terms, cast.actor(who), **asked) == "not_allowed"
    assert refused(terms.pause_terms, cast.actor(who), terms_id=made.pk, reason="因故") == "not_allowed"
    assert refused(terms.review_terms, cast.actor(who), terms_id=made.pk) == "not_allowed"
    assert fresh(made).state == "published"


def test_stores_join_and_leave_a_living_offer(cast):
    made, admin = put_up(cast), cast.actor("city_admin")
    mall = new_partner(cast, "好味食堂")
    shop = new_store(mall)
    join = {"terms_id": made.pk, "store_id": shop.pk}
    assert refused(terms.add_store, admin, **join) == "no_agreement_in_force"
    standing_agreement(mall)
    assert terms.add_store(admin, **join) == terms.add_store(admin, **join)
    terms.remove_store(admin, terms_id=made.pk, store_id=cast.store.pk)
    assert refused(terms.remove_store, admin, **join) == "offer_last_store"
    assert list(OfferStore.objects.values_list("store_id", flat=True)) == [shop.pk]
    terms.end_terms(admin, terms_id=made.pk, reason="结束")
    assert refused(terms.add_store, admin, terms_id=made.pk, store_id=cast.store.pk) == "terms_over"


def test_copy_is_a_draft_of_ones_own_with_the_same_facts(cast, money):
    made = put_up(cast, by_union(money.city, permille=500), REST, windows=(pricing.Window(capacity=9),))
    copy = terms.copy_terms(cast.actor("city_admin"), terms_id=made.pk)
    before, after = plans.plan_of(made), plans.plan_of(copy)
    assert (copy.state, copy.offer_id != made.offer_id) == ("draft", True)
    assert replace(after, title=before.title, windows=()) == replace(before, windows=())
    assert (after.title, after.windows[0].capacity) == ("满减（副本）", 9)
    assert (FundingShare.objects.unscoped("test").count(), OfferWindow.objects.count()) == (4, 2)


def test_programme_is_written_once(cast):
    asked = {"union_id": cast.unions["city"].pk, "title": "六大品牌", "starts_on": dt.date(2026, 1, 1)}
    made = terms.write_programme(cast.actor("city_admin"), **asked)
    assert drafted(cast, programme_id=made.pk).programme == made
    assert refused(terms.write_programme, cast.actor("city_admin"), **asked) == "bad_input"
    foreign = terms.write_programme(
        cast.actor("sister_admin"), **(asked | {"union_id": cast.unions["sister"].pk})
    )
    assert refused(drafted, cast, programme_id=foreign.pk) == "not_found"


def no_more_than(cap_fen: int, **facts) -> BenefitRule:
    region, _made = Region.objects.get_or_create(code="00", defaults={"name": "全国"})
    known = {
        "category": "coupon",
        "period": "event",
        "effective_from": dt.date(2017, 12, 15),
        "clause": "八不准",
    }
    return BenefitRule.objects.create(region=region, cap_fen=cap_fen, **(known | facts))


def test_offer_no_rule_lets_through_never_reaches_review(cast):
    money = build_money(cast, kind="union_fund", level="grassroots")
    no_more_than(0, source_kind="union_fund", source_level="grassroots")
    share = by_union(money.city, permille=500)
    for price in (OFF, pricing.Terms(pricing.Form.PERCENT, rate_permille=700, cap_fen=3_000)):
        draft = drafted(cast, share, REST, price=price)
        told = said(terms.review_terms, cast.actor("province_admin"), terms_id=draft.pk)
        assert "不能这样出" in told and "八不准" in told
        assert fresh(draft).state == "draft"


def test_share_above_the_cap_of_one_use_never_reaches_review(cast, money):
    no_more_than(14_99)
    share = by_union(money.city, permille=500)
    told = said(terms.review_terms, cast.actor("province_admin"), terms_id=drafted(cast, share, REST).pk)
    assert "14.99" in told
    percent = pricing.Terms(pricing.Form.PERCENT, rate_permille=700, cap_fen=3_000)
    assert reviewed(cast, share, REST, price=percent).state == "reviewed"  # a small bill stays below it


def test_merchants_own_discount_asks_no_rule(cast):
    no_more_than(0)
    assert reviewed(cast).state == "reviewed"
