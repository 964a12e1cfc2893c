"""Rows held until the transaction ends, in the one order of this app: the plan first, then the enrolment."""

from __future__ import annotations

from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.notices.actions import Notice, tell_once
from gonghui.wellbeing.models import Enrolment, HealthPlan

WHY = "locked by its own verb"


def locked_plan(plan_id: int) -> HealthPlan:
    """Whoever gives or frees a place holds it, so that places go out in the order of the line."""
    found = HealthPlan.objects.unscoped(WHY).select_related("union", "commitment")
    plan = found.select_for_update(of=("self",), no_key=True).filter(pk=plan_id).first()
    require(plan, NOT_FOUND)
    return plan


def locked_enrolment(enrolment_id: int) -> Enrolment:
    """Without its plan: for what moves no place."""
    found = Enrolment.objects.unscoped(WHY).select_related(
        "plan__union", "plan__commitment", "package__store__partner"
    )
    row = found.select_for_update(of=("self",), no_key=True).filter(pk=enrolment_id).first()
    require(row, NOT_FOUND)
    return row


def locked_place(enrolment_id: int) -> Enrolment:
    """The plan and then the enrolment, which carries it as it stands now."""
    plan_id = (
        Enrolment.objects.unscoped(WHY).filter(pk=enrolment_id).values_list("plan_id", flat=True).first()
    )
    require(plan_id, NOT_FOUND)
    plan = locked_plan(plan_id)
    row = locked_enrolment(enrolment_id)
    row.plan = plan
    return row


def require_theirs(actor: Actor, row: Enrolment) -> None:
    """Their own, or that of a plan they run; the same answer for one that is not there."""
    is_own = actor.person_id is not None and row.person_id == actor.person_id
    require(is_own or actor.may("health.write", row.plan.union.path), NOT_FOUND)


def inform(actor: Actor, row: Enrolment, occasion: str, title: str, body: str) -> None:
    """Told to the member alone, once for each occasion; the title names no illness and no hospital."""
    notice = Notice(kind="notice", title=title, body=body, link=f"/health/places/{row.pk}")
    tell_once(actor, once=f"health:{row.pk}:{occasion}", notice=notice, person_id=row.person_id)
