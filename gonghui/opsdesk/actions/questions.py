"""The asker's verbs: asked, more said when the desk asks back, confirmed, reopened once, withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.search import pinyin_key, search_grams
from gonghui.opsdesk import errors
from gonghui.opsdesk.actions.telling import tell
from gonghui.opsdesk.actions.thread import By, is_said, own_question, take, worded, write_word
from gonghui.opsdesk.deadlines import due_of
from gonghui.opsdesk.models import Question
from gonghui.opsdesk.models.questions import TITLE_MAX
from gonghui.opsdesk.scopes import ASK
from gonghui.orgs.models import Union

WHY = "held by its own verb"
PINYIN_MAX = 512


@dataclass(frozen=True, slots=True)
class Asked:
    category: str
    title: str
    body: str = ""
    screen: str = ""


@action
def ask_question(actor: Actor, *, key: UUID, union_id: int, asked: Asked) -> Question:
    """Of a union where the actor holds a post. The same key again is the same question."""
    union = Union.objects.unscoped(WHY).filter(pk=union_id, status="active").first()
    require(union and actor.user_id and actor.may(ASK, union.path), NOT_FOUND)
    require(asked.category in Question.Category.values, NOT_FOUND)
    title, body = asked.title.strip(), worded(asked.body, is_needed=False)
    require(title, errors.WORDS_MISSING)
    require(len(title) <= TITLE_MAX, errors.TEXT_TOO_LONG, max=TITLE_MAX)
    row, is_new = Question.objects.unscoped("asked by its key").get_or_create(
        key=key,
        defaults={
            "union": union,
            "asker_id": actor.user_id,
            "category": asked.category,
            "title": title,
            "body": body,
            "screen": inside(asked.screen),
            "pinyin": pinyin_key(title)[:PINYIN_MAX],
            "grams": search_grams(title),
            "due_on": due_of("asked", union.path),
        },
    )
    if is_new:
        tell(actor, row, write_word(actor, row, "ask", By.ASKER, body))
    require((row.asker_id, row.title, row.body) == (actor.user_id, title, body), errors.KEY_TAKEN)
    return row


def inside(screen: str) -> str:
    """The path of a page of ours, from whatever was pasted; anything else is left out."""
    path = screen.strip()
    if "://" in path:
        path = "/" + path.split("://", 1)[1].partition("/")[2]
    is_path = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path.partition("?")[0][:200] if is_path else ""


@action
def reply_to_desk(actor: Actor, *, question_id: int, words: str) -> Question:
    row, words = own_question(actor, question_id), worded(words)
    return row if is_said(row, actor, "reply", words) else take(actor, row, "reply", By.ASKER, words)


@action
def confirm_answer(actor: Actor, *, question_id: int) -> Question:
    row = own_question(actor, question_id)
    return row if is_said(row, actor, "confirm", "") else take(actor, row, "confirm", By.ASKER)


@action
def reopen_question(actor: Actor, *, question_id: int, words: str) -> Question:
    """Once, and while the answer waits for a word of the asker's."""
    row, words = own_question(actor, question_id), worded(words)
    if is_said(row, actor, "reopen", words):
        return row
    require(row.reopened_at is None, errors.REOPENED_BEFORE, number=row.number)
    return take(actor, row, "reopen", By.ASKER, words, reopened_at=clock.now(), officer=None)


@action
def withdraw_question(actor: Actor, *, question_id: int) -> Question:
    row = own_question(actor, question_id)
    return row if is_said(row, actor, "withdraw", "") else take(actor, row, "withdraw", By.ASKER)
