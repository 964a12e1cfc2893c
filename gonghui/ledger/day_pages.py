"""当日总额 in the console: of one account, and of a branch as a whole without naming anybody; each with its file."""

from __future__ import annotations

import json
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.kit.actors import Actor
from gonghui.kit.console import console_page, page_facts
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.identifiers import row_id
from gonghui.kit.templatetags.kit import yuan
from gonghui.ledger import queries
from gonghui.ledger.day_proofs import as_document, proofs_of, proven_by
from gonghui.ledger.days import branch_sums, published_days
from gonghui.ledger.kinds import kind_name
from gonghui.ledger.models import DayTotals, Ledger, LedgerAccount
from gonghui.orgs.models import Union

PROVEN_MAX = 200
"""Accounts in the file of one branch; a larger one asks for its parts."""


def said(amount: int, ledger: int) -> str:
    """Fen as yuan, points as they are; without the unit."""
    return yuan(amount) if ledger == Ledger.FEN else f"{amount:,}"


def unit_of(ledger: int) -> str:
    return _("元") if ledger == Ledger.FEN else _("福豆")


def file_answer(document: dict[str, Any], name: str) -> HttpResponse:
    text = json.dumps(document, ensure_ascii=False, indent=1)
    response = HttpResponse(text, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return response


# --- one account --------------------------------------------------------------------------------------------


def standing_of(account: LedgerAccount) -> dict[str, Any]:
    """How an account the reader may see stands in the last published day; `day` is None where nothing was published."""
    totals = published_days(account.ledger).first()
    if totals is None:
        return {"day": None}
    proven = proven_by(as_document(totals, proofs_of([account], totals)))
    return {
        "day": totals.day,
        "moved": proven is not None,
        "credits": said(proven.credits, account.ledger) if proven else "",
        "debits": said(proven.debits, account.ledger) if proven else "",
        "accounts": totals.accounts,
        "total": said(totals.credits, account.ledger),
        "unit": unit_of(account.ledger),
    }


@console_page("ledger/<int:account_id>/totals.json", name="ledger_account_totals", needs="ledger.view")
def account_totals(request: HttpRequest, account_id: int) -> HttpResponse:
    account = queries.account_for(request.actor, account_id)
    totals = published_days(account.ledger).first()
    proofs = proofs_of([account], totals) if totals else []
    require(totals and proofs, NOT_FOUND)
    return file_answer(as_document(totals, proofs), f"gonghui-totals-{account.pk}-{totals.day:%Y%m%d}")


# --- a branch -----------------------------------------------------------------------------------------------


@console_page(
    "ledger/days", name="ledger_branch", needs="ledger.view", title=gettext_lazy("每日总额核对"), icon="fact_check",
    group="ledger", order=25,
)  # fmt: skip
def branch(request: HttpRequest) -> HttpResponse:
    """One's own subtree, or a union below, beside what was published of all: sums by kind, no account of a person by itself."""
    union = asked_union(request.actor, request.GET.get("union", ""))
    paths = paths_of(request.actor, union)
    tables = [table_of(totals, paths) for totals in last_days()]
    facts: dict[str, Any] = {
        "union": union,
        "name": union.name if union else _("我能看到的全部工会"),
        "tables": tables,
        "day": tables[0]["day"] if tables else None,
        "below": unions_below(request.actor, union),
        "query": f"?union={union.pk}" if union else "",
    }
    return render(request, "ledger/console/branch.html", page_facts(request, _("每日总额核对"), **facts))


def last_days() -> list[DayTotals]:
    """Of each ledger the newest."""
    newest = published_days().first()
    return list(published_days().filter(day=newest.day)) if newest else []


def asked_union(actor: Actor, text: str) -> Union | None:
    number = row_id(text)
    if number is None:
        return None
    union = Union.objects.unscoped("asked of the actor's verbs below").filter(pk=number).first()
    require(union and actor.may("ledger.view", union.path), NOT_FOUND)
    return union


def paths_of(actor: Actor, union: Union | None) -> list[str]:
    return [union.path] if union else actor.whole_paths("ledger.view")


def unions_below(actor: Actor, union: Union | None) -> list[Union]:
    """The next ones down, to look at one by one."""
    found = Union.objects.unscoped("below a union the actor may see").order_by("path")
    if union:
        return list(found.filter(parent_id=union.pk)[:PROVEN_MAX])
    tops = [int(path.rstrip(".").rsplit(".", 1)[-1]) for path in paths_of(actor, None)]
    return list(found.filter(pk__in=tops) if len(tops) > 1 else found.filter(parent_id__in=tops)[:PROVEN_MAX])


def table_of(totals: DayTotals, paths: list[str]) -> dict[str, Any]:
    ledger = totals.ledger
    rows = branch_sums(totals, paths)
    debits, credits = sum(row.debits for row in rows), sum(row.credits for row in rows)
    accounts = unit_accounts(totals, paths)
    proofs = proofs_of(accounts[:PROVEN_MAX], totals)
    proven = proven_by(as_document(totals, proofs))
    return {
        "day": totals.day,
        "ledger": ledger,
        "name": totals.get_ledger_display(),
        "unit": unit_of(ledger),
        "rows": [
            {"kind": kind_name(row.kind), "accounts": row.accounts, "credits": said(row.credits, ledger),
             "debits": said(row.debits, ledger), "balance": said(row.credits - row.debits, ledger)}
            for row in rows
        ],
        "accounts": sum(row.accounts for row in rows),
        "credits": said(credits, ledger),
        "debits": said(debits, ledger),
        "balance": said(credits - debits, ledger),
        "all_accounts": totals.accounts,
        "all": said(totals.credits, ledger),
        "proven": proven.accounts if proven else 0,
        "is_wrong": bool(proofs) and proven is None,
        "is_cut": len(accounts) > PROVEN_MAX,
    }  # fmt: skip


def unit_accounts(totals: DayTotals, paths: list[str]) -> list[LedgerAccount]:
    """Of unions, not of people, that had moved something; one more than a file takes."""
    below = reduce(or_, (Q(union__path__startswith=path) for path in paths), Q(pk__in=[]))
    found = LedgerAccount.objects.unscoped("below paths the actor may see").filter(
        below, ledger=totals.ledger, person__isnull=True
    )
    return list(found.exclude(debits_posted=0, credits_posted=0).order_by("pk")[: PROVEN_MAX + 1])


@console_page("ledger/days/<int:ledger>.json", name="ledger_branch_file", needs="ledger.view")
def branch_file(request: HttpRequest, ledger: int) -> HttpResponse:
    union = asked_union(request.actor, request.GET.get("union", ""))
    totals = next((row for row in last_days() if row.ledger == ledger), None)
    require(totals, NOT_FOUND)
    accounts = unit_accounts(totals, paths_of(request.actor, union))[:PROVEN_MAX]
    proofs = proofs_of(accounts, totals)
    require(proofs, NOT_FOUND)
    name = f"gonghui-totals-{union.pk if union else 'all'}-{ledger}-{totals.day:%Y%m%d}"
    return file_answer(as_document(totals, proofs), name)
