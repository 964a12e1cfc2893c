"""A list as a sheet: the rows and columns the list shows, masked alike; each export is recorded."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import label_for_field, lookup_field
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.translation import gettext as _
from unfold.enums import ActionVariant

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.console.columns import Amount
from gonghui.kit.models import AuditEntry
from gonghui.kit.sheets import Column, write_xlsx

EXPORT_ROWS_MAX = 20_000
IN_MEMORY_BYTES = 2 * 1024 * 1024
WIDTH_OF = {"name": 18, "union": 32, "address": 36}


def sheet_answer(
    columns: Sequence[Column],
    rows: Iterable[Sequence],
    *,
    name: str,
    day: str = "",
    notes: Sequence[str] = (),
) -> FileResponse:
    """A sheet to take along, under its name and the day it is of: today unless told; `notes` on a second one."""
    target = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - FileResponse closes it
    write_xlsx(target, columns, rows, sheet_name=name[:31], notes=notes)
    target.seek(0)
    file_name = f"{name}-{day or f'{clock.now():%Y%m%d}'}.xlsx"
    answer = FileResponse(target, as_attachment=True, filename=file_name)
    answer["Cache-Control"] = "no-store"
    return answer


@action
def record_export(actor: Actor, *, table: str, count: int, asked: dict[str, Any]) -> None:
    AuditEntry.objects.create(
        actor_id=actor.user_id,
        channel=actor.channel,
        op="EXPORT",
        table_name=table,
        after={"rows": count, "asked": asked},
    )


by_two: list[Callable[..., HttpResponse]] = []
"""The page on which an export of people is asked for, of the room that keeps the requests: (screen, request, found, count)."""


class Exporting(admin.ModelAdmin):
    """`export_verb` opens the button; `export_columns` replace the list's own where a sheet needs others.

    `export_people`, of lists of people: by which keys a row is somebody's (`pk` where it is them). Such a sheet is asked
    for, and another agrees.
    """

    export_verb = ""
    export_people: tuple[str, ...] = ()
    export_columns: tuple = ()
    new_page: tuple = ()
    """(name, verb, title) of the page of ours that makes a new row, where the list has no form of its own."""
    import_page: tuple = ()
    """(name, verb) of the page of ours that takes a sheet of rows."""

    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.export_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export/", view, name=name), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        facts = getattr(response, "context_data", None) or {}
        if "actions_list" in facts and self.may(request, self.export_verb):
            facts["actions_list"] = [*facts["actions_list"], self._export_button(request)]
        if "actions_list" in facts and self.import_page and request.actor.may_anywhere(self.import_page[1]):
            button = {**self._export_button(request), "title": _("导入"), "icon": "upload_file"}
            button |= {"path": reverse(f"admin:{self.import_page[0]}")}
            facts["actions_list"] = [*facts["actions_list"], button]
        if "actions_list" in facts and self.new_page and request.actor.may_anywhere(self.new_page[1]):
            name, _needs, title = self.new_page
            button = {**self._export_button(request), "title": title, "icon": "add"}
            button |= {"variant": ActionVariant.PRIMARY, "path": reverse(f"admin:{name}")}
            facts["actions_list"] = [*facts["actions_list"], button]
        return response

    def _export_button(self, request: HttpRequest) -> dict[str, Any]:
        asked = request.GET.urlencode()
        return {
            "title": _("导出"),
            "icon": "download",
            "variant": ActionVariant.DEFAULT,
            "attrs": {},
            "dialog": None,
            "path": f"{self.list_address()}export/" + (f"?{asked}" if asked else ""),
        }

    def export_view(self, request: HttpRequest) -> HttpResponse:
        if not (self.has_view_permission(request) and self.may(request, self.export_verb)):
            raise PermissionDenied
        try:
            found = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:  # to the list, which answers these alike
            return HttpResponseRedirect(f"{self.list_address()}?{ERROR_FLAG}=1")
        found = found.filter(pk__in=self.within(request.actor, self.export_verb).order_by().values("pk"))
        count = found.order_by()[: EXPORT_ROWS_MAX + 1].count()
        if count > EXPORT_ROWS_MAX:
            messages.error(
                request,
                _("超过 %s 行，一次导不完。请先用筛选缩小范围，再分几次导出。") % f"{EXPORT_ROWS_MAX:,}",
            )
            return HttpResponseRedirect(f"{self.list_address()}?{request.GET.urlencode()}")
        if self.export_people:
            return by_two[0](self, request, found, count)
        asked = {key: values for key, values in request.GET.lists() if key != "q"}
        record_export(request.actor, table=self.opts.db_table, count=count, asked=asked)
        return self._sheet(request, found)

    def sheet_columns(self, request: HttpRequest | None = None, *, is_unmasked: bool = False) -> list:
        """As the list shows them; `is_unmasked`, where two agreed, with whole numbers."""
        if request is None:
            names = [*(self.export_columns or self.list_display)]
            return names if is_unmasked else self._masked(names)
        return self._masked(self.export_columns) or [
            name for name in self.get_list_display(request) if name != "action_checkbox"
        ]

    def sheet_headings(self, names: Sequence) -> list[Column]:
        return [Column(title=self._heading(name), width=WIDTH_OF.get(str(name), 20)) for name in names]

    def sheet_rows(self, actor: Actor):
        """The list's rows for one who is not at the console: a job asks."""
        request = HttpRequest()
        request.actor = actor
        return self.get_queryset(request)

    def _sheet(self, request: HttpRequest, found) -> FileResponse:
        names = self.sheet_columns(request)
        columns = self.sheet_headings(names)
        rows = ([self._cell(name, row) for name in names] for row in self._in_chunks(found))
        title = str(self.opts.verbose_name_plural)
        return sheet_answer(columns, rows, name=title, day=f"{clock.now():%Y%m%d-%H%M}")

    def _in_chunks(self, found) -> Iterator:
        return found.iterator(chunk_size=1000)

    def _heading(self, name) -> str:
        return str(label_for_field(name, self.model, self))

    def _cell(self, name, row) -> Any:
        try:
            field, _attr, value = lookup_field(name, row, self)
        except ObjectDoesNotExist:
            return ""
        if field is not None and field.flatchoices:
            return str(dict(field.flatchoices).get(value, value))
        if field is not None and isinstance(value, str) and value in self.words.get(field.name, {}):
            return str(self.words[field.name][value])
        if field is not None and field.remote_field:
            related = getattr(row, field.name)
            return "" if related is None else str(related)
        return sheet_value(value)


def sheet_value(value: Any) -> Any:
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, datetime):
        return timezone.localtime(value, clock.CHINA).replace(tzinfo=None)
    if value is None or isinstance(value, date | int | float):
        return value
    if isinstance(value, Amount):
        return value.number
    if isinstance(value, tuple):  # a label: the state and its name
        return str(value[-1])
    if isinstance(value, list):
        return "、".join(map(str, value))
    return strip_tags(str(value)).strip()
