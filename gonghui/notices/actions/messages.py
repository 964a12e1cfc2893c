"""One message to one person, and reading it."""

from __future__ import annotations

from dataclasses import dataclass

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.notices.errors import NOT_LIKED
from gonghui.notices.models import Delivery, Message


@dataclass(frozen=True, slots=True)
class Notice:
    """What is said. `body` may carry {name}; `link` is a path of ours."""

    kind: str
    title: str
    body: str = ""
    link: str = ""
    is_sensitive: bool = False
    """Who gets it tells of sensitive personal data: of a send the number is shown in tens."""


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


@action
def like_message(actor: Actor, *, message_id: int, is_liked: bool = True) -> Message:
    """A message of a send, once it was read; taken back as easily."""
    message = Message.objects.visible_to(actor).filter(pk=message_id).first()
    require(message, NOT_FOUND)
    require(message.send_id and message.read_at, NOT_LIKED)
    if bool(message.liked_at) != is_liked:
        message.liked_at = now() if is_liked else None
        message.save(update_fields=["liked_at", "updated_at"])
    return message


@action
def note_click(actor: Actor, *, delivery_id: int, is_reader: bool = True) -> str:
    """Where the send points; the first time is kept. "" where nothing of it is left."""
    rows = Delivery.objects.unscoped("named by its signed token").filter(pk=delivery_id)
    delivery = rows.select_related("send").first()
    if delivery is None:
        return ""
    if is_reader and delivery.clicked_at is None:
        rows.filter(clicked_at=None).update(clicked_at=now(), updated_at=now())
    return delivery.send.link or "/messages"
