"""试算: a draft beside the live offers of a store, by the one `quote`, and nothing of it is kept."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from gonghui.bills import pricing
from gonghui.bills.actions import terms as actions
from gonghui.bills.models import LimitUse, OfferTerms, WindowUse
from gonghui.bills.selling import typed_line
from gonghui.bills.tests.priced import published, union_share
from gonghui.bills.tests.stage import balances, counted, sold
from gonghui.bills.tests.test_bills_console import page
from gonghui.bills.tests.written import REST, by_union, drafted, plan
from gonghui.bills.trials import Supposed, try_together
from gonghui.kit.clock import CHINA
from gonghui.members.models import WorkerGroup
from gonghui.partners.tests.stage import new_store

pytestmark = pytest.mark.django_db
FRIDAY_LUNCH = dt.datetime(2026, 11, 27, 12, 30, tzinfo=CHINA)
TENTH = pricing.Terms(
    pricing.Form.PERCENT, rate_permille=900, stacking=pricing.Stacking.ALWAYS, order=50, threshold_fen=5_000
)


def supposed(cast, fen: int = 20_000, **facts) -> Supposed:
    known = {"store_id": cast.store.pk, "line": typed_line("商品", fen), "at": FRIDAY_LUNCH}
    return Supposed(**(known | facts))


def said(quote: pricing.Quote) -> tuple[list, dict, int]:
    given = [(one.title, one.discount_fen) for one in quote.applied]
    return given, {one.title: one.sentence for one in quote.refused}, quote.due_fen


@pytest.fixture
def stacked(money, shop):
    """At the pier: 满100减20 that goes with others, 满减 of the empty class, and one that needs a coupon."""
    published(shop, title="平台满减", stacking="always")
    published(shop, title="老满减", off_fen=1_000)
    shares = [union_share(money.city, 500), {"payer": "merchant", "takes_rest": True}]
    published(
        shop,
        title="凭券减三十",
        needs_voucher=True,
        off_fen=3_000,
        stacking="always",
        order=200,
        shares=shares,
    )
    return shop


def test_draft_is_tried_beside_the_live_offers_in_their_order_with_every_reason(stacked):
    draft = drafted(stacked, title="新九折", price=TENTH)
    given, refused, due = said(try_together(draft, supposed(stacked)))
    assert given == [("新九折", 2_000), ("平台满减", 2_000), ("老满减", 1_000), ("凭券减三十", 3_000)]
    assert (refused, due) == ({}, 12_000)


def test_draft_that_is_beaten_in_its_class_says_by_whom(stacked):
    draft = drafted(stacked, title="新满减")  # 满200减30, once, as 老满减 is
    given, refused, _due = said(try_together(draft, supposed(stacked, 30_000)))
    assert ("新满减", 3_000) in given
    assert refused == {"老满减": "与“新满减”同类，只能用一项；“新满减”更合算。"}


def test_trial_is_the_quote_of_the_till_once_the_offer_is_up(stacked):
    """The same function and the same facts: what was tried is what is charged."""
    draft = drafted(stacked, title="新九折", price=TENTH, needs_voucher=False)
    tried = try_together(draft, supposed(stacked, has_vouchers=False))
    admin, checker = stacked.actor("city_admin"), stacked.actor("province_admin")
    actions.review_terms(checker, terms_id=draft.pk)
    actions.publish_terms(admin, terms_id=draft.pk)
    bill = sold(stacked, 20_000)
    assert bill.due_fen == tried.due_fen == 15_000
    assert set(bill.offers_given.values_list("offer_id", flat=True)) == {
        one.offer_id for one in tried.applied
    }


def test_trial_moves_nothing(money, stacked):
    shares = (by_union(money.city, permille=500, max_fen=1_000), REST)
    draft = drafted(stacked, *shares, title="新九折", price=TENTH)
    before = counted(), balances(), OfferTerms.objects.unscoped("test").values().order_by("id")[::1]
    for _n in range(3):
        try_together(draft, supposed(stacked))
    assert (counted(), balances(), OfferTerms.objects.unscoped("test").values().order_by("id")[::1]) == before
    for table in (LimitUse, WindowUse):
        assert table.objects.unscoped("test").count() == 0


def test_change_of_the_draft_is_tried_at_once(stacked):
    draft = drafted(stacked, title="新满减")
    assert ("新满减", 3_000) in said(try_together(draft, supposed(stacked)))[0]
    cheaper = pricing.Terms(pricing.Form.THRESHOLD_OFF, threshold_fen=20_000, off_fen=4_000)
    actions.write_terms(
        stacked.actor("city_admin"), union_id=stacked.unions["city"].pk,
        plan=plan(stacked, title="新满减", price=cheaper), terms_id=draft.pk,
    )  # fmt: skip
    assert ("新满减", 4_000) in said(try_together(draft, supposed(stacked)))[0]


def test_kind_of_member_hour_and_coupons_are_taken_for_granted_as_asked(shop):
    WorkerGroup.objects.get_or_create(code="food_rider", defaults={"name": "外卖配送员"})
    lunch = pricing.Window(from_time=dt.time(12), to_time=dt.time(13))
    draft = drafted(shop, title="骑手午市", groups=("food_rider",), windows=(lunch,))
    riders = frozenset({"food_rider"})
    cases = [
        ({"groups": riders}, ""),
        ({}, "这项福利面向特定职业群体的会员。"),
        ({"groups": riders, "is_verified": False}, "这项福利只面向已实名的会员。"),
        ({"groups": riders, "is_family": True}, "这项优惠只能由会员本人"),
        ({"groups": riders, "at": FRIDAY_LUNCH + dt.timedelta(hours=1)}, "现在不在优惠时段。"),
        ({"groups": riders, "fen": 19_900}, "还差 1 元到 200 元，才能享受这项优惠。"),
    ]
    for facts, why in cases:
        answer = try_together(draft, supposed(shop, **facts))
        assert ([one.sentence for one in answer.refused] or [""])[0][: len(why)] == why, facts
    coupons = drafted(shop, title="凭券", needs_voucher=True)
    assert try_together(coupons, supposed(shop)).due_fen == 17_000
    (why,) = try_together(coupons, supposed(shop, has_vouchers=False)).refused
    assert why.code == "offer_no_voucher"


def test_other_stores_and_drafts_of_others_take_no_part(stacked):
    elsewhere = new_store(stacked.store.partner, "别处店")
    published(stacked, title="别处的", stores=[elsewhere])
    drafted(stacked, title="另一份草稿", price=TENTH)
    draft = drafted(stacked, title="新满减")
    given, refused, _due = said(try_together(draft, supposed(stacked)))
    assert {"别处的", "另一份草稿"}.isdisjoint({title for title, _fen in given} | set(refused))


def test_trial_takes_as_many_queries_with_one_live_offer_as_with_nine(stacked, django_assert_max_num_queries):
    draft = drafted(stacked, title="新满减")
    try_together(draft, supposed(stacked))
    with django_assert_max_num_queries(5):
        try_together(draft, supposed(stacked))
    for n in range(6):
        published(stacked, title=f"又一项{n}")
    try_together(draft, supposed(stacked))
    with django_assert_max_num_queries(5):
        try_together(draft, supposed(stacked))


# --- The page -----------------------------------------------------------------------------------------------


def trial(client, cast, who: str, draft: OfferTerms, **facts):
    known = {"store": cast.store.pk, "fen": "200", "at": "2026-11-27T12:30", "is_verified": "on"}
    address = reverse("admin:offer_try", args=[draft.pk])
    return cast.sign_in(client, who).get(address, known | {"has_vouchers": "on"} | facts)


def test_page_of_a_draft_leads_to_its_trial_and_shows_order_and_reasons(client, stacked):
    draft = drafted(stacked, title="新满减")
    at = reverse("admin:offer_try", args=[draft.pk])
    assert f'href="{at}"' in page(client, stacked, "city_admin", "offer", draft.pk).content.decode()
    empty = page(client, stacked, "city_admin", "offer_try", draft.pk)
    assert (empty.status_code, "quote" in empty.context) == (200, False)
    text = trial(client, stacked, "city_admin", draft, fen="300").content.decode()
    order = [
        text.index(title)
        for title in ("<strong>平台满减", "<strong>新满减", "<strong>凭券减三十", "<strong>老满减")
    ]
    assert order == sorted(order)
    assert "与“新满减”同类，只能用一项；“新满减”更合算。" in text
    assert "职工付 220 元；原价 300 元，共减 80 元。" in text
    assert "本优惠" in text and "不动钱" in text


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"store": "999999"}, "选择一个有效的选项"),
        ({"fen": "0"}, "0"),
        ({"fen": "很多"}, "消费金额"),
        ({"at": "后天"}, "什么时候"),
        ({"code": "6901234567890"}, "编码"),
    ],
)
def test_wrong_trial_is_refused_in_words_and_stays_typed(client, stacked, facts, why):
    draft = drafted(stacked, title="新满减")
    before = counted()
    shown = trial(client, stacked, "city_admin", draft, **facts)
    assert (shown.status_code, "quote" in shown.context, counted()) == (422, False, before)
    assert why in shown.content.decode()


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("province_admin", 200),
        ("sister_admin", 404),
        ("judge", 403),
        ("mei", 302),
        ("clerk", 302),
        ("anonymous", 302),
    ],
)
def test_trial_is_seen_by_who_sees_the_offer(client, stacked, who, status):
    draft = drafted(stacked, title="新满减")
    assert trial(client, stacked, who, draft).status_code == status


def test_offer_without_stores_cannot_be_tried_and_says_so(client, shop):
    draft = drafted(shop, title="新满减")
    draft.offer_stores.all().delete()
    assert "还没有适用门店" in page(client, shop, "city_admin", "offer_try", draft.pk).content.decode()
