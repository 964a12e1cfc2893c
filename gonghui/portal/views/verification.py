"""实名认证: name, number, consent; what it is for and what happens next."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from gonghui.accounts.sessions import browser_mark
from gonghui.kit.errors import DomainError
from gonghui.members.actions.verification import verify_identity
from gonghui.members.queries import own_person
from gonghui.portal.account_forms import IdentityForm
from gonghui.portal.doors import again, signed_in, wanted_path

PAGE = "portal/account/verify.html"


@never_cache
@sensitive_post_parameters("name", "id_no")
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    actor = signed_in(request)
    if request.method == "POST":
        return _check(request)
    facts = {
        "tab": "me",
        "form": IdentityForm(),
        "person": own_person(actor),
        "next": wanted_path(request, "/me"),
    }
    return render(request, PAGE, facts)


def _check(request: HttpRequest) -> HttpResponse:
    form = IdentityForm(request.POST)
    if not form.is_valid():
        return again(request, PAGE, {"tab": "me", "form": form})
    entered = form.cleaned_data
    try:
        verify_identity(
            request.actor,
            name=entered["name"],
            id_type=entered["id_type"],
            id_no=entered["id_no"],
            consent=entered["consent"],
            device=browser_mark(request),
        )
    except DomainError as error:
        return again(request, PAGE, {"tab": "me", "form": form}, error)
    messages.success(request, _("实名认证通过。"))
    return HttpResponseRedirect(wanted_path(request, "/me"))
