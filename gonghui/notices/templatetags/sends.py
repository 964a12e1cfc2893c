"""Numbers of a send: {{ count|shown:send.is_sensitive }}."""

from __future__ import annotations

from django import template

from gonghui.notices.results import shown_number

register = template.Library()


@register.filter
def shown(number: int | None, is_sensitive: bool) -> str:
    return shown_number(number, is_sensitive=is_sensitive)
