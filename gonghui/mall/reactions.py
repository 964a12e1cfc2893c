"""An order follows its bill; imported by `tasks`."""

from __future__ import annotations

from django.utils.translation import gettext as _

from gonghui.bills.events import BillCancelled, BillRefunded, BillSettled
from gonghui.bills.models import BillRefund
from gonghui.kit.actors import Actor
from gonghui.kit.events import reacts_to
from gonghui.mall.actions.orders import follow_bill
from gonghui.mall.actions.ranking import note_interest
from gonghui.mall.events import OrderPaid
from gonghui.mall.models import MallOrder
from gonghui.notices.actions import Notice, tell_once
from gonghui.partners.queries import merchant_user_ids

FOLLOWING = Actor.system("news of an order's bill")


@reacts_to(BillSettled)
def note_paid_order(event: BillSettled) -> None:
    follow_bill(FOLLOWING, bill_id=event.bill_id)


@reacts_to(BillCancelled)
def note_cancelled_order(event: BillCancelled) -> None:
    follow_bill(FOLLOWING, bill_id=event.bill_id)


@reacts_to(BillRefunded)
def note_refunded_order(event: BillRefunded) -> None:
    refund = BillRefund.objects.unscoped("news of it").only("bill_id").get(pk=event.refund_id)
    follow_bill(FOLLOWING, bill_id=refund.bill_id)


@reacts_to(OrderPaid)
def count_purchase(event: OrderPaid) -> None:
    found = (
        MallOrder.objects.unscoped("news of it")
        .select_related("person")
        .defer("receiver", "phone", "address")
    )
    order = found.get(pk=event.order_id)
    keys = {"user": frozenset({order.person.user_id}), "person": frozenset({order.person_id})}
    buyer = Actor(user_id=order.person.user_id, keys=keys)
    bought = order.lines.values_list("product_id", flat=True)
    note_interest(buyer, product_ids=list(bought), kind="purchase")


@reacts_to(OrderPaid)
def tell_supplier(event: OrderPaid) -> None:
    """Who acts for the partner; nobody's name stands in it."""
    found = (
        MallOrder.objects.unscoped("news of it").select_related("shop__store").only("shop__store__partner_id")
    )
    order = found.get(pk=event.order_id)
    notice = Notice(
        kind="notice",
        title=_("惠工商城：有新订单"),
        body=_("订单 %s 已付款，请尽快接单、发货。") % order.number,
        link="/merchant/panels/mall",
    )
    for user_id in merchant_user_ids(order.shop.store.partner_id):
        tell_once(FOLLOWING, once=f"mall:{order.pk}:new:{user_id}", notice=notice, user_id=user_id)
