"""A form sent twice is done once: its key is drawn with the form and kept with what the form made."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4, uuid5

from django.db import transaction
from django.http import HttpRequest

from gonghui.kit.models import SentForm

FIELD = "sent"


def key_of(request: HttpRequest) -> UUID:
    """The one the form was drawn with; of a form drawn now, or sent without one, a fresh one."""
    try:
        return UUID(request.POST.get(FIELD, ""))
    except ValueError:
        return uuid4()


def sent_once(request: HttpRequest, act: Callable[[], str]) -> tuple[str, bool]:
    """(where `act` led, whether it acted now). Sent again by the same person nothing is done: a second tap waits for the first
    to end. What is refused leaves no trace, and may be sent again."""
    key = uuid5(key_of(request), str(request.actor.user_id))
    with transaction.atomic():
        row, is_new = SentForm.objects.unscoped("the form's own key").get_or_create(key=key)
        if is_new:
            row.goes_to = act()
            row.save(update_fields=["goes_to"])
    return row.goes_to, is_new
