"""Figures of budgets, from the accounts and their transfers; none of them is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from gonghui.funds.models import Budget, FundSource
from gonghui.kit.actors import Actor

FIGURES = """
WITH asked AS (
    SELECT b.id, b.account_id FROM funds_budget b WHERE b.id = ANY(%(ids)s)
), part AS (
    SELECT id AS of_id, id AS budget_id, false AS is_child FROM asked
     UNION ALL
    SELECT a.id, c.id, true FROM asked a JOIN funds_budget c ON c.parent_id = a.id AND c.account_id IS NOT NULL
), came AS (
    SELECT p.of_id, p.is_child, sum(CASE t.code WHEN 'return_unused' THEN -t.amount ELSE t.amount END) AS fen
      FROM part p JOIN ledger_transfer t
        ON t.subject = 'budget:' || p.budget_id AND t.code IN ('appropriate', 'allot', 'return_unused')
     GROUP BY p.of_id, p.is_child
), kept AS (
    SELECT a.id AS of_id, sum(l.credits_posted - l.debits_posted) AS fen
      FROM asked a JOIN ledger_account l ON l.within_id = a.account_id AND l.kind IN ('commitment', 'backing')
     GROUP BY a.id
)
SELECT a.id, coalesce(own.fen, 0)::bigint, coalesce(child.fen, 0)::bigint, coalesce(kept.fen, 0)::bigint,
       coalesce(l.credits_posted - l.debits_posted, 0)::bigint, coalesce(l.debits_pending, 0)::bigint
  FROM asked a
  LEFT JOIN ledger_account l ON l.id = a.account_id
  LEFT JOIN came own ON own.of_id = a.id AND NOT own.is_child
  LEFT JOIN came child ON child.of_id = a.id AND child.is_child
  LEFT JOIN kept ON kept.of_id = a.id
"""


@dataclass(frozen=True, slots=True)
class BudgetFigures:
    """Fen. `amount` = allotted + committed + spent + available; what was returned is no longer part of it.

    `allotted` went to budgets below, `committed` is set aside or stands behind members' points, `spent` has left.
    """

    amount: int = 0
    allotted: int = 0
    committed: int = 0
    spent: int = 0
    available: int = 0

    @property
    def taken_fen(self) -> int:
        """Spent or set aside: gone, or as good as."""
        return self.spent + self.committed

    @property
    def used_fen(self) -> int:
        return self.taken_fen + self.allotted


def figures_of(budgets: Sequence[Budget]) -> dict[int, BudgetFigures]:
    """By id, in one statement however many; a draft has none of anything."""
    with connection.cursor() as cursor:
        cursor.execute(FIGURES, {"ids": [budget.pk for budget in budgets]})
        rows = cursor.fetchall()
    return {
        pk: BudgetFigures(came, allotted, kept + pending, came - allotted - kept - balance, balance - pending)
        for pk, came, allotted, kept, balance, pending in rows
    }


def budget_figures(budget: Budget) -> BudgetFigures:
    return figures_of([budget])[budget.pk]


def budget_words(budget: Budget, day: date) -> dict[str, str]:
    """For the sentence that says why it cannot be used on that day."""
    if budget.state not in (Budget.State.APPROVED, Budget.State.ADJUSTING):
        why = _("它现在是“%s”") % budget.get_state_display()
    else:
        why = _("有效期是 %(starts)s 至 %(ends)s") % {"starts": budget.starts_on, "ends": budget.ends_on}
    return {"name": budget.name, "day": f"{day}", "why": why}


OPEN = (Budget.State.APPROVED, Budget.State.ADJUSTING)


def budgets_to_take_from(actor: Actor) -> QuerySet[Budget]:
    """Open ones of the unions the actor writes budgets for, and of those above them."""
    found = Budget.objects.unscoped("one's own and those above, by name only").select_related("union")
    return found.filter(_on_path(actor), state__in=OPEN).order_by("union__path", "-id")


def sources_to_take_from(actor: Actor) -> QuerySet[FundSource]:
    found = FundSource.objects.unscoped("one's own and those above, by name only").select_related("union")
    return found.filter(_on_path(actor), closed_at=None).order_by("union__path", "-id")


def _on_path(actor: Actor) -> Q:
    """Unions at or below what the actor writes for, or above it."""
    here = Q(pk__in=[])
    for grant in actor.reaches("budgets.write"):
        above = [int(part) for part in grant.path.rstrip(".").split(".")]
        here |= Q(union__path__startswith=grant.path) | Q(union_id__in=above)
    return here


@dataclass(frozen=True, slots=True)
class Branch:
    """One budget of a tree with what is below it; `depth` 0 where the one above is out of sight."""

    budget: Budget
    figures: BudgetFigures
    depth: int
    below: list


def budget_forest(budgets: Sequence[Budget]) -> list[Branch]:
    """Trees of the budgets given, in their order; one whose parent is not among them is a root."""
    figures = figures_of(budgets)
    known = {budget.pk for budget in budgets}
    children: dict[int | None, list[Budget]] = {}
    for budget in budgets:
        place = budget.parent_id if budget.parent_id in known else None
        children.setdefault(place, []).append(budget)

    def branches(parent_id: int | None, depth: int) -> list[Branch]:
        return [
            Branch(budget, figures[budget.pk], depth, branches(budget.pk, depth + 1))
            for budget in children.get(parent_id, ())
        ]

    return branches(None, 0)
