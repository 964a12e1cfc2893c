"""传话: the list with who has read and acknowledged, the page everybody reads it on, writing and correcting one."""

from __future__ import annotations

from typing import Any
from uuid import uuid5

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    Figure,
    ScopedAdmin,
    ScopedChoiceField,
    SmallNameSearch,
    Verb,
    console_page,
    link_column,
    page_facts,
    subtree_filter,
    waiting,
    when_column,
)
from gonghui.kit.console.asking import ask, day_field
from gonghui.kit.console.columns import Amount
from gonghui.kit.console.sending import key_of
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.opsdesk import actions
from gonghui.opsdesk.admin.asking import OwnUnion, long_field, page_of, pressed, roles_field
from gonghui.opsdesk.models import Broadcast, BroadcastRecipient
from gonghui.opsdesk.models.broadcasts import BODY_MAX
from gonghui.opsdesk.models.groups import USUAL
from gonghui.opsdesk.queries import (
    broadcast_for,
    broadcasts_counted,
    groups_kept,
    recipients_of,
    to_acknowledge,
)
from gonghui.opsdesk.scopes import ANSWER, ASK


def broadcast_address(row: Broadcast) -> str:
    return reverse("admin:opsdesk_broadcast", args=[row.pk])


class BroadcastVerb(Verb):
    def back_to(self, screen, row, request: HttpRequest | None = None) -> str:
        return broadcast_address(row)


def wants_an_answer(row: Broadcast) -> bool:
    return row.wanted_by is not None and not row.is_superseded


@admin.register(Broadcast)
class BroadcastAdmin(ScopedAdmin):
    icon, order = "campaign", 20
    search = SmallNameSearch("title")
    search_help_text = gettext_lazy("标题")
    new_page = ("opsdesk_broadcast_new", ANSWER, gettext_lazy("发通知"))
    list_display = (
        link_column(gettext_lazy("标题"), broadcast_address, lambda row: row.title),
        "kind", "union", when_column("created_at", gettext_lazy("发出")), "read_of", "acknowledged_of", "standing",
    )  # fmt: skip
    list_select_related = ("union", "correction")
    list_filter = (subtree_filter(), ("kind", ChoicesDropdownFilter))
    ordering = ("-id",)
    fields = ("title", "body", "kind", "union", "maker", "wanted_by", "supersedes")
    empty_hint = gettext_lazy("功能变动、工作安排，一次发到管理员手里，谁读了、谁确认了都看得到。")
    verbs = (
        BroadcastVerb("remind", gettext_lazy("提醒没确认的人"), actions.remind_recipients, ANSWER, icon="notifications_active",
                      tone="primary", when=wants_an_answer, done=lambda n: _("已提醒 {n} 人。").format(n=n),
                      question=gettext_lazy("给还没确认的人再发一条消息。同一条通知每人只提醒一次。")),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest):
        return broadcasts_counted(
            super().get_queryset(request).select_related("union", "correction", "maker")
        )

    @display(description=gettext_lazy("已读 / 人数"))
    def read_of(self, row: Broadcast) -> Amount:
        return Amount.of(f"{row.read_count:,} / {row.recipients_count:,}", row.read_count)

    @display(description=gettext_lazy("已确认"))
    def acknowledged_of(self, row: Broadcast) -> Amount:
        return Amount.of(f"{row.acknowledged_count:,}" if row.wanted_by else "—", row.acknowledged_count)

    @display(description=gettext_lazy("状态"), label={"current": "success", "superseded": "default"})
    def standing(self, row: Broadcast) -> tuple[str, str]:
        return ("superseded", _("已更正")) if row.is_superseded else ("current", _("有效"))


class WordsOf(forms.Form):
    title = forms.CharField(label=gettext_lazy("标题"), max_length=60)
    body = long_field(gettext_lazy("内容"), rows=8, max_length=BODY_MAX)
    wanted_by = day_field(
        gettext_lazy("请在哪天前确认"),
        required=False,
        help_text=gettext_lazy("不填就只要看，不要确认；当天早上自动提醒还没确认的人。"),
    )

    def words(self) -> actions.Words:
        given = self.cleaned_data
        return actions.Words(given["title"], given["body"], given["wanted_by"])


class BroadcastForm(WordsOf):
    union = OwnUnion(gettext_lazy("以哪个工会的名义"))
    groups = forms.TypedMultipleChoiceField(label=gettext_lazy("发到这些群"), coerce=int, required=False)
    below = ScopedChoiceField(
        "orgs.Union", "parent", label=gettext_lazy("或者：这个工会和它全部下级的管理员"), required=False
    )
    roles = roles_field(initial=list(USUAL), required=False)
    field_order = ("union", "groups", "below", "roles", "title", "body", "wanted_by")

    def __init__(self, *args, actor: Actor, key, **kwargs):
        super().__init__(*args, **kwargs)
        self.key = key
        self.fields["union"].bind(actor, ANSWER)
        self.fields["below"].bind_to(actor)
        self.fields["roles"].label = _("下级管理员里的哪些角色")
        self.fields["groups"].choices = [(group.pk, group.name) for group in groups_kept(actor)]

    def facts(self) -> dict[str, Any]:
        given = self.cleaned_data
        below = given["below"].pk if given["below"] else None
        to = actions.Address(tuple(given["groups"]), below, tuple(given["roles"]))
        return {"key": self.key, "union_id": given["union"], "to": to, "words": self.words()}


@console_page("opsdesk/broadcasts/new", name="opsdesk_broadcast_new", needs=ANSWER)
def new_broadcast(request: HttpRequest) -> HttpResponse:
    key = uuid5(key_of(request), f"broadcast {request.actor.user_id}")
    chosen = {"groups": request.GET.getlist("group")}
    form = BroadcastForm(request.POST or None, actor=request.actor, key=key, initial=chosen)
    back = reverse("admin:opsdesk_broadcast_changelist")
    says = _("已发出。")
    return ask(
        request,
        form,
        actions.send_broadcast,
        title=_("发通知"),
        goes_to=broadcast_address,
        says=says,
        back=back,
    )


class CorrectionForm(WordsOf):
    question = gettext_lazy("更正会发给原来收到的每一个人；原来那条标明“已更正”，不再要求确认。")

    def __init__(self, *args, key, broadcast_id: int, **kwargs):
        super().__init__(*args, **kwargs)
        self.key, self.broadcast_id = key, broadcast_id

    def facts(self) -> dict[str, Any]:
        return {"broadcast_id": self.broadcast_id, "key": self.key, "words": self.words()}


@console_page("opsdesk/broadcasts/<int:broadcast_id>/correct", name="opsdesk_broadcast_correct", needs=ANSWER)
def correct_broadcast(request: HttpRequest, broadcast_id: int) -> HttpResponse:
    row = broadcast_for(request.actor, broadcast_id)
    require(request.actor.may(ANSWER, row.union.path), NOT_FOUND)
    key = uuid5(key_of(request), f"correction {request.actor.user_id}")
    form = CorrectionForm(
        request.POST or None, key=key, broadcast_id=row.pk, initial={"title": row.title, "body": row.body}
    )
    return ask(
        request, form, actions.correct_broadcast, title=_("发出更正"), goes_to=broadcast_address, says=_("更正已发出。"),
        back=broadcast_address(row),
    )  # fmt: skip


@console_page("opsdesk/broadcasts/<int:broadcast_id>", name="opsdesk_broadcast", needs=ASK)
def broadcast_page(request: HttpRequest, broadcast_id: int) -> HttpResponse:
    """Opened by a recipient it is read; for the desk, who has and who has not."""
    actor = request.actor
    row = broadcast_for(actor, broadcast_id)
    own = BroadcastRecipient.objects.visible_to(actor).filter(broadcast=row, user_id=actor.user_id).first()
    if own is not None:
        own = actions.read_broadcast(actor, broadcast_id=row.pk)
    if request.method == "POST":
        return pressed(
            request, lambda: actions.acknowledge_broadcast(actor, broadcast_id=row.pk), says=_("已确认。"),
            back=broadcast_address(row), again=lambda said, status: drawn(request, row, own, said, status),
        )  # fmt: skip
    return drawn(request, row, own)


def drawn(request: HttpRequest, row: Broadcast, own, refusal: str = "", status: int = 200) -> HttpResponse:
    keeps = request.actor.may(ANSWER, row.union.path)
    facts: dict[str, Any] = {"row": row, "own": own, "keeps": keeps, "refusal": refusal}
    if keeps:
        people = recipients_of(row)
        facts |= {"page_obj": page_of(request, people, 50), "figures": figures_of(row), "to": addressees(row)}
    return render(request, "opsdesk/broadcast.html", page_facts(request, row.title, **facts), status=status)


def figures_of(row: Broadcast) -> list[tuple[str, int]]:
    counted = broadcasts_counted(
        Broadcast.objects.unscoped("of a broadcast the reader keeps").filter(pk=row.pk)
    ).get()
    found = [(_("人数"), counted.recipients_count), (_("已读"), counted.read_count)]
    if row.wanted_by:
        silent = counted.recipients_count - counted.acknowledged_count
        found += [(_("已确认"), counted.acknowledged_count), (_("还没确认"), silent)]
    return found


def addressees(row: Broadcast) -> list[str]:
    groups = [link.group.name for link in row.to_groups.select_related("group").order_by("id")]
    return groups + ([_("{union}和下级的管理员").format(union=row.below.name)] if row.below else [])


@waiting(needs=ASK, order=15)
def wanted(actor: Actor) -> Figure | None:
    found = to_acknowledge(actor)
    count = found.count()
    late = sum(one.broadcast.is_late for one in found[:100]) if count else 0
    note = _("其中 %d 条已过期") % late if late else ""
    return (
        Figure(_("待确认的通知"), count, "task_alt", reverse("admin:opsdesk") + "#acknowledge", note)
        if count
        else None
    )
