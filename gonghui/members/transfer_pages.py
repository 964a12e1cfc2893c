"""转会 in the back office: what waits for either union, a member's papers taken at the counter, and the rules for silence."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    Figure,
    NameSearch,
    ReasonForm,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    VerbForm,
    console_page,
    in_state,
    state_column,
    subtree_filter,
    waiting,
    when_column,
)
from gonghui.kit.console.asking import ask
from gonghui.kit.templatetags.kit import cn_day, cn_when
from gonghui.members.actions import transfers
from gonghui.members.actions.verification import ID_TYPES
from gonghui.members.models import TransferRequest, TransferRule
from gonghui.members.models.transfers import SIDES, WORDS_MAX
from gonghui.members.union_fields import union_id_of
from gonghui.orgs.queries import may_at

TONES = {
    "opened": "warning", "released": "warning", "accepted": "success", "refused": "danger", "cancelled": "", "overtaken": "",
}  # fmt: skip
SIDE_OF = {"release": ("from_union",), "accept": ("to_union",), "refuse": ("from_union", "to_union")}


@admin.register(TransferRequest)
class TransferRequestAdmin(ScopedAdmin):
    """Seen from both sides; each is offered only what is its own to say."""

    icon, order = "move_down", 24
    state_field = "state"
    search = NameSearch("person__grams", "person__name", "person__pinyin")
    search_help_text = gettext_lazy("姓名、拼音或首字母")
    empty_hint = gettext_lazy("会员在“我的会籍”里提出转会，或工作人员按介绍信代办后，会出现在这里。")
    list_display = (
        "person", "from_union", "to_union", state_column("state", TONES), "whose_turn", "due",
        when_column("created_at", gettext_lazy("提出时间")),
    )  # fmt: skip
    list_select_related = ("person", "from_union", "to_union", "desk")
    list_filter = (
        subtree_filter("from_union__path"),
        ("state", ChoicesDropdownFilter),
    )
    ordering = ("-id",)
    fields = (
        ("person", "state"), ("from_union", "to_union"), ("desk", "due"), ("document", "reason"), "opener", "story",
    )  # fmt: skip
    verbs = (
        Verb("release", gettext_lazy("同意转出"), transfers.release_transfer, transfers.DECIDE, key="transfer_id",
             icon="logout", tone="primary", when=in_state("opened"),
             question=gettext_lazy("同意后由新工会接收。会员的福豆、票券跟着本人走，不受影响。")),
        Verb("accept", gettext_lazy("接收"), transfers.accept_transfer, transfers.DECIDE, key="transfer_id",
             icon="login", tone="primary", when=in_state("released"),
             question=gettext_lazy("请核对劳动关系。接收后会籍即转入本工会，不能撤回。")),
        Verb("refuse", gettext_lazy("不同意"), transfers.refuse_transfer, transfers.DECIDE, key="transfer_id",
             icon="undo", when=lambda row: row.is_open, form=ReasonForm),
    )  # fmt: skip

    def _below(self, actor: Actor, verbs):
        found = self.model.objects.unscoped("narrowed to the actor's subtrees here")
        for verb in verbs:
            old, new = (side.doing(verb).condition(actor) for side in SIDES.values())
            found = found.filter(old | new)
        return found

    def _is_offered(self, request: HttpRequest, name: str, row) -> bool:
        if not super()._is_offered(request, name, row) or row is None:
            return False
        sides = SIDE_OF.get(name, ())
        if name == "refuse" and row.state == "released":
            sides = ("to_union",)
        return not sides or any(may_at(request.actor, transfers.DECIDE, getattr(row, side)) for side in sides)

    def label_of(self, row: TransferRequest) -> str:
        return f"{row.person.name} {row.number}"

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "due", "story"]

    @display(description=gettext_lazy("现由谁办"))
    def whose_turn(self, row: TransferRequest) -> str:
        return row.desk.name if row.is_open else "—"

    @display(description=gettext_lazy("最迟"), ordering="due_on")
    def due(self, row: TransferRequest) -> str:
        if row.due_on is None:
            return "—"
        late = _("，已过期") if row.is_overdue else ""
        return f"{cn_day(row.due_on)}{late}（{row.get_silence_display()}）"

    @display(description=gettext_lazy("经过"))
    def story(self, row: TransferRequest) -> str:
        steps = row.steps.select_related("union", "author").order_by("id")
        return "\n".join(
            "　".join(
                filter(None, (cn_when(step.at), step.get_kind_display(), step.union.name if step.union else "",
                              str(step.author or step.get_by_display()), step.words))
            )
            for step in steps
        )  # fmt: skip


class PapersForm(VerbForm):
    question = gettext_lazy("会员带着介绍信来办时用。两边工会谁先见到会员都可以提出；提出的人不能自己接收。")
    name = forms.CharField(label=gettext_lazy("姓名"), max_length=64)
    id_type = forms.ChoiceField(label=gettext_lazy("证件类型"), choices=list(ID_TYPES.items()))
    id_no = forms.CharField(label=gettext_lazy("证件号码"), max_length=40)
    to_union = forms.CharField(
        label=gettext_lazy("转入工会"), max_length=128, help_text=gettext_lazy("全称，或统一社会信用代码。")
    )
    document = forms.CharField(label=gettext_lazy("介绍信文号"), max_length=80)
    reason = forms.CharField(label=gettext_lazy("原因"), max_length=WORDS_MAX, required=False)

    def clean_to_union(self) -> int:
        return union_id_of(self.cleaned_data["to_union"])

    def facts(self) -> dict[str, Any]:
        asked = dict(self.cleaned_data)
        return {"to_union_id": asked.pop("to_union"), "papers": transfers.Papers(**asked)}


@console_page(
    "members/transfers/new", name="transfer_new", needs="members.import", title=gettext_lazy("代办转会"),
    icon="move_down", group="members", order=26,
)  # fmt: skip
def new_transfer(request: HttpRequest) -> HttpResponse:
    form = PapersForm(request.POST or None, actor=request.actor, row=None)
    return ask(
        request,
        form,
        transfers.open_transfer_for,
        title=_("代办转会"),
        goes_to=lambda made: reverse("admin:members_transferrequest_change", args=[made.pk]),
        says=_("已提出，等原工会同意转出。"),
        back=reverse("admin:members_transferrequest_changelist"),
    )


@admin.register(TransferRule)
class TransferRuleAdmin(ScopedAdmin):
    icon, order = "hourglass_bottom", 27
    write_verb = "unions.write"
    search = SmallNameSearch("clause")
    search_help_text = gettext_lazy("依据")
    empty_hint = gettext_lazy(
        "不写规定时按产品默认：原工会 10 个工作日未答复视为同意转出；新工会 10 个工作日未答复转上一级办理。"
        "规定管本工会和下级，离得最近的算数。"
    )
    fields = (
        "union", ("release_days", "release_silence"), ("accept_days", "accept_silence"), "clause", "is_active",
    )  # fmt: skip
    list_display = (
        "union", "release_days", "release_silence", "accept_days", "accept_silence", "clause", "is_active",
    )  # fmt: skip
    list_select_related = ("union",)
    list_filter = (subtree_filter("union__path"),)
    ordering = ("union_id", "-id")


def _waiting_figure(actor: Actor, state: str, side: str, title: str) -> Figure | None:
    mine = SIDES[side].doing(transfers.DECIDE).condition(actor)
    found = TransferRequest.objects.visible_to(actor).filter(mine, state=state)
    count, late = found.count(), found.filter(due_on__lt=clock.today()).count()
    link = reverse("admin:members_transferrequest_changelist") + f"?state__exact={state}"
    note = _("其中 %d 件已过期") % late if late else ""
    return Figure(title, count, "move_down", link, note) if count else None


@waiting(needs=transfers.DECIDE, order=13)
def to_release(actor: Actor) -> Figure | None:
    return _waiting_figure(actor, "opened", "from_union", _("转会待转出"))


@waiting(needs=transfers.DECIDE, order=14)
def to_accept(actor: Actor) -> Figure | None:
    return _waiting_figure(actor, "released", "to_union", _("转会待接收"))
