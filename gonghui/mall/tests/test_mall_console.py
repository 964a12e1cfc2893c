"""The mall's screens by the shared contract, and a product on its way to the shelf."""

import pytest
from django.urls import reverse

from gonghui.mall.actions import after_sales, orders, shelf
from gonghui.mall.models import AfterSale, MallOrder, Product, Shop
from gonghui.mall.tests.stage import MallStage, again, build_mall, build_shop, facts, listed, placed, shipped
from gonghui.partners.models import Store
from tests.console_contract import ConsoleContract

pytestmark = pytest.mark.django_db


def stage_of(cast) -> MallStage:
    if not hasattr(cast, "mall"):
        cast.mall = build_mall(cast)
    return cast.mall


def foreign_shop(cast) -> Shop:
    """Of 西岭."""
    stage_of(cast)
    if "farmer" not in cast.users:
        shop = build_shop(cast, "西岭果园", "farmer")
        shop.store.partner.union = cast.unions["sister"]
        shop.store.partner.save()
        cast.foreign_shop = shop
    return again(cast.foreign_shop)


class TestShopScreen(ConsoleContract):
    model = Shop

    def own(self, cast):
        return stage_of(cast).shop

    def foreign(self, cast):
        return foreign_shop(cast)

    def more(self, cast, count):
        for n in range(count):
            build_shop(cast, f"第{n}家", f"owner{n}")


class TestProductScreen(ConsoleContract):
    model = Product

    def own(self, cast):
        stage = stage_of(cast)
        return shelf.draft_product(
            stage.actor("owner"), shop=stage.shop, facts=facts("挂面", "grain", 900, 9)
        )

    def foreign(self, cast):
        shop = foreign_shop(cast)
        return shelf.draft_product(cast.actor("farmer"), shop=shop, facts=facts("西岭橙", "grain", 900, 9))

    def more(self, cast, count):
        stage = stage_of(cast)
        for n in range(count):
            shelf.draft_product(stage.actor("owner"), shop=stage.shop, facts=facts(f"面{n}", "grain", 900, 9))


class TestOrderScreen(ConsoleContract):
    model = MallOrder

    def own(self, cast):
        return placed(stage_of(cast), ("rice", 1))

    def foreign(self, cast):
        stage, shop = stage_of(cast), foreign_shop(cast)
        orange = shelf.draft_product(cast.actor("farmer"), shop=shop, facts=facts("西岭橙", "grain", 900, 9))
        Product.objects.unscoped("test").filter(pk=orange.pk).update(state="submitted")
        stage.products["orange"] = shelf.approve_product(cast.actor("sister_admin"), product_id=orange.pk)
        return placed(stage, ("orange", 1), who="qiang")

    def more(self, cast, count):
        for _n in range(count):
            placed(stage_of(cast), ("rice", 1), who="lan")


class TestAfterSaleScreen(TestOrderScreen):
    model = AfterSale

    def own(self, cast):
        return self._asked(cast, "mei", ("rice", 1))

    def foreign(self, cast):
        order = super().foreign(cast)
        from gonghui.bills.models import Bill
        from gonghui.bills.tests.stage import pay_online
        from gonghui.mall.tests.stage import follow

        pay_online(Bill.objects.unscoped("test").select_related("payment").get(pk=order.bill_id))
        follow(order)
        farmer = cast.actor("farmer")
        orders.accept_order(farmer, mallorder_id=order.pk)
        orders.ship_order(farmer, mallorder_id=order.pk, carrier="顺丰", tracking_no="9")
        return after_sales.ask_after_sale(
            cast.actor("qiang"), line_id=order.lines.get().pk, quantity=1, reason="坏了"
        )

    def more(self, cast, count):
        for _n in range(count):
            self._asked(cast, "lan", ("rice", 1))

    def _asked(self, cast, who, *wanted):
        order = shipped(stage_of(cast), *wanted, who=who)
        return after_sales.ask_after_sale(
            cast.actor(who), line_id=order.lines.get().pk, quantity=1, reason="坏了"
        )


def test_shop_is_opened_and_a_product_written_and_reviewed_in_the_console(cast, client):
    stage = stage_of(cast)
    store = Store.objects.create(partner=stage.shop.store.partner, name="鲁花二店")
    cast.sign_in(client, "city_admin")
    answer = client.post(reverse("admin:mall_shop_new"), {"store": store.pk, "returns_to": "粮油路 2 号"})
    shop = Shop.objects.unscoped("test").get(store=store)
    assert (answer.status_code, shop.is_open) == (302, True)
    typed = {
        "shop": shop.pk, "section": stage.products["rice"].section_id, "title": "小米", "code": "XM1", "list_fen": "19.90",
        "market_fen": "25", "stock": "7", "origins": ["farm_aid"], "about": "",
    }  # fmt: skip
    dear = client.post(reverse("admin:mall_product_draft"), typed | {"market_fen": "1"})
    assert "不能高于市场价" in dear.content.decode()
    assert client.post(reverse("admin:mall_product_draft"), typed).status_code == 302
    product = Product.objects.unscoped("test").get(title="小米")
    client.post(reverse("admin:mall_product_submit", args=[product.pk]))
    own = client.post(reverse("admin:mall_product_approve", args=[product.pk])).content.decode()
    assert "自己填写的商品不能自己复核" in own
    cast.sign_in(client, "mall_reviewer")
    assert client.post(reverse("admin:mall_product_approve", args=[product.pk])).status_code == 302
    assert (again(product).state, again(product).list_fen, again(product).stock) == ("listed", 1_990, 7)


def test_order_page_of_the_console_masks_where_it_goes(cast, client):
    stage = stage_of(cast)
    listed(stage, "小米", "grain", 100, 3)
    order = placed(stage, ("rice", 1))
    page = cast.sign_in(client, "city_admin").get(reverse("admin:mall_mallorder_change", args=[order.pk]))
    text = page.content.decode()
    assert "陈** 138****0001 东江市江口区…" in text and "滨江路" not in text and "13800000001" not in text
