"""加入工会: where one may join, one's application handed in, followed, corrected, withdrawn."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Path, Query, Router

from gonghui.accounts.pace import keep_pace
from gonghui.joining import actions, queries
from gonghui.joining.models import JoinApplication
from gonghui.joining.timeline import timeline_of
from gonghui.kit.masks import mask_name
from gonghui.orgs.models import Union
from gonghui.portal.api import joining_schemas as shapes
from gonghui.portal.api import schemas

router = Router(tags=["joining"])
REFUSALS = schemas.REFUSALS
SHOWN_MAX = 20
Id = Path(..., ge=1, le=2**63 - 1)


@router.get("/join/unions", response={200: shapes.JoinUnionsOut, **REFUSALS}, auth=None)
def unions(request: HttpRequest, q: str = Query("", max_length=40)):
    """By name, pinyin, initials or credit code, from two characters on; the first twenty."""
    keep_pace(request, queries.SEARCH, queries.SEARCHES_A_MINUTE)
    return {"items": [union_out(union) for union in queries.joinable_unions(q)]}


@router.get("/join/regions", response={200: shapes.RegionsOut, **REFUSALS}, auth=None)
def regions(request: HttpRequest, code: str = Query("", pattern=r"^([0-9]{6,12})?$")):
    """Those directly below; provinces without a code."""
    pool = queries.pool_for(code) if code else None
    return {"items": list(queries.regions_in(code)), "pool": pool and union_out(pool)}


@router.get("/join/groups", response={200: list[shapes.JoinGroupOut], **REFUSALS}, auth=None)
def groups(request: HttpRequest):
    return [{"code": code, "name": name} for code, name in queries.groups().items()]


@router.post("/join/applications", response={200: shapes.JoinOut, **REFUSALS})
def apply(request: HttpRequest, body: shapes.JoinIn):
    """One open application an account and a document. A real-name service is asked where there is one: three tries a day."""
    way = actions.Way(body.channel, body.poster_code, body.invitation_code)
    made = actions.apply_to_join(request.actor, told=told(body), consent=body.consent, way=way)
    return _now(request, made.pk)


@router.get("/me/join/applications", response={200: shapes.JoinsOut, **REFUSALS})
def applications(request: HttpRequest):
    """Newest first."""
    found = queries.own_applications(request.actor).prefetch_related("entries")[:SHOWN_MAX]
    return {"items": [application_out(row) for row in found]}


@router.get("/me/join/applications/{application_id}", response={200: shapes.JoinOut, **REFUSALS})
def application(request: HttpRequest, application_id: int = Id):
    return _now(request, application_id)


@router.put("/me/join/applications/{application_id}", response={200: shapes.JoinOut, **REFUSALS})
def hand_in_again(request: HttpRequest, body: shapes.JoinIn, application_id: int = Id):
    """What waits, was returned or rejected, whole and corrected; channel, poster and invitation stay as they were."""
    queries.own_application(request.actor, application_id)
    actions.apply_to_join(request.actor, told=told(body), consent=body.consent, application_id=application_id)
    return _now(request, application_id)


@router.post("/me/join/applications/{application_id}/withdraw", response={200: shapes.JoinOut, **REFUSALS})
def withdraw(request: HttpRequest, application_id: int = Id):
    actions.withdraw_application(request.actor, application_id=application_id)
    return _now(request, application_id)


def told(body: shapes.JoinIn) -> actions.Told:
    same = ("union_id", "region_code", "name", "id_type", "id_no", "group", "employer")
    return actions.Told(**{name: getattr(body, name) for name in same})


def _now(request: HttpRequest, application_id: int) -> dict:
    return application_out(queries.own_application(request.actor, application_id))


def union_out(union: Union) -> dict:
    """What anybody may know of it."""
    return {"union_id": union.pk, "name": union.name, "kind": union.kind, "place": queries.place_of(union)}


def application_out(row: JoinApplication) -> dict:
    same = (
        "number", "state", "channel", "group", "employer", "invitation_code", "due_on", "asked", "reason", "may_edit",
        "may_withdraw",
    )  # fmt: skip
    steps = [{"at": one["at"], "label": one["label"], "words": one["note"]} for one in timeline_of(row)]
    return {name: getattr(row, name) for name in same} | {
        "application_id": row.pk,
        "union": union_out(row.union),
        "name": mask_name(row.name),
        "steps": steps,
    }
