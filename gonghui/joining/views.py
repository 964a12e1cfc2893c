"""The worker's pages: what joining means, where to, a short form, and how it goes on. Poster and invitation travel along."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gonghui.accounts.pace import keep_pace
from gonghui.accounts.sessions import browser_mark
from gonghui.joining import actions, errors, queries
from gonghui.joining.actions import Way
from gonghui.joining.actions.posters import count_scan
from gonghui.joining.forms import ApplyForm, filled_from
from gonghui.joining.models import JoinApplication
from gonghui.joining.timeline import CHIPS, timeline_of
from gonghui.kit.actors import Actor
from gonghui.kit.errors import SIGN_IN_FIRST, DomainError, require
from gonghui.kit.identifiers import row_id
from gonghui.members.criteria import POOL
from gonghui.orgs.models import Union

TRAIL = {"poster": re.compile(r"[A-Za-z0-9]{1,12}"), "invite": re.compile(r"[A-Za-z0-9-]{1,32}")}
REGION = re.compile(r"[0-9]{6,12}")


def signed_in(request: HttpRequest) -> Actor:
    require(request.actor.user_id, SIGN_IN_FIRST)
    return request.actor


def trail_of(request: HttpRequest) -> dict[str, str]:
    """By which poster and whose invitation somebody came, as far as it looks like one."""
    given = {name: request.POST.get(name) or request.GET.get(name, "") for name in TRAIL}
    return {name: value for name, value in given.items() if TRAIL[name].fullmatch(value)}


def leading_to(name: str, trail: dict[str, str], **more: Any) -> str:
    asked = urlencode({**more, **trail})
    return reverse(name) + (f"?{asked}" if asked else "")


# --- where to ------------------------------------------------------------------------------------------------


@never_cache
@require_safe
def join(request: HttpRequest) -> HttpResponse:
    return _front(request, trail_of(request))


@never_cache
@require_safe
def by_poster(request: HttpRequest, code: str) -> HttpResponse:
    """Counted; a poster that is closed or was never made leads to the plain page."""
    trail = trail_of(request)
    poster = queries.poster_with(code)
    if poster is None:
        return _front(
            request, {k: v for k, v in trail.items() if k != "poster"}, error=DomainError(errors.BAD_POSTER)
        )
    if request.method == "GET":
        count_scan(request.actor, poster_id=poster.pk)
    return _front(request, trail | {"poster": poster.code}, poster=poster)


def _front(
    request: HttpRequest, trail: dict[str, str], *, poster: Any = None, error: DomainError | None = None
) -> HttpResponse:
    mine = queries.own_verified(request.actor)
    last = queries.own_applications(request.actor).first() if request.actor.user_id else None
    where = {"union": poster.union_id} if poster else {}
    facts = {
        "tab": "me",
        "error": error,
        "poster": poster,
        "union_place": queries.place_of(poster.union) if poster else "",
        "membership": mine and queries.live_membership(mine),
        "application": last if last and last.is_open else None,
        "to_unions": leading_to("join_unions", trail),
        "to_regions": leading_to("join_regions", trail),
        "to_form": leading_to("join_apply", trail, **where),
    }
    return render(request, "joining/join.html", facts)


@never_cache
@require_safe
def unions(request: HttpRequest) -> HttpResponse:
    """Of each union no more than anybody may know: its name, its kind, its place."""
    trail, question = trail_of(request), request.GET.get("q", "").strip()[:40]
    if question:
        keep_pace(request, queries.SEARCH, queries.SEARCHES_A_MINUTE)
    found = [
        (union, queries.place_of(union), leading_to("join_apply", trail, union=union.pk))
        for union in queries.joinable_unions(question)
    ]
    facts = {
        "tab": "me",
        "question": question,
        "found": found,
        "most": queries.FOUND_MAX,
        "trail": trail,
        "to_regions": leading_to("join_regions", trail),
        "is_too_short": 0 < len(question) < queries.QUESTION_MIN,
    }
    return render(request, "joining/unions.html", facts)


@never_cache
@require_safe
def regions(request: HttpRequest) -> HttpResponse:
    """Down from the province to where one lives or works; the nearest pool of each."""
    trail, code = trail_of(request), request.GET.get("code", "")
    here = queries.region_called(code) if REGION.fullmatch(code) else None
    below = queries.regions_in(here.code if here else "")
    facts = {
        "tab": "me",
        "here": here,
        "pool": here and queries.pool_for(here.code),
        "below": [(one, leading_to("join_regions", trail, code=one.code)) for one in below],
        "to_form": here and leading_to("join_apply", trail, region=here.code),
        "to_above": leading_to(
            "join_regions", trail, **({"code": here.parent.code} if here and here.parent else {})
        ),
        "to_start": leading_to("join", trail),
    }
    return render(request, "joining/regions.html", facts)


# --- the form ------------------------------------------------------------------------------------------------


def _where(request: HttpRequest, poster: Any) -> tuple[dict[str, Any], Union | None]:
    """What the form says of the place, and the union it leads to."""
    given = request.POST if request.method == "POST" else request.GET
    region = given.get("region", "")
    if REGION.fullmatch(region):
        return {"region_code": region}, queries.pool_for(region)
    pk = row_id(given.get("union", "")) or (poster.union_id if poster else None)
    return {"union_id": pk}, queries.joinable_union(pk) if pk else None


@never_cache
@sensitive_post_parameters("name", "id_no")
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: HttpRequest) -> HttpResponse:
    actor, trail = signed_in(request), trail_of(request)
    poster = queries.poster_with(trail["poster"]) if "poster" in trail else None
    where, union = _where(request, poster)
    if union is None:
        return HttpResponseRedirect(leading_to("join", trail))
    mine = queries.own_verified(actor)
    initial = {"group": poster.group} if poster else {}
    form = ApplyForm(request.POST or None, is_verified=mine is not None, initial=initial)
    facts = {
        "form": form,
        "union": union,
        "place": queries.place_of(union),
        "mine": mine,
        "trail": trail,
        "where": where,
    }
    if request.method != "POST":
        busy = (
            queries.own_applications(actor)
            .filter(state__in=("submitted", "under_review", "needs_info"))
            .first()
        )
        return redirect("join_application", busy.pk) if busy else _form_page(request, facts)
    if not form.is_valid():
        return _form_page(request, facts, status=422)
    way = Way(
        poster_code=poster.code if poster else "",
        invitation_code=trail.get("invite", ""),
        device=browser_mark(request),
    )
    try:
        row = actions.apply_to_join(
            actor, told=form.told(**where), consent=form.cleaned_data["consent"], way=way
        )
    except DomainError as error:
        return _form_page(request, facts | {"error": error}, status=error.status)
    return redirect("join_application", row.pk)


def _form_page(request: HttpRequest, facts: dict[str, Any], status: int = 200) -> HttpResponse:
    union = facts["union"]
    return render(
        request,
        "joining/apply.html",
        {"tab": "me", "is_pool": union.kind == POOL, "days": queries.review_days_of(union), **facts},
        status=status,
    )


@never_cache
@sensitive_post_parameters("name", "id_no")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, application_id: str) -> HttpResponse:
    """One's own application that was returned, refused, or waits: completed and handed in again."""
    actor = signed_in(request)
    row = queries.own_application(actor, int(application_id))
    if not row.may_edit:
        return redirect("join_application", row.pk)
    mine = queries.own_verified(actor)
    form = ApplyForm(request.POST or None, is_verified=mine is not None, initial=filled_from(row))
    facts = {"form": form, "union": row.union, "place": queries.place_of(row.union), "mine": mine, "row": row}
    if request.method != "POST":
        return _form_page(request, facts)
    if not form.is_valid():
        return _form_page(request, facts, status=422)
    where = {"region_code": row.region_code} if row.region_code else {"union_id": row.union_id}
    try:
        actions.apply_to_join(
            actor, told=form.told(**where), consent=form.cleaned_data["consent"],
            way=Way(device=browser_mark(request)), application_id=row.pk,
        )  # fmt: skip
    except DomainError as error:
        return _form_page(request, facts | {"error": error}, status=error.status)
    messages.success(request, _("已重新提交。"))
    return redirect("join_application", row.pk)


# --- how it goes on -------------------------------------------------------------------------------------------


@never_cache
@require_safe
def progress(request: HttpRequest) -> HttpResponse:
    """All of one's own; a single one is shown at once."""
    rows = list(queries.own_applications(signed_in(request))[:20])
    if len(rows) == 1:
        return redirect("join_application", rows[0].pk)
    facts = {"tab": "me", "rows": [(row, CHIPS[row.state]) for row in rows]}
    return render(request, "joining/progress.html", facts)


@never_cache
@require_safe
def application(request: HttpRequest, application_id: str) -> HttpResponse:
    row = queries.own_application(signed_in(request), int(application_id))
    return _application_page(request, row)


def _application_page(
    request: HttpRequest, row: JoinApplication, error: DomainError | None = None
) -> HttpResponse:
    facts = {
        "tab": "me",
        "row": row,
        "chip": CHIPS[row.state],
        "steps": timeline_of(row),
        "group": queries.groups().get(row.group, ""),
        "is_pool": row.union.kind == POOL,
        "error": error,
    }
    return render(request, "joining/application.html", facts, status=error.status if error else 200)


@require_POST
def withdraw(request: HttpRequest, application_id: str) -> HttpResponse:
    actor, pk = signed_in(request), int(application_id)
    try:
        actions.withdraw_application(actor, application_id=pk)
    except DomainError as error:
        if error.status == 404:
            raise
        return _application_page(request, queries.own_application(actor, pk), error)
    messages.success(request, _("已撤回。想好了可以重新申请。"))
    return redirect("join_application", pk)
