"""Many unions applied for by a sheet: the blank form, the upload with what came of it, the lines to mend."""

from __future__ import annotations

import base64
import binascii
import json

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from gonghui.kit.console import ScopedChoiceField, VerbForm, console_page, page_facts, steps_at
from gonghui.kit.console.exporting import sheet_answer
from gonghui.kit.crypto import CannotOpen, get_keyring
from gonghui.kit.errors import DomainError, require
from gonghui.kit.sheets import Column
from gonghui.orgs import actions, errors
from gonghui.orgs.actions.registration_sheets import Settled
from gonghui.orgs.models import UnionRegistration
from gonghui.orgs.registration_sheets import LINES_MAX, Lines, example_row, read_lines, template_columns

STEPS = (gettext_lazy("上传"), gettext_lazy("结果"))
FILE_BYTES_MAX = 5 * 2**20
KEPT = "orgs.registration_sheet"


class SheetForm(VerbForm):
    union = ScopedChoiceField(
        "orgs.UnionRegistration", "parent", home="unions.write", label=gettext_lazy("上级工会"),
        help_text=gettext_lazy("表中的工会都建在它的下面。"),
    )  # fmt: skip
    sheet = forms.FileField(label=gettext_lazy("建会申请表"), allow_empty_file=True)


@console_page("registrations/import", name="union_registration_import", needs="unions.write")
def import_page(request: HttpRequest) -> HttpResponse:
    posted = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = SheetForm(*posted, actor=request.actor, row=None)
    if request.method == "POST" and form.is_valid():
        sheet = form.cleaned_data["sheet"]
        try:
            require(sheet.size <= FILE_BYTES_MAX, errors.SHEET_TOO_LARGE, limit_mb=FILE_BYTES_MAX // 2**20)
            read = read_lines(sheet.read())
            union = form.cleaned_data["union"]
            settled = actions.apply_by_sheet(request.actor, parent_id=union.pk, lines=read.lines)
        except DomainError as error:
            form.add_error("sheet", str(error))
        else:
            return _result(request, read, settled, sheet.name)
    facts = {
        "form": form,
        "steps": steps_at(STEPS, 0),
        "limit_mb": FILE_BYTES_MAX // 2**20,
        "lines_max": LINES_MAX,
        "media": form.media,
        "opts": UnionRegistration._meta,
    }
    page = page_facts(request, _("批量申请建会"), **facts)
    return render(request, "orgs/console/registrations_new.html", page, status=422 if form.errors else 200)


def _result(request: HttpRequest, read: Lines, settled: list[Settled], name: str) -> HttpResponse:
    refused = [one for one in settled if one.refusal]
    rows = [[one.refusal, one.line.number, *one.line.raw] for one in refused]
    kept = {"by": request.actor.user_id, "headings": read.headings, "rows": rows}
    sealed = get_keyring().seal(KEPT, json.dumps(kept).encode())
    facts = {
        "name": name,
        "sent": [one for one in settled if one.row],
        "refused": refused,
        "kept": base64.b64encode(sealed).decode(),
        "steps": steps_at(STEPS, 2),
        "opts": UnionRegistration._meta,
    }
    page = page_facts(request, _("批量申请建会"), **facts)
    return render(request, "orgs/console/registrations_done.html", page)


@console_page("registrations/import/refused.xlsx", name="union_registration_refused", needs="unions.write")
@require_POST
def refused_page(request: HttpRequest) -> HttpResponse:
    """To whoever uploaded it, as it stood, each line with its reason: once mended it can be uploaded as it is."""
    try:
        sealed = base64.b64decode(request.POST.get("kept", ""), validate=True)
        kept = json.loads(get_keyring().open(KEPT, sealed))
    except (CannotOpen, binascii.Error, ValueError) as error:
        raise PermissionDenied from error
    if kept["by"] != request.actor.user_id:
        raise PermissionDenied
    columns = [Column(_("原因"), width=60), Column(_("行号"), width=8, kind="number")]
    columns += [Column(heading, width=24) for heading in kept["headings"]]
    notes = (_("请按“原因”改正各行，保存后把这个文件直接再上传一次。“原因”“行号”两列会被忽略，不用删。"),)
    return sheet_answer(columns, kept["rows"], name=_("需改正的建会申请"), notes=notes)


@console_page("registrations/import/template.xlsx", name="union_registration_template", needs="unions.write")
@require_GET
def template_page(request: HttpRequest) -> HttpResponse:
    notes = (
        _("一个工会一行。类别不填就是基层工会；所在地区写名称或代码，不填就与上级工会相同。"),
        _("批复原件由审批的同事向您索取核对。代码校验不过而证书上就是这样的，填写最后两列。"),
    )
    return sheet_answer(template_columns(), [example_row()], name=_("建会申请表"), notes=notes)
