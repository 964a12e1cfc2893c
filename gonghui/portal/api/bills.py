"""One's own bills, what one thinks of them, whose WeChat pays; for tills of city apps a sale quoted, made and taken back."""

from __future__ import annotations

from datetime import UTC

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from ninja import Path, Query, Router, Status

from gonghui.bills.actions.ratings import rate_bill
from gonghui.bills.actions.refunds import refund_bill
from gonghui.bills.actions.selling import quote_sale, sell
from gonghui.bills.models import Bill
from gonghui.bills.selling import Back, Sale
from gonghui.kit.errors import NOT_ALLOWED, require
from gonghui.kit.ports import PortFailed, port
from gonghui.payments.actions.identities import forget_identity
from gonghui.payments.collecting import learn_login
from gonghui.payments.queries import openid_to_pay
from gonghui.portal.api import bill_schemas as shapes
from gonghui.portal.api import schemas
from gonghui.portal.api.offers import lines_of, quote_out
from gonghui.portal.queries import bills as found
from gonghui.portal.till import customer_held, plain_text

router = Router(tags=["bills"])
counter = Router(tags=["counter"])
REFUSALS = schemas.REFUSALS
PAGE_SIZE = 20
Id = Path(..., ge=1, le=2**63 - 1)


@router.get("/me/bills", response={200: shapes.BillsOut, **REFUSALS})
def bills(request: HttpRequest, page: int = Query(1, ge=1, le=10_000)):
    """Newest first."""
    pages = Paginator(found.own_bills(request.actor), PAGE_SIZE)
    return {"items": [bill_out(bill) for bill in pages.get_page(page)], "count": pages.count}


@router.get("/me/bills/{bill_id}", response={200: shapes.BillWithLinesOut, **REFUSALS})
def bill(request: HttpRequest, bill_id: int = Id):
    return bill_with_lines(found.own_bill(request.actor, bill_id))


@router.post("/me/bills/{bill_id}/rating", response={204: None, **REFUSALS})
def rate(request: HttpRequest, body: schemas.RatingIn, bill_id: int = Id):
    """Whether the offer helped, in stars and words. Only of one's own settled bill, and once."""
    bill = found.own_bill(request.actor, bill_id)
    rate_bill(request.actor, bill_id=bill.pk, score=body.score, comment=plain_text(body.comment))
    return Status(204, None)


@router.get("/me/wechat", response={200: shapes.WechatOut, **REFUSALS})
def wechat(request: HttpRequest):
    """Whether the payer's WeChat is known. It says whose it is only to a page open in WeChat itself: an app leads there."""
    try:
        appid = port("wechat_identity").appid
    except PortFailed:
        return {"is_connected": False, "connect_address": ""}
    is_connected = bool(openid_to_pay(appid, person_id=request.actor.person_id))
    address = f"{reverse('wechat_authorise')}?{urlencode({'next': reverse('my_bills')})}"
    return {"is_connected": is_connected, "connect_address": request.build_absolute_uri(address)}


@router.post("/me/wechat", response={204: None, **REFUSALS})
def connect_wechat(request: HttpRequest, body: shapes.LoginIn):
    """What `wx.login` gave a mini-program: from now on WeChat messages reach this member. Another member's stays theirs."""
    require(request.actor.person_id, NOT_ALLOWED)
    learn_login(request.actor, code=body.code)
    return Status(204, None)


@router.delete("/me/wechat", response={204: None, **REFUSALS})
def forget_wechat(request: HttpRequest):
    """The next payment asks WeChat again. Nothing to forget is no error."""
    forget_identity(request.actor)
    return Status(204, None)


def bill_out(bill: Bill) -> dict:
    same = ("at", "state", "method", "list_fen", "due_fen", "points", "refunded_fen")
    return {"bill_id": bill.pk, "store": bill.store.name, **{name: getattr(bill, name) for name in same}}


def bill_with_lines(bill: Bill) -> dict:
    shown = found.bill_shown(bill)
    same = ("name", "quantity", "list_fen", "refunded_quantity", "refunded_fen")
    lines = [
        {"line_id": one.line.pk, **{name: getattr(one.line, name) for name in same}} for one in shown.lines
    ]
    parts = [{"payer": part.payer, "fen": part.fen} for part in shown.payers]
    return bill_out(bill) | {"held_until": bill.held_until, "parts": parts, "lines": lines}


# --- the till of another app --------------------------------------------------------------------------------


@counter.post("/sales/quote", response={200: shapes.SaleQuoteOut, **REFUSALS})
def quote(request: HttpRequest, body: shapes.SaleQuoteIn):
    """A dry run. Sell with the `customer` it gives back: a pay code lives a minute, a basket longer."""
    customer = customer_held(request.actor, body.customer, body.store_id) if body.customer.strip() else ""
    quoted = quote_sale(request.actor, sale_of(shapes.SaleIn(key=NO_KEY, **body.dict()), customer))
    return quote_out(quoted.quote).dict() | {"customer": customer, "holder": quoted.person}


@counter.post("/sales", response={200: shapes.BillWithLinesOut, **REFUSALS})
def sale(request: HttpRequest, body: shapes.SaleIn):
    """The same key again is the same bill. By WeChat it is held until the member has paid on their phone."""
    made = sell(request.actor, sale=sale_of(body, body.customer))
    return bill_with_lines(found.store_bill(request.actor, made.pk))


NO_KEY = "00000000-0000-4000-8000-000000000000"


def sale_of(body: shapes.SaleIn, customer: str) -> Sale:
    return Sale(
        key=body.key, store_id=body.store_id, customer=customer, lines=lines_of(body.lines), points=body.points,
        method=body.method, shown_due_fen=body.shown_due_fen, is_family=body.is_family,
        shown_gifts=frozenset(body.shown_gifts), without=frozenset(body.without),
    )  # fmt: skip


@counter.get("/bills/{bill_id}", response={200: shapes.BillWithLinesOut, **REFUSALS})
def store_bill(request: HttpRequest, bill_id: int = Id):
    return bill_with_lines(found.store_bill(request.actor, bill_id))


@counter.post("/bills/{bill_id}/refunds", response={200: shapes.RefundOut, **REFUSALS})
def refund(request: HttpRequest, body: shapes.RefundIn, bill_id: int = Id):
    """The same key again is the same refund."""
    backs = [Back(one.line_id, one.quantity, one.list_fen) for one in body.lines]
    bill = found.store_bill(request.actor, bill_id)
    reason = plain_text(body.reason)
    made = refund_bill(request.actor, bill_id=bill.pk, key=body.key, back=backs, reason=reason)
    same = ("bill_id", "list_fen", "worker_fen", "points")
    return {
        "refund_id": made.pk,
        "at": made.at.astimezone(UTC),
        **{name: getattr(made, name) for name in same},
    }
