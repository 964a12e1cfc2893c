"""Back-office screens of the ledger: accounts with their statements, the trial balance, what is sealed. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.kit import clock
from gonghui.kit.console import (
    Amount,
    ChoicesDropdownFilter,
    DropdownFilter,
    ScopedAdmin,
    SmallNameSearch,
    console_page,
    link_column,
    money,
    number,
    page_facts,
    subtree_filter,
    when_column,
)
from gonghui.kit.console.exporting import record_export, sheet_answer
from gonghui.kit.errors import require
from gonghui.kit.identifiers import row_id
from gonghui.kit.masks import mask_name
from gonghui.kit.sheets import Column
from gonghui.ledger import errors, queries, transfer_page, verify  # noqa: F401 - the page is registered
from gonghui.ledger.day_pages import said, standing_of
from gonghui.ledger.kinds import KINDS, kind_name, subject_names, word_of
from gonghui.ledger.models import Block, Ledger, LedgerAccount, Transfer
from gonghui.ledger.moments import Moment, in_sheet, moments_of, says_moment

SHEET_ROWS_MAX = 20_000
SHEET_CHUNK = 1_000
CUT_SHORT = gettext_lazy("这张表有 {count} 笔，到序号 {seq} 为止。更早的请翻到“更早的明细”再导出。")


class KindFilter(DropdownFilter):
    title, parameter_name = gettext_lazy("科目"), "kind"

    def lookups(self, request, model_admin):
        return [(code, str(name)) for code, name in KINDS.items()]

    def queryset(self, request, queryset):
        return queryset.filter(kind=self.value()) if self.value() in KINDS else queryset


def amount_column(title, of: Callable[[LedgerAccount], int]) -> Callable:
    """A method of the screen: an amount of the account as it is read."""

    @display(description=title)
    def column(_screen: ScopedAdmin, row: LedgerAccount) -> Amount:
        return money(of(row)) if row.ledger == Ledger.FEN else number(of(row))

    return column


def with_names(rows: list[LedgerAccount]) -> list[LedgerAccount]:
    """What each account is of, in words; a statement a kind."""
    names = subject_names(row.name for row in rows)
    for row in rows:
        row.__dict__["_named"] = names[row.name]
    return rows


def name_of(row: LedgerAccount) -> str:
    """As `with_names` left it; of a single row it is asked."""
    return row.__dict__.get("_named") or subject_names([row.name])[row.name]


def statement_address(account: LedgerAccount) -> str:
    return reverse("admin:ledger_statement", args=[account.pk])


@admin.register(LedgerAccount)
class LedgerAccountAdmin(ScopedAdmin):
    icon, order = "account_balance_wallet", 10
    view_verb, export_verb, export_people = "ledger.view", "reports.export", ("person",)
    search = SmallNameSearch("name")
    search_help_text = gettext_lazy("账户代号，例如 budget:7")
    empty_hint = gettext_lazy("有了经费来源、预算和福豆，它们的账户自动出现在这里。")
    list_display = (
        link_column(gettext_lazy("账户"), statement_address, name_of),
        "kind_shown",
        "union",
        "owner",
        "ledger",
        "balance_shown",
        "available_shown",
        when_column("closed_at", gettext_lazy("关闭")),
    )
    list_select_related = ("union", "person")
    list_filter = (
        subtree_filter(), KindFilter, ("ledger", ChoicesDropdownFilter), ("limited", ChoicesDropdownFilter),
    )  # fmt: skip
    ordering = ("-id",)
    fields = (
        ("name_shown", "kind_shown"), ("union", "owner"), ("ledger", "limited"), ("balance_shown", "available_shown"),
        ("received", "given"), ("receiving", "giving"), ("within", "expires_at", "closed_at"),
    )  # fmt: skip

    balance_shown = amount_column(gettext_lazy("余额"), lambda row: row.balance)
    available_shown = amount_column(gettext_lazy("可用"), lambda row: row.available)
    received = amount_column(gettext_lazy("累计收入"), lambda row: row.credits_posted)
    given = amount_column(gettext_lazy("累计支出"), lambda row: row.debits_posted)
    receiving = amount_column(gettext_lazy("待收入"), lambda row: row.credits_pending)
    giving = amount_column(gettext_lazy("待支出"), lambda row: row.debits_pending)

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        own = ("name_shown", "kind_shown", "owner", "balance_shown", "available_shown")
        return [*super().get_readonly_fields(request, obj), *own, "received", "given", "receiving", "giving"]

    def get_changelist_instance(self, request: HttpRequest):
        found = super().get_changelist_instance(request)
        with_names(list(found.result_list))
        return found

    def _in_chunks(self, found) -> Iterator[LedgerAccount]:
        left = iter(super()._in_chunks(found))
        while rows := list(islice(left, SHEET_CHUNK)):
            yield from with_names(rows)

    @display(description=gettext_lazy("账户"))
    def name_shown(self, row: LedgerAccount) -> str:
        return name_of(row)

    @display(description=gettext_lazy("科目"))
    def kind_shown(self, row: LedgerAccount) -> str:
        return kind_name(row.kind)

    @display(description=gettext_lazy("会员"))
    def owner(self, row: LedgerAccount) -> str:
        return mask_name(row.person.name) if row.person else "—"


# --- Statement ----------------------------------------------------------------------------------------------


@console_page("ledger/<int:account_id>", name="ledger_statement", needs="ledger.view")
def statement(request: HttpRequest, account_id: int) -> HttpResponse:
    """Newest first; `before` turns the page, `on` asks for the balance at the end of a day."""
    account = queries.account_for(request.actor, account_id)
    before = row_id(request.GET.get("before", ""))
    lines = queries.statement(account, before_seq=before, rows=queries.STATEMENT_ROWS + 1)
    shown = lines[: queries.STATEMENT_ROWS]
    names, moments = names_on(shown), moments_of(line.transfer for line in shown)
    day = parse_day(request.GET.get("on", ""))
    facts: dict[str, Any] = {
        "account": account,
        "owner": mask_name(account.person.name) if account.person else "",
        "kind": kind_name(account.kind),
        "unit": _("元") if account.ledger == Ledger.FEN else _("福豆"),
        "figures": figures_of(account),
        "lines": [line_facts(account, line, names, moments) for line in shown],
        "standing": standing_of(account),
        "older": shown[-1].transfer.seq if len(lines) > len(shown) else None,
        "day": day,
        "asked": request.GET.get("on", ""),
        "balance_then": said(queries.balance_at(account, at=end_of(day)), account.ledger) if day else "",
        "may_export": not account.person_id and request.actor.may("reports.export", account.union.path),
        "sheet": reverse("admin:ledger_statement_sheet", args=[account.pk])
        + (f"?before={before}" if before else ""),
    }
    return render(request, "ledger/console/statement.html", page_facts(request, name_of(account), **facts))


def parse_day(text: str) -> Any:
    try:
        return parse_date(text)
    except ValueError:
        return None


def end_of(day: Any) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(0), clock.CHINA) - timedelta(microseconds=1)


def figures_of(account: LedgerAccount) -> list[tuple[str, str]]:
    ledger = account.ledger
    return [
        (_("余额"), said(account.balance, ledger)),
        (_("可用"), said(account.available, ledger)),
        (_("累计收入"), said(account.credits_posted, ledger)),
        (_("累计支出"), said(account.debits_posted, ledger)),
        (_("预留中"), said(account.debits_pending, ledger)),
    ]


def names_on(lines: list[queries.Line]) -> dict[str, str]:
    transfers = [line.transfer for line in lines]
    return subject_names(name for t in transfers for name in (t.subject, t.debit.name, t.credit.name))


def line_facts(
    account: LedgerAccount, line: queries.Line, names: dict[str, str], moments: Mapping[UUID, Moment]
) -> dict[str, Any]:
    """One line as it is read: the other side by name, members masked; when it happened, where that is apart."""
    transfer = line.transfer
    other = transfer.debit if transfer.credit_id == account.pk else transfer.credit
    moved = line.amount or (transfer.amount or transfer.released) * (
        1 if transfer.credit_id == account.pk else -1
    )
    return {
        "seq": transfer.seq,
        "at": transfer.at,
        "happened": says_moment(happened) if (happened := moments.get(transfer.pk)) else "",
        "word": word_of(transfer.code),
        "kind": transfer.get_kind_display(),
        "moves": bool(line.amount),
        "other": f"{other.union.name} · {kind_name(other.kind)} · {names[other.name]}",
        "other_id": other.pk,
        "amount": f"{'+' if moved > 0 else ''}{said(moved, account.ledger)}",
        "balance": said(line.balance, account.ledger),
        "subject": names[transfer.subject],
        "id": transfer.pk,
    }


def sheet_columns(ledger: int) -> list[Column]:
    amounts = "money" if ledger == Ledger.FEN else "number"
    return [
        Column(_("序号"), 10, "number"), Column(_("时间"), 20, "datetime"),
        Column(_("发生时间（与记账不同的）"), 24, "datetime"), Column(_("事由"), 16), Column(_("类型"), 12),
        Column(_("对方"), 36), Column(_("收入"), 14, amounts), Column(_("支出"), 14, amounts), Column(_("余额"), 14, amounts),
        Column(_("凭证"), 24), Column(_("编号"), 38),
    ]  # fmt: skip


@console_page("ledger/<int:account_id>/sheet", name="ledger_statement_sheet", needs="ledger.view")
def statement_sheet(request: HttpRequest, account_id: int) -> HttpResponse:
    account = queries.account_for(request.actor, account_id)
    require(request.actor.may("reports.export", account.union.path))
    require(account.person_id is None, errors.OF_A_MEMBER)
    found = queries.statement(
        account, before_seq=row_id(request.GET.get("before", "")), rows=SHEET_ROWS_MAX + 1
    )
    lines = found[:SHEET_ROWS_MAX]
    names, moments = names_on(lines), moments_of(line.transfer for line in lines)
    record_export(
        request.actor, table=Transfer._meta.db_table, count=len(lines), asked={"account": account.pk}
    )
    rows = (sheet_row(account, line, names, moments) for line in lines)
    notes = (
        [CUT_SHORT.format(count=f"{len(lines):,}", seq=lines[-1].transfer.seq)]
        if len(found) > len(lines)
        else []
    )
    return sheet_answer(
        sheet_columns(account.ledger), rows, name=f"{_('对账单')}-{name_of(account)}", notes=notes
    )


def sheet_row(
    account: LedgerAccount, line: queries.Line, names: dict[str, str], moments: Mapping[UUID, Moment]
) -> list[Any]:
    facts, transfer = line_facts(account, line, names, moments), line.transfer
    happened = in_sheet(moments.get(transfer.pk))
    return [
        transfer.seq, transfer.at, happened, facts["word"], str(facts["kind"]), facts["other"], max(line.amount, 0) or None,
        max(-line.amount, 0) or None, line.balance, transfer.subject, str(transfer.pk),
    ]  # fmt: skip


# --- Trial balance ------------------------------------------------------------------------------------------


@console_page(
    "ledger/trial", name="ledger_trial", needs="ledger.view", title=gettext_lazy("试算平衡"), icon="balance",
    group="ledger", order=20,
)  # fmt: skip
def trial(request: HttpRequest) -> HttpResponse:
    """What the accounts within one's subtree add up to, by ledger and kind, now or at the end of a day; how far the history
    is sealed."""
    day = parse_day(request.GET.get("on", ""))
    lines = trial_lines(request, day)
    tables = [
        {"name": Ledger(ledger).label, "rows": [trial_row(line) for line in lines if line.ledger == ledger]}
        for ledger in sorted({line.ledger for line in lines})
    ]
    last = Block.objects.order_by("-number").first()
    facts = {"tables": tables, "sealed": last, "sealed_hash": bytes(last.hash).hex() if last else "",
             "unsealed": verify.unsealed_count(), "day": day, "asked": request.GET.get("on", ""),
             "may_export": request.actor.may_anywhere("reports.export")}  # fmt: skip
    return render(request, "ledger/console/trial.html", page_facts(request, _("试算平衡"), **facts))


def trial_lines(request: HttpRequest, day: Any) -> list[queries.TrialLine]:
    if day is None:
        return queries.trial_balance(request.actor)
    return queries.trial_balance_at(request.actor, end_of(day))


def trial_row(line: queries.TrialLine) -> dict[str, Any]:
    return {
        "kind": kind_name(line.kind),
        "accounts": line.accounts,
        "debits": said(line.debits, line.ledger),
        "credits": said(line.credits, line.ledger),
        "pending": said(line.pending, line.ledger),
        "balance": said(line.balance, line.ledger),
    }


@console_page("ledger/trial.xlsx", name="ledger_trial_sheet", needs="ledger.view")
def trial_sheet(request: HttpRequest) -> HttpResponse:
    """Fen in yuan, points as they are: each ledger has its own rows and its own sum."""
    require(request.actor.may_anywhere("reports.export"))
    day = parse_day(request.GET.get("on", ""))
    lines = trial_lines(request, day)
    columns = [Column(_("账本"), 10), Column(_("科目"), 24), Column(_("账户"), 10, "number"),
               *(Column(name, 18, "number") for name in (_("借方（支出）"), _("贷方（收入）"), _("余额")))]  # fmt: skip
    asked = {"trial": f"{day or ''}"}
    record_export(request.actor, table=LedgerAccount._meta.db_table, count=len(lines), asked=asked)
    return sheet_answer(
        columns, trial_sheet_rows(lines), name=_("试算平衡"), day=f"{day:%Y%m%d}" if day else ""
    )


def trial_sheet_rows(lines: list[queries.TrialLine]) -> Iterator[list[Any]]:
    for ledger in sorted({line.ledger for line in lines}):
        unit = 100 if ledger == Ledger.FEN else 1
        own = [line for line in lines if line.ledger == ledger]
        name = f"{Ledger(ledger).label}"
        for line in own:
            figures = (line.debits, line.credits, line.balance)
            yield [name, kind_name(line.kind), line.accounts, *(Decimal(n) / unit for n in figures)]
        sums = (
            sum(line.debits for line in own),
            sum(line.credits for line in own),
            sum(line.balance for line in own),
        )
        yield [name, _("合计"), sum(line.accounts for line in own), *(Decimal(n) / unit for n in sums)]
