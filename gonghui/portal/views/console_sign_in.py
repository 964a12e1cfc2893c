"""Staff sign-in: login name and password, then the time-based code, which the first sign-in sets up."""

from __future__ import annotations

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from gonghui.accounts.actions.staff import confirm_second_factor, enrol_totp, sign_in_staff
from gonghui.accounts.errors import SECOND_STEP_OVER
from gonghui.accounts.models import User
from gonghui.accounts.rules import SECOND_STEP_LIFE, unused_totp_code
from gonghui.accounts.sessions import (
    PENDING,
    PENDING_SINCE,
    client_address,
    is_through_both_steps,
    open_session,
)
from gonghui.kit.clock import now
from gonghui.kit.errors import DomainError
from gonghui.portal.account_forms import PasswordForm, TotpForm
from gonghui.portal.doors import again, wanted_path

PASSWORD_PAGE = "portal/account/console_password.html"  # noqa: S105  a template
TOTP_PAGE = "portal/account/console_totp.html"
HOME = "/console/"


@never_cache
@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def console_sign_in(request: HttpRequest) -> HttpResponse:
    if is_through_both_steps(request):
        return HttpResponseRedirect(wanted_path(request, HOME))
    if request.method != "POST":
        _forget(request)
        return render(request, PASSWORD_PAGE, {"form": PasswordForm(), "next": wanted_path(request, HOME)})
    return _second(request) if request.POST.get("step") == "code" else _first(request)


def _first(request: HttpRequest) -> HttpResponse:
    form = PasswordForm(request.POST)
    if not form.is_valid():
        return again(request, PASSWORD_PAGE, {"form": form})
    entered = form.cleaned_data
    try:
        user = sign_in_staff(
            request.actor,
            login=entered["login"],
            password=entered["password"],
            address=client_address(request),
        )
    except DomainError as error:
        return again(request, PASSWORD_PAGE, {"form": form}, error)
    # Only a marker: nobody is signed in before the second step.
    request.session.cycle_key()
    request.session[PENDING], request.session[PENDING_SINCE] = user.pk, int(now().timestamp())
    facts = {"form": TotpForm(), "next": wanted_path(request, HOME), **_second_step(request, user)}
    return render(request, TOTP_PAGE, facts)


def _second_step(request: HttpRequest, user: User) -> dict:
    """The QR and the secret, until the first code confirmed them; after that the demo shows the code itself."""
    if user.totp_confirmed_at:
        if not settings.GONGHUI_SHOW_CODES:
            return {}
        return {"demo_code": unused_totp_code(user.totp_secret, user.totp_last_step, now())}
    enrolment = enrol_totp(request.actor, user_id=user.pk)
    picture = segno.make(enrolment.uri, micro=False, error="m").svg_data_uri(scale=5, border=2)
    secret = enrolment.secret
    return {"qr": picture, "secret": [secret[at : at + 4] for at in range(0, len(secret), 4)]}


def _second(request: HttpRequest) -> HttpResponse:
    user = _pending_user(request)
    if user is None:
        _forget(request)
        return again(request, PASSWORD_PAGE, {"form": PasswordForm()}, DomainError(SECOND_STEP_OVER))
    form = TotpForm(request.POST)
    if not form.is_valid():
        return again(request, TOTP_PAGE, {"form": form, **_second_step(request, user)})
    try:
        confirmed = confirm_second_factor(
            request.actor, user_id=user.pk, code=form.cleaned_data["code"], address=client_address(request)
        )
    except DomainError as error:
        return again(request, TOTP_PAGE, {"form": TotpForm(), **_second_step(request, user)}, error)
    open_session(request, confirmed, second_factor=True)
    target = wanted_path(request, HOME)
    if confirmed.must_change_password:
        target = f"{reverse('console_password')}?{urlencode({'next': target})}"
    return HttpResponseRedirect(target)


def _pending_user(request: HttpRequest) -> User | None:
    age_s = int(now().timestamp()) - request.session.get(PENDING_SINCE, 0)
    if age_s > SECOND_STEP_LIFE.total_seconds():
        return None
    pending = User.objects.unscoped("whose password was just checked")
    return pending.filter(pk=request.session.get(PENDING), is_staff=True, is_active=True).first()


def _forget(request: HttpRequest) -> None:
    for key in (PENDING, PENDING_SINCE):
        if key in request.session:
            del request.session[key]
