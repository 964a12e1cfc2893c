"""A provider's coupons as they are drafted: what they take off, how many, out of which budget."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.bills.models import Programme
from gonghui.funds.models import Budget
from gonghui.funds.queries import OPEN
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.console.asking import FEN, YuanField, day_field
from gonghui.kit.scope import BySubtree
from gonghui.payments.ports.coupons import StockOrder

TOTAL_MAX = 10_000_000
LAST = time(23, 59, 59)


class BudgetField(forms.ModelChoiceField):
    def label_from_instance(self, row: Budget) -> str:
        return f"{row.name} · {row.union.name}"


class StockForm(forms.Form):
    question = gettext_lazy("提交后由另一位同事批准；批准时按面额乘以张数从预算留足，再向渠道下单。")
    halves = ("face_fen", "threshold_fen", "starts_on", "ends_on")
    budget = BudgetField(None, label=gettext_lazy("从哪项预算支出"), empty_label=gettext_lazy("请选择"))
    programme = forms.ModelChoiceField(
        None, label=gettext_lazy("项目"), required=False, empty_label=gettext_lazy("不属于哪个项目")
    )
    name = forms.CharField(
        label=gettext_lazy("券名"),
        max_length=20,
        help_text=gettext_lazy("会员在微信卡包里看到的名字，最多 20 字。"),
    )
    face_fen = YuanField(label=gettext_lazy("面额（元）"), min_value=FEN)
    threshold_fen = YuanField(
        label=gettext_lazy("满多少可用（元）"),
        min_value=0,
        initial=0,
        help_text=gettext_lazy("填 0 表示没有门槛。"),
    )
    total = forms.IntegerField(label=gettext_lazy("张数"), min_value=1, max_value=TOTAL_MAX)
    starts_on = day_field(gettext_lazy("开始日期"), initial=clock.today)
    ends_on = day_field(gettext_lazy("截止日期"), help_text=gettext_lazy("当天仍可使用。"))
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.narrow(actor)

    def narrow(self, actor: Actor) -> None:
        """What it chooses from is what the actor writes to."""
        rule = BySubtree("union__path", verb="payments.write").condition(actor)
        found = Budget.objects.visible_to(actor).select_related("union")
        fields: dict[str, Any] = self.fields
        fields["budget"].queryset = found.filter(rule, state__in=OPEN, ends_on__gte=clock.today())
        fields["programme"].queryset = Programme.objects.filter(rule).order_by("-id")

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if given.get("starts_on") and given.get("ends_on") and given["starts_on"] > given["ends_on"]:
            self.add_error("ends_on", _("开始日期不能晚于截止日期。"))
        if (
            given.get("face_fen")
            and given.get("threshold_fen")
            and given["face_fen"] > given["threshold_fen"]
        ):
            self.add_error("face_fen", _("面额不能大于满减的门槛。"))
        return given

    def order(self) -> StockOrder:
        given = self.cleaned_data
        return StockOrder(
            key=str(given["key"]), name=given["name"], face_fen=given["face_fen"], threshold_fen=given["threshold_fen"],
            total=given["total"], starts_at=datetime.combine(given["starts_on"], time(0), clock.CHINA),
            ends_at=datetime.combine(given["ends_on"], LAST, clock.CHINA),
        )  # fmt: skip

    def facts(self) -> dict[str, Any]:
        given = self.cleaned_data
        programme = given["programme"]
        programme_id = programme.pk if programme else None
        return {"budget_id": given["budget"].pk, "order": self.order(), "programme_id": programme_id}
