"""Reads about people."""

from __future__ import annotations

from gonghui.members.models import Person


def person_id_of(user_id: int) -> int | None:
    """The person behind a user, once they have been verified or matched."""
    return (
        Person.objects.unscoped("building the actor of this user")
        .filter(user_id=user_id)
        .values_list("id", flat=True)
        .first()
    )
