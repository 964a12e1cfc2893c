"""Pure rules of the tree and of grants."""

from __future__ import annotations

from datetime import date

Span = tuple[date, date | None]
"""First and last day; without a last one for good."""

PATH_LENGTH_MAX = 255
DEPTH_MAX = 12

STATUS_VERBS = {
    "suspend": {"active": "suspended"},
    "resume": {"suspended": "active"},
    "dissolve": {"active": "dissolved", "suspended": "dissolved"},
}


def is_at_or_below(path: str, root: str) -> bool:
    return path.startswith(root)


def is_root(path: str) -> bool:
    return path.count(".") == 1


def child_path(parent_path: str, union_id: int) -> str:
    return f"{parent_path}{union_id}."


def depth(path: str) -> int:
    return path.count(".")


def covers_line(held: int | None, wanted: int | None) -> bool:
    """A grant without a line covers every line; one bound to a line covers that line only."""
    return held is None or held == wanted


def covers_dates(held: Span, wanted: Span) -> bool:
    """Nobody hands on what begins before or lasts longer than what they hold."""
    if wanted[0] < held[0]:
        return False
    return held[1] is None or (wanted[1] is not None and wanted[1] <= held[1])
