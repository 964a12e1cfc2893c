"""个人信息: the register of what is stored where, and how long."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.kit.console import ScopedAdmin, console_page, page_facts, when_column
from gonghui.members import register, retention
from gonghui.members.models import RetentionRule


@console_page(
    "privacy/register", name="privacy_register", needs="privacy.view",
    title=gettext_lazy("个人信息登记"), icon="shield_person", group="members", order=80,
)  # fmt: skip
def privacy_register(request: HttpRequest) -> HttpResponse:
    if request.GET.get("format") == "json":
        facts = {"tables": register.as_json()}
        return JsonResponse(facts, json_dumps_params={"ensure_ascii": False, "indent": 1})
    rules = retention.rules()
    page = page_facts(
        request,
        _("个人信息登记"),
        entries=register.entries(),
        rules=[(kind, rules[code]) for code, kind in retention.kinds.items()],
    )
    return render(request, "members/console/register.html", page)


@admin.register(RetentionRule)
class RetentionRuleAdmin(ScopedAdmin):
    """Written by whoever holds the verb at the root: how long things are kept is the same everywhere."""

    icon, order = "auto_delete", 81
    view_verb, write_verb = "privacy.view", "privacy.write"
    can_add = False
    empty_hint = gettext_lazy("每天夜里第一次执行时建立。")
    list_display = (
        "what",
        "days",
        "removed_last",
        "removed",
        when_column("ran_at", gettext_lazy("上次执行")),
    )
    ordering = ("kind",)
    fields = ("what", "days", "removed_last", "removed", "ran_at")
    readonly_fields = ("what", "removed_last", "removed", "ran_at")

    def label_of(self, row: RetentionRule) -> str:
        return self.what(row)

    @admin.display(description=gettext_lazy("内容"), ordering="kind")
    def what(self, row: RetentionRule) -> str:
        kind = retention.kinds.get(row.kind)
        return str(kind.what) if kind else row.kind
