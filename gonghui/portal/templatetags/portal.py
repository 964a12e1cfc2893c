"""`{% load portal %}`: how the members' pages say days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import template
from django.utils.translation import gettext as _

from gonghui.kit import clock
from gonghui.kit.templatetags.kit import as_day
from gonghui.portal.rules import said_when

register = template.Library()


@register.filter
def near_day(moment: datetime) -> str:
    """今天, 明天, 10月1日."""
    day = as_day(moment)
    near = {0: _("今天"), 1: _("明天"), 2: _("后天")}
    return near.get((day - clock.today()).days) or f"{day.month}月{day.day}日"


@register.simple_tag
def sessions_when(sessions: Sequence[Any]) -> str:
    """When an activity takes place, over all its sessions that were not called off."""
    times = [session.starts_at for session in sessions if session.state != "cancelled"]
    return said_when(min(times, default=None), max(times, default=None), len(times))


@register.simple_tag
def pick(found: Mapping[Any, Any], key: Any) -> Any:
    """The entry of a mapping whose key is in a variable."""
    return found.get(key)


@register.simple_tag
def scale_options() -> list[tuple[str, str]]:
    """The five answers of a survey question, best first."""
    words = (_("很满意"), _("满意"), _("一般"), _("不满意"), _("很不满意"))
    return [(str(score), word) for score, word in zip((5, 4, 3, 2, 1), words, strict=True)]


@register.simple_tag
def own_terms(offering: Any, said: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The rules of one release that were not said for all of them."""
    return [term for term in offering.terms if term not in said]
