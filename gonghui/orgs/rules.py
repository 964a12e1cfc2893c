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
    "merge": {"active": "merged"},
    "dissolve": {"active": "dissolved", "suspended": "dissolved"},
}
REGISTRATION_VERBS = {
    "submit": {"draft": "submitted", "returned": "submitted"},
    "return": {"submitted": "returned"},
    "approve": {"submitted": "approved"},
    "reject": {"submitted": "rejected"},
    "withdraw": {"draft": "withdrawn", "submitted": "withdrawn", "returned": "withdrawn"},
}
REGISTRATION_DAYS = 15
"""Working days within which whoever decides has to answer; ours, until a rule is shown for another."""
REGISTERED_KINDS = ("enterprise", "federation")
"""Unions of members: by an application that another decides about. Levels, groups and pools are added directly."""


def is_at_or_below(path: str, root: str) -> bool:
    return path.startswith(root)


def is_root(path: str) -> bool:
    return path.count(".") == 1


def child_path(parent_path: str, union_id: int) -> str:
    return f"{parent_path}{union_id}."


def ids_of(path: str) -> list[int]:
    """From the root down to the union itself."""
    return [int(part) for part in path.split(".") if part]


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


REGION_DIGITS = (2, 4, 6, 9, 12)


def codes_up(code: str) -> list[str]:
    """This region's code and those above it, nearest first; short (4401) and padded (440100), as both are in use."""
    bare = code.rstrip("0") if len(code) in (6, 12) else code
    own = next((digits for digits in REGION_DIGITS if digits >= len(bare)), len(code))
    found = [code]
    for digits in reversed(REGION_DIGITS):
        if digits <= own:
            short = code[:digits]
            found += [short, short.ljust(6, "0"), short.ljust(12, "0")]
    return list(dict.fromkeys(found))
