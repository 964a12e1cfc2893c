"""An order by API whose answer was lost: the app asks again with its key, from as many sides as it likes."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from uuid import uuid4

import pytest
from django.test import Client

from gonghui.accounts.actions.devices import issue_api_token
from gonghui.bills.models import Bill
from gonghui.funds.points import balance_of
from gonghui.funds.tests.stage import build_money, trial
from gonghui.kit.actors import Actor
from gonghui.kit.tests.racing import at_once
from gonghui.mall.models import MallOrder
from gonghui.mall.tests.stage import build_mall

pytestmark = pytest.mark.django_db(transaction=True)
HOME = {"receiver": "陈小梅", "phone": "13800000001", "address": "江口区滨江路 8 号"}


@pytest.fixture
def stage(cast):
    made = build_mall(cast)
    made.give_points(build_money(cast), 60, sections=["festival"])
    return made


@pytest.fixture
def post(cast):
    """One request of Mei's, on a client of its own."""
    user_id = cast.users["mei"].pk
    token = issue_api_token(Actor(user_id=user_id), user_id=user_id, label="小程序")

    def posted(body: dict):
        headers = {"Authorization": f"Bearer {token}"}
        client = Client(raise_request_exception=False)
        return client.post("/api/v1/mall/orders", body, content_type="application/json", headers=headers)

    return posted


def order(product, due: int, quantity: int = 1) -> dict:
    lines = [{"product_id": product.pk, "quantity": quantity}]
    return HOME | {"key": str(uuid4()), "lines": lines, "shown_due_fen": due}


def counted() -> tuple[int, int]:
    return MallOrder.objects.unscoped("test").count(), Bill.objects.unscoped("test").count()


def test_order_whose_answer_was_lost_is_one_order_however_often_it_is_sent(stage, post, monkeypatch):
    body = order(stage.products["box"], 40_00)
    monkeypatch.setattr(import_module("gonghui.portal.api.mall"), "order_out", lost)
    assert (post(body).status_code, counted()) == (500, (1, 1))
    monkeypatch.undo()
    answers = at_once(*[partial(post, body)] * 6)
    found = {one["order_id"] for answer in answers for one in answer.json()["orders"]}
    assert ({one.status_code for one in answers}, len(found), counted()) == ({200}, 1, (1, 1))
    assert (stage.stock("box"), balance_of(stage.cast.people["mei"].pk), trial()) == (2, 0, 0)


def lost(*_args, **_facts):
    """After everything was written, on the way to the phone."""
    raise ConnectionResetError("the line is cut")


def test_first_taps_of_one_key_together_are_one_order(stage, post):
    body = order(stage.products["box"], 40_00)
    answers = at_once(*[partial(post, body)] * 8)
    assert {one.status_code for one in answers} == {200}
    assert ({one.json()["orders"][0]["number"] for one in answers}, counted()) == (
        {MallOrder.objects.unscoped("test").get().number},
        (1, 1),
    )
    assert (stage.stock("box"), trial()) == (2, 0)


def test_unpaid_orders_of_one_member_together_never_pass_their_number(stage, post, monkeypatch):
    monkeypatch.setattr("gonghui.mall.actions.ordering.UNPAID_MAX", 2)
    rice = stage.products["rice"]
    answers = at_once(*[partial(post, order(rice, 45_00)) for _n in range(5)])
    assert sorted(one.status_code for one in answers) == [200, 200, 429, 429, 429]
    assert (counted(), stage.stock("rice")) == ((2, 2), 3)
