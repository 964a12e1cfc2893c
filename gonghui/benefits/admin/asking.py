"""What verbs of this app ask for, and where they come back to."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from gonghui.kit.console import ReasonForm, Verb, VerbForm
from gonghui.kit.console.asking import moment_field
from gonghui.kit.console.verbs import reason_field
from gonghui.kit.masks import mask_name


class NoteForm(VerbForm):
    note = forms.CharField(
        label=_("核实结果"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("请写明核实的结果。")},
    )


class CapacityForm(ReasonForm):
    capacity = forms.IntegerField(
        label=_("新的名额"), min_value=1, help_text=_("不能少于已发出的数量；增加的名额先给候补的人。")
    )
    field_order = ("capacity", "reason")


class PauseForm(ReasonForm):
    reason = reason_field(help_text=_("会员在领取的页面上会看到。请写明为什么、大约什么时候恢复。"))


class PostponeForm(ReasonForm):
    opens_at = moment_field(
        _("新的开放时间"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        error_messages={"required": _("请选新的开放时间。"), "invalid": _("请写成 年-月-日 时:分。")},
        help_text=_("要比原定时间晚；设过提醒的会员会收到消息，到时再提醒一次。"),
    )
    field_order = ("opens_at", "reason")


@dataclass(frozen=True)
class ReturningVerb(Verb):
    """Goes back to the page it was asked from, when that page says so and is one of ours."""

    def back_to(self, screen, row, request: HttpRequest | None = None) -> str:
        back = request.GET.get("back", "") if request is not None else ""
        if back.startswith("/console/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None):
            return back
        return super().back_to(screen, row, request)


@display(description=_("会员"))
def holder(row) -> str:
    """Never whole: who needs the name asks on the member's own page, with a reason."""
    return mask_name(row.person.name)


@display(description=_("会员"))
def voucher_holder(row) -> str:
    return mask_name(row.voucher.person.name)
