"""One transfer in the console: 永久追溯 from the source of the money to who received it, and that it is sealed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from gonghui.kit.console import console_page, page_facts
from gonghui.kit.masks import mask_name
from gonghui.ledger.day_pages import said, unit_of
from gonghui.ledger.kinds import kind_name, subject_names, word_of
from gonghui.ledger.leads import leads_of
from gonghui.ledger.lineage import (
    LOOKED_AT,
    Next,
    Station,
    seen_by,
    transfer_for,
    transfers_beside,
    way_of,
    went_on,
)
from gonghui.ledger.models import LedgerAccount, Transfer
from gonghui.ledger.moments import moments_of, says_moment
from gonghui.ledger.sealing import proof_of


@console_page("ledger/transfers/<uuid:transfer_id>", name="ledger_transfer", needs="ledger.view")
def transfer(request: HttpRequest, transfer_id: UUID) -> HttpResponse:
    row = transfer_for(request.actor, transfer_id)
    beside = transfers_beside(row)
    way = way_of(row, beside)
    last = way[-1].account
    onward = went_on(last) if last.pk not in {station.account.pk for station in way[:-1]} else []
    ends = [end for one in beside for end in (one.debit, one.credit)]
    named = [*(station.account for station in way), *(one.account for one in onward), *ends]
    names = subject_names([row.subject, *(account.name for account in named)])
    seen = seen_by(request.actor, (account.pk for account in named))
    proof = proof_of(row)
    happened = moments_of([row]).get(row.pk)
    facts: dict[str, Any] = {
        "row": row,
        "happened": says_moment(happened) if happened else "",
        "word": word_of(row.code),
        "amount": said(row.amount or row.released, row.ledger),
        "unit": unit_of(row.ledger),
        "subject": names[row.subject],
        "way": [station_facts(station, names, seen) for station in way],
        "leads": leads_of(request.actor, row.subject),
        "holder": account_facts(last, names, seen),
        "onward": [next_facts(one, last, names, seen) for one in onward],
        "looked_at": LOOKED_AT,
        "beside": [beside_facts(one, names, is_this=one.pk == row.pk) for one in beside],
        "proof": proof,
        "root": bytes(proof.block.root).hex() if proof else "",
        "hash": bytes(proof.block.hash).hex() if proof else "",
    }
    return render(request, "ledger/console/transfer.html", page_facts(request, facts["word"], **facts))


def account_facts(account: LedgerAccount, names: dict[str, str], seen: Iterable[int]) -> dict[str, str]:
    """`link` leads to its statement, for who may read that."""
    return {
        "kind": kind_name(account.kind),
        "name": mask_name(account.person.name) if account.person else names[account.name],
        "union": account.union.name,
        "link": reverse("admin:ledger_statement", args=[account.pk]) if account.pk in seen else "",
    }


def station_facts(station: Station, names: dict[str, str], seen: Iterable[int]) -> dict[str, str]:
    facts = account_facts(station.account, names, seen)
    return facts | {"part": str(station.part.label), "code": station.part.value}


def next_facts(one: Next, holder: LedgerAccount, names: dict[str, str], seen: set[int]) -> dict[str, Any]:
    is_seen = one.account.pk in seen or holder.pk in seen
    return account_facts(one.account, names, seen) | {
        "word": word_of(one.code),
        "count": one.count,
        "amount": said(one.amount, holder.ledger),
        "unit": unit_of(holder.ledger),
        "link": reverse("admin:ledger_transfer", args=[one.last_id]) if is_seen else "",
    }


def beside_facts(row: Transfer, names: dict[str, str], *, is_this: bool) -> dict[str, Any]:
    return {
        "id": row.pk,
        "is_this": is_this,
        "word": word_of(row.code),
        "kind": row.get_kind_display(),
        "at": row.at,
        "amount": said(row.amount or row.released, row.ledger),
        "unit": unit_of(row.ledger),
        "from": f"{kind_name(row.debit.kind)} · {names[row.debit.name]}",
        "to": f"{kind_name(row.credit.kind)} · {names[row.credit.name]}",
    }
