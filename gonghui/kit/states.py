"""States change by compare-and-set: the row moves only if it is still where the verb found it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import STATE_CHANGED, DomainError, refusal

ILLEGAL_MOVE = refusal(
    "illegal_move", _("现在不能这样操作：当前状态是“{state}”。"), advice=_("请刷新页面查看可以做的下一步。")
)

Transitions = Mapping[str, Mapping[str, str]]
"""verb → {from: to}"""


def target(row: Any, transitions: Transitions, verb: str, field: str = "state") -> str:
    """Where `verb` leads from the row's present state; refuses what the table does not list."""
    state = getattr(row, field)
    try:
        return transitions[verb][state]
    except KeyError:
        shown = getattr(row, f"get_{field}_display", lambda: state)()
        raise DomainError(ILLEGAL_MOVE, state=shown) from None


def move(row: Any, transitions: Transitions, verb: str, *, field: str = "state", **changes: Any) -> str:
    """Compare-and-set; the row in hand is brought up to date. Returns the new state."""
    old, new = getattr(row, field), target(row, transitions, verb, field)
    found = type(row).objects.unscoped("compare-and-set of a fetched row")
    if not found.filter(pk=row.pk, **{field: old}).update(**{field: new}, **changes):
        raise DomainError(STATE_CHANGED)
    for name, value in {field: new, **changes}.items():
        setattr(row, name, value)
    return new
