"""What the console's first page says of money: what is left, and what waits for somebody's hand."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from gonghui.funds.models import Budget, BudgetChange, Decision, PointGrant
from gonghui.funds.queries import figures_of
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.console import Figure, figure, waiting
from gonghui.kit.templatetags.kit import wan, yuan

ROOTS_MAX = 500


def within(model, actor: Actor, verb: str):
    return admin.site._registry[model].within(actor, verb)


@figure(needs="budgets.view", order=50)
def money_left(actor: Actor) -> Figure | None:
    """Of the topmost budgets in sight: those below are part of them."""
    seen = within(Budget, actor, "budgets.view").filter(state__in=("approved", "adjusting"))
    roots = list(seen.exclude(parent_id__in=seen.order_by().values("pk"))[:ROOTS_MAX])
    if not roots:
        return None
    figures = figures_of(roots).values()
    came, left = sum(f.amount for f in figures), sum(f.available for f in figures)
    note = _("共 %s 元") % yuan(came)
    return Figure(_("预算可用（元）"), in_wan(left), "savings", reverse("admin:budgets"), note)


def in_wan(fen: int) -> str:
    """A tile has room for the size of it; the page behind says it to the fen."""
    return f"{wan(fen // 100)}"


@waiting(needs="budgets.approve", order=60)
def budgets_to_approve(actor: Actor) -> Figure:
    found = within(Budget, actor, "budgets.approve").filter(state="submitted").exclude(maker_id=actor.user_id)
    found = found.exclude(pk__in=decided("budget"))
    return Figure(_("预算待批准"), found.count(), "fact_check", f"{reverse('admin:budgets')}?show=waiting")


@waiting(needs="budgets.approve", order=61)
def changes_to_decide(actor: Actor) -> Figure:
    found = within(BudgetChange, actor, "budgets.approve").filter(state="proposed")
    found = found.exclude(maker_id=actor.user_id).exclude(pk__in=decided("change"))
    address = f"{reverse('admin:funds_budgetchange_changelist')}?state__exact=proposed"
    return Figure(_("预算调整待批准"), found.count(), "tune", address)


@waiting(needs="points.check", order=62)
def grants_to_check(actor: Actor) -> Figure:
    found = within(PointGrant, actor, "points.check").filter(state="submitted")
    found = found.exclude(maker_id=actor.user_id).exclude(pk__in=decided("grant"))
    address = f"{reverse('admin:funds_pointgrant_changelist')}?state__exact=submitted"
    return Figure(_("福豆发放待复核"), found.count(), "redeem", address)


@waiting(needs="decisions.object", order=64)
def decisions_cooling(actor: Actor) -> Figure:
    found = within(Decision, actor, "budgets.view").filter(state="pending", takes_effect_at__gt=clock.now())
    address = f"{reverse('admin:funds_decision_changelist')}?state__exact=pending"
    return Figure(_("经费决定在冷静期"), found.count(), "front_hand", address)


def decided(matter: str) -> QuerySet:
    """What enough hands agreed to already, and only the clock or a job is waited for."""
    found = Decision.objects.unscoped("a part of what is counted").filter(matter=matter, state="pending")
    return found.values("subject")


@waiting(needs="points.write", order=63)
def grants_to_run(actor: Actor) -> Figure:
    found = within(PointGrant, actor, "points.write").filter(state__in=("checked", "partially_failed"))
    return Figure(
        _("福豆等待发放"), found.count(), "send_money", reverse("admin:funds_pointgrant_changelist")
    )
