"""Writes of surveys and ratings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from gonghui.feedback.errors import ALREADY_ANSWERED, ALREADY_RATED, COMMENT_TOO_LONG, SURVEY_CLOSED
from gonghui.feedback.models import (
    COMMENT_LENGTH_MAX,
    RATING_VERBS,
    SCORES,
    SURVEY_VERBS,
    Rating,
    Response,
    Survey,
)
from gonghui.feedback.rules import wrong_answers, wrong_questions
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import BAD_INPUT, NOT_FOUND, SIGN_IN_FIRST, require
from gonghui.kit.states import move
from gonghui.orgs.models import Union


@action
def write_survey(actor: Actor, *, union: Union, code: str, title: str, questions: list[dict]) -> Survey:
    """A new version in draft; the version in use stays in use until this one is published."""
    require(actor.may("feedback.write", union.path))
    problems = wrong_questions(questions)
    require(not problems, BAD_INPUT, detail=" ".join(problems))
    versions = Survey.objects.unscoped("next version of one survey").filter(union=union, code=code)
    latest = versions.aggregate(latest=Max("version"))["latest"] or 0
    return Survey.objects.create(union=union, code=code, title=title, questions=questions, version=latest + 1)


@action
def publish_survey(actor: Actor, *, survey_id: int) -> Survey:
    """Takes the place of the version in use."""
    survey = _survey_to_write(actor, survey_id)
    in_use = Survey.objects.unscoped("version this one replaces").filter(
        union_id=survey.union_id, code=survey.code, state="published"
    )
    for older in in_use:
        move(older, SURVEY_VERBS, "retire")
    move(survey, SURVEY_VERBS, "publish")
    return survey


@action
def retire_survey(actor: Actor, *, survey_id: int) -> Survey:
    survey = _survey_to_write(actor, survey_id)
    move(survey, SURVEY_VERBS, "retire")
    return survey


def _survey_to_write(actor: Actor, survey_id: int) -> Survey:
    survey = Survey.objects.visible_to(actor).select_related("union").filter(pk=survey_id).first()
    require(survey is not None, NOT_FOUND)
    require(actor.may("feedback.write", survey.union.path))
    return survey


@action
def answer_survey(
    actor: Actor, *, survey_id: int, subject_type: str, subject_id: int, answers: Mapping[str, Any]
) -> Response:
    """For the actor's own person; whether they were there is checked by the app that knows."""
    require(actor.person_id, SIGN_IN_FIRST)
    survey = Survey.objects.visible_to(actor).filter(pk=survey_id).first()
    require(survey is not None, NOT_FOUND)
    require(survey.state == Survey.State.PUBLISHED, SURVEY_CLOSED)
    problems = wrong_answers(survey.questions, answers)
    require(not problems, BAD_INPUT, detail=" ".join(problems))
    response = Response(
        survey=survey,
        person_id=actor.person_id,
        subject_type=subject_type,
        subject_id=subject_id,
        answers=dict(answers),
    )
    _save_once(response, ALREADY_ANSWERED)
    return response


@dataclass(frozen=True, slots=True)
class Occasion:
    """What is rated, and by what its rater was there: a ticket or a bill, one of the two."""

    subject_type: str
    subject_id: int
    union_id: int
    voucher_id: int | None = None
    bill_id: int | None = None


@action
def record_rating(actor: Actor, *, occasion: Occasion, score: int, comment: str = "") -> Rating:
    """For the actor's own person. Doors call `activities.actions.rate_visit` or `bills.actions.ratings.rate_bill`, which check
    that they came."""
    require(actor.person_id, SIGN_IN_FIRST)
    require(SCORES[0] <= score <= SCORES[1], BAD_INPUT, detail=f"{score} ∉ {SCORES[0]}…{SCORES[1]}")
    comment = comment.strip()
    require(
        len(comment) <= COMMENT_LENGTH_MAX, COMMENT_TOO_LONG, length=len(comment), limit=COMMENT_LENGTH_MAX
    )
    rating = Rating(person_id=actor.person_id, score=score, comment=comment, **asdict(occasion))
    _save_once(rating, ALREADY_RATED)
    return rating


def _save_once(row, refusal) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if "duplicate key" not in str(error):
            raise
        require(False, refusal)


@action
def hide_rating(actor: Actor, *, rating_id: int, reason: str) -> Rating:
    """Its comment is no longer shown; its score goes on counting."""
    rating = _rating_to_moderate(actor, rating_id)
    require(reason.strip(), BAD_INPUT, detail="reason")
    move(rating, RATING_VERBS, "hide", hidden_reason=reason.strip())
    return rating


@action
def show_rating(actor: Actor, *, rating_id: int) -> Rating:
    rating = _rating_to_moderate(actor, rating_id)
    move(rating, RATING_VERBS, "show", hidden_reason="")
    return rating


def _rating_to_moderate(actor: Actor, rating_id: int) -> Rating:
    rating = Rating.objects.visible_to(actor).select_related("union").filter(pk=rating_id).first()
    require(rating is not None, NOT_FOUND)
    require(actor.may("feedback.write", rating.union.path))
    return rating


@action
def ensure_survey(actor: Actor, *, union: Union, code: str, title: str, questions: list[dict]) -> Survey:
    """The survey in use, if it asks these questions; else a new version of it, published."""
    in_use = (
        Survey.objects.unscoped("the version in use")
        .filter(union=union, code=code, state="published")
        .first()
    )
    if in_use and in_use.questions == questions:
        return in_use
    survey = write_survey(actor, union=union, code=code, title=title, questions=questions)
    return publish_survey(actor, survey_id=survey.pk)
