"""投诉 in the back office: the list with its days, one complaint with its whole thread, and the ruling."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.bills.models import BillLine
from gonghui.bills.queries import offers_of, refunds_of
from gonghui.complaints.actions import rule_complaint
from gonghui.complaints.deadlines import RULING_DAYS
from gonghui.complaints.models import WORDS_MAX, Complaint
from gonghui.complaints.queries import complaint_for, of_bill
from gonghui.complaints.thread import UNION, thread_of
from gonghui.complaints.tones import CONSOLE
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    Figure,
    ReasonForm,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    console_page,
    in_state,
    link_column,
    page_facts,
    state_column,
    subtree_filter,
    waiting,
    when_column,
)
from gonghui.kit.console.verbs import dress, reason_field
from gonghui.kit.masks import mask_name
from gonghui.kit.templatetags.kit import cn_day, yuan


def complaint_address(row: Complaint) -> str:
    return reverse("admin:complaint", args=[row.pk])


class ComplaintVerb(Verb):
    """Comes back to the complaint's own page."""

    def back_to(self, screen, row, request: HttpRequest | None = None) -> str:
        return complaint_address(row)


class RulingForm(ReasonForm):
    """A switch for each line complained about."""

    is_upheld = forms.TypedChoiceField(
        label=gettext_lazy("结论"),
        choices=[("1", gettext_lazy("支持会员")), ("0", gettext_lazy("不支持"))],
        coerce=lambda value: value == "1",
    )
    reason = reason_field(
        label=gettext_lazy("理由"), max_length=WORDS_MAX, help_text=gettext_lazy("会员和商家都会看到。")
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.lines = [one.line for one in self.row.lines.select_related("line").order_by("line__nth")]
        for line in self.lines:
            asked = forms.BooleanField(label=switch_label(line), required=False)
            dress(asked)
            self.fields[f"line_{line.pk}"] = asked
        self.order_fields(["is_upheld", *(f"line_{line.pk}" for line in self.lines), "reason"])

    def facts(self) -> dict[str, Any]:
        given = self.cleaned_data
        line_ids = [line.pk for line in self.lines if given[f"line_{line.pk}"]]
        return {"is_upheld": given["is_upheld"], "line_ids": line_ids, "reason": given["reason"]}


def switch_label(line: BillLine) -> str:
    left = yuan(line.list_fen - line.refunded_fen)
    return _("退：{name} × {n}，还没退的原价 {fen} 元").format(name=line.name, n=line.quantity, fen=left)


@admin.register(Complaint)
class ComplaintAdmin(ScopedAdmin):
    icon, order = "gavel", 10
    view_verb = "complaints.view"
    state_field = "state"
    search = SmallNameSearch("bill__store__name")
    search_help_text = gettext_lazy("门店名称")
    list_display = (
        link_column(gettext_lazy("投诉"), complaint_address, lambda row: row.number),
        "store", "member", "kind", "wanted", state_column("state", CONSOLE), "due",
        when_column("created_at", gettext_lazy("提出")),
    )  # fmt: skip
    list_select_related = ("bill__store", "bill__person", "bill__union")
    list_filter = (
        subtree_filter("bill__union__path"),
        ("state", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
    )
    ordering = ("-id",)
    fields = ("store", "member", ("kind", "wanted"), "state", "due", "arbiter", "closed_at")
    empty_hint = gettext_lazy("会员在自己的账单上提意见后，会出现在这里。")
    verbs = (
        ComplaintVerb("rule", gettext_lazy("裁定"), rule_complaint, "complaints.rule", icon="gavel", tone="primary",
                      form=RulingForm, when=in_state("escalated"),
                      question=gettext_lazy("裁定后不能再改。支持退的商品按原来的出资退回，马上记账；已经结算的账单，记在商家下一张结算单。")),
    )  # fmt: skip

    class Media:
        css = {"all": ["complaints/console.css"]}

    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).select_related(*self.list_select_related)

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), "store", "member", "due"]

    @display(description=gettext_lazy("门店"))
    def store(self, row: Complaint) -> str:
        return row.bill.store.name

    @display(description=gettext_lazy("会员"))
    def member(self, row: Complaint) -> str:
        return mask_name(row.bill.person.name)

    @display(description=gettext_lazy("最迟"), ordering="due_on")
    def due(self, row: Complaint) -> str:
        return due_shown(row)


def due_shown(row: Complaint) -> str:
    """In red where the day has passed."""
    if row.due_on is None:
        return "—"
    if not row.is_overdue:
        return cn_day(row.due_on)
    return format_html('<span class="co-late">{} {}</span>', cn_day(row.due_on), _("已过期"))


@console_page("complaints/<int:complaint_id>", name="complaint", needs="complaints.view")
def complaint_page(request: HttpRequest, complaint_id: int) -> HttpResponse:
    row = complaint_for(request.actor, complaint_id)
    bill, path = row.bill, row.bill.union.path
    facts: dict[str, Any] = {
        "row": row,
        "bill": bill,
        "tone": CONSOLE[row.state],
        "member": mask_name(bill.person.name),
        "steps": thread_of(
            bill, of_bill(bill.pk), offers=offers_of(bill), refunds=refunds_of(bill), reader=UNION
        ),
        "days": RULING_DAYS,
        "sees_bill": request.actor.may("bills.view", path),
        "may_rule": row.state == Complaint.State.ESCALATED and request.actor.may("complaints.rule", path),
    }
    return render(request, "complaints/console/complaint.html", page_facts(request, row.number, **facts))


@waiting(needs="complaints.rule", order=55)
def to_rule(actor: Actor) -> Figure | None:
    """How many wait for a ruling, and how many of them too long."""
    escalated = Complaint.objects.visible_to(actor).filter(state="escalated")
    count, late = escalated.count(), escalated.filter(Q(due_on__lt=clock.today())).count()
    link = reverse("admin:complaints_complaint_changelist") + "?state__exact=escalated"
    note = _("其中 %d 件已过期") % late if late else ""
    return Figure(_("投诉待裁定"), count, icon="gavel", link=link, note=note) if count else None
