"""我的账: what one has, how it came and went, and the proof of it."""

from __future__ import annotations

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from gonghui.kit.errors import NOT_FOUND, require
from gonghui.ledger import day_proofs
from gonghui.ledger.day_pages import file_answer, standing_of
from gonghui.ledger.days import published_days
from gonghui.ledger.proofs import as_document
from gonghui.ledger.sealing import proof_of
from gonghui.portal.doors import signed_in
from gonghui.portal.queries import points as own

PAGE_SIZE = 20


@never_cache
@require_safe
def points(request: HttpRequest) -> HttpResponse:
    actor = signed_in(request)
    accounts = own.own_accounts(actor)
    grants = own.own_grants(accounts)
    lots = own.own_lots(accounts, grants)
    page = Paginator(own.transfers_between(accounts), PAGE_SIZE).get_page(request.GET.get("page"))
    facts = {
        "tab": "me",
        "balance": sum(lot.points for lot in lots),
        "lots": lots,
        "nearest": lots[0] if lots and lots[0].is_soon else None,
        "page": page,
        "entries": own.entries(page, accounts, grants),
    }
    return render(request, "portal/points/points.html", facts)


@never_cache
@require_safe
def entry(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Where it came from and went to, and that it stands in the sealed history."""
    row, accounts = own.own_transfer(signed_in(request), entry_id)
    shown = own.entry(row, accounts, own.own_grants(accounts), own.partners_of([row.subject]))
    facts = {
        "tab": "me",
        "entry": shown,
        "row": row,
        "steps": own.way_of(row, accounts, shown),
        "proof": (proof := proof_of(row)),
        "root": bytes(proof.block.root).hex() if proof else "",
        "hash": bytes(proof.block.hash).hex() if proof else "",
    }
    return render(request, "portal/points/entry.html", facts)


@never_cache
@require_safe
def proof(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """The proof as a file; `gonghui ledger proof-check` computes it again."""
    row, _accounts = own.own_transfer(signed_in(request), entry_id)
    found = proof_of(row)
    require(found, NOT_FOUND)
    return file_answer(as_document(found), f"gonghui-proof-{row.pk}")


@never_cache
@require_safe
def standing(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """How the account this entry stands in counts in the published totals of the last day."""
    row, accounts = own.own_transfer(signed_in(request), entry_id)
    facts = {"tab": "me", "row": row, "standing": standing_of(own.own_side(row, accounts))}
    return render(request, "portal/points/totals.html", facts)


@never_cache
@require_safe
def totals(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """That one's own account stands in the published totals of the last day; `gonghui ledger totals-check` computes it again."""
    row, accounts = own.own_transfer(signed_in(request), entry_id)
    account = own.own_side(row, accounts)
    day = published_days(account.ledger).first()
    proofs = day_proofs.proofs_of([account], day) if day else []
    require(day and proofs, NOT_FOUND)
    return file_answer(day_proofs.as_document(day, proofs), f"gonghui-totals-{account.pk}-{day.day:%Y%m%d}")
