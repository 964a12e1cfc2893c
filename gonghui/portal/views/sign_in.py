"""Members' sign-in: the phone, then the code. Works without JavaScript and keeps nothing between the two steps."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gonghui.accounts.actions.codes import request_phone_code
from gonghui.accounts.errors import CODE_TOO_SOON, PROOF_OVER
from gonghui.accounts.models import User
from gonghui.accounts.sessions import KNOWN, client_address, close_session, open_session, remember_device
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError, require
from gonghui.members.actions.consents import give_consent
from gonghui.members.actions.handed_on import disown_account, enter_by_phone, prove_identity
from gonghui.members.consents import PURPOSES
from gonghui.members.queries import person_id_of
from gonghui.portal.account_forms import CodeForm, ProofForm, SignInForm
from gonghui.portal.doors import again, wanted_path

PHONE_PAGE = "portal/account/sign_in.html"
CODE_PAGE = "portal/account/sign_in_code.html"
PROOF_PAGE = "portal/account/sign_in_proof.html"
PROOF = "proof"


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
    said = {"phone": entered["phone"], "code": entered["code"], "device_key": request.COOKIES.get(KNOWN, "")}
    try:
        entry = enter_by_phone(request.actor, address=client_address(request), **said)
    except DomainError as error:
        return again(request, CODE_PAGE, facts, error)
    if entry.ticket:
        # Only a marker: nobody is signed in before the second step.
        request.session.cycle_key()
        request.session[PROOF] = entry.ticket
        return HttpResponseRedirect(f"{reverse('sign_in_proof')}?{urlencode({'next': wanted_path(request)})}")
    return _welcome(request, entry.user)


def _welcome(request: HttpRequest, user: User) -> HttpResponse:
    request.session.pop(PROOF, None)
    open_session(request, user)
    give_consent(_actor_of(user), purpose="privacy")
    return remember_device(request, HttpResponseRedirect(_next_step(request, user)), user)


@never_cache
@sensitive_post_parameters("tail")
@require_http_methods(["GET", "HEAD", "POST"])
def proof(request: HttpRequest) -> HttpResponse:
    """After a long silence: is the phone still theirs? Shows nothing of whose the account is."""
    if request.actor.user_id or not request.session.get(PROOF):
        return HttpResponseRedirect(reverse("sign_in"))
    if request.method != "POST":
        return render(request, PROOF_PAGE, {"form": ProofForm(), "next": wanted_path(request)})
    form = ProofForm(request.POST)
    if not form.is_valid():
        return again(request, PROOF_PAGE, {"form": form})
    said = {"ticket": request.session[PROOF], "tail": form.cleaned_data["tail"]}
    try:
        user = prove_identity(request.actor, address=client_address(request), **said)
    except DomainError as error:
        return again(request, PROOF_PAGE, {"form": ProofForm()}, error)
    return _welcome(request, user)


@require_POST
def not_me(request: HttpRequest) -> HttpResponse:
    """The phone goes on with a fresh account."""
    require(request.session.get(PROOF), PROOF_OVER)
    fresh = disown_account(request.actor, ticket=request.session[PROOF])
    messages.success(request, _("已为您开通新的账号，原来的资料您看不到，也不会丢失。"))
    return _welcome(request, fresh)


def _actor_of(user: User) -> Actor:
    return Actor(user_id=user.pk, keys={"user": frozenset({user.pk})})


def _next_step(request: HttpRequest, user: User) -> str:
    """Newcomers are offered verification first; it can be put off. Who comes to join is in no roster yet."""
    target = wanted_path(request)
    if person_id_of(user.pk) is not None or target.startswith(("/clerk", "/join")):
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
