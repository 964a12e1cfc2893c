"""会籍变动 in the back office: noted on a membership, confirmed or sent back by a second person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext_lazy

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    Figure,
    NameSearch,
    ReasonForm,
    ScopedAdmin,
    Verb,
    VerbForm,
    in_state,
    state_column,
    subtree_filter,
    waiting,
    when_column,
)
from gonghui.members.actions import changes
from gonghui.members.models import Membership, MembershipChange
from gonghui.members.union_fields import union_id_of

TONES = {"proposed": "warning", "confirmed": "success", "refused": "info"}


class ChangeForm(VerbForm):
    kind = forms.ChoiceField(
        label=gettext_lazy("变动"), choices=[("", gettext_lazy("请选择")), *MembershipChange.Kind.choices]
    )
    happened_on = forms.DateField(
        label=gettext_lazy("发生日期"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    document = forms.CharField(
        label=gettext_lazy("证明文号"), max_length=80,
        help_text=gettext_lazy("死亡医学证明、退休审批表、退会申请或转会介绍信的编号。"),
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("说明"), max_length=200, widget=forms.Textarea(attrs={"rows": 2})
    )
    to_union = forms.CharField(
        label=gettext_lazy("转入工会"), max_length=128, required=False,
        help_text=gettext_lazy("转会时填写转入工会的全称或统一社会信用代码；其他变动不填。"),
    )  # fmt: skip

    def clean_to_union(self) -> int | None:
        said = self.cleaned_data["to_union"]
        return union_id_of(said) if said.strip() else None

    def facts(self) -> dict[str, Any]:
        asked = dict(self.cleaned_data)
        return {"terms": changes.ChangeTerms(to_union_id=asked.pop("to_union"), **asked)}


PROPOSE = Verb(
    "note_change", gettext_lazy("登记变动"), changes.propose_change, "members.import", form=ChangeForm, icon="history_edu",
    when=lambda membership: membership.status in Membership.LIVE,
    question=gettext_lazy("登记离世、退休、退会或转会。由另一位同事复核后才生效，福豆按规定处理。"),
    done=gettext_lazy("已登记，等另一位同事在“会籍变动”里复核。"),
    initial=lambda _row: {"happened_on": clock.today()},
)  # fmt: skip


@admin.register(MembershipChange)
class MembershipChangeAdmin(ScopedAdmin):
    icon, order = "history_edu", 25
    state_field = "state"
    search = NameSearch("person__grams", "person__name", "person__pinyin")
    search_help_text = gettext_lazy("姓名、拼音或首字母")
    empty_hint = gettext_lazy("会员离世、退休、退会、转会，在“会籍”里登记，由另一位同事在这里复核。")
    list_display = (
        "person",
        "kind",
        "union",
        "happened_on",
        "document",
        state_column("state", TONES),
        when_column("created_at", gettext_lazy("登记时间")),
    )
    list_select_related = ("person", "union")
    list_filter = (subtree_filter(), ("kind", ChoicesDropdownFilter), ("state", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = (
        ("person", "kind"), ("union", "to_union"), ("happened_on", "document"), "reason", ("state", "answer"),
        ("maker", "checker"), "decided_at",
    )  # fmt: skip
    verbs = (
        Verb("confirm", gettext_lazy("复核通过"), changes.confirm_change, "rosters.apply", key="change_id",
             icon="fact_check", tone="primary", when=in_state("proposed"),
             question=gettext_lazy("请核对证明原件。通过后会籍随之变动，福豆按规定处理，不能撤回。")),
        Verb("refuse", gettext_lazy("退回"), changes.refuse_change, "rosters.apply", key="change_id", icon="undo",
             when=in_state("proposed"), form=ReasonForm),
    )  # fmt: skip

    def label_of(self, row: MembershipChange) -> str:
        return f"{row.person.name} {row.get_kind_display()}"


@waiting(needs="rosters.apply", order=12)
def open_changes(actor: Actor) -> Figure:
    count = MembershipChange.objects.visible_to(actor).filter(state="proposed").count()
    return Figure(
        str(gettext_lazy("会籍变动待复核")), count, "history_edu",
        reverse("admin:members_membershipchange_changelist") + "?state__exact=proposed",
    )  # fmt: skip
