"""群发规则: from how many people on a second person looks first."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy

from gonghui.kit.console import ScopedAdmin, SmallNameSearch, subtree_filter, when_column
from gonghui.notices.actions.proposals import TWO_FROM
from gonghui.notices.models import SendRule


@admin.register(SendRule)
class SendRuleAdmin(ScopedAdmin):
    icon, order = "rule", 40
    write_verb, export_verb = "unions.write", "reports.export"
    can_delete = False
    search = SmallNameSearch("union__name")
    search_help_text = gettext_lazy("工会名称")
    list_display = ("union", "two_from", when_column("updated_at", gettext_lazy("更新")))
    list_select_related = ("union",)
    list_filter = (subtree_filter(),)
    ordering = ("union__path",)
    fields = ("union", "two_from")
    empty_hint = gettext_lazy("没有另设的，%d 人起的群发由第二个人放行。") % TWO_FROM
