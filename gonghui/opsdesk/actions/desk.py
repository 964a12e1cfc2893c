"""高效答疑人: the desk takes a question, asks back, answers, closes; and what happens when a day has passed."""

from __future__ import annotations

from django.utils.translation import gettext as _

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, STATE_CHANGED, require
from gonghui.kit.states import move
from gonghui.opsdesk import errors
from gonghui.opsdesk.actions.thread import (
    By,
    desk_question,
    held_question,
    is_said,
    locked_question,
    take,
    worded,
)
from gonghui.opsdesk.models import Answer, Escalation, Question
from gonghui.opsdesk.models.escalations import VERBS as ESCALATION_VERBS

WHY = "held by its own verb"


@action
def take_question(actor: Actor, *, question_id: int) -> Question:
    """One officer has it in hand; a second one is told who."""
    row = desk_question(actor, question_id)
    if is_said(row, actor, "take", ""):
        return row
    require(row.state != "taken", errors.TAKEN_BY_ANOTHER, name=str(row.officer))
    return take(actor, row, "take", By.DESK, officer_id=actor.user_id)


@action
def put_back_question(actor: Actor, *, question_id: int, reason: str) -> Question:
    """By whoever has it, or by somebody who keeps the same desk."""
    row, words = desk_question(actor, question_id), worded(reason)
    return (
        row
        if is_said(row, actor, "put_back", words)
        else take(actor, row, "put_back", By.DESK, words, officer=None)
    )


@action
def ask_back(actor: Actor, *, question_id: int, words: str) -> Question:
    row, words = held_question(actor, question_id), worded(words)
    return row if is_said(row, actor, "ask_back", words) else take(actor, row, "ask_back", By.DESK, words)


@action
def answer_question(actor: Actor, *, question_id: int, words: str, same_as: Answer | None = None) -> Question:
    """What was mended is told with it: the escalation ends there."""
    row, words = held_question(actor, question_id), worded(words)
    if is_said(row, actor, "answer", words):
        return row
    mended = Escalation.objects.unscoped(WHY).filter(question=row, state="fixed").first()
    take(actor, row, "answer", By.DESK, words, **({"same_as": same_as} if same_as else {}))
    if mended:
        move(mended, ESCALATION_VERBS, "tell")
    return row


@action
def point_to_answer(actor: Actor, *, question_id: int, answer_id: int) -> Question:
    """Answered by what stands in the knowledge list already; it counts as asked once more."""
    row = held_question(actor, question_id)
    known = Answer.objects.visible_to(actor).filter(pk=answer_id, withdrawn_at=None).first()
    require(known, NOT_FOUND)
    return answer_question(actor, question_id=row.pk, words=known.text, same_as=known)


@action
def close_question(actor: Actor, *, question_id: int, reason: str) -> Question:
    row, words = held_question(actor, question_id), worded(reason)
    return row if is_said(row, actor, "close", words) else take(actor, row, "close", By.DESK, words)


# --- days that pass -----------------------------------------------------------------------------------------


@action
def let_rest(actor: Actor, *, question_id: int) -> Question:
    """The asker neither confirmed nor reopened in their days."""
    return _let_pass(actor, question_id, "lapse", _("到期没有再提，按已解决了结。"))


@action
def close_silent(actor: Actor, *, question_id: int) -> Question:
    """The asker said nothing more in their days."""
    return _let_pass(actor, question_id, "silence", _("到期没有补充，先结束。"))


def _let_pass(actor: Actor, question_id: int, verb: str, words: str) -> Question:
    row = locked_question(question_id)
    require(actor.is_system and row.is_overdue, STATE_CHANGED)
    return take(actor, row, verb, By.CLOCK, words)
