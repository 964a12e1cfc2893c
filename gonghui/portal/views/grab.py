"""The grab: the waiting page where no gate stands before us, the pass, the party, and a plain form without scripts."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from gonghui.benefits.actions.claims import claim as claim_ticket
from gonghui.benefits.actions.passes import issue_pass
from gonghui.benefits.errors import NAMES_MISSING
from gonghui.benefits.gate.passes import binding_of
from gonghui.benefits.models import Party, Pool, WaitingPage
from gonghui.benefits.queries import answer_in_words
from gonghui.kit import clock
from gonghui.kit.actors import ANONYMOUS, Actor
from gonghui.kit.errors import BAD_INPUT, NOT_FOUND, SIGN_IN_FIRST, DomainError, require
from gonghui.kit.identifiers import row_id
from gonghui.kit.masks import mask_name
from gonghui.members.queries import bookable_for
from gonghui.portal.actions import name_party
from gonghui.portal.doors import signed_in
from gonghui.portal.forms import PartyForm
from gonghui.portal.offerings import Offering
from gonghui.portal.waiting import render_waiting_page, waiting_offering

PAGE_CACHE = "public, max-age=5"
# refusal → where the next step is taken, and its words
NEXT_STEPS = {
    "sign_in_first": ("/sign-in", gettext_lazy("去登录")),
    "not_verified": ("/me/verify", gettext_lazy("去实名认证")),
    "in_transit": ("/me/membership/transfer", gettext_lazy("去办转会")),
    "holds_enough": ("/tickets", gettext_lazy("看我的票")),
    "release_paused": ("/activities", gettext_lazy("看看别的活动")),
    "release_over": ("/activities", gettext_lazy("看看别的活动")),
    "release_called_off": ("/messages", gettext_lazy("看消息")),
}


@require_safe
def waiting_page(request: HttpRequest, release_id: str) -> HttpResponse:
    """The very bytes the gate serves; rendered now where the job has not yet done it."""
    pk = int(release_id)
    page = WaitingPage.objects.filter(release_id=pk).first()
    if page is None:
        require(render_waiting_page(pk), NOT_FOUND)
        page = WaitingPage.objects.get(release_id=pk)
    etag = f'W/"{page.etag}"'
    if etag in request.headers.get("If-None-Match", ""):
        return HttpResponseNotModified(headers={"ETag": etag, "Cache-Control": PAGE_CACHE})
    return HttpResponse(bytes(page.html), headers={"ETag": etag, "Cache-Control": PAGE_CACHE})


# --- The pass and the party, asked for by scripts ------------------------------------------------------------


def _refused(error: DomainError, came_from: str = "") -> JsonResponse:
    """Why, and the next step as a link. Not 401: the page stays, and offers to sign in."""
    url, text = NEXT_STEPS.get(error.code, ("", ""))
    if error.reason is SIGN_IN_FIRST and came_from:
        url = f"{url}?next={came_from}"
    code = "already" if error.code == "holds_enough" else error.code
    facts = {
        "code": code,
        "title": error.message,
        "message": error.advice,
        "next_url": url,
        "next_text": str(text),
    }
    return JsonResponse(facts, status=403 if error.status == 401 else error.status)


@require_safe
def take_pass(request: HttpRequest, pool_id: str) -> JsonResponse:
    """A pass for `seats` (and `for` another) with the names written down before; or why not, and what to do."""
    pool = Pool.objects.visible_to(ANONYMOUS).filter(pk=int(pool_id)).select_related("release").first()
    try:
        require(pool, NOT_FOUND)
        require(request.actor.user_id, SIGN_IN_FIRST)
        seats, for_person = _asked_for(request.GET.get("seats", "1"), request.GET.get("for", ""))
        token = issue_pass(
            request.actor,
            pool_id=pool.pk,
            seats=seats,
            binding=binding_of(request.COOKIES[settings.SESSION_COOKIE_NAME]),
            companions=_stored_names(request.actor, pool.release_id, for_person)[: seats - 1],
            for_person=for_person,
        )
    except DomainError as error:
        return _refused(error, reverse("waiting_page", args=[pool.release_id]) if pool else "")
    times = {"opens_at": _ms(pool.opening), "expires_at": _ms(pool.closing), "now": _ms(clock.now())}
    return JsonResponse({"pass": token, "pool": pool.pk, "seats": seats, **times})


def _asked_for(seats: str, for_person: str) -> tuple[int, int | None]:
    is_number = seats.isdecimal() and len(seats) <= 4 and int(seats) >= 1
    other = row_id(for_person)
    require(is_number and (other or not for_person), BAD_INPUT, detail=_("人数或代订人"))
    return int(seats), other


def _ms(moment: Any) -> int:
    return round(moment.timestamp() * 1000)


def _stored_names(actor: Actor, release_id: int, for_person: int | None = None) -> list[str]:
    own = Party.objects.visible_to(actor).filter(
        release_id=release_id, person_id=for_person or actor.person_id
    )
    party = own.first() if actor.person_id else None
    return party.names if party else []


@require_http_methods(["GET", "HEAD", "POST"])
def party(request: HttpRequest, release_id: str) -> JsonResponse:
    """GET: who is reading and whom they may book for. POST: who comes along."""
    if request.method == "POST":
        return _write_party(request, int(release_id))
    actor = request.actor
    if actor.user_id is None:
        return JsonResponse({"is_signed_in": False})
    people = bookable_for(actor).only("id", "name") if actor.person_id else []
    facts = {
        "is_signed_in": True,
        "csrf": get_token(request),
        "delegates": [{"id": p.pk, "name": mask_name(p.name)} for p in people],
        "companions": _stored_names(actor, int(release_id)),
    }
    return JsonResponse(facts)


def _write_party(request: HttpRequest, release_id: int) -> JsonResponse:
    try:
        given = _party_of(request.body)
        names = name_party(
            request.actor, release_id=release_id, companions=given["companions"], for_person=given["for"]
        )
    except DomainError as error:
        return _refused(error)
    return JsonResponse({"companions": names})


def _party_of(body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body)
        names, for_person = asked.get("companions", []), asked.get("for")
        good = isinstance(names, list) and all(isinstance(n, str) for n in names)
        good = good and (for_person is None or type(for_person) is int)
    except (ValueError, AttributeError, RecursionError):
        good = False
    require(good, BAD_INPUT, detail=_("同行人"))
    return {"companions": names, "for": for_person}


# --- Without scripts ----------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: HttpRequest, release_id: str) -> HttpResponse:
    """The same claim by a plain form; its hidden key makes sending it twice one claim."""
    actor = signed_in(request)
    offering = waiting_offering(int(release_id))
    require(offering is not None, NOT_FOUND)
    given = {"initial": {"companions": _stored_names(actor, offering.release.pk)}}
    form = PartyForm(offering, bookable_for(actor).only("id", "name"), request.POST or None, **given)
    if request.method == "POST" and form.is_valid():
        return _claimed(request, actor, offering, form)
    return _form_page(request, offering, form)


def _claimed(request: HttpRequest, actor: Actor, offering: Offering, form: PartyForm) -> HttpResponse:
    wanted = form.cleaned_data
    missing = wanted["seats"] - 1 - len(form.companions) if offering.release.names_required else 0
    try:
        require(missing <= 0, NAMES_MISSING, missing=missing)
        answer = claim_ticket(
            actor,
            pool_id=wanted["pool"],
            key=wanted["key"] or uuid4(),
            seats=wanted["seats"],
            wait=offering.release.waitlist_max != 0,
            person_id=wanted["for_person"],
            companions=form.companions[: wanted["seats"] - 1],
        )
    except DomainError as error:
        return _form_page(request, offering, form, error)
    opens = next(
        (row.pool.opening for row in offering.rows if row.pool.pk == wanted["pool"]), offering.opens_at
    )
    said = {"seats": wanted["seats"], "opens": f"{opens.astimezone(clock.CHINA):%H:%M}"}
    title, text = answer_in_words(answer, wanted["pool"], **said)
    facts = {"answer": answer, "title": title, "text": text, "release": offering.release}
    return render(request, "portal/claim_answer.html", facts)


def _form_page(
    request: HttpRequest, offering: Offering, form: PartyForm, error: DomainError | None = None
) -> HttpResponse:
    facts = {"offering": offering, "release": offering.release, "form": form, "error": error}
    facts |= {"action": request.path, "button": _("提交"), "heading": _("抢票")}
    return render(
        request, "portal/party.html", facts, status=error.status if error else 422 if form.errors else 200
    )
