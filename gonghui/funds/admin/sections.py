"""专区 in the back office: the shelves that points, offers and the mall speak of."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from gonghui.funds.models import Section
from gonghui.kit.console import ScopedAdmin, SmallNameSearch


@admin.register(Section)
class SectionAdmin(ScopedAdmin):
    icon, order = "shelves", 48
    view_verb, write_verb = "points.view", "rules.write"
    search = SmallNameSearch("name")
    search_help_text = gettext_lazy("专区名称")
    empty_hint = gettext_lazy("先列出专区，例如节日福利、米面粮油。福豆可以只在指定专区用，商城按专区上架。")
    list_display = ("name", "code")
    ordering = ("id",)
    fields = ("name", "code")

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        """Lots and bills keep the code: it stays as it was made."""
        return [*super().get_readonly_fields(request, obj), *(["code"] if obj else [])]
