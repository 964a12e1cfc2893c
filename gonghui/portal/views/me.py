"""我的: who I am here, what is kept of me, on which devices I am signed in."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gonghui.accounts.actions.codes import CHANGE_PHONE, request_phone_code
from gonghui.accounts.actions.devices import end_device, sign_out_everywhere
from gonghui.accounts.errors import CODE_TOO_SOON
from gonghui.accounts.queries import live_devices, own_account
from gonghui.accounts.rules import token_hash
from gonghui.accounts.sessions import client_address, close_session, renew_session
from gonghui.kit.clock import today
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.sheets import XLSX
from gonghui.members.actions.consents import give_consent, withdraw_consent
from gonghui.members.actions.corrections import own_corrections
from gonghui.members.actions.forget import own_farewell
from gonghui.members.actions.phones import correct_phone
from gonghui.members.consents import PURPOSES
from gonghui.members.queries import live_consents, own_person
from gonghui.payments.queries import own_identities
from gonghui.portal import my_data
from gonghui.portal.account_forms import CodeForm, NewPhoneForm
from gonghui.portal.doors import again, go, signed_in, wanted_path
from gonghui.portal.queries.account import my_numbers
from gonghui.portal.views.sign_in import code_step

PHONE_PAGE = "portal/account/phone.html"
PHONE_CODE_PAGE = "portal/account/phone_code.html"
YEAR_S = 365 * 24 * 3600
FILES = {
    "json": (my_data.my_data_json, "application/json"),
    "xlsx": (my_data.my_data_xlsx, XLSX),
}


@never_cache
@require_safe
def me(request: HttpRequest) -> HttpResponse:
    if not request.actor.user_id:
        return render(request, "portal/account/me_stranger.html", {"tab": "me"})
    actor = request.actor
    person = own_person(actor)
    facts = {
        "tab": "me",
        "person": person,
        "phone": request.user.phone,
        "numbers": my_numbers(actor),
        "union": person and next((m.union for m in person.live_memberships), None),
        "is_clerk": bool(actor.owns("store")),
        "is_merchant": bool(actor.owns("books") or actor.owns("partner")),
        "is_staff": request.user.is_staff,
    }
    return render(request, "portal/account/me.html", facts)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def data(request: HttpRequest) -> HttpResponse:
    """Masked until asked; the asking is on record."""
    actor = signed_in(request)
    is_open = request.method == "POST"
    if is_open:
        my_data.note_own_data_read(actor)
    person = own_person(actor)
    facts = {
        "tab": "me",
        "person": person,
        "account": own_account(actor),
        "union": person and next((m.union for m in person.live_memberships), None),
        "is_open": is_open,
        "farewell": own_farewell(actor),
        "correction": own_corrections(actor).filter(state="open").first(),
    }
    return render(request, "portal/account/data.html", facts)


@never_cache
@require_POST
def data_file(request: HttpRequest, kind: str) -> HttpResponse:
    actor = signed_in(request)
    require(kind in FILES, NOT_FOUND)
    my_data.note_own_data_read(actor)
    write, media_type = FILES[kind]
    response = HttpResponse(write(actor), content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="gonghui-{today():%Y%m%d}.{kind}"'
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def phone(request: HttpRequest) -> HttpResponse:
    signed_in(request)
    if request.method == "POST":
        return _move(request) if request.POST.get("step") == "code" else _send(request)
    return render(request, PHONE_PAGE, {"tab": "me", "form": NewPhoneForm(), "phone": request.user.phone})


def _send(request: HttpRequest) -> HttpResponse:
    form = NewPhoneForm(request.POST)
    facts = {"tab": "me", "form": form, "phone": request.user.phone}
    if not form.is_valid():
        return again(request, PHONE_PAGE, facts)
    number = form.cleaned_data["phone"]
    try:
        code = request_phone_code(
            request.actor, phone=number, purpose=CHANGE_PHONE, address=client_address(request)
        )
    except DomainError as error:
        if error.reason is CODE_TOO_SOON:
            return again(request, PHONE_CODE_PAGE, {"tab": "me", **code_step(number)}, error)
        return again(request, PHONE_PAGE, facts, error)
    return render(request, PHONE_CODE_PAGE, {"tab": "me", **code_step(number, code)})


def _move(request: HttpRequest) -> HttpResponse:
    form = CodeForm(request.POST)
    number = request.POST.get("phone", "")
    facts = {"tab": "me", **code_step(number, shown=request.POST.get("demo_code", ""))}
    if not form.is_valid():
        return again(request, PHONE_CODE_PAGE, {**facts, "form": form})
    code = form.cleaned_data["code"]
    try:
        correct_phone(request.actor, phone=number, code=code, address=client_address(request))
    except DomainError as error:
        return again(request, PHONE_CODE_PAGE, facts, error)
    renew_session(request)
    messages.success(request, _("手机号已更换，其他设备已退出登录。"))
    return go("my_data")


@never_cache
@require_safe
def consents(request: HttpRequest) -> HttpResponse:
    given = live_consents(signed_in(request))
    rows = [(purpose, given.get(purpose.code)) for purpose in PURPOSES.values()]
    facts = {"tab": "me", "rows": rows, "has_wechat": own_identities(request.actor).exists()}
    return render(request, "portal/account/consents.html", facts)


@require_POST
def consent(request: HttpRequest, purpose: str, verb: str) -> HttpResponse:
    actor = signed_in(request)
    if verb == "give":
        give_consent(actor, purpose=purpose)
        messages.success(request, _("已同意，随时可以撤回。"))
        return go("consents")
    withdraw_consent(actor, purpose=purpose)
    messages.success(request, _("已撤回。"))
    if purpose != "privacy":
        return go("consents")
    sign_out_everywhere(actor)
    close_session(request, actor)
    return go("home")


@never_cache
@require_safe
def devices(request: HttpRequest) -> HttpResponse:
    here = token_hash(request.session.session_key or "")
    rows = [(device, bytes(device.session_hash) == here) for device in live_devices(signed_in(request))]
    return render(request, "portal/account/devices.html", {"tab": "me", "rows": rows})


@require_POST
def device_end(request: HttpRequest, device_id: int) -> HttpResponse:
    end_device(signed_in(request), device_id=device_id)
    messages.success(request, _("那台设备已退出登录。"))
    return go("devices")


@require_POST
def devices_end_all(request: HttpRequest) -> HttpResponse:
    """All but the one in hand."""
    sign_out_everywhere(signed_in(request))
    renew_session(request)
    messages.success(request, _("其他设备都已退出登录。"))
    return go("devices")


@require_safe
def look(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/account/settings.html", {"tab": "me"})


@require_POST
def elder(request: HttpRequest) -> HttpResponse:
    """长辈模式 for browsers without JavaScript; elder.js sets the same cookie."""
    response = HttpResponseRedirect(wanted_path(request, "/me/settings"))
    value = "1" if request.POST.get("on") else "0"
    response.set_cookie("elder", value, max_age=YEAR_S, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    return response
