"""One message to one person, and reading it."""

from __future__ import annotations

from dataclasses import dataclass

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.notices.models import Message


@dataclass(frozen=True, slots=True)
class Notice:
    """What is said. `body` may carry {name}; `link` is a path of ours."""

    kind: str
    title: str
    body: str = ""
    link: str = ""


@action
def tell(actor: Actor, *, person_id: int, kind: str, title: str, body: str = "", link: str = "") -> Message:
    """One in-app message, with the surrounding transaction."""
    return Message.objects.create(person_id=person_id, kind=kind, title=title, body=body, link=link)


@action
def tell_once(
    actor: Actor, *, once: str, notice: Notice, person_id: int | None = None, user_id: int | None = None
) -> None:
    """For jobs that may run twice: `once` names the occasion. Accounts without a person: `user_id`."""
    message = Message(
        once=once,
        person_id=person_id,
        user_id=None if person_id else user_id,
        kind=notice.kind,
        title=notice.title,
        body=notice.body,
        link=notice.link,
    )
    Message.objects.bulk_create([message], ignore_conflicts=True)


@action
def read_message(actor: Actor, *, message_id: int) -> Message:
    """One's own message, read from now on."""
    message = Message.objects.visible_to(actor).filter(pk=message_id).first()
    require(message, NOT_FOUND)
    if message.read_at is None:
        message.read_at = now()
        message.save(update_fields=["read_at", "updated_at"])
    return message


@action
def read_all_messages(actor: Actor) -> int:
    """Returns how many were unread."""
    moment = now()
    unread = Message.objects.visible_to(actor).filter(read_at=None)
    return unread.update(read_at=moment, updated_at=moment)
