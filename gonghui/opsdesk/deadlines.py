"""Who has how long: working days of the nearest rule at or above the asker's union."""

from __future__ import annotations

from datetime import date

from gonghui.kit import clock
from gonghui.kit.workdays import working_days_after
from gonghui.opsdesk.models import DeskRule
from gonghui.opsdesk.scopes import chain

DAYS_IN = {
    "asked": "answer_days", "taken": "answer_days", "fixed": "answer_days", "asked_back": "reply_days",
    "answered": "confirm_days", "escalated": "mend_days",
}  # fmt: skip


def rule_for(path: str) -> DeskRule:
    """Without any: the usual days."""
    found = DeskRule.objects.unscoped("the days that hold at a path").filter(union__path__in=chain(path))
    return found.order_by("-union__path").first() or DeskRule()


def due_of(state: str, path: str) -> date | None:
    """The last day of whoever has the next word; None where nobody has."""
    days = DAYS_IN.get(state)
    return working_days_after(clock.today(), getattr(rule_for(path), days)) if days else None
