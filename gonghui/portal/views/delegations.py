"""代人预约: whom I may book for, who may book for me, and how it begins and ends."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gonghui.accounts.errors import CODE_TOO_SOON
from gonghui.accounts.sessions import client_address
from gonghui.kit.errors import DomainError
from gonghui.members.actions.delegations import (
    DELEGATIONS_MAX,
    RELATIONS,
    ask_delegation,
    begin_delegation,
    end_delegation,
)
from gonghui.members.queries import live_delegations, own_person
from gonghui.portal.account_forms import DelegationCodeForm, DelegationForm
from gonghui.portal.doors import again, go, signed_in
from gonghui.portal.views.sign_in import code_step

FORM_PAGE = "portal/account/delegation_new.html"
CODE_PAGE = "portal/account/delegation_code.html"


@never_cache
@require_safe
def delegations(request: HttpRequest) -> HttpResponse:
    actor = signed_in(request)
    found = [(d, str(RELATIONS.get(d.relation, ""))) for d in live_delegations(actor)]
    person = own_person(actor)
    facts = {
        "tab": "me",
        "mine": [row for row in found if row[0].delegate_id == actor.person_id],
        "theirs": [row for row in found if row[0].person_id == actor.person_id],
        "is_verified": bool(person and person.is_verified),
        "most": DELEGATIONS_MAX,
    }
    return render(request, "portal/account/delegations.html", facts)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def delegation_new(request: HttpRequest) -> HttpResponse:
    signed_in(request)
    if request.method == "POST":
        return _begin(request) if request.POST.get("step") == "code" else _ask(request)
    return render(request, FORM_PAGE, {"tab": "me", "form": DelegationForm()})


def _ask(request: HttpRequest) -> HttpResponse:
    form = DelegationForm(request.POST)
    if not form.is_valid():
        return again(request, FORM_PAGE, {"tab": "me", "form": form})
    entered = form.cleaned_data
    try:
        code = ask_delegation(
            request.actor, name=entered["name"], phone=entered["phone"], address=client_address(request)
        )
    except DomainError as error:
        if error.reason is CODE_TOO_SOON:
            return again(request, CODE_PAGE, _code_facts(entered), error)
        return again(request, FORM_PAGE, {"tab": "me", "form": form}, error)
    return render(request, CODE_PAGE, _code_facts(entered, code))


def _code_facts(entered: dict, code: str = "", shown: str = "") -> dict:
    form = DelegationCodeForm(initial=entered)
    return {**code_step(entered.get("phone", ""), code, shown), "tab": "me", "form": form}


def _begin(request: HttpRequest) -> HttpResponse:
    form = DelegationCodeForm(request.POST)
    shown = request.POST.get("demo_code", "")
    if not form.is_valid():
        return again(request, CODE_PAGE, {**_code_facts(request.POST.dict(), shown=shown), "form": form})
    entered = form.cleaned_data
    try:
        begin_delegation(
            request.actor,
            name=entered["name"],
            phone=entered["phone"],
            code=entered["code"],
            relation=entered["relation"],
            address=client_address(request),
        )
    except DomainError as error:
        return again(request, CODE_PAGE, _code_facts(entered, shown=shown), error)
    messages.success(request, _("好了，现在可以代{name}预约。").format(name=entered["name"]))
    return go("delegations")


@require_POST
def delegation_end(request: HttpRequest, delegation_id: int) -> HttpResponse:
    end_delegation(signed_in(request), delegation_id=delegation_id)
    messages.success(request, _("代约关系已结束，已经订好的不受影响。"))
    return go("delegations")
