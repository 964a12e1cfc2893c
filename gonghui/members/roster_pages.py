"""The console's pages of roster imports: upload, progress, what was found, what was sent back."""

from __future__ import annotations

import tempfile
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    Figure,
    ScopedAdmin,
    ScopedChoiceField,
    SmallNameSearch,
    VerbForm,
    console_page,
    page_facts,
    state_column,
    steps_at,
    subtree_filter,
    waiting,
    when_column,
)
from gonghui.kit.console.exporting import record_export
from gonghui.kit.errors import NOT_ALLOWED, NOT_FOUND, DomainError, require
from gonghui.kit.masks import mask_name
from gonghui.kit.sheets import XLSX
from gonghui.members.actions import roster_runs, rosters
from gonghui.members.models import RosterImport, RosterRefusal, RosterSheet, WorkerGroup
from gonghui.members.roster import refused_sheet, template_sheet
from gonghui.members.roster.columns import meaning_of

STATE_TONES = {
    "checking": "info",
    "checked": "warning",
    "applying": "info",
    "applied": "success",
    "failed": "danger",
    "dropped": "",
}
STEPS = (gettext_lazy("上传"), gettext_lazy("检查"), gettext_lazy("确认导入"), gettext_lazy("完成"))
STEP_OF = {"checking": 1, "checked": 2, "applying": 2, "applied": 3, "failed": 1, "dropped": 2}
RUNNING = ("checking", "applying")
PAGE_ROWS = 50
IN_MEMORY_BYTES = 2 * 2**20


@admin.register(RosterImport)
class RosterImportAdmin(ScopedAdmin):
    """The list; a roster's own page and the upload are pages of ours."""

    icon, order = "upload_file", 5
    write_verb = "members.import"
    state_field = "state"
    search = SmallNameSearch("file_name")
    search_help_text = gettext_lazy("文件名")
    list_display = (
        "file_name",
        "union",
        state_column("state", STATE_TONES),
        "rows_total",
        "count_new",
        "count_changed",
        "count_same",
        "count_refused",
        "maker",
        when_column("created_at", gettext_lazy("上传时间")),
    )
    list_select_related = ("union", "maker")
    list_filter = (subtree_filter(), ("state", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = ("union", "file_name", "state")

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def add_view(self, request, form_url="", extra_context=None) -> HttpResponse:
        return new_roster(request)

    def change_view(self, request, object_id, form_url="", extra_context=None) -> HttpResponse:
        if request.method == "POST":
            raise PermissionDenied
        if not object_id.isdigit() or self.get_object(request, object_id) is None:
            raise Http404
        return roster_page(request, int(object_id))


class UploadForm(VerbForm):
    union = ScopedChoiceField(
        "members.RosterImport",
        "union",
        home="members.import",
        label=gettext_lazy("名册所属的工会"),
        help_text=gettext_lazy("表中没有写所属工会的人归入这个工会；写了的，只能是它和它的下级。"),
    )
    sheet = forms.FileField(label=gettext_lazy("名册文件"), allow_empty_file=True)


@console_page("rosters/new", name="roster_new", needs="members.import")
def new_roster(request: HttpRequest) -> HttpResponse:
    posted = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = UploadForm(*posted, actor=request.actor, row=None)
    if request.method == "POST" and form.is_valid():
        try:
            roster = _uploaded(request.actor, form.cleaned_data)
        except DomainError as error:
            form.add_error("sheet", str(error))
        else:
            return HttpResponseRedirect(reverse("admin:roster", args=[roster.pk]))
    facts = {
        "form": form,
        "steps": steps_at(STEPS, 0),
        "limit_mb": rosters.FILE_BYTES_MAX // 2**20,
        "opts": RosterImport._meta,
        "media": form.media,
    }
    page = page_facts(request, _("导入名册"), **facts)
    return render(request, "members/console/roster_new.html", page, status=422 if form.errors else 200)


def _uploaded(actor: Actor, given: dict[str, Any]) -> RosterImport:
    sheet = given["sheet"]
    require(
        sheet.size <= rosters.FILE_BYTES_MAX, rosters.errors.ROSTER_TOO_BIG, **rosters.size_facts(sheet.size)
    )
    return rosters.upload_roster(
        actor, union_id=given["union"].pk, file_name=sheet.name, content=sheet.read()
    )


def _roster(request: HttpRequest, roster_id: int) -> RosterImport:
    found = RosterImport.objects.visible_to(request.actor).select_related(
        "union__industry_line", "maker", "applied_by"
    )
    roster = found.filter(pk=roster_id).first()
    require(roster is not None, NOT_FOUND)
    return roster


def _may(actor: Actor, roster: RosterImport, verb: str) -> bool:
    line = roster.union.industry_line.code if roster.union.industry_line_id else None
    return actor.may(verb, roster.union.path, line)


def _progress(roster: RosterImport) -> dict[str, Any]:
    """How far the run has come; while the sheet is being read nobody knows how long it is."""
    sheet = RosterSheet.objects.unscoped("of a fetched import").defer("content").filter(roster=roster).first()
    if sheet is None:
        return {}
    total = max(sheet.rows_read, roster.rows_total, sheet.rows_done)
    counts = {kind: sheet.counts.get(kind, 0) for kind in roster_runs.KINDS}
    return {
        "done": sheet.rows_done,
        "total": total,
        "is_reading": sheet.rows_done == 0,
        "read": sheet.rows_read,
        "stalled": rosters.is_stalled(sheet),
        "counts": counts,
    }


@console_page("rosters/<int:roster_id>", name="roster", needs="rosters.view")
@require_GET
def roster_page(request: HttpRequest, roster_id: int) -> HttpResponse:
    roster = _roster(request, roster_id)
    page = Paginator(roster.refusals.order_by("line_no", "id"), PAGE_ROWS).get_page(request.GET.get("p"))
    name_at = _name_column(roster.headings)
    second_hands = rosters.second_hands(request.actor, roster)
    facts = {
        "roster": roster,
        "steps": steps_at(STEPS, STEP_OF[roster.state] + (roster.state == "applied")),
        "is_running": roster.state in RUNNING,
        "progress": _progress(roster),
        "page": page,
        "refused": [(row, _shown_name(row, name_at)) for row in page.object_list],
        "may_import": _may(request.actor, roster, "members.import"),
        "is_mine": roster.maker_id == request.actor.user_id,
        "step": _next_step(request.actor, roster, second_hands),
        "second_hands": second_hands,
        "opts": RosterImport._meta,
    }
    return render(request, "members/console/roster.html", page_facts(request, roster.file_name, **facts))


def _next_step(actor: Actor, roster: RosterImport, second_hands: str) -> str:
    """Of a checked roster: what this reader is told, beside the button where there is one."""
    if not roster.count_new + roster.count_changed:
        return "nothing"
    if not _may(actor, roster, "rosters.apply"):
        return "reviewer"
    if second_hands:
        return "colleague"
    return "alone" if roster.maker_id == actor.user_id else "confirm"


def _name_column(headings: list[str]) -> int | None:
    meanings = [meaning_of(heading) for heading in headings]
    return next((place for place, found in enumerate(meanings) if found and found.key == "name"), None)


def _shown_name(row: RosterRefusal, place: int | None) -> str:
    cells = row.cells.split(roster_runs.CELL_BREAK)
    return mask_name(cells[place]) if place is not None and place < len(cells) else ""


@console_page("rosters/<int:roster_id>/progress", name="roster_progress", needs="rosters.view")
@require_GET
def roster_progress(request: HttpRequest, roster_id: int) -> HttpResponse:
    """Asked every second while a run goes on; once it is over the page is loaded anew."""
    roster = _roster(request, roster_id)
    if roster.state not in RUNNING:
        return HttpResponse(headers={"HX-Refresh": "true"})
    facts = {
        "roster": roster,
        "progress": _progress(roster),
        "may_import": _may(request.actor, roster, "members.import"),
    }
    return render(request, "members/console/roster_progress.html", facts)


def _step(request: HttpRequest, roster_id: int, act, done: str) -> HttpResponse:
    try:
        act(request.actor, roster_id=roster_id)
    except DomainError as error:
        if error.status in (403, 404):
            raise
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return HttpResponseRedirect(reverse("admin:roster", args=[roster_id]))


@console_page("rosters/<int:roster_id>/apply", name="roster_apply", needs="rosters.apply")
@require_POST
def apply_page(request: HttpRequest, roster_id: int) -> HttpResponse:
    return _step(request, roster_id, rosters.apply_roster, _("已开始导入。可以离开这一页，导入会继续。"))


@console_page("rosters/<int:roster_id>/drop", name="roster_drop", needs="members.import")
@require_POST
def drop_page(request: HttpRequest, roster_id: int) -> HttpResponse:
    return _step(request, roster_id, rosters.drop_roster, _("已放弃，上传的文件已经删除。"))


@console_page("rosters/<int:roster_id>/resume", name="roster_resume", needs="members.import")
@require_POST
def resume_page(request: HttpRequest, roster_id: int) -> HttpResponse:
    return _step(request, roster_id, rosters.resume_roster, _("已从停下的地方继续。"))


@console_page("rosters/<int:roster_id>/refused.xlsx", name="roster_refused", needs="members.import")
@require_GET
def refused_page(request: HttpRequest, roster_id: int) -> HttpResponse:
    """Whole numbers, back to the one who sent them and to nobody else: recorded as an export."""
    roster = _roster(request, roster_id)
    require(_may(request.actor, roster, "members.import"), NOT_ALLOWED)
    require(roster.maker_id == request.actor.user_id, rosters.errors.ROSTER_OF_ANOTHER)
    target = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - FileResponse closes it
    count = refused_sheet(target, roster.headings, roster_runs.refused_rows(roster))
    record_export(request.actor, table=RosterRefusal._meta.db_table, count=count, asked={"roster": roster.pk})
    return _download(target, _("需改正的行-{name}.xlsx").format(name=roster.file_name.rpartition(".")[0]))


@console_page("rosters/template.xlsx", name="roster_template", needs="members.import")
@require_GET
def template_page(request: HttpRequest) -> HttpResponse:
    target = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - FileResponse closes it
    groups = list(WorkerGroup.objects.order_by("id").values_list("name", flat=True))
    template_sheet(target, groups=groups)
    return _download(target, _("会员名册模板.xlsx"))


def _download(target, name: str) -> FileResponse:
    target.seek(0)
    response = FileResponse(target, as_attachment=True, filename=name, content_type=XLSX)
    response["Cache-Control"] = "no-store"
    return response


@waiting(needs="rosters.apply", order=20)
def rosters_to_confirm(actor: Actor) -> Figure:
    count = RosterImport.objects.visible_to(actor).filter(state="checked").count()
    address = reverse("admin:members_rosterimport_changelist") + "?state__exact=checked"
    return Figure(_("名册待确认导入"), count, "upload_file", address)
