"""标签 in the console: noted on a membership, listed and ended on a screen of their own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.kit import clock
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    NameSearch,
    ReasonForm,
    ScopedAdmin,
    Verb,
    VerbForm,
    subtree_filter,
)
from gonghui.kit.console.asking import day_field
from gonghui.members.actions import tags
from gonghui.members.models import Membership, PersonTag
from gonghui.members.models.tags import SENSITIVE
from gonghui.orgs.queries import may_at


class TagForm(VerbForm):
    kind = forms.ChoiceField(label=gettext_lazy("标签"))
    source = forms.ChoiceField(label=gettext_lazy("来源"), choices=PersonTag.Source.choices, initial="org")
    evidence = forms.CharField(
        label=gettext_lazy("依据"), max_length=120, help_text=gettext_lazy("证书编号、文件名称等，别人查得到的。")
    )  # fmt: skip
    since = day_field(gettext_lazy("从"))
    until = day_field(
        gettext_lazy("到"), required=False, help_text=gettext_lazy("最后一天；长期有效的不填。")
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        home = self.row.union
        fields: dict[str, Any] = self.fields
        fields["kind"].choices = [
            ("", gettext_lazy("请选择")),
            *(
                (code, name)
                for code, name in PersonTag.Kind.choices
                if may_at(self.actor, tags.verb_of(code), home)
            ),
        ]

    def facts(self) -> dict[str, Any]:
        return {"terms": tags.TagTerms(**self.cleaned_data)}


TAG = Verb(
    "tag", gettext_lazy("加标签"), tags.tag_person, "members.import", form=TagForm, icon="sell",
    when=lambda membership: membership.status in Membership.LIVE,
    question=gettext_lazy("劳模、工匠、困难等。困难、残疾等属于敏感个人信息，只有有权限的人能看到和使用。"),
    initial=lambda _row: {"since": clock.today(), "source": "org"},
    done=gettext_lazy("已加上标签。"),
)  # fmt: skip


@admin.register(PersonTag)
class PersonTagAdmin(ScopedAdmin):
    icon, order = "sell", 28
    view_verb = "members.view"
    path_field = "person__memberships__union__path"
    also = Q(person__memberships__status__in=Membership.LIVE)
    search = NameSearch("person__grams", "person__name", "person__pinyin")
    search_help_text = gettext_lazy("姓名、拼音或首字母")
    list_display = ("person", "kind", "source", "evidence", "since", "until", "holds")
    list_select_related = ("person",)
    list_filter = (subtree_filter("person__memberships__union__path"), ("kind", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = (
        "person",
        ("kind", "source"),
        "evidence",
        ("since", "until"),
        ("ended_at", "ended_reason"),
        "maker",
    )
    empty_hint = gettext_lazy("在“会籍”里打开一位会员，用“加标签”登记。困难、残疾等只有有权限的人能看到。")
    verbs = (
        Verb("end_tag", gettext_lazy("结束"), tags.end_tag, "members.import", key="tag_id", icon="event_busy",
             when=lambda tag: tag.ended_at is None and tag.kind not in SENSITIVE, form=ReasonForm),
        Verb("end_sensitive_tag", gettext_lazy("结束"), tags.end_tag, "members.sensitive", key="tag_id",
             icon="event_busy", when=lambda tag: tag.ended_at is None and tag.kind in SENSITIVE, form=ReasonForm),
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "holds"]

    @display(description=gettext_lazy("现在有效"), boolean=True)
    def holds(self, row: PersonTag) -> bool:
        return row.holds_on(clock.today())

    def label_of(self, row: PersonTag) -> str:
        return f"{row.person.name} {row.get_kind_display()}"
