"""Afterwards: those who came say how it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gonghui.activities import errors
from gonghui.activities.models import Session
from gonghui.benefits.models import Redemption, Voucher
from gonghui.benefits.models.vouchers import OWN
from gonghui.feedback.actions import Occasion, answer_survey, record_rating
from gonghui.feedback.errors import SURVEY_CLOSED
from gonghui.feedback.models import Rating, Response
from gonghui.feedback.queries import survey_in_use
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, SIGN_IN_FIRST, require

SUBJECT = "activity"


def survey_code(kind_code: str) -> str:
    return f"after-{kind_code}"


@action
def rate_visit(actor: Actor, *, voucher_id: int, score: int, comment: str = "") -> Rating:
    """Once a ticket, by its holder or whoever booked it, and only where somebody came."""
    session = _visited(actor, voucher_id)
    activity = session.activity
    occasion = Occasion(SUBJECT, activity.pk, activity.union_id, voucher_id=voucher_id)
    return record_rating(actor, occasion=occasion, score=score, comment=comment)


@action
def answer_visit_survey(actor: Actor, *, voucher_id: int, answers: Mapping[str, Any]) -> Response:
    """The short survey of the activity's kind, in the version now in use."""
    activity = _visited(actor, voucher_id).activity
    survey = survey_in_use(survey_code(activity.kind.code), activity.union.path)
    require(survey, SURVEY_CLOSED)
    return answer_survey(
        actor, survey_id=survey.pk, subject_type=SUBJECT, subject_id=activity.pk, answers=answers
    )


def _visited(actor: Actor, voucher_id: int) -> Session:
    """The session this ticket was honoured at."""
    require(actor.person_id, SIGN_IN_FIRST)
    voucher = Voucher.objects.visible_to(actor).filter(OWN.condition(actor), pk=voucher_id).first()
    require(voucher, NOT_FOUND)
    came = Redemption.objects.unscoped("did the holder of this ticket come?").filter(voucher=voucher)
    require(came.exists(), errors.NOT_THERE)
    session = (
        Session.objects.unscoped("the session of one's own ticket")
        .filter(pool_id=voucher.pool_id)
        .select_related("activity__kind", "activity__union")
        .first()
    )
    require(session, NOT_FOUND)
    return session
