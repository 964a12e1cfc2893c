"""What every verb on a question does: it is held, moved with a word in its thread, and told to whoever has the next word."""

from __future__ import annotations

from typing import Any

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.states import move, target
from gonghui.opsdesk import errors
from gonghui.opsdesk.actions.telling import tell
from gonghui.opsdesk.deadlines import due_of
from gonghui.opsdesk.models import Question, QuestionEntry
from gonghui.opsdesk.models.questions import OPEN, VERBS, WORDS_MAX
from gonghui.opsdesk.scopes import ANSWER

WHY = "held by its own verb"
By = QuestionEntry.By
KEEPS_ITS_DAY = ("take", "put_back")
"""Passing it from hand to hand gives nobody more time."""


def locked_question(question_id: int) -> Question:
    found = Question.objects.unscoped(WHY).select_related("union", "officer")
    row = found.select_for_update(of=("self",), no_key=True).filter(pk=question_id).first()
    require(row, NOT_FOUND)
    return row


def own_question(actor: Actor, question_id: int) -> Question:
    row = locked_question(question_id)
    require(actor.user_id and row.asker_id == actor.user_id, NOT_FOUND)
    return row


def desk_question(actor: Actor, question_id: int) -> Question:
    """Of a desk at or above the asker's union; nobody answers themselves."""
    row = locked_question(question_id)
    require(actor.user_id and actor.may(ANSWER, row.union.path), NOT_FOUND)
    require(row.asker_id != actor.user_id, errors.OWN_QUESTION)
    return row


def held_question(actor: Actor, question_id: int) -> Question:
    """In the actor's own hand."""
    row = desk_question(actor, question_id)
    is_others = row.state in OPEN and row.officer_id not in (None, actor.user_id)
    require(not is_others, errors.TAKEN_BY_ANOTHER, name=str(row.officer) if is_others else "")
    return row


def worded(words: str, *, is_needed: bool = True) -> str:
    words = words.replace("\x00", "").strip()
    require(words or not is_needed, errors.WORDS_MISSING)
    require(len(words) <= WORDS_MAX, errors.TEXT_TOO_LONG, max=WORDS_MAX)
    return words


def is_said(row: Question, actor: Actor, verb: str, words: str) -> bool:
    """The same hand did the same and nothing came since: a tap sent again."""
    last = row.entries.order_by("-id").first()
    return last is not None and (last.author_id, last.verb, last.words) == (actor.user_id, verb, words)


def take(actor: Actor, row: Question, verb: str, by: str, words: str = "", **changes: Any) -> Question:
    """Moves the question with its word, and tells of it."""
    state = target(row, VERBS, verb)
    over = {} if state in OPEN else {"closed_at": row.closed_at or clock.now()}
    due_on = row.due_on if verb in KEEPS_ITS_DAY else due_of(state, row.union.path)
    move(row, VERBS, verb, due_on=due_on, **over, **changes)
    entry = write_word(actor, row, verb, by, words)
    tell(actor, row, entry)
    return row


def write_word(actor: Actor, row: Question, verb: str, by: str, words: str) -> QuestionEntry:
    author_id = None if by == By.CLOCK else actor.user_id
    return QuestionEntry.objects.create(
        question=row, at=clock.now(), by=by, author_id=author_id, verb=verb, state=row.state, words=words
    )
