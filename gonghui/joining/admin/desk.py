"""现场办理, on the officer's phone: the document is entered, the worker confirms, a colleague reviews."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from gonghui.accounts.sessions import client_address
from gonghui.joining import actions
from gonghui.joining.actions import Told
from gonghui.joining.actions.on_site import own_draft
from gonghui.joining.models import JoinApplication
from gonghui.joining.queries import groups
from gonghui.kit.actors import Actor
from gonghui.kit.console import ScopedChoiceField, VerbForm, console_page, page_facts
from gonghui.kit.console.asking import ask
from gonghui.kit.errors import DomainError
from gonghui.members.roster.values import DOCUMENT_LABELS

WRITE = "joining.write"


class EnterForm(VerbForm):
    union = ScopedChoiceField(
        "joining.JoinPoster", "union", home=WRITE, label=gettext_lazy("加入哪个工会"),
        error_messages={"required": gettext_lazy("请选择工会。")},
    )  # fmt: skip
    name = forms.CharField(
        label=gettext_lazy("姓名"), max_length=60, error_messages={"required": gettext_lazy("请填写姓名。")}
    )
    id_type = forms.ChoiceField(label=gettext_lazy("证件类型"), choices=list(DOCUMENT_LABELS.items()))
    id_no = forms.CharField(
        label=gettext_lazy("证件号码"), max_length=40,
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "characters"}),
        error_messages={"required": gettext_lazy("请对照证件原件填写。")},
    )  # fmt: skip
    phone = forms.CharField(
        label=gettext_lazy("本人手机号"), max_length=20, widget=forms.TextInput({"inputmode": "numeric", "type": "tel"}),
        error_messages={"required": gettext_lazy("请填写本人的手机号。")},
    )  # fmt: skip
    group = forms.ChoiceField(label=gettext_lazy("职业群体"), required=False)
    employer = forms.CharField(label=gettext_lazy("工作单位或平台"), max_length=60, required=False)
    seen = forms.BooleanField(
        label=gettext_lazy("我看过证件原件，人证一致，并已告知本人信息的用途"),
        error_messages={"required": gettext_lazy("没有看过证件原件的，请让本人在手机上申请。")},
    )  # fmt: skip
    halves = ("id_type", "id_no", "group", "employer")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["group"].choices = [("", _("都不是，或不确定")), *groups().items()]

    def facts(self) -> dict[str, Any]:
        given = self.cleaned_data
        same = {name: given[name] for name in ("name", "id_type", "id_no", "group", "employer")}
        return {"told": Told(union_id=given["union"].pk, **same), "phone": given["phone"]}


@console_page(
    "joining/on-site", name="join_on_site", needs=WRITE, title=gettext_lazy("现场办理"), icon="badge", group="joining",
    order=30,
)  # fmt: skip
@sensitive_post_parameters("name", "id_no", "phone")
def on_site(request: HttpRequest) -> HttpResponse:
    form = EnterForm(request.POST or None, actor=request.actor, row=None)
    return ask(
        request, form, actions.enter_on_site, title=_("现场办理入会"), says=_("已登记，请本人确认。"),
        goes_to=lambda row: reverse("admin:join_on_site_confirm", args=[row.pk]), back=reverse("admin:index"),
    )  # fmt: skip


@console_page("joining/on-site/<int:application_id>", name="join_on_site_confirm", needs=WRITE)
@sensitive_post_parameters("code")
def confirm(request: HttpRequest, application_id: int) -> HttpResponse:
    """By the code on the worker's own phone, or by their signature on paper."""
    row = own_draft(request.actor, application_id)
    facts: dict[str, Any] = {"row": row, "sent": False, "demo_code": "", "error": None}
    if request.method == "POST":
        try:
            done = _step(request, request.actor, row, facts)
        except DomainError as error:
            facts |= {"error": error, "sent": request.POST.get("do") == "code" or facts["sent"]}
        else:
            if done:
                messages.success(request, done)
                return HttpResponseRedirect(reverse("admin:join_on_site"))
    facts["group"] = groups().get(row.group, "")
    status = facts["error"].status if facts["error"] else 200
    return render(
        request, "joining/console/confirm.html", page_facts(request, _("请本人确认"), **facts), status=status
    )


def _step(request: HttpRequest, actor: Actor, row: JoinApplication, facts: dict[str, Any]) -> str:
    """What was done when it is over; nothing while the code is on its way."""
    given, address = request.POST, client_address(request)
    match given.get("do"):
        case "send":
            code = actions.send_join_code(actor, application_id=row.pk, address=address)
            facts |= {"sent": True, "demo_code": code if settings.GONGHUI_SHOW_CODES else ""}
            return ""
        case "code":
            actions.confirm_by_code(actor, application_id=row.pk, code=given.get("code", ""), address=address)
        case "sign":
            actions.confirm_by_signature(actor, application_id=row.pk, form_no=given.get("form_no", ""))
        case "drop":
            actions.drop_on_site(actor, application_id=row.pk)
            return _("已作废，没有留下任何资料。")
        case _:
            return ""
    return _("已提交，由另一位同事审核。结果会发给本人。")
