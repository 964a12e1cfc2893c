"""A merchant's statements: read line by line, confirmed as a whole, disputed by the line."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest
from ninja import Path, Query, Router

from gonghui.kit.errors import NOT_FOUND, require
from gonghui.portal.api import schemas
from gonghui.portal.api import statement_schemas as shapes
from gonghui.portal.till import plain_text
from gonghui.settlement import actions
from gonghui.settlement.models import Statement, StatementLine
from gonghui.settlement.queries import line_name, lines_of, own_statement, own_statements

router = Router(tags=["merchant"])
REFUSALS = schemas.REFUSALS
PAGE_SIZE = 50
Id = Path(..., ge=1, le=2**63 - 1)
SUMS = ("list_fen", "merchant_fen", "union_fen", "employer_fen", "points_fen", "cash_fen", "online_fen", "adjusted_fen",
        "owed_fen")  # fmt: skip


@router.get("/statements", response={200: shapes.StatementsOut, **REFUSALS})
def statements(request: HttpRequest, page: int = Query(1, ge=1, le=10_000)):
    """Of the merchants one acts for, newest first; what was not sent yet is left out."""
    pages = Paginator(own_statements(request.actor), PAGE_SIZE)
    return {"items": [statement_out(row) for row in pages.get_page(page)], "count": pages.count}


@router.get("/statements/{statement_id}", response={200: shapes.StatementOut, **REFUSALS})
def statement(request: HttpRequest, statement_id: int = Id):
    return statement_out(own_statement(request.actor, statement_id))


def statement_out(row: Statement) -> dict:
    same = ("number", "state", "fee_fen", "returned_fen", "carried_fen", "total_fen", *SUMS)
    return {name: getattr(row, name) for name in same} | {
        "statement_id": row.pk,
        "partner": row.partner.name,
        "union": row.union.name,
        "starts_on": row.period.starts_on,
        "ends_on": row.period.ends_on,
    }


@router.get("/statements/{statement_id}/lines", response={200: shapes.LinesOut, **REFUSALS})
def lines(request: HttpRequest, statement_id: int = Id, page: int = Query(1, ge=1, le=100_000)):
    row = own_statement(request.actor, statement_id)
    pages = Paginator(lines_of(row), PAGE_SIZE)
    return {"items": [line_out(line) for line in pages.get_page(page)], "count": pages.count}


def line_out(line: StatementLine) -> dict:
    disputes = list(line.disputes.all())
    return {name: getattr(line, name) for name in ("kind", "at", "fee_fen", *SUMS)} | {
        "line_id": line.pk,
        "number": line_name(line),
        "store": line.store.name if line.store else "",
        "dispute": disputes[-1].state if disputes else "",
    }


@router.post("/statements/{statement_id}/confirm", response={200: shapes.StatementOut, **REFUSALS})
def confirm(request: HttpRequest, body: shapes.ConfirmIn, statement_id: int = Id):
    """Of the very total that was read."""
    own_statement(request.actor, statement_id)
    actions.confirm_statement(request.actor, statement_id=statement_id, total_fen=body.total_fen)
    return statement_out(own_statement(request.actor, statement_id))


@router.post("/statements/{statement_id}/disputes", response={200: shapes.StatementOut, **REFUSALS})
def dispute(request: HttpRequest, body: shapes.DisputeIn, statement_id: int = Id):
    row = own_statement(request.actor, statement_id)
    require(row.lines.filter(pk=body.line_id).exists(), NOT_FOUND)
    actions.dispute_line(request.actor, line_id=body.line_id, reason=plain_text(body.reason))
    return statement_out(own_statement(request.actor, statement_id))
