"""Who reaches a row through the union it names: whoever holds the verb there, wholly or for its line of industry."""

from __future__ import annotations

from typing import Any

from gonghui.kit.scope import BySubtree


def by_union(union: str, *, verb: str, **line: Any) -> BySubtree:
    """`union` leads from the row to its union; `line_also` and `line_own` as `BySubtree` has them."""
    return BySubtree(f"{union}__path", verb=verb, line_field=f"{union}__industry_line__code", **line)
