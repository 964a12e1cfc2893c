"""The offers' screens: who opens them, that what is typed is what is written, and that refusals stay on the form."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
from django.db import transaction
from django.urls import reverse

from gonghui.benefits.tests.plans import fresh
from gonghui.bills import plans, pricing
from gonghui.bills.actions import terms
from gonghui.bills.models import (
    Bill,
    BillLine,
    BillPart,
    BillRefund,
    OfferTerms,
    Programme,
    RefundLine,
    RefundPart,
)
from gonghui.bills.screens import screen_of
from gonghui.bills.tests.written import REST, by_union, drafted, put_up, reviewed_release
from gonghui.funds.tests.stage import build_money
from gonghui.kit import clock
from gonghui.ledger.tests.books import move, purse, said
from gonghui.partners.tests.stage import new_partner, new_store, standing_agreement
from tests.console_contract import ConsoleContract

pytestmark = pytest.mark.django_db


def page(client, cast, who: str, at: str, *args, **asked):
    return cast.sign_in(client, who).get(reverse(f"admin:{at}", args=args), asked)


def send(client, cast, who: str, at: str, facts: dict, *args, **headers):
    return cast.sign_in(client, who).post(reverse(f"admin:{at}", args=args), facts, headers=headers)


def typed(cast, **facts) -> dict:
    """满 200 减 30 with a third of it the merchant's, as the form posts it."""
    known = {
        "union": cast.unions["city"].pk, "title": "午市满减", "kind": "food", "form": "threshold_off",
        "threshold_fen": "200", "off_fen": "30", "zhe": "7.5", "needs_voucher": "1", "verified_only": "on",
        "stacking": "once", "order": "100", "basis": "before", "stores": [cast.store.pk],
        "share0-payer": "merchant", "share0-takes_rest": "on", "share0-when_empty": "refuse",
    }  # fmt: skip
    rows = {f"share{n}-when_empty": "refuse" for n in range(1, 4)}
    return known | rows | facts


class TestOfferScreen(ConsoleContract):
    model = OfferTerms

    def own(self, cast):
        return drafted(cast)

    def foreign(self, cast):
        partner = new_partner(cast, "西岭饭店", union="sister")
        facts = {"store_ids": (new_store(partner).pk,), "title": "西岭优惠"}
        from gonghui.bills.tests.written import plan

        return terms.write_terms(
            cast.actor("sister_admin"), union_id=cast.unions["sister"].pk, plan=plan(cast, **facts)
        )

    def more(self, cast, count):
        for _n in range(count):
            drafted(cast)


class TestProgrammeScreen(ConsoleContract):
    model = Programme
    change = {"title": "六大品牌 2026"}
    wrong = {"title": ""}

    def own(self, cast):
        return self._made(cast, "city", "六大品牌")

    def foreign(self, cast):
        return self._made(cast, "sister", "西岭项目")

    def more(self, cast, count):
        for n in range(count):
            self._made(cast, "city", f"更多 {n}")

    def _made(self, cast, union: str, title: str) -> Programme:
        return Programme.objects.create(union=cast.unions[union], title=title, starts_on=dt.date(2026, 1, 1))


@transaction.atomic
def sold(cast, store=None, union: str = "city") -> Bill:
    """20 元 of 100 the merchant's, the rest paid in cash."""
    store = store or cast.store
    bill = Bill.objects.create(
        key=uuid4(), union=cast.unions[union], partner=store.partner, store=store, person=cast.people["mei"],
        at=clock.now(), list_fen=10_000, due_fen=8_000, method="cash", state="settled", settled_at=clock.now(),
    )  # fmt: skip
    line = BillLine(bill=bill, nth=1, name="一桌菜", list_fen=10_000)
    BillLine.objects.unscoped("test").bulk_create([line])
    parts = [
        BillPart(line=line, nth=1, payer="merchant", fen=2_000),
        BillPart(line=line, nth=2, payer="worker", fen=8_000),
    ]
    BillPart.objects.unscoped("test").bulk_create(parts)
    return bill


@transaction.atomic
def returned(bill: Bill) -> BillRefund:
    refund = BillRefund.objects.create(
        bill=bill, key=uuid4(), reason="少了一道菜", at=clock.now(), list_fen=5_000, worker_fen=4_000
    )
    (line,) = bill.lines.all()
    row = RefundLine.objects.create(refund=refund, line=line, list_fen=5_000)
    back = {part.payer: part for part in line.parts.all()}
    RefundPart.objects.unscoped("test").bulk_create(
        [
            RefundPart(refund_line=row, part=back["merchant"], fen=1_000),
            RefundPart(refund_line=row, part=back["worker"], fen=4_000),
        ]
    )
    return refund


def foreign_store(cast):
    return new_store(new_partner(cast, f"西岭饭店{uuid4().hex[:4]}", union="sister"))


class TestBillScreen(ConsoleContract):
    model = Bill

    def own(self, cast):
        return sold(cast)

    def foreign(self, cast):
        return sold(cast, foreign_store(cast), "sister")

    def more(self, cast, count):
        for _n in range(count):
            sold(cast)


class TestRefundScreen(ConsoleContract):
    model = BillRefund

    def own(self, cast):
        return returned(sold(cast))

    def foreign(self, cast):
        return returned(sold(cast, foreign_store(cast), "sister"))

    def more(self, cast, count):
        for _n in range(count):
            returned(sold(cast))


def test_what_is_typed_is_what_is_written(cast, client):
    money = build_money(cast)
    posted = typed(
        cast,
        **{
            "share0-payer": "union", "share0-takes_rest": "", "share0-budget": money.city.pk, "share0-percent": "66.6",
            "share0-max_fen": "25", "share1-payer": "merchant", "share1-takes_rest": "on",
            "window0-weekdays": ["1", "2"], "window0-from_time": "13:00", "window0-to_time": "14:00",
            "window0-capacity": "50", "window0-holidays": "excluded", "window0-groups": ["food_rider"],
            "limit_person_day": "1", "limit_person_week": "2", "bill_cap_fen": "50", "bill_offers_max": "3",
            "codes": "690 691", "cap_store_day": "300", "cap_person_month": "60.50",
        },
    )  # fmt: skip
    answer = send(client, cast, "city_admin", "offer_new", posted)
    made = OfferTerms.objects.unscoped("test").select_related("offer").get()
    assert (answer.status_code, answer.url) == (302, reverse("admin:offer", args=[made.pk]))
    plan = plans.plan_of(made)
    bill = {"bill_cap_fen": 5_000, "bill_offers_max": 3}
    assert plan.price == pricing.Terms(
        pricing.Form.THRESHOLD_OFF, threshold_fen=20_000, off_fen=3_000, **bill
    )
    assert [(s.payer, s.permille, s.max_fen, s.takes_rest) for s in plan.shares] == [
        ("union", 666, 2500, False),
        ("merchant", 0, None, True),
    ]
    (window,) = plan.windows
    assert (window.weekdays, window.from_time, window.capacity) == (frozenset({1, 2}), dt.time(13), 50)
    assert (plan.limits, plan.codes, plan.store_ids) == (
        (("person_day", 1), ("person_week", 2)),
        ("690", "691"),
        (cast.store.pk,),
    )
    assert plan.caps == (("store_day", 30_000), ("person_month", 6_050))
    editor = page(client, cast, "city_admin", "offer_edit", made.pk).context["editor"]
    assert str(editor.form["cap_store_day"].value()) == "300"
    said = page(client, cast, "city_admin", "offer", made.pk).context["limits"]
    assert said == ["每人每天 1 次", "每人每周 2 次", "每店每天最多补贴 300 元", "每人每月最多补贴 60.50 元"]


RIDERS_AT_ONE = {
    "form": "percent", "zhe": "7", "cap_fen": "20", "off_fen": "", "threshold_fen": "",
    "window0-from_time": "13:00", "window0-to_time": "14:00", "window0-groups": ["food_rider"],
    "window0-capacity": "50", "window0-holidays": "any", "window0-where": "some",
}  # fmt: skip


def shops(cast, *names: str) -> list[int]:
    return [new_store(cast.store.partner, name).pk for name in names]


def test_window_for_chosen_stores_is_written_shown_and_priced_as_it_was_typed(cast, client):
    standing_agreement(cast.store.partner)
    first, second, third = shops(cast, "天河店", "海珠店", "越秀店")
    posted = typed(
        cast, stores=[first, second, third], **RIDERS_AT_ONE, **{"window0-stores": [second, first]}
    )
    told = send(client, cast, "city_admin", "offer_new", posted, **{"X-Preview": "1"}).json()
    assert told["says"] == ["限天河店、海珠店 外卖配送员 13:00–14:00 七折（最多减20元），每天 50 个名额"]
    assert send(client, cast, "city_admin", "offer_new", posted).status_code == 302
    made = OfferTerms.objects.unscoped("test").get()
    assert made.windows.get().store_ids == [first, second]
    row = page(client, cast, "city_admin", "offer_edit", made.pk).context["editor"].windows[0]
    assert (row["where"].value(), row["stores"].value()) == ("some", [str(first), str(second)])
    shown = page(client, cast, "city_admin", "offer", made.pk)
    assert shown.context["screen"] == told["says"]
    terms.review_terms(cast.actor("province_admin"), terms_id=made.pk)
    terms.publish_terms(cast.actor("city_admin"), terms_id=made.pk)
    noon = dt.datetime(2026, 9, 16, 13, 30, tzinfo=clock.CHINA)
    (here,), there = screen_of(first, noon), screen_of(third, noon)
    assert (here.lines, here.is_open, there) == (
        ("外卖配送员 13:00–14:00 七折（最多减20元），每天 50 个名额",),
        True,
        [],
    )


def test_window_of_all_stores_takes_none_however_many_are_ticked(cast, client):
    first, second = shops(cast, "天河店", "海珠店")
    facts = RIDERS_AT_ONE | {"window0-where": "all", "window0-stores": [first]}
    assert (
        send(
            client, cast, "city_admin", "offer_new", typed(cast, stores=[first, second], **facts)
        ).status_code
        == 302
    )
    assert OfferTerms.objects.unscoped("test").get().windows.get().store_ids == []


def test_code_that_cannot_be_one_is_refused_in_words(cast, client):
    answer = send(client, cast, "city_admin", "offer_new", typed(cast, codes="6901234567892 6901234567890"))
    assert answer.status_code == 422
    told = " ".join(text for _anchor, text in answer.context["problems"])
    assert "“6901234567890”不是有效的商品条码" in told
    assert not OfferTerms.objects.unscoped("test").exists()


@pytest.mark.parametrize(
    ("ticked", "sentence"),
    [
        ([], "请选这个时段适用的门店，或者改选“所有门店”。"),
        ([1], "第 1 个时段选了不参加这项优惠的门店：请先选上它们，或在时段里去掉。"),
    ],
)
def test_window_for_no_store_or_for_one_that_takes_no_part_is_refused(cast, client, ticked, sentence):
    places = shops(cast, "天河店", "海珠店")
    posted = typed(
        cast, stores=places[:1], **RIDERS_AT_ONE, **{"window0-stores": [places[n] for n in ticked]}
    )
    answer = send(client, cast, "city_admin", "offer_new", posted)
    assert answer.status_code == 422
    assert sentence in " ".join(text for _anchor, text in answer.context["problems"])
    assert not OfferTerms.objects.unscoped("test").exists()


def test_offer_sent_twice_is_one_draft(cast, client):
    drawn = page(client, cast, "city_admin", "offer_new")
    posted = typed(cast, sent=drawn.context["sent"])
    assert f'name="sent" value="{posted["sent"]}"' in drawn.content.decode()
    answers = [send(client, cast, "city_admin", "offer_new", posted) for _n in range(2)]
    assert [one.status_code for one in answers] == [302, 302]
    assert (answers[0].url, OfferTerms.objects.unscoped("test").count()) == (answers[1].url, 1)


def test_seven_and_a_half_zhe_is_750_permille_and_other_forms_fields_are_not_taken(cast, client):
    posted = typed(cast, form="percent", threshold_fen="", cap_fen="20", off_fen="30", price_fen="9")
    assert send(client, cast, "city_admin", "offer_new", posted).status_code == 302
    made = OfferTerms.objects.unscoped("test").get()
    assert (made.rate_permille, made.cap_fen, made.off_fen, made.price_fen) == (750, 2000, 0, 0)


def test_draft_is_shown_as_it_was_typed_and_saved_again(cast, client):
    made = drafted(
        cast, windows=(pricing.Window(from_time=dt.time(13), to_time=dt.time(14)),), says="出示会员码"
    )
    shown = page(client, cast, "city_admin", "offer_edit", made.pk)
    form = shown.context["form"]
    assert (form["threshold_fen"].value(), form["off_fen"].value(), form["says"].value()) == (
        200,
        30,
        "出示会员码",
    )
    assert shown.context["editor"].windows[0]["from_time"].value() == dt.time(13)
    before = plans.plan_of(made)
    posted = typed(
        cast, title="满减", says="出示会员码", **{"window0-from_time": "13:00", "window0-to_time": "14:00"}
    )
    assert send(client, cast, "city_admin", "offer_edit", posted, made.pk).status_code == 302
    after = plans.plan_of(fresh(made))
    assert [(w.from_time, w.to_time) for w in after.windows] == [(dt.time(13), dt.time(14))]
    assert (after.price, after.shares, after.store_ids) == (before.price, before.shares, before.store_ids)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"off_fen": ""}, "满减要填减多少元。"),
        ({"share0-takes_rest": ""}, "要有且只有一个出资方承担余额。"),
        ({"share1-payer": "union"}, "请选择从哪一项预算支出。"),
        ({"window0-from_time": "13:00"}, "时间要两个都填，或者都不填。"),
        ({"form": "percent", "zhe": "12"}, "10"),
        ({"title": ""}, "优惠名称"),
    ],
)
def test_what_is_wrong_stands_on_the_form_and_nothing_is_written(cast, client, facts, sentence):
    answer = send(client, cast, "city_admin", "offer_new", typed(cast, **facts))
    assert answer.status_code == 422
    assert sentence in " ".join(text for _anchor, text in answer.context["problems"])
    assert not OfferTerms.objects.unscoped("test").exists()


def test_trial_says_who_gives_what(cast, client):
    money = build_money(cast)
    posted = typed(
        cast,
        **{
            "share0-takes_rest": "", "share0-fixed_fen": "10", "share1-payer": "union", "share1-budget": money.city.pk,
            "share1-takes_rest": "on",
        },
    )  # fmt: skip
    told = send(client, cast, "city_admin", "offer_new", posted, **{"X-Preview": "1"}).json()
    assert told == {
        "says": ["满200元减30元"],
        "tried": "原价 200 元，满200元减30元：商家让 10、工会贴 20、职工付 170 元。",
        "most": "复核投放时，每张券要从预算预留 20 元。",
        "wrong": [],
    }
    told = send(
        client, cast, "city_admin", "offer_new", posted | {"sample_fen": "150"}, **{"X-Preview": "1"}
    ).json()
    assert told["tried"] == "原价 150 元：还差 50 元到 200 元，才能享受这项优惠。"
    wrong = send(
        client, cast, "city_admin", "offer_new", posted | {"off_fen": ""}, **{"X-Preview": "1"}
    ).json()
    assert (wrong["tried"], wrong["wrong"]) == (
        "",
        ["满减要填减多少元。", "各方固定金额加起来超过了最多能减的金额。"],
    )
    assert not OfferTerms.objects.unscoped("test").exists()


def test_page_of_an_offer_shows_its_money_and_its_verbs_to_those_who_may(cast, client):
    money = build_money(cast)
    standing_agreement(cast.store.partner)
    made = put_up(cast, by_union(money.city, permille=500), REST)
    reviewed_release(made, cast, 10)
    shown = page(client, cast, "city_admin", "offer", made.pk)
    assert (shown.status_code, shown.context["screen"]) == (200, ["满200元减30元"])
    (purse,) = shown.context["shares"][0]["purses"]
    assert (purse["amount"], purse["used"], purse["left"]) == (15_000, 0, 15_000)
    names = [item["verb"].name for item in shown.context["verbs"]]
    assert names == ["pause", "add_store", "remove_store", "copy", "end"]
    assert page(client, cast, "finance_officer", "offer", made.pk).context["verbs"] == []
    assert page(client, cast, "sister_admin", "offer", made.pk).status_code == 404
    assert page(client, cast, "judge", "offer", made.pk).status_code == 403


def test_verbs_of_an_offer_by_hand(cast, client):
    standing_agreement(cast.store.partner)
    made = drafted(cast)
    own = send(client, cast, "city_admin", "bills_offerterms_review", {}, made.pk)
    assert (own.status_code, "复核人不能是经办人自己" in own.content.decode()) == (422, True)
    assert send(client, cast, "province_admin", "bills_offerterms_review", {}, made.pk).status_code == 302
    assert page(client, cast, "city_admin", "offer_edit", made.pk).status_code == 409
    assert send(client, cast, "city_admin", "bills_offerterms_publish", {}, made.pk).status_code == 302
    assert fresh(made).state == "published"
    shop = new_store(cast.store.partner, "二店")
    joined = send(client, cast, "city_admin", "bills_offerterms_add_store", {"store_id": shop.pk}, made.pk)
    assert (joined.status_code, made.offer_stores.count()) == (302, 2)
    copied = send(client, cast, "city_admin", "bills_offerterms_copy", {}, made.pk)
    copy = OfferTerms.objects.unscoped("test").latest("id")
    assert (copied.url, copy.state) == (reverse("admin:offer_edit", args=[copy.pk]), "draft")


def test_one_bill_is_the_matrix_of_lines_and_funders(cast, client):
    bill = sold(cast)
    back = returned(bill)
    # The last is a payment's refund that happens to have the same number.
    told = [f"bill:{bill.pk}", f"bill_refund:{back.pk}", f"refund:{back.pk}"]
    world, shop = (purse(cast.unions["city"], name, limited="") for name in ("world", "shop"))
    said(*(move(world, shop, 100, subject=subject) for subject in told))
    shown = page(client, cast, "city_admin", "bill", bill.pk)
    assert [str(label) for label in shown.context["payers"]] == ["商家让利", "职工支付"]
    assert shown.context["rows"][0]["cells"] == [(2_000, 1_000), (8_000, 4_000)]
    assert shown.context["sums"] == [(2_000, 1_000), (8_000, 4_000)]
    text = shown.content.decode()
    assert ("陈小梅" in text, "少了一道菜" in text) == (False, True)
    assert [one["row"].subject for one in shown.context["transfers"]] == told[:2]
    assert page(client, cast, "sister_admin", "bill", bill.pk).status_code == 404
    assert page(client, cast, "judge", "bill", bill.pk).status_code == 403
