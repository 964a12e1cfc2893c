"""The lines of a list, drawn column by column: what is the same in every line is worked out once a page.

The theme asks for the headings, the classes and the address pattern anew for each line, and renders a template for each label:
half the time of a page of fifty. The markup is the theme's own (`test_lines_are_the_themes_own`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.admin.templatetags.admin_list import _coerce_field_name
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import lookup_field
from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db import models
from django.urls import NoReverseMatch
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from unfold.templatetags.unfold_list import LINK_CLASSES, ROW_CLASSES, result_headers
from unfold.utils import (
    display_for_dropdown,
    display_for_field,
    display_for_header,
    display_for_label,
    display_for_value,
)

DATES = (dt.date, dt.time)


class Column:
    """One of `list_display`: its cell of any row."""

    def __init__(self, changelist: Any, name: Any, heading: Any, place: int):
        self.screen, self.name = changelist.model_admin, name
        self.field, self.attr, self.read = _reader(changelist, name)
        self.empty = getattr(self.attr, "empty_value_display", self.screen.get_empty_value_display())
        self.classes = " ".join((f"field-{_coerce_field_name(name, place)}", *ROW_CLASSES))
        self.heading = conditional_escape(heading)
        self.links = name in (changelist.list_display_links or ())
        self._labels: dict[Any, SafeString] = {}

    def cell(self, row: models.Model, tag: str, address: str | None) -> str:
        try:
            value = self.read(row)
        except ObjectDoesNotExist:
            shown, nowrap = self.empty, False
        else:
            shown, nowrap = conditional_escape(self.shown(row, value)), self.keeps_in_line(value)
        if address is not None:
            shown = format_html('<a href="{}" class="{}" >{}</a>', address, " ".join(LINK_CLASSES), shown)
        classes = f"{self.classes} nowrap" if nowrap else self.classes
        return f'<{tag} class="{classes}" data-label="{self.heading}">{shown}</{tag}>'

    def shown(self, row: models.Model, value: Any) -> Any:
        if self.field is not None:
            if isinstance(self.field.remote_field, models.ManyToOneRel):
                return self.empty if value is None else value
            return display_for_field(value, self.field, self.empty)
        if label := getattr(self.attr, "label", False):
            return self._label(value, label)
        if getattr(self.attr, "dropdown", False):
            return display_for_dropdown(row, self.name, value, self.empty)
        if getattr(self.attr, "header", False):
            return display_for_header(value, self.empty)
        return display_for_value(value, self.empty, getattr(self.attr, "boolean", False))

    def keeps_in_line(self, value: Any) -> bool:
        if self.field is not None:
            return isinstance(self.field, models.DateField | models.TimeField | models.ForeignKey)
        return isinstance(value, DATES)

    def _label(self, value: Any, label: Any) -> SafeString:
        """States are few and rows many."""
        key = tuple(value) if isinstance(value, list) else value
        if key not in self._labels:
            self._labels[key] = display_for_label(value, self.empty, label)
        return self._labels[key]


def _reader(changelist: Any, name: Any) -> tuple[models.Field | None, Any, Callable[[Any], Any]]:
    """As `lookup_field` finds it, found once: the field, or what is asked of each row."""
    screen, opts = changelist.model_admin, changelist.lookup_opts
    if callable(name):
        return None, name, name
    try:
        field = opts.get_field(name)
    except FieldDoesNotExist:
        field = None
    if field is not None and not field.auto_created and name == field.name and not field.is_relation:
        return field, None, lambda row: getattr(row, name)
    if isinstance(field, models.ForeignKey) and name == field.name:
        return field, None, lambda row: getattr(row, name)
    if field is None and name != "__str__" and hasattr(screen, name):
        return None, getattr(screen, name), getattr(screen, name)
    attr = getattr(changelist.model, name, None)
    return None, attr, lambda row: lookup_field(name, row, screen)[2]


class Addresses:
    """Where each line leads; with the filters to come back to, which are the same for all."""

    def __init__(self, changelist: Any):
        self.changelist = changelist
        self.facts = {"preserved_filters": changelist.preserved_filters, "opts": changelist.opts}
        self.ending: str | None = None

    def of(self, row: models.Model) -> str | None:
        try:
            address = self.changelist.url_for_result(row)
        except NoReverseMatch:
            return None
        if "?" in address or "#" in address:
            return add_preserved_filters(self.facts, address)
        if self.ending is None:
            self.ending = add_preserved_filters(self.facts, address).removeprefix(address)
        return address + self.ending


def headings(changelist: Any) -> list[dict[str, Any]]:
    return list(result_headers(changelist))


def lines(changelist: Any, found: list[dict[str, Any]]) -> Iterator[SafeString]:
    """The cells of each row; `found` are the headings."""
    columns = [
        Column(changelist, name, found[place]["text"], place)
        for place, name in enumerate(changelist.list_display)
    ]
    addresses = Addresses(changelist)
    for row in changelist.result_list:
        cells, tag = [], "th"
        for column in columns:
            if column.links:
                cells.append(column.cell(row, tag, addresses.of(row)))
                tag = "td"
            else:
                cells.append(column.cell(row, "td", None))
        yield mark_safe("".join(cells))  # noqa: S308 - every part escaped above
