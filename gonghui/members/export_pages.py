"""Exports of people in the console: asked on the list, agreed to by another, taken from the request's own page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    Figure,
    ReasonForm,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    VerbForm,
    console_page,
    in_state,
    page_facts,
    state_column,
    subtree_filter,
    waiting,
    when_column,
)
from gonghui.kit.console.exporting import by_two
from gonghui.kit.console.taking import ask_before_taking, file_to_take
from gonghui.kit.errors import DomainError
from gonghui.members.actions import exports
from gonghui.members.models import ExportRequest
from gonghui.members.models.exports import DOWNLOADS_MAX

TONES = {"asked": "warning", "refused": "danger", "approved": "info", "made": "success", "gone": ""}


class AskForm(VerbForm):
    reason = forms.CharField(
        label=gettext_lazy("用途"), min_length=4, max_length=200, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("审批人会看到；也会写进文件。"),
    )  # fmt: skip
    is_unmasked = forms.BooleanField(
        label=gettext_lazy("需要完整的证件号码和手机号"), required=False,
        help_text=gettext_lazy("不勾选时和列表上一样打码。"),
    )  # fmt: skip


class _Asking:
    """What the page of a verb needs to know of this one."""

    label, tone = gettext_lazy("申请导出"), "primary"

    def __init__(self, count: int):
        said = _(
            "这 {count} 行有个人信息，要由另一位同事审批；通过后生成文件，只有您能下载 {most} 次，七天后删除。"
        )
        self.question = said.format(count=f"{count:,}", most=DOWNLOADS_MAX)


def ask_page(screen: Any, request: HttpRequest, found: Any, count: int) -> HttpResponse:
    """Where the list's export button leads on a list of people."""
    form = AskForm(request.POST if request.method == "POST" else None, actor=request.actor, row=None)
    if not (screen.unmask_verb and request.actor.may_anywhere(screen.unmask_verb)):
        del form.fields["is_unmasked"]
    if request.method == "POST" and form.is_valid():
        terms = exports.ExportTerms(
            table=screen.model._meta.label,
            title=str(screen.opts.verbose_name_plural),
            asked=_asked_for(screen, request),
            **form.cleaned_data,
        )
        try:
            ids = found.order_by().values_list("pk", flat=True)
            export = exports.ask_export(request.actor, terms=terms, row_ids=ids)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("已提交，等另一位同事审批。"))
            return HttpResponseRedirect(_address(export))
    facts = {
        "verb": _Asking(count),
        "row_label": screen.opts.verbose_name_plural,
        "form": form,
        "back": screen.list_address(),
        "opts": screen.opts,
        "media": screen.media + form.media,
    }
    page = page_facts(request, _("申请导出"), **facts)
    return render(request, "kit/console/verb.html", page, status=422 if form.errors else 200)


by_two.append(ask_page)


def _asked_for(screen: Any, request: HttpRequest) -> str:
    """What was typed into the search is left out: it may be a number of somebody's."""
    asked = [f"{key}={'、'.join(values)}" for key, values in request.GET.lists() if key != "q"]
    return "；".join([*asked, *([_("有搜索词")] if request.GET.get("q") else [])]) or str(_("全部"))


def _address(export: ExportRequest) -> str:
    return reverse("admin:members_exportrequest_change", args=[export.pk])


@admin.register(ExportRequest)
class ExportRequestAdmin(ScopedAdmin):
    icon, order = "download", 70
    can_add = False
    state_field = "state"
    search = SmallNameSearch("title")
    search_help_text = gettext_lazy("名单")
    empty_hint = gettext_lazy("在有个人信息的列表上点“导出”，由另一位同事在这里审批。")
    list_display = (
        "number_column", "title", "union", "rows_count", state_column("state", TONES), "maker", "checker",
        when_column("created_at", gettext_lazy("申请时间")),
    )  # fmt: skip
    list_select_related = ("union", "maker", "checker")
    list_filter = (subtree_filter(), ("state", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = (
        ("title", "union"), ("rows_count", "rows_done"), "asked", "reason", "is_unmasked", ("state", "answer"),
        ("maker", "checker"), ("decided_at", "ends_at"), "download",
    )  # fmt: skip
    readonly_fields = ("download",)
    untold = frozenset({"table", "row_ids"})
    verbs = (
        Verb("approve", gettext_lazy("同意导出"), exports.approve_export, exports.APPROVE, key="export_id",
             icon="fact_check", tone="primary", when=in_state("asked"),
             question=gettext_lazy("请看清行数、用途、是否要完整号码。同意后生成文件，只有申请人能下载。"),
             done=gettext_lazy("已同意，文件正在生成。")),
        Verb("refuse", gettext_lazy("不同意"), exports.refuse_export, exports.APPROVE, key="export_id", icon="undo",
             when=in_state("asked"), form=ReasonForm),
    )  # fmt: skip

    def label_of(self, row: ExportRequest) -> str:
        return str(row)

    @admin.display(description=gettext_lazy("编号"), ordering="id")
    def number_column(self, row: ExportRequest) -> str:
        return row.number

    @admin.display(description=gettext_lazy("文件"))
    def download(self, row: ExportRequest) -> SafeString | str:
        from django.utils.html import format_html

        if row.state != "made":
            return "—"
        left = DOWNLOADS_MAX - row.downloads
        address = reverse("admin:export_file", args=[row.pk])
        said = _("下载（申请人本人，还可 {left} 次）").format(left=left)
        return format_html('<a class="text-link" href="{}">{}</a>', address, said)


@console_page("exports/<int:export_id>/file", name="export_file", needs="exports.view")
def export_file(request: HttpRequest, export_id: int) -> HttpResponse:
    if request.method == "POST":
        export, content = exports.take_export(request.actor, export_id=export_id)
        return file_to_take(content, f"{export.number}.xlsx")
    return ask_before_taking(
        request,
        title=_("下载名单"),
        question=_("文件里每一行都带着您的名字和这份申请的编号。请只用于申请的用途，用完删除。"),
        back=reverse("admin:members_exportrequest_change", args=[export_id]),
        model=ExportRequest,
    )


@waiting(needs=exports.APPROVE, order=14)
def open_exports(actor: Actor) -> Figure:
    asked = ExportRequest.objects.visible_to(actor).filter(state="asked").exclude(maker_id=actor.user_id)
    address = reverse("admin:members_exportrequest_changelist") + "?state__exact=asked"
    return Figure(str(_("导出待审批")), asked.count(), "download", address)
