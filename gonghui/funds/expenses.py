"""支出类别: what a year's budgets of each class got, set aside and spent, from accounts and transfers alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import connection

from gonghui.funds.models import Budget
from gonghui.funds.models.budgets import ExpenseClass
from gonghui.funds.queries import figures_of
from gonghui.kit import clock
from gonghui.kit.actors import Actor

COUNTED = (Budget.State.APPROVED, Budget.State.ADJUSTING, Budget.State.CLOSED)
# Spent is what went from a budget, or from what was set aside of it, to where no budget's money stands; less what came back.
SPENT = """
WITH own AS (
    SELECT b.id AS budget_id, l.id
      FROM funds_budget b JOIN ledger_account l ON l.id = b.account_id
        OR (l.within_id = b.account_id AND l.kind IN ('commitment', 'backing'))
     WHERE b.id = ANY(%(ids)s)
), moved AS (
    SELECT o.budget_id, t.amount, t.credit_id AS other_id FROM own o JOIN ledger_transfer t ON t.debit_id = o.id
     WHERE t.kind IN ('posted', 'post') AND t.at >= %(since)s AND t.at < %(until)s
     UNION ALL
    SELECT o.budget_id, -t.amount, t.debit_id FROM own o JOIN ledger_transfer t ON t.credit_id = o.id
     WHERE t.kind IN ('posted', 'post') AND t.at >= %(since)s AND t.at < %(until)s
)
SELECT m.budget_id, sum(m.amount)::bigint
  FROM moved m JOIN ledger_account a ON a.id = m.other_id AND a.kind NOT IN ('source', 'budget', 'commitment', 'backing')
 GROUP BY m.budget_id
"""


@dataclass(frozen=True, slots=True)
class ClassSum:
    """Fen. `own` is what the budgets of the class got less what they gave to budgets below: nothing counts twice."""

    code: str
    name: str
    budgets: int = 0
    own: int = 0
    committed: int = 0
    spent_in_year: int = 0
    spent: int = 0
    available: int = 0


def spent_between(budgets: list[Budget], since: date, until: date) -> dict[int, int]:
    """By budget, in fen; `until` is not counted."""
    at = [datetime.combine(day, time(0), clock.CHINA) for day in (since, until)]
    with connection.cursor() as cursor:
        cursor.execute(SPENT, {"ids": [one.pk for one in budgets], "since": at[0], "until": at[1]})
        return dict(cursor.fetchall())


def class_sums(actor: Actor, year: int) -> list[ClassSum]:
    """Of the budgets the actor may see that are good for some of the year; classes in their order, the unclassed last."""
    first, after = date(year, 1, 1), date(year + 1, 1, 1)
    found = Budget.objects.visible_to(actor).filter(
        state__in=COUNTED, starts_on__lt=after, ends_on__gte=first
    )
    budgets = list(found.order_by("pk"))
    figures, in_year = figures_of(budgets), spent_between(budgets, first, after)
    names = {**dict(ExpenseClass.choices), "": str(Budget.UNCLASSED)}
    sums = []
    for code, name in names.items():
        rows = [one for one in budgets if one.expense_class == code]
        own = [figures[one.pk] for one in rows]
        if rows or code:
            sums.append(
                ClassSum(
                    code, str(name), len(rows), sum(f.amount - f.allotted for f in own), sum(f.committed for f in own),
                    sum(in_year.get(one.pk, 0) for one in rows), sum(f.spent for f in own), sum(f.available for f in own),
                )
            )  # fmt: skip
    return sums


def total_of(sums: list[ClassSum]) -> ClassSum:
    names = ("budgets", "own", "committed", "spent_in_year", "spent", "available")
    return ClassSum("all", "", **{name: sum(getattr(one, name) for one in sums) for name in names})
