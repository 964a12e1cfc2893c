"""更正我的资料: what is wrong, what is right, a picture of the document; how far it is, and the way back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from gonghui.accounts.pace import keep_pace
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError, require
from gonghui.members import errors
from gonghui.members.actions import corrections
from gonghui.members.actions.verification import ID_TYPES
from gonghui.members.models import Person
from gonghui.members.queries import own_person
from gonghui.portal.account_forms import CorrectionForm
from gonghui.portal.doors import again, go, signed_in

PAGE = "portal/account/correct.html"
ASKED_A_MINUTE = 12
SHOWN_MAX = 5


@never_cache
@sensitive_post_parameters("name", "id_no", "birth_date", "gender", "words")
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest) -> HttpResponse:
    actor = signed_in(request)
    person = own_person(actor)
    if request.method == "POST":
        keep_pace(request, "correction", ASKED_A_MINUTE)
        return _ask(request, actor, person)
    form = CorrectionForm(tells_birthday=_tells_birthday(person), initial=_typed(person))
    return render(request, PAGE, _facts(actor, person, form))


def _tells_birthday(person: Person | None) -> bool:
    return bool(person and person.id_no and person.id_type == corrections.DERIVED_FROM)


def _typed(person: Person | None) -> dict[str, str]:
    """The kind of document they have; a wrong number is the usual case."""
    return {"id_type": person.id_type if person and person.id_type in ID_TYPES else corrections.DERIVED_FROM}


def _facts(actor: Actor, person: Person | None, form: CorrectionForm) -> dict[str, Any]:
    rows = list(corrections.own_corrections(actor)[:SHOWN_MAX])
    last = rows[0] if rows else None
    return {
        "tab": "me",
        "person": person,
        "form": form,
        "open": next((row for row in rows if row.is_open), None),
        "past": [row for row in rows if not row.is_open],
        "refused": last if last and last.state == "refused" else None,
        "days": corrections.ANSWER_DAYS,
        "limit_mb": corrections.PAPER_MAX_MB,
    }


def _ask(request: HttpRequest, actor: Actor, person: Person | None) -> HttpResponse:
    form = CorrectionForm(request.POST, request.FILES, tells_birthday=_tells_birthday(person))
    if not form.is_valid():
        return again(request, PAGE, _facts(actor, person, form))
    try:
        corrections.ask_correction(actor, right=form.right(), papers=form.papers())
    except DomainError as error:
        return again(request, PAGE, _facts(actor, person, form), error)
    messages.success(request, _("已提交，等所在工会核对。"))
    return go("my_correction")


@require_POST
def correct_back(request: HttpRequest) -> HttpResponse:
    actor = signed_in(request)
    row = corrections.own_corrections(actor).filter(state="open").first()
    require(row, errors.CORRECTION_NONE)
    corrections.withdraw_correction(actor, correction_id=row.pk)
    messages.success(request, _("已撤回，填写的内容和照片都已删除。"))
    return go("my_correction")
