"""In-app messages to accounts of staff, who read them in the console whether or not they are members as well."""

from __future__ import annotations

from collections.abc import Iterable

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.notices.actions.messages import Notice
from gonghui.notices.models import Message

AT_ONCE = 1000


@action
def tell_staff(actor: Actor, *, occasion: str, user_ids: Iterable[int], notice: Notice) -> None:
    """Each account once for this occasion, however often it is called."""
    rows = [
        Message(
            once=f"{occasion}:{user_id}",
            user_id=user_id,
            kind=notice.kind,
            title=notice.title,
            body=notice.body,
            link=notice.link,
        )
        for user_id in user_ids
    ]
    Message.objects.bulk_create(rows, batch_size=AT_ONCE, ignore_conflicts=True)
