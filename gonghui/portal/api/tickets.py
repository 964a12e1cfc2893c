"""One's own tickets: list, show, confirm, return, rate; places in lines."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest
from ninja import Path, Query, Router, Status

from gonghui.activities.actions.visits import rate_visit
from gonghui.benefits.actions.claims import confirm_voucher, return_voucher
from gonghui.kit.masks import mask_name
from gonghui.kit.tokens import voucher_secret
from gonghui.portal.api import schemas
from gonghui.portal.queries import mine
from gonghui.portal.tickets import line_of, ticket_of
from gonghui.portal.views.tickets import own_ticket

router = Router(tags=["tickets"])
REFUSALS = schemas.REFUSALS
PAGE_SIZE = 20
Code = Path(..., min_length=6, max_length=16, pattern="^[0-9A-Z]+$")


@router.get("/tickets", response={200: schemas.TicketsOut, **REFUSALS})
def tickets(request: HttpRequest, past: bool = False, page: int = Query(1, ge=1, le=10_000)):
    found = mine.past_tickets(request.actor) if past else mine.tickets_ahead(request.actor)
    pages = Paginator(found, PAGE_SIZE)
    return {"items": [ticket_of(v) for v in pages.get_page(page)], "count": pages.count}


@router.get("/waiting", response={200: list[schemas.LineOut], **REFUSALS})
def waiting(request: HttpRequest):
    return [line_of(entry) for entry in mine.waiting_entries(request.actor)]


@router.get("/tickets/{code}", response={200: schemas.TicketWithSecretOut, **REFUSALS})
def ticket(request: HttpRequest, code: str = Code):
    voucher = own_ticket(request.actor, code)
    shown = ticket_of(voucher)
    facts = {name: getattr(shown, name) for name in schemas.TicketOut.model_fields}
    return facts | {
        "companions": [mask_name(name) for name in voucher.companions or []],
        "secret": voucher_secret(code).hex() if shown.state == "valid" else "",
    }


@router.post("/tickets/{code}/confirm", response={200: schemas.TicketOut, **REFUSALS})
def confirm(request: HttpRequest, body: schemas.ConfirmIn, code: str = Code):
    voucher = own_ticket(request.actor, code)
    names = body.companions or voucher.companions or []
    confirm_voucher(request.actor, voucher_id=voucher.pk, companions=names)
    return ticket_of(own_ticket(request.actor, code))


@router.delete("/tickets/{code}", response={204: None, **REFUSALS})
def give_back(request: HttpRequest, code: str = Code):
    """Until the cut-off; the seats go down the waiting list at once."""
    return_voucher(request.actor, voucher_id=own_ticket(request.actor, code).pk)
    return Status(204, None)


@router.post("/tickets/{code}/rating", response={204: None, **REFUSALS})
def rate(request: HttpRequest, body: schemas.RatingIn, code: str = Code):
    """Only of a ticket somebody came with, and once."""
    voucher = own_ticket(request.actor, code)
    rate_visit(request.actor, voucher_id=voucher.pk, score=body.score, comment=body.comment)
    return Status(204, None)
