"""Columns for `list_display` that every screen wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from gonghui.kit.templatetags.kit import cn_when, yuan


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
    """A link to another page of the console. As the first column it is what the whole row leads to (`Listing`)."""

    @display(description=title)
    def plain(row) -> str:
        return text(row) or "—"

    @display(description=title)
    def column(row) -> str:
        shown = text(row)
        return format_html('<a href="{}" class="text-link">{}</a>', address(row), shown) if shown else "—"

    plain.address = address
    column.plain = plain
    return column


class Amount(SafeString):
    """A figure on the screen, aligned right with its column; in a sheet it is `number`."""

    number: float | int | None

    @classmethod
    def of(cls, shown: str, number: float | None) -> Amount:
        made = cls(format_html('<span class="gh-n">{}</span>', shown))
        made.number = number
        return made


def money(fen: int | None) -> Amount:
    """Fen as yuan; nothing is a dash, and an empty cell of the sheet."""
    return Amount.of("—", None) if fen is None else Amount.of(yuan(fen), fen / 100)


def number(count: int) -> Amount:
    return Amount.of(f"{count:,}", count)


def money_column(title, of: str | Callable[[Any], int | None]) -> Callable:
    """Fen of a column, or of what the row says; a name may be ordered by."""
    name = of if isinstance(of, str) else ""

    @display(description=title, ordering=name or None)
    def column(row) -> Amount:
        return money(getattr(row, name) if name else of(row))

    if name:
        column.__name__ = name
    return column
