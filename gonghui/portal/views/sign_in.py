"""Members' sign-in: the phone, then the code. Works without JavaScript and keeps nothing between the two steps."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gonghui.accounts.actions.codes import request_phone_code
from gonghui.accounts.actions.sign_in import sign_in_by_phone
from gonghui.accounts.errors import CODE_TOO_SOON
from gonghui.accounts.models import User
from gonghui.accounts.sessions import client_address, close_session, open_session
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.members.actions.consents import give_consent
from gonghui.members.consents import PURPOSES
from gonghui.members.queries import person_id_of
from gonghui.portal.account_forms import CodeForm, SignInForm
from gonghui.portal.doors import again, wanted_path

PHONE_PAGE = "portal/account/sign_in.html"
CODE_PAGE = "portal/account/sign_in_code.html"


@never_cache
@sensitive_post_parameters("code", "phone")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.actor.user_id:
        return HttpResponseRedirect(wanted_path(request))
    if request.method == "POST":
        return _enter(request) if request.POST.get("step") == "code" else _send(request)
    facts = {"form": SignInForm(), "next": wanted_path(request)}
    return render(request, PHONE_PAGE, facts)


def _send(request: HttpRequest) -> HttpResponse:
    form = SignInForm(request.POST)
    if not form.is_valid():
        return again(request, PHONE_PAGE, {"form": form})
    phone = form.cleaned_data["phone"]
    try:
        code = request_phone_code(request.actor, phone=phone, address=client_address(request))
    except DomainError as error:
        if error.reason is CODE_TOO_SOON:
            # The code of a minute ago is still good: let them type it.
            return again(request, CODE_PAGE, code_step(phone), error)
        return again(request, PHONE_PAGE, {"form": form}, error)
    return render(request, CODE_PAGE, {**code_step(phone, code), "next": wanted_path(request)})


def code_step(phone: str, code: str = "", shown: str = "") -> dict:
    """`code` was just made and may be shown by the demo; `shown` is what the demo page carried along."""
    shown = (code or shown) if settings.GONGHUI_SHOW_CODES else ""
    return {"form": CodeForm(initial={"phone": phone}), "phone": phone, "demo_code": shown}


def _enter(request: HttpRequest) -> HttpResponse:
    form = CodeForm(request.POST)
    facts = code_step(request.POST.get("phone", ""), shown=request.POST.get("demo_code", ""))
    if not form.is_valid():
        return again(request, CODE_PAGE, {**facts, "form": form})
    entered = form.cleaned_data
    address = client_address(request)
    try:
        user = sign_in_by_phone(request.actor, phone=entered["phone"], code=entered["code"], address=address)
    except DomainError as error:
        return again(request, CODE_PAGE, facts, error)
    open_session(request, user)
    give_consent(_actor_of(user), purpose="privacy")
    return HttpResponseRedirect(_next_step(request, user))


def _actor_of(user: User) -> Actor:
    return Actor(user_id=user.pk, keys={"user": frozenset({user.pk})})


def _next_step(request: HttpRequest, user: User) -> str:
    """Newcomers are offered verification first; it can be put off."""
    target = wanted_path(request)
    if person_id_of(user.pk) is not None or target.startswith("/clerk"):
        return target
    return f"{reverse('verify')}?{urlencode({'next': target})}"


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    close_session(request, request.actor)
    return HttpResponseRedirect("/")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept of whom, and why; the words people agree to."""
    return render(request, "portal/account/privacy.html", {"purposes": PURPOSES.values()})
