"""注销账号: what would go, what stays and why, what is in the way; then the code, and fifteen days to think again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from gonghui.accounts.errors import CODE_TOO_SOON
from gonghui.accounts.queries import own_account
from gonghui.accounts.sessions import client_address
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.members import leaving
from gonghui.members.actions import forget
from gonghui.portal.account_forms import CodeForm
from gonghui.portal.doors import again, go, signed_in
from gonghui.portal.views.sign_in import code_step

PAGE = "portal/account/farewell.html"
CODE_PAGE = "portal/account/farewell_code.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def farewell(request: HttpRequest) -> HttpResponse:
    actor = signed_in(request)
    if request.method == "POST":
        return _ask(request, actor) if request.POST.get("step") == "code" else _send(request, actor)
    return render(request, PAGE, _facts(actor))


@require_POST
def farewell_back(request: HttpRequest) -> HttpResponse:
    forget.take_back_farewell(signed_in(request))
    messages.success(request, _("已撤回，账号照常使用。"))
    return go("my_data")


def _facts(actor: Actor, given: list[str] | None = None) -> dict:
    goes, stays = leaving.told_to_members()
    return {
        "tab": "me",
        "farewell": forget.own_farewell(actor),
        "hindrances": forget.own_hindrances(actor),
        "given": given or [],
        "goes": goes,
        "stays": stays,
        "days": forget.COOLS_OFF.days,
    }


def _send(request: HttpRequest, actor: Actor) -> HttpResponse:
    given = request.POST.getlist("gives_up")
    try:
        code = forget.request_farewell_code(actor, gives_up=given, address=client_address(request))
    except DomainError as error:
        if error.reason is CODE_TOO_SOON:
            return again(request, CODE_PAGE, _code_facts(actor, given), error)
        return again(request, PAGE, _facts(actor, given), error)
    return render(request, CODE_PAGE, _code_facts(actor, given, code=code))


def _code_facts(actor: Actor, given: list[str], **shown: str) -> dict:
    phone = own_account(actor).phone or ""
    return {"tab": "me", "given": given, "days": forget.COOLS_OFF.days, **code_step(phone, **shown)}


def _ask(request: HttpRequest, actor: Actor) -> HttpResponse:
    form, given = CodeForm(request.POST), request.POST.getlist("gives_up")
    facts = _code_facts(actor, given, shown=request.POST.get("demo_code", ""))
    if not form.is_valid():
        return again(request, CODE_PAGE, {**facts, "form": form})
    try:
        forget.ask_farewell(
            actor, code=form.cleaned_data["code"], gives_up=given, address=client_address(request)
        )
    except DomainError as error:
        return again(request, CODE_PAGE, facts, error)
    messages.success(request, _("已收到注销申请。"))
    return go("farewell")
