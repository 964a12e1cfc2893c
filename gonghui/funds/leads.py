"""From a transfer to the pages of the budget, the grant or the source it was made for."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from gonghui.funds.models import Budget, FundReceipt, PointGrant
from gonghui.kit.actors import Actor
from gonghui.ledger.leads import LEADERS, Lead

WHY = "the name of what a transfer already seen was made for"


def budget_lead(actor: Actor, budget: Budget, *, label: str = "", detail: str = "") -> Lead:
    sees = actor.may("budgets.view", budget.union.path)
    address = reverse("admin:budget", args=[budget.pk]) if sees else ""
    return Lead(label or _("预算"), f"{budget.name} · {budget.union.name}", address, detail)


def of_budget(actor: Actor, budget_id: int) -> list[Lead]:
    found = Budget.objects.unscoped(WHY).select_related("union").filter(pk=budget_id)
    return [budget_lead(actor, budget) for budget in found]


def of_grant(actor: Actor, grant_id: int) -> list[Lead]:
    grant = (
        PointGrant.objects.unscoped(WHY).select_related("union", "budget__union").filter(pk=grant_id).first()
    )
    if grant is None:
        return []
    sees = actor.may("points.view", grant.union.path)
    address = reverse("admin:point_grant", args=[grant.pk]) if sees else ""
    return [Lead(_("发放福豆"), grant.title, address, grant.union.name), budget_lead(actor, grant.budget)]


def of_receipt(actor: Actor, receipt_id: int) -> list[Lead]:
    receipt = FundReceipt.objects.unscoped(WHY).select_related("source__union").filter(pk=receipt_id).first()
    if receipt is None:
        return []
    source = receipt.source
    sees = actor.may("budgets.view", source.union.path)
    address = reverse("admin:funds_fundsource_change", args=[source.pk]) if sees else ""
    return [Lead(_("经费来源"), source.name, address, source.union.name)]


def register_leads() -> None:
    for word, told in (("budget", of_budget), ("grant", of_grant), ("receipt", of_receipt)):
        LEADERS[word].append(told)
