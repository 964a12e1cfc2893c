"""The mall for other apps: the same road as the pages, the same refusals, nobody else's orders."""

from __future__ import annotations

import json
from importlib import import_module
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gonghui.bills.models import Bill
from gonghui.bills.tests.stage import pay_online
from gonghui.funds.points import balance_of
from gonghui.funds.tests.stage import trial
from gonghui.kit import pace
from gonghui.mall.actions import after_sales, orders, pictures, shelf
from gonghui.mall.models import AfterSale, BasketLine, MallOrder
from gonghui.mall.tests.conftest import *  # noqa: F403
from gonghui.mall.tests.shots import shot
from gonghui.mall.tests.stage import again, build_shop, facts, follow, listed, paid, placed, shipped
from gonghui.payments.errors import OPENID_NEEDED
from gonghui.payments.tests.figures import identified
from gonghui.portal.tests.asking import asker

pytestmark = pytest.mark.django_db
HOME = {"receiver": "陈小梅", "phone": "13800000001", "address": "江口区滨江路 8 号"}


@pytest.fixture
def ask(cast, client):
    return asker(cast, client)


def basket(*wanted, **more) -> dict:
    return {"lines": [{"product_id": product.pk, "quantity": n} for product, n in wanted], **more}


def order(*wanted, due: int, **more) -> dict:
    return basket(*wanted) | HOME | {"key": str(uuid4()), "shown_due_fen": due} | more


def refused(answer) -> tuple[int, str]:
    found = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert found["title"] and found["detail"], found
    return answer.status_code, found["code"]


def pay(made: dict) -> None:
    pay_online(Bill.objects.unscoped("test").select_related("payment").get(pk=made["bill_id"]))
    follow(MallOrder.objects.unscoped("test").get(pk=made["order_id"]))


# --- the shelf ----------------------------------------------------------------------------------------------


def test_shelf_is_open_and_found_by_section_word_and_page(mall, ask):
    for n in range(25):
        listed(mall, f"挂面 {n}", "grain", 900, 9)
    assert ask("anonymous", "get", "/mall/sections").json() == [
        {"code": "festival", "name": "节日福利", "kinds": 1},
        {"code": "grain", "name": "米面粮油", "kinds": 26},
    ]
    grain = ask("anonymous", "get", "/mall/products?section=grain").json()
    assert (grain["count"], len(grain["items"]), grain["items"][0]["title"]) == (26, 24, "挂面 24")
    assert len(ask("anonymous", "get", "/mall/products?section=grain&page=2").json()["items"]) == 2
    (box,) = ask("anonymous", "get", "/mall/products?q=礼盒").json()["items"]
    same = ("title", "section", "section_name", "shop", "origins", "list_fen", "market_fen", "stock", "cover")
    assert {name: box[name] for name in same} == {
        "title": "节日礼盒", "section": "festival", "section_name": "节日福利", "shop": "鲁花粮油网上店",
        "origins": ["local_brand"], "list_fen": 10_000, "market_fen": 10_500, "stock": 3, "cover": None,
    }  # fmt: skip


def test_product_has_pictures_anybody_may_fetch(mall, ask, client):
    owner = mall.actor("owner")
    row = shelf.draft_product(owner, shop=mall.shop, facts=facts("挂面", "grain", 900, 9, about="手工"))
    for colour in ("#c5321c", "#225588"):
        pictures.upload_picture(owner, product_id=row.pk, content=shot((700, 500), colour))
    assert refused(ask("mei", "get", f"/mall/products/{row.pk}")) == (404, "not_found")
    assert ask("owner", "get", f"/mall/products/{row.pk}").json()["state"] == "draft"
    shelf.submit_product(owner, product_id=row.pk)
    shelf.approve_product(mall.actor("mall_reviewer"), product_id=row.pk)
    found = ask("mei", "get", f"/mall/products/{row.pk}").json()
    assert (found["about"], found["is_liked"], len(found["pictures"])) == ("手工", False, 2)
    assert found["cover"] == found["pictures"][0]
    assert (found["cover"]["width"], found["cover"]["height"]) == (700, 500)
    assert found["cover"]["card"].startswith("http://testserver/mall/pictures/")
    client.cookies.clear()
    assert client.get(found["cover"]["card"])["Content-Type"] == "image/webp"


# --- buying -------------------------------------------------------------------------------------------------


def test_quote_is_a_dry_run_and_its_sum_is_charged(festival, ask):
    box, rice = festival.products["box"], festival.products["rice"]
    found = ask("mei", "post", "/mall/quote", basket((box, 1), (rice, 2))).json()
    assert {name: found[name] for name in ("list_fen", "delivery_fen", "points", "points_most", "due_fen")} == {
        "list_fen": 19_000, "delivery_fen": 0, "points": 60, "points_most": 60, "due_fen": 13_000,
    }  # fmt: skip
    assert found["parts"] == [{"payer": "points", "fen": 6_000}, {"payer": "worker", "fen": 13_000}]
    assert found["held"] == [{"points": 60, "sections": ["节日福利"]}]
    (parcel,) = found["parcels"]
    assert (parcel["shop"], len(parcel["lines"]), parcel["due_fen"]) == ("鲁花粮油网上店", 2, 13_000)
    assert (MallOrder.objects.unscoped("test").count(), festival.stock("box")) == (0, 3)
    fewer = ask("mei", "post", "/mall/quote", basket((box, 1), points=10)).json()
    assert (fewer["points"], fewer["points_most"], fewer["due_fen"]) == (10, 60, 9_000)
    assert refused(ask("mei", "post", "/mall/quote", basket((rice, 1), points=1))) == (
        409,
        "mall_points_not_here",
    )
    body = order((box, 1), (rice, 2), due=13_000, points=60)
    (made,) = ask("mei", "post", "/mall/orders", body).json()["orders"]
    assert (made["state"], made["due_fen"], made["points"]) == ("points_held", 13_000, 60)
    assert (made["may"], len(made["lines"])) == (["pay", "cancel"], 2)
    assert (balance_of(festival.cast.people["mei"].pk), festival.stock("box"), trial()) == (0, 2, 0)


def test_basket_of_two_shops_is_two_orders_by_api_too(mall, ask):
    other = build_shop(mall.cast, "山里鲜", "farmer")
    pears = listed(mall, "雪梨", "grain", 5_000, 4, shop=other, owner="farmer")
    body = order((mall.products["rice"], 1), (pears, 1), due=9_500)
    made = ask("mei", "post", "/mall/orders", body).json()["orders"]
    assert [one["shop"] for one in made] == ["鲁花粮油网上店", "山里鲜网上店"]
    assert len({one["basket_key"] for one in made}) == 1


def test_key_sent_again_is_the_same_order_and_another_basket_under_it_is_refused(mall, ask):
    rice = mall.products["rice"]
    body = order((rice, 1), due=4_500)
    first, second = (ask("mei", "post", "/mall/orders", body).json() for _n in range(2))
    assert first == second
    assert refused(ask("mei", "post", "/mall/orders", body | basket((rice, 2)))) == (
        409,
        "mall_order_key_taken",
    )
    assert refused(ask("lan", "post", "/mall/orders", body)) == (409, "mall_order_key_taken")
    assert (MallOrder.objects.unscoped("test").count(), mall.stock("rice")) == (1, 4)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shown_due_fen": 4_400}, (409, "mall_price_moved")),
        ({"points": 1}, (409, "mall_points_not_here")),
        ({"phone": "12"}, (422, "mall_address_missing")),
        ({"receiver": "\x00"}, (422, "mall_address_missing")),
        ({"receiver": " "}, (422, "bad_input")),
        ({"address": "路" * 121}, (422, "bad_input")),
        ({"lines": []}, (422, "bad_input")),
        ({"lines": [{"product_id": 1, "quantity": 100}]}, (422, "bad_input")),
        ({"lines": [{"product_id": 999999999, "quantity": 1}]}, (404, "not_found")),
        ({"key": "again"}, (422, "bad_input")),
    ],
)
def test_what_the_page_refuses_the_api_refuses(mall, ask, change, said):
    body = order((mall.products["rice"], 1), due=4_500) | change
    assert refused(ask("mei", "post", "/mall/orders", body)) == said
    assert (MallOrder.objects.unscoped("test").count(), mall.stock("rice")) == (0, 5)


def test_product_named_twice_is_wanted_twice(mall, ask):
    rice = mall.products["rice"]
    found = ask("mei", "post", "/mall/quote", basket((rice, 2), (rice, 3))).json()
    assert found["parcels"][0]["lines"][0]["quantity"] == 5
    assert refused(ask("mei", "post", "/mall/quote", basket((rice, 3), (rice, 3)))) == (
        409,
        "mall_stock_short",
    )
    body = order((rice, 60), (rice, 60), due=1)
    assert refused(ask("mei", "post", "/mall/orders", body)) == (422, "mall_bad_quantity")


def test_draft_is_not_told_by_its_refusal(mall, ask):
    row = shelf.draft_product(
        mall.actor("owner"), shop=mall.shop, facts=facts("还没公布的新品", "grain", 900, 9)
    )
    answer = ask("mei", "post", "/mall/quote", basket((row, 1)))
    assert refused(answer) == (409, "mall_not_on_shelf")
    assert "新品" not in json.dumps(answer.json(), ensure_ascii=False)


def test_who_never_pays_does_not_empty_the_shelf(mall, ask):
    noodles = listed(mall, "挂面", "grain", 100, 50)
    for _n in range(10):
        assert ask("mei", "post", "/mall/orders", order((noodles, 1), due=100)).status_code == 200
    body = order((noodles, 1), due=100)
    assert refused(ask("mei", "post", "/mall/orders", body)) == (429, "mall_too_many_unpaid")
    first = ask("mei", "get", "/me/mall/orders").json()["items"][0]["order_id"]
    ask("mei", "post", f"/me/mall/orders/{first}/cancel")
    assert ask("mei", "post", "/mall/orders", body).status_code == 200
    assert again(noodles).stock == 40


def test_who_asks_too_often_is_told_when_to_ask_again(mall, ask, monkeypatch):
    doors, now = import_module("gonghui.portal.api.mall"), [100.0]
    monkeypatch.setattr(pace, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(pace, "WINDOW_S", 60)
    monkeypatch.setattr(doors, "LOOKS", 2)
    monkeypatch.setattr(doors, "QUOTES", 1)
    body = basket((mall.products["rice"], 1))
    assert [ask("mei", "post", "/mall/quote", body).status_code for _n in range(2)] == [200, 429]
    assert ask("lan", "post", "/mall/quote", body).status_code == 200
    answers = [ask("anonymous", "get", "/mall/products") for _n in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert refused(answers[2]) == (429, "too_many") and "20 秒后" in answers[2].json()["detail"]
    now[0] += 20
    assert ask("anonymous", "get", "/mall/products").status_code == 200


# --- orders -------------------------------------------------------------------------------------------------


def test_member_goes_from_the_order_to_the_money_back(festival, ask):
    rice = festival.products["rice"]
    (made,) = ask("mei", "post", "/mall/orders", order((rice, 2), due=9_000)).json()["orders"]
    at = f"/me/mall/orders/{made['order_id']}"
    assert refused(ask("mei", "post", f"{at}/payment")) == (422, OPENID_NEEDED.code)
    identified(festival.actor("mei").person_id)
    assert ask("mei", "post", f"{at}/payment").json()["amount_fen"] == 9_000
    pay(made)
    assert refused(ask("mei", "post", f"{at}/payment")) == (409, "mall_not_now")
    assert refused(ask("mei", "post", f"{at}/cancel")) == (409, "mall_paid_already")
    owner = festival.actor("owner")
    orders.accept_order(owner, mallorder_id=made["order_id"])
    orders.ship_order(owner, mallorder_id=made["order_id"], carrier="顺丰", tracking_no="SF8")
    shown = ask("mei", "get", at).json()
    assert (shown["state"], shown["carrier"], shown["tracking_no"]) == ("shipped", "顺丰", "SF8")
    assert (shown["address"], shown["may"]) == (HOME["address"], ["receive", "after_sale"])
    assert shown["parts"] == [{"payer": "worker", "fen": 9_000, "refunded_fen": 0}]
    assert ask("mei", "post", f"{at}/receive").json()["state"] == "delivered"
    line = shown["lines"][0]["line_id"]
    asked = {"quantity": 1, "wanted": "refund", "reason": "生虫"}
    (row,) = ask("mei", "post", f"/me/mall/lines/{line}/after-sales", asked).json()["after_sales"]
    assert (row["state"], row["may"], row["returns_to"]) == ("applied", ["withdraw"], "")
    again_ = ask("mei", "post", f"/me/mall/lines/{line}/after-sales", asked)
    assert refused(again_) == (409, "mall_after_sale_open")
    after_sales.agree_after_sale(owner, aftersale_id=row["after_sale_id"])
    own = f"/me/mall/after-sales/{row['after_sale_id']}"
    (row,) = ask("mei", "get", at).json()["after_sales"]
    assert (row["may"], "粮油路 1 号" in row["returns_to"]) == (["withdraw", "sent"], True)
    (row,) = ask("mei", "post", f"{own}/sent", {"sent_no": "YT9"}).json()["after_sales"]
    assert row["sent_no"] == "YT9"
    after_sales.receive_after_sale(owner, aftersale_id=row["after_sale_id"], is_good=True)
    shown = ask("mei", "get", at).json()
    assert (shown["parts"][0]["refunded_fen"], shown["after_sales"][0]["state"]) == (4_500, "refunded")
    assert (festival.stock("rice"), trial()) == (4, 0)


def test_refused_after_sale_is_appealed_or_withdrawn(mall, ask):
    row = shipped(mall, ("rice", 1))
    line = row.lines.get()
    ask("mei", "post", f"/me/mall/lines/{line.pk}/after-sales", {"reason": "破了"})
    case = AfterSale.objects.unscoped("test").get()
    after_sales.refuse_after_sale(mall.actor("owner"), aftersale_id=case.pk, reason="已签收")
    (shown,) = ask("mei", "get", f"/me/mall/orders/{row.pk}").json()["after_sales"]
    assert (shown["answer"], shown["may"]) == ("已签收", ["withdraw", "appeal"])
    (shown,) = ask("mei", "post", f"/me/mall/after-sales/{case.pk}/appeal").json()["after_sales"]
    assert (shown["state"], shown["may"]) == ("appealed", [])
    answer = ask("mei", "post", f"/me/mall/after-sales/{case.pk}/withdraw")
    assert refused(answer) == (409, "illegal_move")


def test_refund_and_cancel_are_the_pages_own(mall, ask):
    waiting, bought = placed(mall, ("rice", 1)), paid(mall, ("box", 1))
    cancelled = ask("mei", "post", f"/me/mall/orders/{waiting.pk}/cancel").json()
    assert (cancelled["state"], cancelled["may"], mall.stock("rice")) == ("cancelled", [], 5)
    assert ask("mei", "post", f"/me/mall/orders/{waiting.pk}/cancel").json()["state"] == "cancelled"
    blank = ask("mei", "post", f"/me/mall/orders/{bought.pk}/refund", {"reason": " "})
    assert refused(blank) == (422, "bad_input")
    back = ask("mei", "post", f"/me/mall/orders/{bought.pk}/refund", {"reason": "买重了"}).json()
    assert (back["state"], back["parts"][0]["refunded_fen"], mall.stock("box")) == ("refunded", 10_000, 3)


def test_orders_of_others_are_not_there(mall, ask):
    row = shipped(mall, ("rice", 1))
    line = row.lines.get()
    case = after_sales.ask_after_sale(mall.actor("mei"), line_id=line.pk, quantity=1, reason="破了")
    before = again(row).state, again(case).state
    tries = [
        ("get", f"/me/mall/orders/{row.pk}", None),
        ("post", f"/me/mall/orders/{row.pk}/cancel", None),
        ("post", f"/me/mall/orders/{row.pk}/payment", None),
        ("post", f"/me/mall/orders/{row.pk}/receive", None),
        ("post", f"/me/mall/orders/{row.pk}/refund", {"reason": "给我"}),
        ("post", f"/me/mall/lines/{line.pk}/after-sales", {"reason": "给我"}),
        ("post", f"/me/mall/after-sales/{case.pk}/withdraw", None),
        ("post", f"/me/mall/after-sales/{case.pk}/appeal", None),
        ("post", f"/me/mall/after-sales/{case.pk}/sent", {"sent_no": "1"}),
    ]
    for who in ("lan", "owner", "stranger"):
        for method, path, body in tries:
            assert refused(ask(who, method, path, body)) == (404, "not_found"), (who, path)
        assert ask(who, "get", "/me/mall/orders").json() == {"items": [], "count": 0}
    assert (again(row).state, again(case).state) == before
    for who in ("anonymous", "city_admin"):
        assert refused(ask(who, "get", "/me/mall/orders")) == (401, "sign_in_first")


def test_lists_ask_as_much_for_many_as_for_one(mall, ask):
    BasketLine.objects.unscoped("test").delete()
    paths = ("/mall/products", "/me/mall/orders")

    def asked() -> list[int]:
        found = []
        for path in paths:
            with CaptureQueriesContext(connection) as queries:
                assert ask("mei", "get", path).status_code == 200
            found.append(len(queries))
        return found

    placed(mall, ("rice", 1))
    few = asked()
    for n in range(3):
        mall.products[f"new{n}"] = listed(mall, f"面{n}", "grain", 100, 9)
        placed(mall, (f"new{n}", 1), ("rice", 1))
    assert asked() == few
