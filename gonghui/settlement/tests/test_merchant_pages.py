"""账款 and 客流: a merchant's own, nobody else's; small numbers stay hidden."""

from __future__ import annotations

import re

import pytest
import time_machine

from gonghui.partners.tests.stage import new_owner
from gonghui.settlement import actions
from gonghui.settlement.models import Dispute
from gonghui.settlement.tests.stage import SYSTEM, build_shop, on, refunded, sold, statement_of
from gonghui.settlement.traffic import traffic_of, veiled

NOVEMBER = on(11, 2)
OWNER = "owner of 好味食堂"


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel(NOVEMBER, tick=False):
        yield


@pytest.fixture
def sent(shop, october):
    sold(shop, ("merchant", 300), ("union", 500), ("worker", 1200), at=on(10, 9))
    sold(shop, ("union", 300), ("worker", 700), at=on(10, 10))
    actions.make_statements(SYSTEM, period_id=october.pk)
    return actions.send_statement(shop.actor("finance_officer"), statement_id=statement_of(shop, october).pk)


def test_merchant_reads_confirms_and_takes_the_sheet(client, cast, shop, sent):
    signed_in = cast.sign_in(client, OWNER)
    assert "有 1 张结算单等您确认" in signed_in.get("/merchant/panels/money").content.decode()
    at = f"/merchant/statements/{sent.pk}"
    assert "应付合计" in signed_in.get(at).content.decode()
    assert signed_in.get(f"{at}/sheet.xlsx").headers["Content-Type"].endswith("sheet")
    assert signed_in.post(f"{at}/confirm", {"total_fen": 799}).status_code == 409
    assert signed_in.post(f"{at}/confirm", {}).status_code == 422
    assert signed_in.post(f"{at}/confirm", {"total_fen": 800}).status_code == 302
    assert statement_of(shop, sent.period).state == "confirmed"


def test_merchant_disputes_a_line_with_its_reason(client, cast, shop, sent):
    signed_in = cast.sign_in(client, OWNER)
    line, at = sent.lines.order_by("id")[0], f"/merchant/statements/{sent.pk}/dispute"
    assert signed_in.post(at, {"line": line.pk, "reason": ""}).status_code == 422
    assert signed_in.post(at, {"line": line.pk, "reason": "少了一元"}).status_code == 302
    assert signed_in.post(at, {"line": line.pk, "reason": "少了一元"}).status_code == 409
    assert Dispute.objects.unscoped("test").count() == 1
    assert "少了一元" in signed_in.get(f"/merchant/statements/{sent.pk}").content.decode()


def test_merchant_never_sees_another_nor_a_draft(client, cast, shop, october):
    other = build_shop(cast, shop.money, phone="13800000072", name="顺风车行")
    for one in (shop, other):
        sold(one, ("union", 500), at=on(10, 9))
    actions.make_statements(SYSTEM, period_id=october.pk)
    row = statement_of(shop, october)
    assert cast.sign_in(client, OWNER).get(f"/merchant/statements/{row.pk}").status_code == 404
    actions.send_statement(shop.actor("finance_officer"), statement_id=row.pk)
    signed_in = cast.sign_in(client, "owner of 顺风车行")
    line = row.lines.get()
    for path in ("", "/sheet.xlsx"):
        assert signed_in.get(f"/merchant/statements/{row.pk}{path}").status_code == 404
    assert signed_in.post(f"/merchant/statements/{row.pk}/confirm", {"total_fen": 500}).status_code == 404
    theirs = f"/merchant/statements/{statement_of(other, october).pk}/dispute"
    assert signed_in.post(theirs, {"line": line.pk, "reason": "x"}).status_code == 404
    assert "好味食堂" not in signed_in.get("/merchant/panels/money").content.decode()
    assert statement_of(shop, october).state == "sent"


def test_store_clerk_sees_neither_money_nor_visitors(client, cast, shop, sent):
    signed_in = cast.sign_in(client, "clerk")
    for key in ("money", "traffic"):
        assert signed_in.get(f"/merchant/panels/{key}").status_code == 403
    assert signed_in.get(f"/merchant/statements/{sent.pk}").status_code == 404


def test_store_manager_sees_visitors_of_the_store_but_no_statement(client, cast, shop, sent):
    cast.users["manager"] = new_owner(shop.partner, "13800000075", role="manager", store=shop.stores[0])
    signed_in = cast.sign_in(client, "manager")
    text = signed_in.get("/merchant/panels/money").content.decode()
    assert "账款由负责人查看" in text
    assert sent.number not in text
    assert signed_in.get(f"/merchant/statements/{sent.pk}").status_code == 404
    assert signed_in.get("/merchant/panels/traffic").status_code == 200


def people(cast, count: int):
    from tests.cast import new_person

    return [
        new_person(f"客{chr(0x4E00 + n)}", f"44010119900307{n:03d}9", f"139{n:08d}", None, verified=False)
        for n in range(count)
    ]


def test_visitors_are_counted_new_and_returning_and_few_are_hidden(client, cast, shop):
    crowd = people(cast, 25)
    for n, person in enumerate(crowd):
        if n < 12:
            sold(shop, ("union", 100), ("worker", 900), at=on(9, 1), who=person)
        sold(shop, ("union", 100), ("worker", 900 + n), at=on(10, 20, 13), who=person)
    for person in crowd[:3]:
        sold(shop, ("union", 100), ("worker", 900), at=on(10, 21, 18), who=person, store=1)
    found = traffic_of([store.pk for store in shop.stores])
    assert (found.whole.persons, found.whole.fresh, found.whole.returning, found.whole.bills) == (
        25,
        13,
        12,
        28,
    )
    assert found.whole.is_split_shown
    assert not found.stores[shop.stores[1].pk].is_shown
    assert not found.stores[shop.stores[0].pk].is_shown  # the sum less it would give the three away
    assert [hour.hour for hour in found.hours if not hour.is_shown] == [13, 18]
    text = cast.sign_in(client, OWNER).get("/merchant/panels/traffic").content.decode()
    assert "人数太少，不显示" in text
    assert "style=" not in text


def test_average_basket_and_hours_are_what_was_bought_and_kept(client, cast, shop):
    """江口店: 20 at noon of 30 yuan; 河西店: 12 in the evening of 45.50. One takes a third of it back, one all of it."""
    crowd = people(cast, 32)
    noon = [sold(shop, ("union", 1_000), ("worker", 2_000), at=on(10, 20, 12), who=one) for one in crowd[:20]]
    for one in crowd[20:]:
        sold(shop, ("union", 1_050), ("worker", 3_500), at=on(10, 21, 18, 59), who=one, store=1)
    before = traffic_of([store.pk for store in shop.stores])
    assert (before.whole.fen, before.whole.basket_fen) == (20 * 3_000 + 12 * 4_550, 3_581)
    refunded(shop, noon[0], at=on(10, 22), share=(1, 3))
    refunded(shop, noon[1], at=on(10, 22))  # no visit any more
    found = traffic_of([store.pk for store in shop.stores])
    kept = 19 * 3_000 - (333 + 666)
    whole, first, second = found.whole, *(found.stores[store.pk] for store in shop.stores)
    assert (first.bills, first.fen, first.basket_fen) == (19, kept, 2_947)
    assert (second.bills, second.fen, second.basket_fen) == (12, 12 * 4_550, 4_550)
    assert (whole.bills, whole.fen, whole.basket_fen) == (31, kept + 12 * 4_550, 3_568)
    assert {hour.hour: hour.bills for hour in found.hours if hour.bills} == {12: 19, 18: 12}
    assert (all(hour.is_shown for hour in found.hours), found.busiest) == (True, 19)
    text = plain(cast.sign_in(client, OWNER).get("/merchant/panels/traffic").content.decode())
    for said in (
        "会员 31", "消费次数 31", "平均每单 35.68 元", "12 时：19", "18 时：12", "13 时：0",
        "江口店 19 位会员，19 次，平均每单 29.47 元", "河西店 12 位会员，12 次，平均每单 45.50 元",
    ):  # fmt: skip
        assert said in text, said


def plain(page: str) -> str:
    """Its words, one blank between them."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.mark.parametrize(
    ("persons", "hidden"),
    [
        ({1: 30, 2: 20}, set()),
        ({1: 30, 2: 9}, {1, 2}),
        ({1: 30, 2: 9, 3: 12}, {2, 3}),
        ({1: 9, 2: 9, 3: 30}, {1, 2}),
        ({}, set()),
    ],
)
def test_parts_of_few_people_cannot_be_worked_out_from_the_sum(persons, hidden):
    assert veiled(persons) == hidden


def test_nobody_came_is_said(client, cast, shop):
    text = cast.sign_in(client, OWNER).get("/merchant/panels/traffic").content.decode()
    assert "不足 10 人" in text
