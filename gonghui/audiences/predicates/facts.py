"""Typed facts out of JSON that anybody may have sent."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

IDS_MAX = 100


class Wrong(ValueError):
    """A sentence that says which fact is not of its form."""


def chosen(facts: dict[str, Any], name: str, allowed: Collection[str]) -> tuple[str, ...]:
    """At least one of the known codes, sorted, each once."""
    found = facts.get(name)
    if not isinstance(found, list) or not found or not all(isinstance(one, str) for one in found):
        raise Wrong(_("有一个条件还没有选择内容。"))
    if not set(found) <= set(allowed):
        raise Wrong(_("有一个条件选择了不存在的内容，请重新选择。"))
    return tuple(sorted(set(found)))


def ids(facts: dict[str, Any], name: str) -> tuple[int, ...]:
    found = facts.get(name)
    if not isinstance(found, list) or not found or not all(is_whole(one) and one > 0 for one in found):
        raise Wrong(_("有一个条件还没有选择内容。"))
    if len(found) > IDS_MAX:
        raise Wrong(_("一个条件最多选 {most} 项。").format(most=IDS_MAX))
    return tuple(sorted(set(found)))


def is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


def whole(facts: dict[str, Any], name: str, least: int, most: int) -> int:
    found = facts.get(name)
    if not is_whole(found) or not least <= found <= most:
        raise Wrong(_("数字要在 {least} 到 {most} 之间。").format(least=least, most=most))
    return found


def maybe_whole(facts: dict[str, Any], name: str, least: int, most: int) -> int | None:
    return None if facts.get(name) is None else whole(facts, name, least, most)


def maybe_day(facts: dict[str, Any], name: str) -> date | None:
    found = facts.get(name)
    if found is None:
        return None
    try:
        return date.fromisoformat(found)
    except (TypeError, ValueError):
        raise Wrong(_("日期要写成 2026-05-01 的样子。")) from None


def flag(facts: dict[str, Any], name: str) -> bool:
    found = facts.get(name)
    if not isinstance(found, bool):
        raise Wrong(_("有一个条件还没有选择是或否。"))
    return found
