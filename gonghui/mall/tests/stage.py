"""A mall for tests: one shop of 东江 with its owner; five bags of rice at 45 yuan, three festival boxes at 100."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from gonghui.accounts.models import User
from gonghui.bills.models import Bill
from gonghui.bills.tests.stage import pay_online
from gonghui.config.actors import actor_of
from gonghui.funds.models import Section
from gonghui.funds.tests.granting import granted
from gonghui.funds.tests.stage import new_staff
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.tests.stages import kept
from gonghui.mall.actions import orders, shelf
from gonghui.mall.actions.ordering import place_orders
from gonghui.mall.actions.shelf import ProductFacts
from gonghui.mall.buying import Checkout, ShipTo
from gonghui.mall.models import Interest, MallOrder, Product, Shop
from gonghui.partners.models import MerchantRole, Partner, Store
from gonghui.partners.tests.stage import standing_agreement

SYSTEM = Actor.system("test")
HOME = ShipTo("陈大梅", "13800000001", "东江市江口区滨江路 8 号 3 栋 501")
SHELVES = (("festival", "节日福利"), ("grain", "米面粮油"))


@dataclass
class MallStage:
    cast: object
    shop: Shop
    products: dict[str, Product] = field(default_factory=dict)

    def actor(self, who: str) -> Actor:
        return self.cast.actor(who)

    def give_points(self, money, points: int, **facts):
        return granted(money, per_head=points, **facts)

    def stock(self, name: str) -> int:
        return again(self.products[name]).stock


@kept
def build_mall(cast) -> MallStage:
    new_staff(cast, "mall_reviewer", "reviewer", "city")
    for code, name in SHELVES:
        Section.objects.get_or_create(code=code, defaults={"name": name})
    stage = MallStage(cast, build_shop(cast, "鲁花粮油", "owner"))
    stage.products["rice"] = listed(stage, "东北大米 5 公斤", "grain", 4_500, 5)
    stage.products["box"] = listed(stage, "节日礼盒", "festival", 10_000, 3)
    return stage


def build_shop(cast, name: str, owner: str) -> Shop:
    partner = Partner.objects.create(
        union=cast.unions["city"], name=name, kind="food", since=dt.date(2020, 1, 1)
    )
    account = f"{name}\n东江农商行江口支行\n6228480402564890018"
    standing_agreement(partner, payout_account=account, payout_shown=f"{name} 东江农商行江口支行 尾号 0018")
    store = Store.objects.create(partner=partner, name=f"{name}网上店", address="")
    user = User.objects.create(phone=f"1380000{6000 + partner.pk}", display_name=f"{name}店主")
    MerchantRole.objects.create(user=user, partner=partner, role="owner")
    cast.users[owner] = user
    return shelf.open_shop(
        cast.actor("city_admin"), store=store, returns_to="东江市粮油路 1 号 仓库 020-1234567"
    )


def facts(title: str, section: str, fen: int, stock: int, **more) -> ProductFacts:
    shelf_ = Section.objects.get(code=section)
    known = {"code": title[:20], "market_fen": fen + 500, "origins": ("local_brand",)}
    return ProductFacts(section_id=shelf_.pk, title=title, list_fen=fen, stock=stock, **(known | more))


def listed(
    stage: MallStage, title: str, section: str, fen: int, stock: int, *, shop=None, owner="owner"
) -> Product:
    actor = actor_of(stage.cast.users[owner])
    product = shelf.draft_product(actor, shop=shop or stage.shop, facts=facts(title, section, fen, stock))
    shelf.submit_product(actor, product_id=product.pk)
    return shelf.approve_product(stage.actor("mall_reviewer"), product_id=product.pk)


def checkout(*wanted: tuple[Product, int], key: UUID | None = None, **facts) -> Checkout:
    lines = tuple((product.pk, quantity) for product, quantity in wanted)
    return Checkout(key=key or uuid4(), wanted=lines, ship_to=HOME, **facts)


def placed(stage: MallStage, *wanted: tuple[str, int], who: str = "mei", **facts) -> MallOrder:
    """One order of the stage's own shop."""
    lines = [(stage.products[name], quantity) for name, quantity in wanted]
    [order] = place_orders(stage.actor(who), checkout=checkout(*lines, **facts))
    return order


def paid(stage: MallStage, *wanted: tuple[str, int], **facts) -> MallOrder:
    """The provider says so, and the order hears of it."""
    order = placed(stage, *wanted, **facts)
    if order.state == "points_held":
        bill = Bill.objects.unscoped("test").select_related("payment").get(pk=order.bill_id)
        pay_online(bill)
        follow(order)
    return again(order)


def follow(order: MallOrder) -> None:
    """As the jobs do: the bill by its payment, the order by its bill."""
    from gonghui.bills.actions.selling import end_waiting

    end_waiting(SYSTEM, bill_id=order.bill_id)
    orders.follow_bill(SYSTEM, bill_id=order.bill_id)


def shipped(stage: MallStage, *wanted: tuple[str, int], **facts) -> MallOrder:
    order = paid(stage, *wanted, **facts)
    owner = stage.actor("owner")
    orders.accept_order(owner, mallorder_id=order.pk)
    return orders.ship_order(owner, mallorder_id=order.pk, carrier="顺丰", tracking_no="SF1234567890")


def again(row):
    return type(row).objects.unscoped("test").get(pk=row.pk)


def looked_at(stage, product, actors, kind: str = "view") -> None:
    Interest.objects.bulk_create(
        Interest(person_id=one.person_id, product=product, kind=kind, day=clock.today()) for one in actors
    )
