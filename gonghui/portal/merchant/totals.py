"""当日总额 for a merchant: that what it is owed stands in the published totals, whole and once. Nobody else's account is seen."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.ledger.day_pages import file_answer
from gonghui.ledger.day_proofs import AccountProof, as_document, proofs_of, proven_by
from gonghui.ledger.days import published_days
from gonghui.ledger.kinds import subject_names
from gonghui.ledger.models import DayTotals, Ledger, LedgerAccount
from gonghui.portal.doors import signed_in
from gonghui.portal.merchant.views import merchant_facts
from gonghui.settlement.queries import own_payables


def _proven(accounts: list[LedgerAccount]) -> tuple[DayTotals | None, list[AccountProof]]:
    totals = published_days(Ledger.FEN).first()
    return totals, proofs_of(accounts, totals) if totals and accounts else []


def _own(request: HttpRequest) -> tuple[Actor, list[LedgerAccount]]:
    actor = signed_in(request)
    require(actor.owns("partner"), NOT_FOUND)
    return actor, own_payables(actor)


@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Each account as it stood that day, computed up to the published root before it is shown."""
    _actor, accounts = _own(request)
    totals, proofs = _proven(accounts)
    by_id = {proof.account_id: proof for proof in proofs}
    names = subject_names(account.name for account in accounts)
    rows = [_row(account, names[account.name], by_id.get(account.pk)) for account in accounts]
    facts = merchant_facts(
        request,
        "money",
        rows=rows,
        totals=totals,
        is_proven=bool(proofs) and proven_by(as_document(totals, proofs)) is not None,
        has_proofs=bool(proofs),
    )
    return render(request, "portal/merchant/totals.html", facts)


def _row(account: LedgerAccount, name: str, proof: AccountProof | None) -> dict[str, Any]:
    facts = {"union": account.union.name, "name": name, "moved": proof is not None}
    if proof is None:
        return facts
    return facts | {"credits": proof.credits, "debits": proof.debits, "owed": proof.credits - proof.debits}


@never_cache
@require_safe
def file(request: HttpRequest) -> HttpResponse:
    """All of one's own accounts; `gonghui ledger totals-check` computes it again."""
    _actor, accounts = _own(request)
    totals, proofs = _proven(accounts)
    require(totals and proofs, NOT_FOUND)
    return file_answer(as_document(totals, proofs), f"gonghui-totals-{totals.day:%Y%m%d}")
