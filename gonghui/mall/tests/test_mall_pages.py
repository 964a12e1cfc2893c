"""The member's and the supplier's pages, tap by tap, without scripts."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from gonghui.funds.points import balance_of
from gonghui.funds.tests.stage import trial
from gonghui.mall.models import BasketLine, Favourite, MallOrder, Product
from gonghui.mall.tests.stage import again, build_shop, listed, paid

pytestmark = pytest.mark.django_db
TO = {"receiver": "陈小梅", "phone": "13800000001", "address": "江口区滨江路 8 号"}


def hidden(text: str) -> dict:
    """What the checkout carries, as a browser would send it."""
    found: dict[str, list[str]] = {}
    form = text[text.index('name="receiver"') - 2000 :]
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form):
        found.setdefault(name, []).append(value)
    found.pop("csrfmiddlewaretoken", None)
    return found


def said(page) -> str:
    return page.content.decode()


def test_member_buys_with_points_and_sees_who_pays_before(festival, client):
    festival.cast.sign_in(client, "mei")
    box, rice = festival.products["box"], festival.products["rice"]
    text = said(client.get("/mall?section=festival"))
    assert "节日礼盒" in text and "东北大米" not in text and "市场价 105 元" in text
    client.post(f"/mall/products/{box.pk}/basket", {"quantity": 1, "do": "more"})
    client.post(f"/mall/products/{rice.pk}/basket", {"quantity": 2, "do": "more"})
    assert "去结算" in said(client.get("/mall/basket"))
    text = said(client.get("/mall/checkout"))
    assert "只能在 节日福利 用" in text and "提交订单，付 130 元" in text
    kept = hidden(text)
    first = client.post("/mall/checkout", kept | TO)
    order = MallOrder.objects.unscoped("test").get()
    assert first["Location"] == f"/mall/orders/{order.pk}"
    assert client.post("/mall/checkout", kept | TO)["Location"] == first["Location"]
    text = said(client.get(first["Location"]))
    assert "先连接微信，再付款" in text and "滨江路 8 号" in text
    assert (BasketLine.objects.unscoped("test").count(), balance_of(order.person_id), trial()) == (0, 0, 0)
    client.post(f"/mall/orders/{order.pk}/cancel")
    assert (again(order).state, balance_of(order.person_id), festival.stock("rice")) == ("cancelled", 60, 5)


def test_points_of_another_section_are_refused_on_the_page(festival, client):
    festival.cast.sign_in(client, "mei")
    rice = festival.products["rice"]
    client.post(f"/mall/products/{rice.pk}/basket", {"quantity": 1, "do": "buy"})
    text = said(client.get("/mall/checkout"))
    assert "这些商品的专区不能用您的福豆" in text and "提交订单，付 45 元" in text
    asked = client.get("/mall/checkout?points=40")
    assert (asked.status_code, "最多能用 0 福豆，不能用 40 个" in said(asked)) == (409, True)


def test_checkout_refused_keeps_what_was_typed(mall, client):
    mall.cast.sign_in(client, "mei")
    rice = mall.products["rice"]
    client.post(f"/mall/products/{rice.pk}/basket", {"quantity": 5, "do": "more"})
    kept = hidden(said(client.get("/mall/checkout")))
    blank = client.post("/mall/checkout", kept | TO | {"address": ""})
    assert (blank.status_code, "请填写详细地址" in said(blank), "陈小梅" in said(blank)) == (422, True, True)
    Product.objects.unscoped("test").filter(pk=rice.pk).update(stock=2)
    short = client.post("/mall/checkout", kept | TO)
    assert (short.status_code, "只剩 2 件，不够 5 件" in said(short)) == (409, True)
    assert MallOrder.objects.unscoped("test").count() == 0


def test_basket_of_two_shops_says_it_will_be_two_orders(mall, client):
    other = build_shop(mall.cast, "山里鲜", "farmer")
    pears = listed(mall, "雪梨", "grain", 5_000, 4, shop=other, owner="farmer")
    mall.cast.sign_in(client, "mei")
    for product in (mall.products["rice"], pears):
        client.post(f"/mall/products/{product.pk}/basket", {"quantity": 1, "do": "more"})
    assert "2 家商家分开发货" in said(client.get("/mall/basket"))
    text = said(client.get("/mall/checkout"))
    assert "分成 2 个订单" in text
    assert client.post("/mall/checkout", hidden(text) | TO)["Location"] == "/mall/orders"
    assert MallOrder.objects.unscoped("test").count() == 2


def test_favourite_is_one_tap_and_back(mall, client):
    mall.cast.sign_in(client, "mei")
    rice = mall.products["rice"]
    for _again in range(2):
        client.post(f"/mall/products/{rice.pk}/favourite", {"on": "1"})
    assert "东北大米" in said(client.get("/mall/favourites"))
    client.post(f"/mall/products/{rice.pk}/favourite", {"on": "0"})
    assert Favourite.objects.unscoped("test").count() == 0


def test_supplier_sends_and_member_receives_and_sends_back(mall, client):
    order = paid(mall, ("rice", 1))
    mei, owner = mall.cast.sign_in(Client(), "mei"), mall.cast.sign_in(client, "owner")
    text = said(owner.get("/merchant/panels/mall"))
    assert order.number in text and "滨江路 8 号" in text
    owner.post(f"/merchant/mall/orders/{order.pk}/accept")
    owner.post(f"/merchant/mall/orders/{order.pk}/ship", {"carrier": "顺丰", "tracking_no": ""})
    assert again(order).state == "to_ship"
    owner.post(f"/merchant/mall/orders/{order.pk}/ship", {"carrier": "顺丰", "tracking_no": "SF8"})
    assert "SF8" in said(mei.get(f"/mall/orders/{order.pk}"))
    mei.post(f"/mall/orders/{order.pk}/receive")
    line = order.lines.get()
    mei.post(f"/mall/lines/{line.pk}/after-sale", {"quantity": 1, "wanted": "refund", "reason": "生虫"})
    row = line.after_sales.get()
    owner.post(f"/merchant/mall/after-sales/{row.pk}/agree")
    assert "粮油路 1 号" in said(mei.get(f"/mall/orders/{order.pk}"))
    mei.post(f"/mall/after-sales/{row.pk}/sent", {"sent_no": "YT9"})
    assert "YT9" in said(owner.get("/merchant/panels/mall"))
    owner.post(f"/merchant/mall/after-sales/{row.pk}/receive", {"is_good": "1"})
    assert (again(order).state, mall.stock("rice"), trial()) == ("returned", 5, 0)


def test_supplier_writes_a_product_and_reads_why_it_came_back(mall, client):
    owner = mall.cast.sign_in(client, "owner")
    grain = mall.products["rice"].section_id
    typed = {
        "title": "小米",
        "section": grain,
        "list_fen": "20",
        "market_fen": "19",
        "stock": "5",
        "code": "XM",
        "about": "",
    }
    refused = owner.post("/merchant/mall/products/new", typed | {"do": "submit"})
    assert (refused.status_code, "不能高于市场价" in said(refused)) == (422, True)
    owner.post("/merchant/mall/products/new", typed | {"market_fen": "25", "do": "submit"})
    product = Product.objects.unscoped("test").get(title="小米")
    assert product.state == "submitted"
    from gonghui.mall.actions import shelf

    shelf.send_back_product(mall.actor("mall_reviewer"), product_id=product.pk, reason="请附产地")
    assert "工会退回：请附产地" in said(owner.get("/merchant/panels/mall"))
    page = owner.get(f"/merchant/mall/products/{product.pk}")
    assert 'value="20' in said(page)
    owner.post(
        f"/merchant/mall/products/{product.pk}", typed | {"market_fen": "30", "about": "承德", "do": "save"}
    )
    owner.post(f"/merchant/mall/products/{product.pk}/stock", {"pieces": "-2"})
    assert (again(product).market_fen, again(product).about, again(product).stock) == (3_000, "承德", 3)


def test_pages_ask_as_much_for_many_as_for_one(mall, client):
    """And none more than ten questions."""
    mall.cast.sign_in(client, "mei")
    order = paid(mall, ("rice", 1))
    client.post(f"/mall/products/{mall.products['box'].pk}/basket", {"quantity": 1, "do": "more"})
    product = f"/mall/products/{mall.products['box'].pk}"
    pages = ("/mall", "/mall/basket", "/mall/orders", product, f"/mall/orders/{order.pk}", "/mall/checkout")

    def asked() -> list[int]:
        found = []
        for path in pages:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            found.append(len(queries))
        return found

    asked()
    few = asked()
    for n in range(3):
        mall.products[f"new{n}"] = listed(mall, f"面{n}", "grain", 100, 9)
        paid(mall, (f"new{n}", 1), ("box", 1)) if n < 2 else None
        client.post(f"/mall/products/{mall.products[f'new{n}'].pk}/basket", {"quantity": 1, "do": "more"})
    assert (asked(), max(few) <= 10) == (few, True), few
