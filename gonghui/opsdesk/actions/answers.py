"""问答库: an answer published without names, rewritten or withdrawn by the desk; read and seconded by everybody below."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.search import pinyin_key, search_grams
from gonghui.opsdesk import errors
from gonghui.opsdesk.actions.questions import PINYIN_MAX
from gonghui.opsdesk.actions.thread import desk_question, worded
from gonghui.opsdesk.models import Answer, AnswerMark, DigestEntry, Question, QuestionEntry
from gonghui.opsdesk.models.digests import UNPUBLISHED
from gonghui.opsdesk.models.questions import TITLE_MAX
from gonghui.opsdesk.scopes import ANSWER
from gonghui.orgs.models import Union

WHY = "held by its own verb"
NUMBERS = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|\d{17}[\dXx])(?!\d)")


@dataclass(frozen=True, slots=True)
class Published:
    """As everybody below will read it."""

    title: str
    text: str
    body: str = ""


@action
def publish_answer(actor: Actor, *, question_id: int, union_id: int, said: Published) -> Answer:
    """By a desk at or above the asker's union, for all below that desk's union; nothing of the asker goes along."""
    row = desk_question(actor, question_id)
    union = Union.objects.unscoped(WHY).filter(pk=union_id).first()
    require(union and row.union.path.startswith(union.path) and actor.may(ANSWER, union.path), NOT_FOUND)
    require(not Answer.objects.unscoped(WHY).filter(question=row).exists(), errors.PUBLISHED_BEFORE)
    answered = QuestionEntry.objects.unscoped(WHY).filter(question=row, state="answered")
    require(answered.exists() and row.state not in ("asked", "taken", "asked_back"), errors.NOT_ANSWERED)
    made = Answer(question=row, union=union, category=row.category, author_id=actor.user_id)
    return _write(made, row, said)


@action
def revise_answer(actor: Actor, *, answer_id: int, said: Published) -> Answer:
    """Issues of the digest keep the words they were published with."""
    row = _held(actor, answer_id)
    return _write(row, row.question, said)


def _write(row: Answer, question: Question, said: Published) -> Answer:
    title, text, body = said.title.strip(), worded(said.text), worded(said.body, is_needed=False)
    require(title, errors.WORDS_MISSING)
    require(len(title) <= TITLE_MAX, errors.TEXT_TOO_LONG, max=TITLE_MAX)
    refuse_names(question, title, text, body)
    row.title, row.text, row.body = title, text, body
    row.pinyin, row.grams = pinyin_key(title)[:PINYIN_MAX], search_grams(title)
    row.save()
    return row


def refuse_names(question: Question, *texts: str) -> None:
    """The asker's name, and whatever looks like a telephone or an identity number."""
    whole = "\n".join(texts)
    name = str(question.asker).strip()
    found = NUMBERS.search(whole)
    require(found is None, errors.NAMES_INSIDE, found=found and f"{found[0][:3]}…{found[0][-2:]}")
    require(len(name) < 2 or name not in whole, errors.NAMES_INSIDE, found=name)


def _held(actor: Actor, answer_id: int) -> Answer:
    found = Answer.objects.unscoped(WHY).select_related("union", "question__asker").filter(pk=answer_id)
    row = found.select_for_update(of=("self",), no_key=True).first()
    require(row and actor.may(ANSWER, row.union.path), NOT_FOUND)
    require(row.withdrawn_at is None, errors.ANSWER_WITHDRAWN)
    return row


@action
def withdraw_answer(actor: Actor, *, answer_id: int) -> Answer:
    """Not listed from now on; what stands in a published issue stays there."""
    row = _held(actor, answer_id)
    entry = DigestEntry.objects.unscoped(WHY).filter(answer=row, issue__state__in=UNPUBLISHED)
    used = entry.select_related("issue").first()
    require(used is None, errors.IN_THE_MAKING, n=used and used.issue.number)
    row.withdrawn_at = clock.now()
    row.save(update_fields=["withdrawn_at", "updated_at"])
    return row


@action
def read_answer(actor: Actor, *, answer_id: int) -> None:
    _mark(actor, answer_id, AnswerMark.Kind.READ)


@action
def mark_same(actor: Actor, *, answer_id: int) -> Answer:
    """同问: “my question too”."""
    return _mark(actor, answer_id, AnswerMark.Kind.SAME)


def _mark(actor: Actor, answer_id: int, kind: str) -> Answer:
    row = Answer.objects.visible_to(actor).filter(pk=answer_id).first()
    require(row and actor.user_id, NOT_FOUND)
    require(row.withdrawn_at is None, errors.ANSWER_WITHDRAWN)
    AnswerMark.objects.bulk_create(
        [AnswerMark(answer=row, user_id=actor.user_id, kind=kind)], ignore_conflicts=True
    )
    return row
