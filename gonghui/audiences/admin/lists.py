"""名单: pasted or uploaded once, used as a condition."""

from __future__ import annotations

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.audiences import errors
from gonghui.audiences.actions.lists import Kept, keep_list
from gonghui.audiences.actions.saving import require_somewhere_whole
from gonghui.audiences.list_rows import FILE_BYTES_MAX, ROWS_MAX
from gonghui.audiences.models import PeopleList
from gonghui.kit.console import (
    ScopedAdmin,
    ScopedChoiceField,
    SmallNameSearch,
    console_page,
    page_facts,
    subtree_filter,
    when_column,
)
from gonghui.kit.console.sending import key_of, sent_once
from gonghui.kit.console.verbs import dress
from gonghui.kit.errors import DomainError, require

MISSED_SHOWN = 200


@admin.register(PeopleList)
class PeopleListAdmin(ScopedAdmin):
    icon, order = "list_alt", 30
    view_verb = "audiences.view"
    search = SmallNameSearch("name")
    search_help_text = gettext_lazy("名单名称")
    list_display = ("name", "union", "size", "maker", when_column("created_at", gettext_lazy("建立")))
    list_select_related = ("union", "maker")
    list_filter = (subtree_filter(),)
    ordering = ("-id",)
    fields = ("name", "union", "size", "maker")
    empty_hint = gettext_lazy("点“新建名单”，粘贴或上传证件号码、手机号。名单可以作为受众的一个条件。")

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "size"]

    @display(description=gettext_lazy("人数"))
    def size(self, row: PeopleList) -> str:
        return f"{len(row.people):,}"


class ListForm(forms.Form):
    union = ScopedChoiceField(
        "audiences.Audience", "union", home="audiences.write", label=gettext_lazy("属于哪个工会"),
        help_text=gettext_lazy("只对得上这个工会及下级的在籍会员。"),
    )  # fmt: skip
    name = forms.CharField(label=gettext_lazy("名称"), max_length=60)
    sheet = forms.FileField(
        label=gettext_lazy("上传表格"), required=False, allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
        help_text=gettext_lazy("Excel 或 CSV，最大 3 MB、一万行；有“证件号码”或“手机号”一列就行。文件只用来找人，不保存。"),
    )  # fmt: skip
    text = forms.CharField(
        label=gettext_lazy("或者粘贴"), required=False, max_length=ROWS_MAX * 40,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy("每行一个证件号码或手机号，最多一万行。号码只用来找人，不保存。"),
    )  # fmt: skip

    def __init__(self, *args, actor, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["union"].bind_to(actor)
        for field in self.fields.values():
            dress(field)

    def clean(self) -> dict:
        given = super().clean()
        if given.get("sheet") and given.get("text", "").strip():
            raise forms.ValidationError(str(DomainError(errors.LIST_ONE_WAY)))
        return given

    def facts(self) -> dict:
        given = self.cleaned_data
        facts = {"union_id": given["union"].pk, "name": given["name"], "text": given["text"]}
        if sheet := given["sheet"]:
            require(sheet.size <= FILE_BYTES_MAX, errors.LIST_FILE_BIG, most=FILE_BYTES_MAX // 2**20)
            facts["sheet"] = sheet.read()
        return facts


@console_page(
    "audiences/lists/new", name="people_list_new", needs="audiences.write", title=gettext_lazy("新建名单"),
    icon="playlist_add", group="audiences", order=40,
)  # fmt: skip
def new_list(request: HttpRequest) -> HttpResponse:
    """Rows that led to nobody are shown once, in the answer: neither they nor the numbers are kept."""
    require_somewhere_whole(request.actor)
    posted = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = ListForm(*posted, actor=request.actor)
    if request.method == "POST" and form.is_valid():
        found: list[Kept] = []
        try:
            leads_to, is_new = sent_once(
                request, lambda: kept_at(found, keep_list(request.actor, **form.facts()))
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            if is_new and found[0].missed:
                return kept_page(request, found[0])
            if is_new:
                messages.success(request, _("名单已建立。"))
            return HttpResponseRedirect(leads_to)
    facts = {
        "form": form,
        "sent": key_of(request),
        "back": reverse("admin:audiences_peoplelist_changelist"),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "kit/console/ask.html", page_facts(request, _("新建名单"), **facts), status=status)


def kept_at(found: list[Kept], kept: Kept) -> str:
    found.append(kept)
    return reverse("admin:audiences_peoplelist_change", args=[kept.people_list.pk])


def kept_page(request: HttpRequest, kept: Kept) -> HttpResponse:
    facts = {
        "people": len(kept.people_list.people),
        "missed": kept.missed[:MISSED_SHOWN],
        "count": len(kept.missed),
        "more": max(0, len(kept.missed) - MISSED_SHOWN),
        "leads_to": reverse("admin:audiences_peoplelist_change", args=[kept.people_list.pk]),
    }
    return render(
        request, "audiences/console/list_kept.html", page_facts(request, kept.people_list.name, **facts)
    )
