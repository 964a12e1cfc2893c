"""Offers, sales and bills for other apps: the same price, the same bill, refusals as problems."""

from uuid import uuid4

import pytest

from gonghui.bills.models import Bill
from gonghui.bills.tests.stage import counted, pay_code
from gonghui.feedback.models import Rating
from gonghui.kit.ports import port
from gonghui.notices.openids import openids_of
from gonghui.notices.ports.local_wechat import APPID
from gonghui.payments.actions.identities import note_identity
from gonghui.portal.tests.asking import asker
from gonghui.portal.tests.till import opened

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(cast):
    opened(cast)
    return cast


@pytest.fixture
def ask(shop, client):
    return asker(shop, client)


def basket(shop, **more) -> dict:
    return {"store_id": shop.store.pk, "lines": [{"name": "茶", "price_fen": 6000, "quantity": 2}]} | more


def test_offers_are_listed_for_anybody(ask):
    found = ask("anonymous", "get", "/offers").json()
    assert found["count"] == 1
    assert found["items"][0]["says"] == "满100元减20元"


def test_member_asks_what_a_basket_would_cost(ask, shop):
    before = counted()
    found = ask("mei", "post", "/offers/quote", basket(shop)).json()
    assert (found["list_fen"], found["due_fen"]) == (12000, 10000)
    assert found["applied"][0]["parts"] == [{"payer": "merchant", "fen": 2000}]
    assert counted() == before


def test_refused_offer_has_code_sentence_and_what_is_missing(ask, shop):
    lines = [{"name": "茶", "price_fen": 6000}]
    (refused,) = ask("mei", "post", "/offers/quote", basket(shop, lines=lines)).json()["refused"]
    assert (refused["code"], refused["missing_fen"]) == ("offer_under_threshold", 4000)
    assert "还差 40 元到 100 元" in refused["detail"]


def test_till_of_another_app_quotes_sells_once_and_takes_back(ask, shop):
    quoted = ask("clerk", "post", "/counter/sales/quote", basket(shop, customer=pay_code(shop))).json()
    assert quoted["customer"].startswith("GH3.") and quoted["holder"] == "陈**"
    sale = basket(shop, customer=quoted["customer"], key=str(uuid4()), shown_due_fen=quoted["due_fen"])
    first, again = (ask("clerk", "post", "/counter/sales", sale).json() for _n in range(2))
    assert first == again
    assert (first["state"], first["due_fen"]) == ("settled", 10000)
    assert Bill.objects.unscoped("test").count() == 1
    body = {
        "key": str(uuid4()),
        "lines": [{"line_id": first["lines"][0]["line_id"], "quantity": 1}],
        "reason": "退货",
    }
    path = f"/counter/bills/{first['bill_id']}/refunds"
    back, same = (ask("clerk", "post", path, body).json() for _n in range(2))
    assert back == same
    assert (back["list_fen"], back["worker_fen"]) == (6000, 5000)
    (mine,) = ask("mei", "get", "/me/bills").json()["items"]
    assert (mine["bill_id"], mine["refunded_fen"]) == (first["bill_id"], 6000)
    assert ask("mei", "get", f"/me/bills/{first['bill_id']}").json()["parts"] == first["parts"]


def test_price_that_changed_is_a_problem_and_sells_nothing(ask, shop):
    before = counted()
    sale = basket(shop, customer=pay_code(shop), key=str(uuid4()), shown_due_fen=1)
    answer = ask("clerk", "post", "/counter/sales", sale)
    assert (answer.status_code, answer.json()["code"]) == (409, "bill_price_changed")
    assert counted() == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"lines": []},
        {"lines": [{"name": " ", "price_fen": 1}]},
        {"lines": [{"name": "茶", "price_fen": 0}]},
        {"lines": [{"name": "茶", "price_fen": 1, "quantity": 0}]},
        {"points": -1},
        {"method": "gold"},
        {"lines": [{"name": "茶\x00", "price_fen": 10**9}]},
    ],
)
def test_bad_input_is_refused_and_nothing_moves(ask, shop, wrong):
    before = counted()
    answer = ask(
        "clerk", "post", "/counter/sales", basket(shop, customer=pay_code(shop), key=str(uuid4())) | wrong
    )
    assert answer.status_code == 422
    assert counted() == before


def test_others_sell_nothing_here(ask, shop):
    body = basket(shop, customer=pay_code(shop), key=str(uuid4()))
    before = counted()
    assert ask("mei", "post", "/counter/sales", body).status_code == 403
    assert ask("anonymous", "post", "/counter/sales", body).status_code == 401
    assert counted() == before


def sold_bill(ask, shop) -> int:
    sale = basket(shop, customer=pay_code(shop), key=str(uuid4()))
    return ask("clerk", "post", "/counter/sales", sale).json()["bill_id"]


def test_bill_is_rated_once_by_its_own_member(ask, shop):
    path = f"/me/bills/{sold_bill(ask, shop)}/rating"
    before = Rating.objects.unscoped("test").count()
    for who, status in (("lan", 404), ("clerk", 404), ("anonymous", 401)):
        assert ask(who, "post", path, {"score": 1}).status_code == status
    assert ask("mei", "post", path, {"score": 6}).status_code == 422
    assert Rating.objects.unscoped("test").count() == before
    assert ask("mei", "post", path, {"score": 4, "comment": "划算\x00"}).status_code == 204
    again = ask("mei", "post", path, {"score": 1})
    assert (again.status_code, again.json()["code"]) == (409, "already_rated")
    rating = Rating.objects.unscoped("test").latest("pk")
    assert (rating.score, rating.comment, rating.person) == (4, "划算", shop.people["mei"])


def test_mini_program_connects_its_own_members_wechat_and_nobody_elses(ask, shop):
    service = port("wechat_messages").service
    code = service.login_code("openid_of_mei")
    answers = [ask("mei", "post", "/me/wechat", {"code": code}) for _again in range(2)]
    assert [one.status_code for one in answers] == [204, 409]
    assert answers[1].json()["code"] == "wechat_login_refused"
    mei = shop.people["mei"].pk
    assert openids_of(APPID, [mei, shop.people["lan"].pk]) == {mei: "openid_of_mei"}
    assert ask("lan", "post", "/me/wechat", {"code": service.login_code("openid_of_mei")}).status_code == 204
    assert openids_of(APPID, [mei, shop.people["lan"].pk]) == {mei: "openid_of_mei"}
    for who, status in (("anonymous", 401), ("clerk", 403)):
        assert ask(who, "post", "/me/wechat", {"code": code}).status_code == status
    service.faults.append("busy")
    assert ask("lan", "post", "/me/wechat", {"code": code}).status_code == 503


def test_app_is_told_whether_the_payers_wechat_is_known_and_where_to_connect_it(ask, shop):
    known = ask("mei", "get", "/me/wechat").json()
    assert known["is_connected"] is False
    assert "/payments/wechat/authorise?next=%2Fme%2Fbills" in known["connect_address"]
    note_identity(shop.actor("mei"), appid=port("wechat_identity").appid, openid="o-mei")
    assert ask("mei", "get", "/me/wechat").json()["is_connected"] is True
    assert ask("lan", "get", "/me/wechat").json()["is_connected"] is False
    assert [ask("mei", "delete", "/me/wechat").status_code for _again in range(2)] == [204, 204]
    assert ask("mei", "get", "/me/wechat").json()["is_connected"] is False
    assert [ask(who, "delete", "/me/wechat").status_code for who in ("anonymous", "clerk")] == [401, 403]
