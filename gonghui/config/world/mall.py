"""惠工商城 of the demo: twelve sections, two suppliers with their products, and orders at every step."""

from __future__ import annotations

import datetime as dt
from uuid import NAMESPACE_URL, uuid5

from django.contrib.auth.hashers import make_password
from django.db.models import F
from django.utils.translation import gettext as _

from gonghui.accounts.models import User
from gonghui.bills.actions.selling import end_waiting
from gonghui.bills.models import Bill
from gonghui.config.actors import actor_of
from gonghui.config.world.pictures import pictures_of
from gonghui.config.world.tree import Tree
from gonghui.funds.models import Budget, Section
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.ledger.models import LedgerAccount
from gonghui.mall.actions import after_sales, orders, shelf
from gonghui.mall.actions.ordering import place_orders
from gonghui.mall.actions.pictures import add_picture
from gonghui.mall.actions.ranking import PURPOSE, take_snapshot
from gonghui.mall.actions.retuning import RetunePlan, draft_retune, month_after
from gonghui.mall.actions.shelf import ProductFacts
from gonghui.mall.buying import Checkout, ShipTo
from gonghui.mall.models import Interest, MallOrder, Product, Shop
from gonghui.members.models import Consent, Person
from gonghui.orgs.models import Union
from gonghui.partners.models import Agreement, MerchantRole, Partner, Store
from gonghui.payments.actions.payments import note_result
from gonghui.payments.ports.wechat import TradeFact

SUPPLIER_PHONE = "19899990005"
BUILDER = Actor.system("demo world")
INTERESTED = 240
SECTIONS = (
    ("festival", "节日福利"), ("birthday", "生日蛋糕"), ("village", "乡村特产"), ("grain", "米面粮油"), ("daily", "日用百货"),
    ("fruit", "时令鲜果"), ("seafood", "海味干货"), ("tea", "茶叶冲饮"), ("home", "居家家纺"), ("books", "图书文具"),
    ("summer", "清凉一夏"), ("family", "亲子优选"),
)  # fmt: skip
SUPPLIERS = (
    ("岭南优选商贸有限公司", "岭南优选网上店", "白云区鹤龙街仓储路 6 号 退货组 020-36001234", SUPPLIER_PHONE),
    ("从化山里人农产合作社", "山里人网上店", "从化区温泉镇合作社 1 号仓 020-37005678", "19899990006"),
)
# (supplier, section, title, price, market price in yuan, stock, origins); what is drawn of each stands in DRAWN
PRODUCTS = (
    (0, "festival", "中秋团圆礼盒（双黄莲蓉 8 枚）", 168, 208, 300, ("local_brand", "local_firm")),
    (0, "festival", "年货大礼包：腊味、菌菇、坚果", 299, 368, 200, ("local_brand",)),
    (0, "birthday", "六寸鲜奶生日蛋糕（次日达）", 128, 158, 60, ("local_firm",)),
    (0, "grain", "增城丝苗米 5 公斤", 49, 62, 500, ("local_brand", "farm_aid")),
    (0, "grain", "物理压榨花生油 5 升", 118, 139, 260, ("local_firm",)),
    (0, "daily", "洗衣液家庭装 3 公斤 × 2", 56, 79, 400, ()),
    (0, "seafood", "阳江豆豉鱼干组合", 68, 88, 150, ("local_brand",)),
    (0, "tea", "英德红茶礼罐 250 克", 98, 128, 120, ("farm_aid", "local_brand")),
    (0, "home", "全棉四件套（1.5 米床）", 219, 299, 80, ("local_firm",)),
    (0, "books", "劳动法律一本通 + 职工书屋精选三册", 58, 86, 200, ()),
    (1, "village", "从化荔枝干 500 克 × 2", 66, 85, 240, ("farm_aid",)),
    (1, "village", "农家土蜂蜜 1 公斤", 88, 110, 90, ("farm_aid",)),
    (1, "fruit", "流溪河蜜柚 4 只装", 45, 59, 3, ("farm_aid",)),
    (1, "fruit", "梅州沙田柚 8 斤箱", 59, 79, 0, ("farm_aid",)),
    (1, "summer", "凉茶包二十袋", 32, 45, 500, ("farm_aid", "local_brand")),
    (1, "family", "亲子采摘纪念果篮", 108, 138, 40, ("farm_aid",)),
)
# In the order of the products: what is on the picture, its ground, how many pictures; the books have none.
DRAWN = (
    ("gift", "#f3c9b8", 3), ("hamper", "#f2d9a8", 2), ("cake", "#f4cdd2", 2), ("sack", "#cfe0bd", 3), ("bottle", "#f3dda0", 1),
    ("jug", "#bcd8ee", 1), ("fish", "#c3dbe2", 1), ("tin", "#d9cdb4", 2), ("quilt", "#cfd6e8", 1), None,
    ("pouch", "#f0cdbd", 1), ("jar", "#f4dfa6", 2), ("pomelo", "#dbe6b8", 1), ("pomelo", "#cfe3cf", 1),
    ("sachets", "#cde0c2", 1), ("basket", "#f2d0c0", 2),
)  # fmt: skip
WAITING_DRAWN = ("tin", "#cbd9b7", 2)
WAITING = ("tea", "陈皮普洱小青柑 500 克", 128, 168, 60)
# What becomes of each order of the demo: three pieces of the product so numbered.
ORDERS = (
    ("held", 4), ("paid", 3), ("to_ship", 0), ("shipped", 10), ("delivered", 5), ("completed", 7), ("asked", 3),
    ("refunded", 9), ("after_sale", 11), ("appealed", 8), ("cancelled", 1),
)  # fmt: skip


def build_mall(tree: Tree, staff: dict[str, User], budget: Budget) -> None:
    """Products are written by their suppliers and reviewed by the city's reviewer; orders are paid with the members' 福豆 first.
    What members looked at is ranked, and next month's subsidy waits for its reviewer."""
    city = tree.by_code["4401"]
    for code, name in SECTIONS:
        Section.objects.get_or_create(code=code, defaults={"name": _(name)})
    shops = [_shop(city, actor_of(staff["guangzhou"]), *facts) for facts in SUPPLIERS]
    owners = [actor_of(_owner_of(shop)) for shop in shops]
    products = [
        _product(owners[nth], shops[nth], _facts(*rest), shown, actor_of(staff["reviewer"]))
        for (nth, *rest), shown in zip(PRODUCTS, DRAWN, strict=True)
    ]
    _product(owners[0], shops[0], _facts(*WAITING, ()), WAITING_DRAWN)
    for nth, ((state, place), person) in enumerate(zip(ORDERS, _buyers(len(ORDERS)), strict=True)):
        _order(state, products[place], person, owners[PRODUCTS[place][0]], nth)
    _interest(products)
    _next_month(actor_of(staff["guangzhou"]), budget)


def _interest(products: list[Product]) -> None:
    """Of members who agreed to be counted: the first products are looked at by most, every second of them is bought."""
    found = Person.objects.unscoped("demo world").filter(user=None, verification="verified")
    members = list(found.order_by("id")[:INTERESTED])
    users = User.objects.bulk_create(
        User(phone=f"1950000{nth:04}", password=make_password(None), display_name=one.name)
        for nth, one in enumerate(members)
    )
    for one, user in zip(members, users, strict=True):
        one.user = user
    Person.objects.unscoped("demo world").bulk_update(members, ["user"])
    Consent.objects.bulk_create(
        Consent(user=user, purpose=PURPOSE, version="demo", given_at=clock.now()) for user in users
    )
    today, rows = clock.today(), []
    for nth, person in enumerate(members):
        for place, product in enumerate(products):
            if (nth + place * 7) % (place + 2):
                continue
            for days, kinds in (
                (1 + nth % 27, ("view", "purchase")[: 1 + nth % 2]),
                (30 + place % 20, ("view",)),
            ):
                day = today - dt.timedelta(days=days)
                rows += [Interest(person=person, product=product, kind=kind, day=day) for kind in kinds]
    Interest.objects.bulk_create(rows, ignore_conflicts=True)


def _next_month(operator: Actor, budget: Budget) -> None:
    snapshot = take_snapshot(BUILDER, day=clock.today() - dt.timedelta(days=1))
    if not snapshot.items:  # a very small world
        return
    starts, ends = month_after(clock.today())
    plan = RetunePlan(
        budget, 60_000_00, 60_00, 12_00, starts, ends, wave_two_on=starts + dt.timedelta(days=14)
    )
    draft_retune(operator, snapshot_id=snapshot.pk, plan=plan)


def _shop(city: Union, operator: Actor, company: str, name: str, returns_to: str, phone: str) -> Shop:
    partner = Partner.objects.create(union=city, name=_(company), kind="food", since=dt.date(2023, 1, 1))
    account, ends = "440001234567" + phone[-4:], phone[-4:]
    Agreement.objects.create(
        partner=partner, union=city, concession=_("商城价不高于市场价，节日礼盒另有让利。"), starts_on=partner.since,
        state="effective", payout_account=f"{company}\n中国农业银行广州白云支行\n{account}",
        payout_shown=f"{company} 中国农业银行广州白云支行 尾号 {ends}",
    )  # fmt: skip
    owner = User.objects.create(phone=phone, display_name=_("%s 负责人") % _(name))
    MerchantRole.objects.create(user=owner, partner=partner, role="owner")
    store = Store.objects.create(partner=partner, name=_(name))
    return shelf.open_shop(operator, store=store, returns_to=_(returns_to))


def _owner_of(shop: Shop) -> User:
    found = MerchantRole.objects.unscoped("demo world").select_related("user")
    return found.get(partner_id=shop.store.partner_id).user


def _facts(
    section: str, title: str, price: int, market: int, stock: int, origins: tuple[str, ...]
) -> ProductFacts:
    return ProductFacts(
        section_id=Section.objects.get(code=section).pk, title=_(title), code=f"{section}-{price}{market}",
        list_fen=price * 100, market_fen=market * 100, stock=stock, origins=origins,
        about=_("签约商家直接发货，价格和来源由工会复核。收到后七天内可以申请售后。"),
    )  # fmt: skip


def _product(
    owner: Actor,
    shop: Shop,
    facts: ProductFacts,
    shown: tuple[str, str, int] | None,
    reviewer: Actor | None = None,
) -> Product:
    made = shelf.draft_product(owner, shop=shop, facts=facts)
    for picture in pictures_of(*shown) if shown else ():
        add_picture(owner, product_id=made.pk, drawn=picture)
    made = shelf.submit_product(owner, product_id=made.pk)
    return shelf.approve_product(reviewer, product_id=made.pk) if reviewer else made


def _buyers(count: int) -> list[Person]:
    """Verified members who have 福豆, the demo's own first."""
    having = LedgerAccount.objects.unscoped("demo world").filter(kind="points", credits_posted__gt=0)
    found = Person.objects.unscoped("demo world").filter(
        verification="verified", pk__in=having.values("person_id")
    )
    return list(found.order_by(F("user_id").asc(nulls_last=True), "id")[:count])


def _order(state: str, product: Product, person: Person, owner: Actor, nth: int) -> MallOrder:
    buyer = Actor(user_id=person.user_id, keys={"person": frozenset({person.pk})})
    to = ShipTo(
        person.name, person.phone or "13800000000", _("广州市越秀区东园横路 5 号 %d 单元") % (nth + 1)
    )
    checkout = Checkout(uuid5(NAMESPACE_URL, f"demo mall {nth}"), ((product.pk, 3),), to)
    [order] = place_orders(buyer, checkout=checkout)
    if state == "held":
        return order
    if state == "cancelled":
        return orders.cancel_order(buyer, mallorder_id=order.pk)
    _pay(order)
    if state == "refunded":
        return orders.ask_refund(buyer, mallorder_id=order.pk, reason=_("买重了"))
    return order if state == "paid" else _sent(state, order, buyer, owner)


def _sent(state: str, order: MallOrder, buyer: Actor, owner: Actor) -> MallOrder:
    pk = order.pk
    orders.accept_order(owner, mallorder_id=pk)
    if state == "to_ship":
        return order
    if state == "asked":
        return orders.ask_refund(buyer, mallorder_id=pk, reason=_("地址写错了，想重新下单"))
    orders.ship_order(owner, mallorder_id=pk, carrier=_("顺丰速运"), tracking_no=f"SF14{pk:010d}")
    if state == "shipped":
        return order
    orders.receive_order(buyer, mallorder_id=pk)
    if state in ("after_sale", "appealed"):
        line = order.lines.get()
        asked = after_sales.ask_after_sale(buyer, line_id=line.pk, quantity=1, reason=_("有一件压坏了"))
        if state == "appealed":
            why = _("签收时未提出异议")
            after_sales.refuse_after_sale(owner, aftersale_id=asked.pk, reason=why)
            after_sales.appeal_after_sale(buyer, aftersale_id=asked.pk)
    elif state == "completed":
        past = clock.now() - orders.THINK_IT_OVER - dt.timedelta(days=1)
        MallOrder.objects.unscoped("demo world").filter(pk=pk).update(delivered_at=past)
        orders.move_on(BUILDER, mallorder_id=pk)
    return order


def _pay(order: MallOrder) -> None:
    """As the provider's news would say it; nothing where points paid for all."""
    bill = Bill.objects.unscoped("demo world").select_related("payment").get(pk=order.bill_id)
    if bill.state != Bill.State.HELD:
        return
    payment = bill.payment
    number = f"demo{payment.out_trade_no[:24]}"
    note_result(
        BUILDER, fact=TradeFact(payment.out_trade_no, "paid", payment.amount_fen, number, clock.now())
    )
    end_waiting(BUILDER, bill_id=bill.pk)
    orders.follow_bill(BUILDER, bill_id=bill.pk)
