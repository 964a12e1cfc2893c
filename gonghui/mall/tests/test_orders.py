"""An order from the shelf to the door and back: its states, its stock, its one bill."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError, transaction

from gonghui.bills.models import BillLine
from gonghui.bills.tests.stage import by_payer, counted
from gonghui.funds.points import balance_of
from gonghui.funds.tests.stage import trial
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.mall import queries, tasks
from gonghui.mall.actions import after_sales, orders, shelf
from gonghui.mall.actions.ordering import place_orders, price_of
from gonghui.mall.models import AfterSale, MallOrder, OrderLine
from gonghui.mall.models.orders import AFTER_SALE_VERBS, ORDER_VERBS
from gonghui.mall.models.shelf import PRODUCT_VERBS
from gonghui.mall.tests.stage import (
    SYSTEM,
    again,
    build_shop,
    checkout,
    follow,
    listed,
    paid,
    placed,
    shipped,
)
from gonghui.notices.models import Message

pytestmark = pytest.mark.django_db


def refused(code: str, verb, *args, **facts) -> DomainError:
    """Refused with this code, and nothing is another."""
    before = (
        counted(),
        list(OrderLine.objects.unscoped("test").order_by("id").values_list("order__state", "restocked")),
    )
    with pytest.raises(DomainError) as said:
        verb(*args, **facts)
    after = (
        counted(),
        list(OrderLine.objects.unscoped("test").order_by("id").values_list("order__state", "restocked")),
    )
    assert (said.value.code, after) == (code, before)
    return said.value


@pytest.mark.parametrize(
    ("file", "verbs", "marks"),
    [
        ("20_orders.sql", ORDER_VERBS, "an order cannot go"),
        ("20_orders.sql", AFTER_SALE_VERBS, "an after-sale cannot go"),
        ("10_shelf.sql", PRODUCT_VERBS, "a product cannot go"),
    ],
)
def test_database_knows_the_same_moves(file, verbs, marks):
    import re
    from pathlib import Path

    text = (Path(__file__).parent.parent / "sql" / file).read_text().split(marks)[0]
    array = text[text.rindex("ARRAY[") :]
    assert set(re.findall(r"'(\w+>\w+)'", array)) == {
        f"{a}>{b}" for row in verbs.values() for a, b in row.items()
    }


def test_order_is_one_bill_of_points_and_wechat(festival):
    """60 福豆 of the festival shelf pay for the box, not for the rice; the rest is WeChat's."""
    order = placed(festival, ("box", 1), ("rice", 2))
    bill = again(order.bill)
    assert (order.state, bill.state, bill.list_fen, bill.due_fen) == ("points_held", "held", 19_000, 13_000)
    assert by_payer(bill) == {"points": 6_000, "worker": 13_000}
    names = list(
        BillLine.objects.unscoped("test").filter(bill=bill).order_by("nth").values_list("name", "section")
    )
    assert names == [("东北大米 5 公斤", "grain"), ("节日礼盒", "festival")]
    assert (festival.stock("box"), festival.stock("rice"), balance_of(order.person_id)) == (2, 3, 0)
    assert trial() == 0


def test_order_wholly_paid_by_points_is_paid_at_once(festival):
    cheap = listed(festival, "节日糖果", "festival", 2_000, 9)
    [order] = place_orders(festival.actor("mei"), checkout=checkout((cheap, 2)))
    assert (order.state, again(order.bill).state, balance_of(order.person_id)) == ("paid", "settled", 20)


def test_points_of_another_section_are_refused_with_words(festival):
    rice = festival.products["rice"]
    said = refused(
        "mall_points_not_here", place_orders, festival.actor("mei"), checkout=checkout((rice, 1), points=40)
    )
    assert "最多能用 0 福豆，不能用 40 个" in str(said)
    assert (festival.stock("rice"), balance_of(festival.cast.people["mei"].pk)) == (5, 60)


def test_basket_of_two_shops_is_two_orders_and_the_points_are_spent_once(festival):
    other = build_shop(festival.cast, "山里鲜", "farmer")
    pears = listed(festival, "节日雪梨", "festival", 5_000, 4, shop=other, owner="farmer")
    wanted = ((festival.products["box"], 1), (pears, 1))
    price = price_of(festival.actor("mei"), wanted=[(product.pk, n) for product, n in wanted])
    assert (price.points, price.due_fen, len(price.parcels)) == (60, 9_000, 2)
    found = place_orders(festival.actor("mei"), checkout=checkout(*wanted, shown_due_fen=price.due_fen))
    assert [(one.shop_id, again(one.bill).points) for one in found] == [(festival.shop.pk, 60), (other.pk, 0)]
    assert len({one.basket_key for one in found}) == 1
    assert trial() == 0


def test_another_price_than_shown_is_refused(mall):
    box = mall.products["box"]
    refused(
        "mall_price_moved", place_orders, mall.actor("mei"), checkout=checkout((box, 1), shown_due_fen=9_900)
    )
    assert mall.stock("box") == 3


def test_key_twice_is_one_order(mall):
    key, rice = uuid4(), mall.products["rice"]
    first = placed(mall, ("rice", 1), key=key)
    assert placed(mall, ("rice", 1), key=key).pk == first.pk
    refused("mall_order_key_taken", place_orders, mall.actor("mei"), checkout=checkout((rice, 2), key=key))
    refused("mall_order_key_taken", place_orders, mall.actor("lan"), checkout=checkout((rice, 1), key=key))
    assert mall.stock("rice") == 4


def test_more_than_there_is_is_refused_with_what_is_left(mall):
    rice = mall.products["rice"]
    said = refused("mall_stock_short", place_orders, mall.actor("mei"), checkout=checkout((rice, 6)))
    assert "只剩 5 件，不够 6 件" in str(said)
    shelf.take_down_product(mall.actor("owner"), product_id=rice.pk)
    refused("mall_not_on_shelf", place_orders, mall.actor("mei"), checkout=checkout((rice, 1)))


def test_cancelled_order_gives_back_stock_and_points_once(festival):
    order = placed(festival, ("box", 2))
    assert (festival.stock("box"), balance_of(order.person_id)) == (1, 0)
    for _again in range(2):
        orders.cancel_order(festival.actor("mei"), mallorder_id=order.pk)
        orders.follow_bill(SYSTEM, bill_id=order.bill_id)
    assert (again(order).state, again(order.bill).state) == ("cancelled", "cancelled")
    assert (festival.stock("box"), balance_of(order.person_id), trial()) == (3, 60, 0)


def test_order_nobody_paid_ends_with_its_bill(festival):
    order = placed(festival, ("box", 1))
    with time_machine.travel(clock.now() + dt.timedelta(minutes=20), tick=True):
        follow(order)
    assert (again(order).state, festival.stock("box")) == ("cancelled", 3)


def test_order_goes_from_paid_to_completed(mall):
    order = shipped(mall, ("rice", 2))
    assert (order.state, order.tracking_no) == ("shipped", "SF1234567890")
    orders.receive_order(mall.actor("mei"), mallorder_id=order.pk)
    tasks.move_orders_on(0)
    assert again(order).state == "delivered"
    with time_machine.travel(clock.now() + dt.timedelta(days=8), tick=True):
        tasks.move_orders_on(0)
    assert (again(order).state, mall.stock("rice"), trial()) == ("completed", 3, 0)


def test_parcel_nobody_speaks_of_has_come_after_ten_days(mall):
    order = shipped(mall, ("rice", 1))
    with time_machine.travel(clock.now() + dt.timedelta(days=11), tick=True):
        tasks.move_orders_on(0)
        assert again(order).state == "delivered"


def test_refund_before_anything_was_begun_is_granted_at_once(festival):
    order = paid(festival, ("box", 1), ("rice", 1))
    orders.ask_refund(festival.actor("mei"), mallorder_id=order.pk, reason="买错了")
    order = again(order)
    assert (order.state, again(order.bill).state) == ("refunded", "refunded")
    assert (festival.stock("box"), festival.stock("rice"), balance_of(order.person_id)) == (3, 5, 60)
    assert trial() == 0


def test_refund_while_it_is_packed_is_the_suppliers_to_answer(festival):
    order = paid(festival, ("box", 1))
    mei, owner = festival.actor("mei"), festival.actor("owner")
    orders.accept_order(owner, mallorder_id=order.pk)
    orders.ask_refund(mei, mallorder_id=order.pk, reason="不想要了")
    refused("mall_not_now", orders.ship_order, owner, mallorder_id=order.pk, carrier="顺丰", tracking_no="1")
    orders.refuse_refund(owner, mallorder_id=order.pk, reason="已经打包")
    assert (again(order).state, again(order).answer) == ("to_ship", "已经打包")
    orders.ask_refund(mei, mallorder_id=order.pk, reason="真的不要了")
    with time_machine.travel(clock.now() + dt.timedelta(days=3), tick=True):
        tasks.move_orders_on(0)
    assert (again(order).state, festival.stock("box"), balance_of(order.person_id)) == ("refunded", 3, 60)
    assert trial() == 0


def test_bill_refunded_elsewhere_refunds_the_order(mall):
    """Whoever gives the bill back, the order follows it and its stock is on the shelf."""
    from gonghui.bills.tests.stage import refunded

    order = paid(mall, ("rice", 2))
    refunded(mall.cast, again(order.bill), by="finance_officer")
    orders.follow_bill(SYSTEM, bill_id=order.bill_id)
    orders.follow_bill(SYSTEM, bill_id=order.bill_id)
    assert (again(order).state, mall.stock("rice")) == ("refunded", 5)


# --- after-sale ---------------------------------------------------------------------------------------------


def asked(stage, order, nth: int = 1, quantity: int = 1, **facts) -> AfterSale:
    line = order.lines.get(nth=nth)
    facts = {"reason": "压坏了"} | facts
    return after_sales.ask_after_sale(stage.actor("mei"), line_id=line.pk, quantity=quantity, **facts)


def test_line_that_comes_back_returns_its_points_and_its_stock(festival):
    """Two boxes: 60 points and 140 yuan. One back is half of each; what is good is on the shelf again."""
    order = shipped(festival, ("box", 2))
    row = asked(festival, order)
    owner, mei = festival.actor("owner"), festival.actor("mei")
    after_sales.agree_after_sale(owner, aftersale_id=row.pk)
    after_sales.note_sent_back(mei, aftersale_id=row.pk, sent_no="YT1")
    after_sales.receive_after_sale(owner, aftersale_id=row.pk, is_good=True)
    row = again(row)
    assert (row.state, row.refund.points, row.refund.worker_fen) == ("refunded", 30, 7_000)
    assert (again(order).state, festival.stock("box"), balance_of(order.person_id)) == ("shipped", 2, 30)
    rest = asked(festival, order)
    after_sales.agree_after_sale(owner, aftersale_id=rest.pk)
    after_sales.receive_after_sale(owner, aftersale_id=rest.pk)
    assert (again(order).state, festival.stock("box"), balance_of(order.person_id)) == ("returned", 2, 60)
    refused("mall_no_after_sale", asked, festival, order)
    assert trial() == 0


def test_union_rules_where_they_disagree(mall):
    order = shipped(mall, ("rice", 2))
    row = asked(mall, order, quantity=2)
    refused("mall_after_sale_open", asked, mall, order)
    owner, mei, city = mall.actor("owner"), mall.actor("mei"), mall.actor("city_admin")
    after_sales.refuse_after_sale(owner, aftersale_id=row.pk, reason="寄出时完好")
    after_sales.appeal_after_sale(mei, aftersale_id=row.pk)
    refused("not_allowed", after_sales.award_after_sale, mall.actor("mei"), aftersale_id=row.pk, reason="x")
    refused(
        "not_allowed",
        after_sales.award_after_sale,
        mall.actor("sister_admin"),
        aftersale_id=row.pk,
        reason="x",
    )
    after_sales.award_after_sale(city, aftersale_id=row.pk, reason="照片清楚")
    after_sales.receive_after_sale(owner, aftersale_id=row.pk)
    assert (again(row).state, again(order).state, again(order.bill).state) == (
        "refunded",
        "returned",
        "refunded",
    )
    assert trial() == 0


def later(days: int) -> None:
    with time_machine.travel(clock.now() + dt.timedelta(days=days), tick=True):
        tasks.move_orders_on(0)


def test_supplier_that_says_nothing_agrees_and_what_came_back_waits_for_it(mall):
    order = shipped(mall, ("rice", 1))
    row = asked(mall, order)
    later(1)
    assert again(row).state == "applied"
    later(3)
    assert again(row).state == "agreed"
    after_sales.note_sent_back(mall.actor("mei"), aftersale_id=row.pk, sent_no="YT1")
    later(60)
    assert (again(row).state, again(order).state) == ("agreed", "delivered")


@pytest.mark.parametrize(("verb", "after"), [("refuse", "refused"), ("agree", "agreed")])
def test_after_sale_its_member_leaves_ends_and_lets_the_order_be_over(mall, verb, after):
    """Refused and not appealed, or agreed and not sent back: seven days."""
    order = shipped(mall, ("rice", 1))
    orders.receive_order(mall.actor("mei"), mallorder_id=order.pk)
    row, owner = asked(mall, order), mall.actor("owner")
    if verb == "refuse":
        after_sales.refuse_after_sale(owner, aftersale_id=row.pk, reason="寄出时完好")
    else:
        after_sales.agree_after_sale(owner, aftersale_id=row.pk)
    later(6)
    assert (again(row).state, again(order).state) == (after, "delivered")
    later(8)
    assert (again(row).state, again(order).state) == ("withdrawn", "completed")
    refused("illegal_move", after_sales.appeal_after_sale, mall.actor("mei"), aftersale_id=row.pk)
    assert "7 天" in Message.objects.unscoped("test").filter(person_id=order.person_id).latest("id").body


def test_replacement_moves_no_money(mall):
    order = shipped(mall, ("rice", 1))
    row = asked(mall, order, wanted="replacement")
    owner, before = mall.actor("owner"), counted()
    after_sales.agree_after_sale(owner, aftersale_id=row.pk)
    refused("mall_tracking_missing", after_sales.receive_after_sale, owner, aftersale_id=row.pk)
    after_sales.receive_after_sale(owner, aftersale_id=row.pk, replaced_no="SF2")
    assert (again(row).state, counted()) == ("replaced", before)


# --- who sees what ------------------------------------------------------------------------------------------


def test_supplier_sees_and_moves_its_own_orders_only(mall):
    order = paid(mall, ("rice", 1))
    build_shop(mall.cast, "山里鲜", "farmer")
    farmer, owner = mall.actor("farmer"), mall.actor("owner")
    seen = [
        MallOrder.objects.visible_to(one).count()
        for one in (owner, farmer, mall.actor("lan"), mall.actor("mei"))
    ]
    assert (seen, queries.orders_to_do(farmer).count()) == ([1, 0, 0, 1], 0)
    refused("not_found", orders.accept_order, farmer, mallorder_id=order.pk)
    refused("not_found", orders.cancel_order, mall.actor("lan"), mallorder_id=order.pk)
    assert MallOrder.objects.visible_to(mall.actor("sister_admin")).count() == 0


def test_address_is_sealed_and_masked(mall):
    order = paid(mall, ("rice", 1))
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT receiver, phone, address FROM mall_mallorder")
        assert not any("梅".encode() in bytes(cell) or b"1380" in bytes(cell) for cell in cursor.fetchone())
    assert again(order).masked_to == "陈** 138****0001 东江市江口区…"


def test_maker_does_not_put_their_own_product_up(mall):
    """Neither by the action nor by hand."""
    from gonghui.mall.tests.stage import facts

    admin = mall.actor("city_admin")
    product = shelf.draft_product(admin, shop=mall.shop, facts=facts("挂面", "grain", 900, 10))
    shelf.submit_product(admin, product_id=product.pk)
    refused("mall_own_product", shelf.approve_product, admin, product_id=product.pk)
    with pytest.raises(IntegrityError, match="mall_product_maker_is_not_checker"), transaction.atomic():
        type(product).objects.unscoped("test").filter(pk=product.pk).update(
            state="listed", checker=product.maker_id
        )
    refused(
        "mall_only_a_draft",
        shelf.rewrite_product,
        admin,
        product_id=product.pk,
        facts=facts("挂面", "grain", 1, 1),
    )


def test_database_lets_no_stock_fall_below_zero_and_no_line_back_twice(mall):
    order = paid(mall, ("rice", 5))
    for change in ("UPDATE mall_product SET stock = stock - 1 WHERE stock = 0",
                   "UPDATE mall_orderline SET restocked = 6", "UPDATE mall_orderline SET quantity = 1",
                   "UPDATE mall_product SET list_fen = 1", "UPDATE mall_mallorder SET state = 'completed'"):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            from django.db import connection

            connection.cursor().execute(change)
    assert (mall.stock("rice"), again(order).state) == (0, "paid")


def test_statement_of_the_supplier_has_the_orders_bill_to_the_fen(festival):
    """60 points and 140 yuan for two boxes, one given back: what the union owes is what its accounts say."""
    from gonghui.settlement.actions import periods
    from gonghui.settlement.models import Period, Statement
    from gonghui.settlement.reconciling import reconcile

    order = shipped(festival, ("box", 2))
    row = asked(festival, order)
    after_sales.agree_after_sale(festival.actor("owner"), aftersale_id=row.pk)
    after_sales.receive_after_sale(festival.actor("owner"), aftersale_id=row.pk)
    periods.open_periods(SYSTEM)
    with time_machine.travel(clock.now() + dt.timedelta(days=40), tick=True):
        periods.open_periods(SYSTEM)
        period = Period.objects.unscoped("test").order_by("starts_on").first()
        periods.make_statements(SYSTEM, period_id=period.pk)
    statement = Statement.objects.unscoped("test").get(partner=festival.shop.store.partner)
    assert sorted(statement.lines.values_list("owed_fen", flat=True)) == [-10_000, 20_000]
    assert (statement.owed_fen, statement.points_fen) == (10_000, 3_000)
    assert reconcile(statement).is_equal
    assert trial() == 0
