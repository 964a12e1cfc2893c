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
    def bar(self) -> list[tuple[str, int, int]]:
        """(part, where it begins, how long it is) in thousandths of the amount; drawings know no larger numbers."""
        if not self.amount:
            return []
        parts, begins, reached = [], 0, 0
        for name, fen in (("spent", self.spent), ("committed", self.committed), ("allotted", self.allotted)):
            reached += fen
            ends = min(1000, round(reached * 1000 / self.amount))
            parts.append((name, begins, ends - begins))
            begins = ends
        return [*parts, ("available", begins, 1000 - begins)]

    @property
    def spent_percent(self) -> int:
        return round(self.spent * 100 / self.amount) if self.amount else 0


def figures_of(budgets: Sequence[Budget]) -> dict[int, BudgetFigures]:
    """By id, in one statement however many; a draft has none of anything."""
    with connection.cursor() as cursor:
        return _figures_by_id(cursor, [budget.pk for budget in budgets])


def _figures_by_id(cursor, ids: list[int]) -> dict[int, BudgetFigures]:
    cursor.execute(FIGURES, {"ids": ids})
    return {
        pk: BudgetFigures(came, allotted, kept + pending, came - allotted - kept - balance, balance - pending)
        for pk, came, allotted, kept, balance, pending in cursor.fetchall()
    }


def budget_figures(budget: Budget) -> BudgetFigures:
    return figures_of([budget])[budget.pk]


BELOW = """
WITH RECURSIVE below(id, parent_id) AS (
    SELECT id, parent_id FROM funds_budget WHERE id = ANY(%(ids)s)
     UNION
    SELECT c.id, c.parent_id FROM funds_budget c JOIN below b ON c.parent_id = b.id
)
SELECT below.id, below.parent_id FROM below
"""


def whole_figures_of(budgets: Sequence[Budget]) -> dict[int, BudgetFigures]:
    """As `figures_of`, but what was spent or set aside below counts where the money came from too: `allotted` is what
    those below still have to use."""
    with connection.cursor() as cursor:
        cursor.execute(BELOW, {"ids": [budget.pk for budget in budgets]})
        parents: dict[int, int | None] = dict(cursor.fetchall())
        figures = _figures_by_id(cursor, list(parents))
    children: dict[int, list[int]] = {}
    for pk, parent_id in parents.items():
        if parent_id in parents:
            children.setdefault(parent_id, []).append(pk)
    gone: dict[int, tuple[int, int]] = {}

    def spent_and_committed(pk: int) -> tuple[int, int]:
        if pk not in gone:
            below = [spent_and_committed(child) for child in children.get(pk, ())]
            own = figures[pk]
            gone[pk] = own.spent + sum(s for s, _c in below), own.committed + sum(c for _s, c in below)
        return gone[pk]

    def whole(pk: int) -> BudgetFigures:
        own, (spent, committed) = figures[pk], spent_and_committed(pk)
        rest = own.amount - spent - committed - own.available
        return BudgetFigures(own.amount, rest, committed, spent, own.available)

    return {budget.pk: whole(budget.pk) for budget in budgets}


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
    for path in actor.whole_paths("budgets.write"):
        above = [int(part) for part in path.rstrip(".").split(".")]
        here |= Q(union__path__startswith=path) | Q(union_id__in=above)
    return here


@dataclass(frozen=True, slots=True)
class Branch:
    """One budget of a tree with what is below it, spent and set aside below included; `depth` 0 where the one above is
    out of sight."""

    budget: Budget
    figures: BudgetFigures
    depth: int
    below: list


def budget_forest(budgets: Sequence[Budget]) -> list[Branch]:
    """Trees of the budgets given, in their order; one whose parent is not among them is a root."""
    figures = whole_figures_of(budgets)
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
