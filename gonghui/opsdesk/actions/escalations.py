"""升级: a question handed to the province's technical team; every change is told; a release note ends several at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid5

from django.utils.translation import gettext as _

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.states import move
from gonghui.opsdesk import errors
from gonghui.opsdesk.actions.broadcasts import Words, settle
from gonghui.opsdesk.actions.telling import tell
from gonghui.opsdesk.actions.thread import (
    By,
    held_question,
    is_said,
    locked_question,
    take,
    worded,
    write_word,
)
from gonghui.opsdesk.models import Broadcast, Escalation, Question, ReleaseNote
from gonghui.opsdesk.models.broadcasts import BODY_MAX
from gonghui.opsdesk.models.escalations import OPEN, SUMMARY_MAX, VERBS
from gonghui.opsdesk.models.groups import USUAL
from gonghui.opsdesk.scopes import MEND
from gonghui.orgs.models import Union

WHY = "held by its own verb"


@dataclass(frozen=True, slots=True)
class Mending:
    """A release note: what was mended, from which day on, and whether everybody below hears of it."""

    title: str
    text: str
    day: date
    escalation_ids: tuple[int, ...]


@action
def escalate_question(actor: Actor, *, question_id: int, summary: str) -> Escalation:
    row, words = held_question(actor, question_id), worded(summary)
    require(len(words) <= SUMMARY_MAX, errors.TEXT_TOO_LONG, max=SUMMARY_MAX)
    if is_said(row, actor, "escalate", words):
        return row.escalations.order_by("-id").first()
    take(actor, row, "escalate", By.DESK, words)
    return Escalation.objects.create(question=row, summary=words, maker_id=actor.user_id, due_on=row.due_on)


def locked_escalation(actor: Actor, escalation_id: int) -> tuple[Escalation, Question]:
    """The question first: every verb holds it before what hangs on it."""
    known = (
        Escalation.objects.unscoped(WHY)
        .filter(pk=escalation_id)
        .values_list("question_id", flat=True)
        .first()
    )
    require(known, NOT_FOUND)
    question = locked_question(known)
    require(actor.user_id and actor.may(MEND, question.union.path), NOT_FOUND)
    row = Escalation.objects.unscoped(WHY).select_for_update(no_key=True).get(pk=escalation_id)
    return row, question


@action
def work_on_escalation(actor: Actor, *, escalation_id: int) -> Escalation:
    row, question = locked_escalation(actor, escalation_id)
    if row.state == "working" and row.officer_id == actor.user_id:
        return row
    move(row, VERBS, "work", officer_id=actor.user_id)
    tell(actor, question, write_word(actor, question, "work", By.TEAM, ""))
    return row


@action
def return_escalation(actor: Actor, *, escalation_id: int, reason: str) -> Escalation:
    """Nothing to mend: the desk has it back, with the reason."""
    row, question = locked_escalation(actor, escalation_id)
    words = worded(reason)
    if row.state == "returned" and is_said(question, actor, "return", words):
        return row
    move(row, VERBS, "return", due_on=None, officer_id=actor.user_id)
    take(actor, question, "return", By.TEAM, words)
    return row


@action
def publish_release(actor: Actor, *, key: UUID, union_id: int, mending: Mending) -> ReleaseNote:
    """Every escalation it names is fixed with it, each asker and desk is told, and all administrators below hear of it."""
    union = Union.objects.unscoped(WHY).filter(pk=union_id, status="active").first()
    require(union and actor.user_id and actor.may(MEND, union.path), NOT_FOUND)
    title, text = mending.title.strip(), mending.text.strip()
    require(title and text, errors.TEXT_MISSING)
    require(len(title) <= 60, errors.TEXT_TOO_LONG, max=60)
    require(len(text) <= BODY_MAX, errors.TEXT_TOO_LONG, max=BODY_MAX)
    require(mending.day <= clock.today(), errors.DAY_AHEAD)
    require(mending.escalation_ids, errors.NOTHING_MENDED)
    row, is_new = ReleaseNote.objects.unscoped("asked by its key").get_or_create(
        key=key,
        defaults={
            "union": union,
            "title": title,
            "text": text,
            "day": mending.day,
            "maker_id": actor.user_id,
        },
    )
    if not is_new:
        require((row.maker_id, row.title, row.text) == (actor.user_id, title, text), errors.KEY_TAKEN)
        return row
    _end(actor, row, mending.escalation_ids)
    words = Words(title, text, kind=Broadcast.Kind.RELEASE, link=f"/console/opsdesk/releases/{row.pk}")
    broadcast_key = uuid5(key, "broadcast")
    settle(actor, key=broadcast_key, union=union, groups=[], below=union, roles=USUAL, words=words)
    return row


def _end(actor: Actor, note: ReleaseNote, escalation_ids: Iterable[int]) -> None:
    for escalation_id in sorted(set(escalation_ids)):
        row, question = locked_escalation(actor, escalation_id)
        require(question.union.path.startswith(note.union.path), NOT_FOUND)
        require(row.state in OPEN, errors.NOT_OPEN_HERE)
        move(row, VERBS, "fix", due_on=None, note=note, officer_id=actor.user_id)
        words = _("{day} 上线“{title}”").format(day=note.day.isoformat(), title=note.title)
        take(actor, question, "fix", By.TEAM, words)
