"""From a payout or a fee to the statement it belongs to, and from there to the budgets that gave the money."""

from __future__ import annotations

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from gonghui.bills.leads import funder_lead
from gonghui.kit.actors import Actor
from gonghui.kit.templatetags.kit import yuan
from gonghui.ledger.leads import LEADERS, Lead
from gonghui.settlement.models import Adjustment, Payout, Statement, StatementLine

WHY = "the name of what a transfer already seen was made for"
DEEP = ("union", "partner", "period")


def statement_lead(actor: Actor, row: Statement) -> Lead:
    sees = actor.may("settlements.view", row.union.path)
    said = _("{partner}，{period}，{bills} 张账单、{refunds} 笔退货").format(
        partner=row.partner.name, period=row.period, bills=row.bill_count, refunds=row.refund_count
    )
    return Lead(_("结算单"), row.number, reverse("admin:statement", args=[row.pk]) if sees else "", said)


def funders_of(actor: Actor, row: Statement) -> list[Lead]:
    """By budget, what it gave on this statement after refunds, and its way from the source."""
    found = row.funders.select_related("budget__union").order_by("payer", "budget_id")
    return [
        funder_lead(actor, one.budget, _("{fen} 元").format(fen=yuan(one.net_fen)))
        for one in found
        if one.net_fen
    ]


def of_payout(actor: Actor, payout_id: int) -> list[Lead]:
    payout = Payout.objects.unscoped(WHY).defer("account").select_related("batch__union").filter(pk=payout_id)
    found = payout.first()
    if found is None:
        return []
    sees = actor.may("settlements.view", found.batch.union.path)
    address = reverse("admin:payout_batch", args=[found.batch_id]) if sees else ""
    batch = Lead(_("付款批次"), found.number, address, found.get_state_display())
    row = Statement.objects.unscoped(WHY).select_related(*DEEP).get(pk=found.statement_id)
    before = [statement_lead(actor, one) for one in row.carries.select_related(*DEEP).order_by("id")]
    return [statement_lead(actor, row), *before, *funders_of(actor, row), batch]


def of_statement(actor: Actor, statement_id: int) -> list[Lead]:
    found = Statement.objects.unscoped(WHY).select_related(*DEEP).filter(pk=statement_id)
    return [statement_lead(actor, row) for row in found]


def of_adjustment(actor: Actor, adjustment_id: int) -> list[Lead]:
    found = Adjustment.objects.unscoped(WHY).select_related("budget__union").filter(pk=adjustment_id).first()
    if found is None:
        return []
    return [*of_statement(actor, found.statement_id), funder_lead(actor, found.budget)]


def stated(actor: Actor, which: Q) -> list[Lead]:
    """The statement a bill or a refund stands on; nothing before it is stated."""
    lines = StatementLine.objects.unscoped(WHY).filter(which)
    return [lead for line in lines for lead in of_statement(actor, line.statement_id)]


def of_bill(actor: Actor, bill_id: int) -> list[Lead]:
    return stated(actor, Q(bill_id=bill_id))


def of_refund(actor: Actor, refund_id: int) -> list[Lead]:
    return stated(actor, Q(refund_id=refund_id))


def register_leads() -> None:
    told = {"payout": of_payout, "statement": of_statement, "adjustment": of_adjustment, "bill": of_bill,
            "bill_refund": of_refund}  # fmt: skip
    for word, leader in told.items():
        LEADERS[word].append(leader)
