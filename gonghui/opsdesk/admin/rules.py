"""答疑时限: how many working days a desk gives itself."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from gonghui.kit.console import ScopedAdmin, SmallNameSearch, subtree_filter
from gonghui.opsdesk.models import DeskRule
from gonghui.opsdesk.scopes import ANSWER


@admin.register(DeskRule)
class DeskRuleAdmin(ScopedAdmin):
    icon, order = "timer", 80
    write_verb = ANSWER
    search = SmallNameSearch("union__name")
    search_help_text = _("工会名称")
    list_display = ("union", "answer_days", "reply_days", "confirm_days", "mend_days", "digest_days")
    list_select_related = ("union",)
    list_filter = (subtree_filter(),)
    ordering = ("union__path",)
    fields = ("union", "answer_days", "reply_days", "confirm_days", "mend_days", "digest_days")
    empty_hint = _(
        "没有设置时，按 2 个工作日答复、5 个工作日补充和确认、10 个工作日修复，五问五答每 14 天一期。最近的上级设置管下级。"
    )
