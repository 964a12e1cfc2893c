"""What staff do to their own account: the password, and the devices they are signed in on. In the console's look."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gonghui.accounts.actions.devices import end_device, sign_out_everywhere
from gonghui.accounts.actions.recovery import make_recovery_codes
from gonghui.accounts.actions.staff import change_password
from gonghui.accounts.queries import live_devices, recovery_left
from gonghui.accounts.rules import token_hash
from gonghui.accounts.sessions import client_address, is_through_both_steps, renew_session
from gonghui.kit.console import page_facts
from gonghui.kit.errors import DomainError
from gonghui.portal.account_forms import NewCodesForm, NewPasswordForm
from gonghui.portal.doors import go, wanted_path

PASSWORD_PAGE = "portal/console/password.html"  # noqa: S105  a template
DEVICES_PAGE = "portal/console/devices.html"
RECOVERY_PAGE = "portal/console/recovery.html"
HOME = "/console/"
View = Callable[..., HttpResponse]


def staff_only(view: View) -> View:
    """After both steps of the sign-in, whatever the grants; the console speaks Chinese only."""

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not is_through_both_steps(request):
            target = urlencode({"next": request.get_full_path()})
            return HttpResponseRedirect(f"{reverse('console_sign_in')}?{target}")
        translation.activate("zh-hans")
        return view(request, *args, **kwargs)

    return guarded


@never_cache
@sensitive_post_parameters("old", "new", "again")
@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def password(request: HttpRequest) -> HttpResponse:
    must = request.user.must_change_password
    form = NewPasswordForm(request.POST if request.method == "POST" else None)
    if must:
        form.fields["old"].label = _("一次性密码")
    if request.method == "POST" and form.is_valid():
        try:
            return _change(request, form.cleaned_data)
        except DomainError as error:
            form.add_error("new" if error.code == "weak_password" else None, str(error))
    title = _("请先设定自己的密码") if must else _("修改密码")
    facts = page_facts(request, title, form=form, must=must, next=wanted_path(request, HOME))
    if must:  # nothing else is open yet
        facts["is_nav_sidebar_enabled"] = False
    return render(request, PASSWORD_PAGE, facts, status=422 if form.errors else 200)


def _change(request: HttpRequest, entered: dict) -> HttpResponse:
    change_password(request.actor, old=entered["old"], new=entered["new"], address=client_address(request))
    renew_session(request)
    messages.success(request, _("密码已修改，其他设备都已退出登录。"))
    return HttpResponseRedirect(wanted_path(request, HOME))


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def recovery(request: HttpRequest) -> HttpResponse:
    """How many are left; new ones are shown on the answer itself and nowhere else."""
    form, codes = NewCodesForm(request.POST if request.method == "POST" else None), []
    if request.method == "POST" and form.is_valid():
        try:
            entered = form.cleaned_data["code"]
            codes = make_recovery_codes(request.actor, code=entered, address=client_address(request))
        except DomainError as error:
            form.add_error("code", str(error))
    facts = page_facts(request, _("恢复码"), form=form, codes=codes, left=recovery_left(request.actor))
    return render(request, RECOVERY_PAGE, facts, status=422 if form.errors else 200)


@never_cache
@require_safe
@staff_only
def devices(request: HttpRequest) -> HttpResponse:
    here = token_hash(request.session.session_key or "")
    rows = [(device, bytes(device.session_hash) == here) for device in live_devices(request.actor)]
    return render(request, DEVICES_PAGE, page_facts(request, _("登录设备"), rows=rows))


@require_POST
@staff_only
def device_end(request: HttpRequest, device_id: int) -> HttpResponse:
    end_device(request.actor, device_id=device_id)
    messages.success(request, _("那台设备已退出登录。"))
    return go("console_devices")


@require_POST
@staff_only
def devices_end_all(request: HttpRequest) -> HttpResponse:
    """All but the one in hand."""
    sign_out_everywhere(request.actor)
    renew_session(request)
    messages.success(request, _("其他设备都已退出登录。"))
    return go("console_devices")
