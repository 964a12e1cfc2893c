"""Columns for `list_display` that every screen wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from gonghui.kit.templatetags.kit import cn_when


def state_column(field: str, tones: Mapping[str, str], title=None) -> Callable:
    """A coloured label; tones: success, info, warning, danger."""

    @display(description=title or _("状态"), ordering=field, label=dict(tones))
    def column(row) -> tuple[str, str]:
        value = getattr(row, field)
        return value, str(getattr(row, f"get_{field}_display")())

    column.__name__ = field
    return column


def when_column(field: str, title) -> Callable:
    """今天 20:00, 10月1日 周三 20:00."""

    @display(description=title, ordering=field)
    def column(row) -> str:
        return cn_when(getattr(row, field))

    column.__name__ = field
    return column


def link_column(title, address: Callable[[Any], str], text: Callable[[Any], Any]) -> Callable:
    """A link to another page of the console."""

    @display(description=title)
    def column(row) -> str:
        shown = text(row)
        return format_html('<a href="{}" class="text-link">{}</a>', address(row), shown) if shown else "—"

    return column
