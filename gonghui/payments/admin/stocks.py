"""外部券批次: asked for here, made at the provider by a job."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from uuid import uuid4

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.console import console_page
from gonghui.kit.console.asking import FEN, YuanField, ask, day_field
from gonghui.kit.scope import BySubtree
from gonghui.orgs.models import Union
from gonghui.payments.actions.coupons import order_stock
from gonghui.payments.ports.coupons import StockOrder

TOTAL_MAX = 10_000_000
LAST = time(23, 59, 59)


class StockForm(forms.Form):
    union = forms.ModelChoiceField(None, label=gettext_lazy("工会"), empty_label=gettext_lazy("请选择"))
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
        written = BySubtree("path", verb="payments.write").condition(actor)
        found = Union.objects.unscoped("narrowed to what the actor writes to").filter(written)
        self.fields["union"].queryset = found.order_by("path")

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
        return {"union_id": self.cleaned_data["union"].pk, "order": self.order()}


@console_page("payments/stocks/new", name="payments_stock_new", needs="payments.write")
def new_stock(request: HttpRequest) -> HttpResponse:
    """Sent twice it is one stock: the key stands in the form."""
    form = StockForm(request.POST or None, actor=request.actor)
    return ask(
        request, form, order_stock, title=_("新建外部券批次"), says=_("已提交，渠道建好后状态变为可用。"),
        goes_to=lambda stock: reverse("admin:payments_externalstock_change", args=[stock.pk]),
        back=reverse("admin:payments_externalstock_changelist"),
    )  # fmt: skip
