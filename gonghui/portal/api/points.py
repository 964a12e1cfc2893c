"""One's own points: balance, lots, statement."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest
from ninja import Query, Router

from gonghui.portal.api import schemas
from gonghui.portal.queries import points as own

router = Router(tags=["points"])
REFUSALS = schemas.REFUSALS
PAGE_SIZE = 20


@router.get("/points", response={200: schemas.PointsOut, **REFUSALS})
def points(request: HttpRequest):
    """Earliest expiry first; spent in that order."""
    accounts = own.own_accounts(request.actor)
    lots = own.own_lots(accounts, own.own_grants(accounts))
    return {"balance": sum(lot.points for lot in lots), "lots": [lot_out(lot) for lot in lots]}


def lot_out(lot: own.LotShown) -> schemas.LotOut:
    return schemas.LotOut(
        title=lot.title, union=lot.union, points=lot.points, good_until=lot.until, sections=list(lot.shelves)
    )


@router.get("/points/statement", response={200: schemas.StatementOut, **REFUSALS})
def statement(request: HttpRequest, page: int = Query(1, ge=1, le=10_000)):
    """Newest first; points and fen never mixed in one number."""
    accounts = own.own_accounts(request.actor)
    pages = Paginator(own.transfers_between(accounts), PAGE_SIZE)
    entries = own.entries(pages.get_page(page), accounts, own.own_grants(accounts))
    return {"items": [entry_out(entry) for entry in entries], "count": pages.count}


def entry_out(entry: own.Entry) -> schemas.EntryLineOut:
    return schemas.EntryLineOut(
        id=entry.id, at=entry.at, title=entry.title, detail=entry.detail, amount=entry.amount,
        unit="points" if entry.is_points else "fen",
    )  # fmt: skip
