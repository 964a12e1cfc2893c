"""The mall for other apps: the shelf, a dry run, orders, after-sales. Each door calls what the page calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.core.paginator import Paginator
from django.http import HttpRequest
from ninja import Path, Query, Router

from gonghui.accounts.pace import keep_pace
from gonghui.bills.queries import bill_view
from gonghui.kit.actors import Actor
from gonghui.kit.errors import require
from gonghui.mall import errors, queries
from gonghui.mall.actions import after_sales, orders
from gonghui.mall.actions.ordering import place_orders, price_of
from gonghui.mall.actions.ranking import note_interest
from gonghui.mall.buying import Checkout, Parcel, Price, ShipTo
from gonghui.mall.models import AfterSale, MallOrder, OrderLine, Picture, Product
from gonghui.mall.models.orders import AFTER_SALE_VERBS, OPEN_TO_AFTER_SALE, ORDER_VERBS
from gonghui.payments import collecting
from gonghui.portal.api import mall_schemas as shapes
from gonghui.portal.api import schemas
from gonghui.portal.api.health_schemas import InvitationOut
from gonghui.portal.till import plain_text

router = Router(tags=["mall"])
REFUSALS = schemas.REFUSALS
PAGE_SIZE = 24
LOOKS, QUOTES, ORDERS = 1200, 60, 20
"""In a minute. Looks are many: the server of a city's app asks for all its readers from one address."""
Id = Path(..., ge=1, le=2**63 - 1)
Page = Query(1, ge=1, le=10_000)


# --- the shelf ----------------------------------------------------------------------------------------------


@router.get("/mall/sections", response={200: list[shapes.SectionOut], **REFUSALS}, auth=None)
def sections(request: HttpRequest):
    """Those with something in them."""
    keep_pace(request, "mall-shelf", LOOKS)
    return [{"code": one.code, "name": one.name, "kinds": one.kinds} for one in queries.shelves()]


@router.get("/mall/products", response={200: shapes.ShelfOut, **REFUSALS}, auth=None)
def products(
    request: HttpRequest,
    section: str = Query("", max_length=24),
    q: str = Query("", max_length=queries.QUESTION_MAX),
    page: int = Page,
):
    """The newest first. `q` in the title, the text or the shop's name; every word of it."""
    keep_pace(request, "mall-shelf", LOOKS)
    pages = Paginator(queries.on_shelf(plain_text(section), plain_text(q)), PAGE_SIZE)
    return {"items": [product_out(request, row) for row in pages.get_page(page)], "count": pages.count}


@router.get("/mall/products/{product_id}", response={200: shapes.ProductWithTextOut, **REFUSALS}, auth=None)
def product(request: HttpRequest, product_id: int = Id):
    """On the shelf, or one's own shop's."""
    keep_pace(request, "mall-shelf", LOOKS)
    row = queries.product_for(request.actor, product_id)
    note_interest(request.actor, product_ids=[row.pk], kind="view")
    likes = queries.favourites(request.actor) if request.actor.person_id else set()
    return product_out(request, row) | {
        "about": row.about,
        "state": row.state,
        "is_liked": row.pk in likes,
        "pictures": [picture_out(request, one) for one in row.gallery],
    }


def product_out(request: HttpRequest, row: Product) -> dict:
    same = ("title", "shop_id", "origins", "list_fen", "market_fen", "stock")
    return {name: getattr(row, name) for name in same} | {
        "product_id": row.pk,
        "section": row.section.code,
        "section_name": row.section.name,
        "shop": row.shop.store.name,
        "cover": picture_out(request, row.cover),
    }


def picture_out(request: HttpRequest, picture: Picture | None) -> dict | None:
    if picture is None:
        return None
    at = {size: request.build_absolute_uri(getattr(picture, size)) for size in ("thumb", "card", "whole")}
    return at | {"width": picture.width, "height": picture.height}


# --- buying -------------------------------------------------------------------------------------------------


@router.post("/mall/quote", response={200: shapes.BasketQuoteOut, **REFUSALS})
def quote(request: HttpRequest, body: shapes.BasketIn):
    """A dry run: who pays what, shop by shop. Nothing is set aside; order with the `due_fen` it gives back."""
    keep_pace(request, "mall-quote", QUOTES)
    price, most = _priced(request.actor, wanted_of(body.lines), body.points)
    held = queries.points_in_words(request.actor.person_id)
    return {
        "list_fen": price.list_fen,
        "delivery_fen": 0,
        "points": price.points,
        "points_most": most,
        "due_fen": price.due_fen,
        "parts": _parts(price),
        "parcels": [parcel_out(one) for one in price.parcels],
        "held": [{"points": points, "sections": names} for points, names in held],
    }


def wanted_of(lines: Sequence[shapes.WantedIn]) -> tuple[tuple[int, int], ...]:
    """A product named twice is wanted so many times more."""
    found: Counter[int] = Counter()
    for one in lines:
        found[one.product_id] += one.quantity
    return tuple(found.items())


def _priced(actor: Actor, wanted: tuple[tuple[int, int], ...], points: int | None) -> tuple[Price, int]:
    """With the most points that may be used; more of them are refused."""
    price = price_of(actor, wanted=wanted)
    most = price.points
    if points is None or points == most:
        return price, most
    require(points < most, errors.POINTS_NOT_HERE, most=most, asked=points)
    return price_of(actor, wanted=wanted, points=points), most


def _parts(price: Price | Parcel) -> list[dict]:
    return [{"payer": payer, "fen": fen} for payer, _name, fen in price.payers]


def parcel_out(parcel: Parcel) -> dict:
    lines = [
        {
            "product_id": one.product.pk,
            "title": one.product.title,
            "quantity": one.quantity,
            "list_fen": one.list_fen,
        }
        for one in parcel.lines
    ]
    quoted = parcel.quoted
    money = {
        "list_fen": quoted.list_fen,
        "points": quoted.points,
        "due_fen": quoted.due_fen,
        "delivery_fen": 0,
    }
    shop = {"shop_id": parcel.shop.pk, "shop": parcel.shop.store.name}
    return shop | money | {"lines": lines, "parts": _parts(parcel)}


@router.post("/mall/orders", response={200: shapes.PlacedOut, **REFUSALS})
def place(request: HttpRequest, body: shapes.OrderIn):
    """The same key again is the same orders, as they stand now: ask again when an answer was lost. Stock, points and offers are
    held for a quarter of an hour; wholly paid by points and offers an order is paid at once."""
    keep_pace(request, "mall-order", ORDERS)
    to = ShipTo(plain_text(body.receiver), plain_text(body.phone), plain_text(body.address))
    checkout = Checkout(
        key=body.key,
        wanted=wanted_of(body.lines),
        ship_to=to,
        points=body.points,
        shown_due_fen=body.shown_due_fen,
    )
    made = place_orders(request.actor, checkout=checkout)
    rows = queries.own_orders(request.actor).filter(pk__in=[one.pk for one in made])
    return {"orders": [order_out(request, row) for row in rows.order_by("id")]}


# --- orders -------------------------------------------------------------------------------------------------


@router.get("/me/mall/orders", response={200: shapes.OrdersOut, **REFUSALS})
def own_orders(request: HttpRequest, page: int = Page):
    """Newest first."""
    pages = Paginator(queries.own_orders(request.actor), PAGE_SIZE)
    return {"items": [order_out(request, row) for row in pages.get_page(page)], "count": pages.count}


@router.get("/me/mall/orders/{order_id}", response={200: shapes.OrderWithPartsOut, **REFUSALS})
def own_order(request: HttpRequest, order_id: int = Id):
    return _order_now(request, order_id)


@router.post("/me/mall/orders/{order_id}/cancel", response={200: shapes.OrderWithPartsOut, **REFUSALS})
def cancel(request: HttpRequest, order_id: int = Id):
    """While it waits for its payment; cancelled already, it stays so. Paid: ask for a refund."""
    orders.cancel_order(request.actor, mallorder_id=order_id)
    return _order_now(request, order_id)


@router.post("/me/mall/orders/{order_id}/payment", response={200: InvitationOut, **REFUSALS})
def pay(request: HttpRequest, order_id: int = Id):
    """What points and offers left, as the payment provider wants it shown; again is harmless. Refused while nobody has connected
    the payer's WeChat on a page of ours: see `/me/wechat`."""
    row = queries.own_order(request.actor, order_id)
    require(row.state == MallOrder.State.POINTS_HELD, errors.NOT_NOW, state=row.get_state_display())
    payment = row.bill.payment_id
    found = collecting.start_payment(request.actor, payment_id=payment, words=row.shop.store.name)
    return {"amount_fen": row.bill.due_fen, "address": found.address, "facts": dict(found.facts)}


@router.post("/me/mall/orders/{order_id}/receive", response={200: shapes.OrderWithPartsOut, **REFUSALS})
def receive(request: HttpRequest, order_id: int = Id):
    """The parcel has come; said already, it stays so."""
    orders.receive_order(request.actor, mallorder_id=order_id)
    return _order_now(request, order_id)


@router.post("/me/mall/orders/{order_id}/refund", response={200: shapes.OrderWithPartsOut, **REFUSALS})
def refund(request: HttpRequest, body: shapes.ReasonIn, order_id: int = Id):
    """Nothing was begun: granted at once. Being packed: the supplier answers within two days, silence grants it."""
    orders.ask_refund(request.actor, mallorder_id=order_id, reason=plain_text(body.reason))
    return _order_now(request, order_id)


def _order_now(request: HttpRequest, order_id: int) -> dict:
    row = queries.own_order(request.actor, order_id)
    parts = [
        {"payer": one.payer, "fen": one.fen, "refunded_fen": one.refunded_fen}
        for one in bill_view(row.bill).funders
    ]
    asked = [after_sale_out(one, row) for one in queries.after_sales_of(row)]
    return (
        order_out(request, row)
        | {name: getattr(row, name) for name in SENT}
        | {"parts": parts, "after_sales": asked}
    )


SENT = (
    "carrier",
    "tracking_no",
    "shipped_at",
    "delivered_at",
    "reason",
    "answer",
    "receiver",
    "phone",
    "address",
)


def order_out(request: HttpRequest, row: MallOrder) -> dict:
    bill = row.bill
    lines = [line_out(request, one) for one in row.lines.all()]
    money = {name: getattr(bill, name) for name in ("list_fen", "points", "due_fen", "held_until")}
    return money | {
        "order_id": row.pk,
        "number": row.number,
        "basket_key": row.basket_key,
        "shop_id": row.shop_id,
        "shop": row.shop.store.name,
        "state": row.state,
        "at": row.created_at,
        "bill_id": bill.pk,
        "may": may(row),
        "lines": lines,
    }


def may(row: MallOrder) -> list[str]:
    """In the words of the doors."""
    doors = {
        "pay": row.state == MallOrder.State.POINTS_HELD,
        "cancel": row.state in ORDER_VERBS["cancel"],
        "receive": row.state in ORDER_VERBS["deliver"],
        "refund": row.state in ORDER_VERBS["ask_refund"],
        "after_sale": row.state in OPEN_TO_AFTER_SALE,
    }
    return [door for door, is_open in doors.items() if is_open]


def line_out(request: HttpRequest, line: OrderLine) -> dict:
    same = ("product_id", "title", "quantity", "price_fen", "list_fen")
    picture = picture_out(request, line.picture)
    return {"line_id": line.pk, "picture": picture, **{name: getattr(line, name) for name in same}}


# --- after-sales --------------------------------------------------------------------------------------------


@router.post("/me/mall/lines/{line_id}/after-sales", response={200: shapes.OrderWithPartsOut, **REFUSALS})
def ask(request: HttpRequest, body: shapes.AfterSaleIn, line_id: int = Id):
    """From the shipment until the order is over; one at a time for each line, so that asked twice is asked once."""
    facts = {"quantity": body.quantity, "wanted": body.wanted, "reason": plain_text(body.reason)}
    made = after_sales.ask_after_sale(request.actor, line_id=line_id, **facts)
    return _order_now(request, made.line.order_id)


@router.post(
    "/me/mall/after-sales/{after_sale_id}/withdraw", response={200: shapes.OrderWithPartsOut, **REFUSALS}
)
def withdraw(request: HttpRequest, after_sale_id: int = Id):
    made = after_sales.withdraw_after_sale(request.actor, aftersale_id=after_sale_id)
    return _order_now(request, made.line.order_id)


@router.post(
    "/me/mall/after-sales/{after_sale_id}/appeal", response={200: shapes.OrderWithPartsOut, **REFUSALS}
)
def appeal(request: HttpRequest, after_sale_id: int = Id):
    """The supplier refused: the union that has the agreement with it rules."""
    made = after_sales.appeal_after_sale(request.actor, aftersale_id=after_sale_id)
    return _order_now(request, made.line.order_id)


@router.post(
    "/me/mall/after-sales/{after_sale_id}/sent", response={200: shapes.OrderWithPartsOut, **REFUSALS}
)
def sent(request: HttpRequest, body: shapes.SentIn, after_sale_id: int = Id):
    """The supplier agreed and it is on its way back, under this number."""
    number = plain_text(body.sent_no)
    made = after_sales.note_sent_back(request.actor, aftersale_id=after_sale_id, sent_no=number)
    return _order_now(request, made.line.order_id)


def after_sale_out(row: AfterSale, order: MallOrder) -> dict:
    same = (
        "line_id", "quantity", "wanted", "reason", "state", "since", "answer", "ruling", "sent_no", "replaced_no",
    )  # fmt: skip
    is_agreed = row.state == AfterSale.State.AGREED
    doors = [verb for verb in ("withdraw", "appeal") if row.state in AFTER_SALE_VERBS[verb]]
    return {name: getattr(row, name) for name in same} | {
        "after_sale_id": row.pk,
        "returns_to": order.shop.returns_to if is_agreed else "",
        "may": [*doors, *(["sent"] if is_agreed else [])],
    }
