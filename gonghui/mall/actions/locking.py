"""Rows held until the transaction ends: the order first, then its after-sale, stock, bill, payment, accounts."""

from __future__ import annotations

from dataclasses import replace

from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.mall.models import AfterSale, MallOrder
from gonghui.notices.actions import Notice, tell_once

WHY = "locked by its own verb"
SEALED = ("receiver", "phone", "address")


def locked_order(order_id: int) -> MallOrder:
    """Without where it goes: nothing is unsealed to move a state."""
    found = MallOrder.objects.unscoped(WHY).select_related("shop__store__partner__union").defer(*SEALED)
    order = found.select_for_update(of=("self",), no_key=True).filter(pk=order_id).first()
    require(order, NOT_FOUND)
    return order


def locked_after_sale(after_sale_id: int) -> AfterSale:
    """With its line and its order, which is held as well."""
    found = AfterSale.objects.unscoped(WHY).filter(pk=after_sale_id)
    order_id = found.values_list("line__order_id", flat=True).first()
    require(order_id, NOT_FOUND)
    order = locked_order(order_id)
    row = found.select_related("line").select_for_update(of=("self",), no_key=True).get()
    row.line.order = order
    return row


def require_own(actor: Actor, order: MallOrder) -> None:
    """The member's; the same answer for one that is not there."""
    require(actor.person_id is not None and order.person_id == actor.person_id, NOT_FOUND)


def require_shops(actor: Actor, order: MallOrder) -> None:
    """The supplier's own, or the union's that has the agreement."""
    is_own = order.shop.store_id in actor.owns("books")
    require(is_own or actor.may("mall.write", order.shop.store.partner.union.path), NOT_FOUND)


def for_the_mall(actor: Actor, reason: str) -> Actor:
    """What the mall decided is done to the bill in the actor's name, whose own doors would not let them."""
    return replace(actor.because(reason), channel="system")


def inform(actor: Actor, order: MallOrder, occasion: str, title: str, body: str) -> None:
    """Told to the member, once for each occasion."""
    notice = Notice(kind="notice", title=title, body=body, link=f"/mall/orders/{order.pk}")
    tell_once(actor, once=f"mall:{order.pk}:{occasion}", notice=notice, person_id=order.person_id)
