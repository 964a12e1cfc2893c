"""The audit trail of one row in words: who, when, what, from what to what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.kit import clock
from gonghui.kit.audit import UNTOLD, trail_of
from gonghui.kit.console.choosing import choices_of, label_in
from gonghui.kit.models import AuditEntry

PAGE_ROWS = 50
OPS = {
    "INSERT": (gettext_lazy("建立"), "add_circle"),
    "UPDATE": (gettext_lazy("修改"), "edit"),
    "DELETE": (gettext_lazy("删除"), "delete"),
    "UNMASK": (gettext_lazy("查看完整信息"), "visibility"),
    "EXPORT": (gettext_lazy("导出"), "download"),
}
CHANNELS = {
    "web": gettext_lazy("网页"),
    "api": gettext_lazy("小程序"),
    "job": gettext_lazy("后台任务"),
    "system": gettext_lazy("系统"),
    "cli": gettext_lazy("命令行"),
    "anonymous": gettext_lazy("未登录"),
}
# Kept for machines: search columns, technical ids and the like say nothing to a reader.
SILENT = {"id", "created_at", "updated_at", "pinyin", "grams", "path", "token", "row_secret"}


@dataclass(frozen=True, slots=True)
class Change:
    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    op: str
    at: Any
    who: str
    what: str
    icon: str
    where: str
    reason: str
    changes: list[Change]


class Storyteller:
    """Audit entries of one table as lines; related rows are named only where the reader may see them."""

    def __init__(self, screen, request: HttpRequest):
        self.screen, self.actor = screen, request.actor
        self.columns = {f.column: f for f in screen.model._meta.concrete_fields}

    def lines(self, entries: Iterable[AuditEntry]) -> list[Line]:
        entries = list(entries)
        people = self._actors(entries)
        names = self._related_names(entries)
        told = [self._line(entry, people, names) for entry in entries]
        return [line for line in told if line.changes or line.op != "UPDATE"]

    def _actors(self, entries: list[AuditEntry]) -> dict[int, str]:
        ids = {e.actor_id for e in entries if e.actor_id}
        users = get_user_model().objects.unscoped("names of those who acted on a row the reader sees")
        return {user.pk: str(user) for user in users.filter(pk__in=ids)}

    def _line(self, entry: AuditEntry, people: dict[int, str], names: dict) -> Line:
        what, icon = OPS.get(entry.op, (entry.op, "info"))
        who = people.get(entry.actor_id) or _("系统")
        where = str(CHANNELS.get(entry.channel, entry.channel))
        changes = list(self._changes(entry, names))
        return Line(entry.op, entry.at, who, str(what), icon, where, entry.reason, changes)

    def _changes(self, entry: AuditEntry, names: dict) -> Iterable[Change]:
        if entry.op in {"UNMASK", "EXPORT"}:
            for name in (entry.after or {}).get("fields", []):
                yield Change(self._title(name), "", "")
            return
        before, after = entry.before or {}, entry.after or {}
        for column in self.columns:
            silent = column in SILENT or column in self.screen.untold or self._is_index(column)
            if silent or column not in (before | after):
                continue
            old, new = (self._value(column, side.get(column), names) for side in (before, after))
            if entry.op != "UPDATE" and not (old or new):
                continue
            yield Change(self._title(column), old, new)

    def _is_index(self, column: str) -> bool:
        return self.columns[column].name in self.screen._never_shown

    def _title(self, name: str) -> str:
        field = self.columns.get(name)
        return str(field.verbose_name) if field is not None else name

    def _value(self, column: str, value: Any, names: dict) -> str:
        field = self.columns[column]
        if value in (None, "", []):
            return ""
        if value == UNTOLD:
            return _("（不留存）")
        if field.name in self.screen._masks:
            mask = self.screen.masks.get(field.name)
            return (
                _("（已加密）") if mask is None or isinstance(field, models.BinaryField) else str(mask(value))
            )
        if field.remote_field:
            return names.get((field.remote_field.model, value), _("（您无权查看的一项）"))
        words = dict(field.flatchoices or ()) or self.screen.words.get(field.name, {})
        return str(words[value]) if isinstance(value, str) and value in words else plain_value(field, value)

    def _related_names(self, entries: list[AuditEntry]) -> dict:
        """One query per related table, in scope."""
        wanted: dict[type, set[int]] = defaultdict(set)
        for entry in entries:
            for side in (entry.before or {}, entry.after or {}):
                for column, value in side.items():
                    field = self.columns.get(column)
                    if field is not None and field.remote_field and value is not None:
                        wanted[field.remote_field.model].add(value)
        site, found = self.screen.admin_site, {}
        found.update(self._account_names(wanted.pop(get_user_model(), set())))
        for model, ids in wanted.items():
            for row in choices_of(site, model, self.actor).filter(pk__in=ids):
                found[model, row.pk] = label_in(site, row)
        return found

    @staticmethod
    def _account_names(ids: set[int]) -> dict:
        """Staff by name, members not: who has which account is told on the member's own page."""
        model = get_user_model()
        users = model.objects.unscoped("accounts named on a row the reader sees").filter(pk__in=ids)
        return {(model, user.pk): str(user) if user.is_staff else _("会员账号") for user in users}


def plain_value(field: models.Field, value: Any) -> str:
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(field, models.DateTimeField) and (moment := parse_datetime(str(value))):
        return f"{timezone.localtime(moment, clock.CHINA):%Y-%m-%d %H:%M}"
    if isinstance(value, list):
        return "、".join(map(str, value))
    if isinstance(field, models.BinaryField):
        return _("（文件）")
    text = str(value)
    return text if len(text) <= 200 else text[:200] + "…"


class Historical(admin.ModelAdmin):
    """`untold` names further columns that say nothing to a reader."""

    untold: frozenset[str] = frozenset()

    def history_view(self, request: HttpRequest, object_id: str, extra_context=None) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        pages = Paginator(trail_of(row), PAGE_ROWS)
        page = pages.get_page(request.GET.get("p"))
        facts = {
            **self.admin_site.each_context(request),
            "title": _("变更记录"),
            "subtitle": self.label_of(row),
            "opts": self.opts,
            "original": row,
            "page": page,
            "lines": Storyteller(self, request).lines(page.object_list),
            **(extra_context or {}),
        }
        return render(request, "kit/console/history.html", facts)
