"""A merchant's statements for its own program: sent ones, its own; confirmed by the total, disputed by the line."""

from __future__ import annotations

import pytest
import time_machine

from gonghui.portal.tests.asking import asker
from gonghui.settlement import actions
from gonghui.settlement.models import Dispute, Statement
from gonghui.settlement.tests.conftest import *  # noqa: F403
from gonghui.settlement.tests.stage import SYSTEM, build_shop, on, refunded, sold, statement_of

pytestmark = pytest.mark.django_db
OWNER = "owner of 好味食堂"


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel(on(11, 2), tick=False):
        yield


@pytest.fixture
def stated(shop, october):
    bill = sold(shop, ("merchant", 300), ("union", 500), ("worker", 1200), at=on(10, 9))
    refunded(shop, bill, at=on(10, 12), share=(1, 2))
    actions.make_statements(SYSTEM, period_id=october.pk)
    return statement_of(shop, october)


def sent(shop, stated) -> Statement:
    return actions.send_statement(shop.actor("finance_officer"), statement_id=stated.pk)


def test_owner_reads_lines_that_add_up_and_confirms_the_total(cast, client, shop, stated):
    ask = asker(cast, client)
    assert ask(OWNER, "get", "/merchant/statements").json() == {"items": [], "count": 0}
    assert ask(OWNER, "get", f"/merchant/statements/{stated.pk}").status_code == 404
    sent(shop, stated)
    (found,) = ask(OWNER, "get", "/merchant/statements").json()["items"]
    lines = ask(OWNER, "get", f"/merchant/statements/{stated.pk}/lines").json()
    assert [(line["kind"], line["owed_fen"]) for line in lines["items"]] == [("bill", 500), ("refund", -250)]
    assert (found["owed_fen"], found["returned_fen"], found["total_fen"], found["union_fen"]) == (
        250,
        250,
        250,
        250,
    )
    at = f"/merchant/statements/{stated.pk}/confirm"
    wrong = ask(OWNER, "post", at, {"total_fen": 500})
    assert (wrong.status_code, ask(OWNER, "get", at.removesuffix("/confirm")).json()["state"]) == (
        409,
        "sent",
    )
    assert ask(OWNER, "post", at, {"total_fen": 250}).json()["state"] == "confirmed"


def test_line_is_disputed_with_its_reason(cast, client, shop, stated):
    sent(shop, stated)
    ask = asker(cast, client)
    at = f"/merchant/statements/{stated.pk}"
    line = ask(OWNER, "get", f"{at}/lines").json()["items"][0]["line_id"]
    assert ask(OWNER, "post", f"{at}/disputes", {"line_id": line, "reason": "  "}).status_code >= 400
    assert ask(OWNER, "post", f"{at}/disputes", {"line_id": 1, "reason": "少算"}).status_code == 404
    assert (
        ask(OWNER, "post", f"{at}/disputes", {"line_id": line, "reason": "少算一单"}).json()["state"]
        == "disputed"
    )
    assert Dispute.objects.unscoped("test").get().reason == "少算一单"
    assert ask(OWNER, "get", f"{at}/lines").json()["items"][0]["dispute"] == "open"


def test_statement_of_another_merchant_is_not_there(cast, client, shop, stated):
    sent(shop, stated)
    build_shop(cast, shop.money, phone="13800000072", name="顺风车行")
    ask, at = asker(cast, client), f"/merchant/statements/{stated.pk}"
    for who in ("owner of 顺风车行", "clerk", "mei"):
        assert ask(who, "get", "/merchant/statements").json()["count"] == 0
        said = [
            ask(who, "get", at), ask(who, "get", f"{at}/lines"), ask(who, "post", f"{at}/confirm", {"total_fen": 250}),
            ask(who, "post", f"{at}/disputes", {"line_id": stated.lines.first().pk, "reason": "x"}),
        ]  # fmt: skip
        assert {answer.status_code for answer in said} == {404}, who
    assert Statement.objects.unscoped("test").get(pk=stated.pk).state == "sent"
