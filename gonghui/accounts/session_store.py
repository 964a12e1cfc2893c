"""Django's sessions in the database, read and written without building a queryset: every page of every signed-in reader
does the one, and the first page of a day the other."""

from __future__ import annotations

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection
from django.utils import timezone

from gonghui.accounts.rules import token_hash
from gonghui.kit.actions import SET_ACTOR, facts_of_actor
from gonghui.kit.actors import Actor

DATA = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s"
KEPT = "UPDATE django_session SET session_data = %s, expire_date = %s WHERE session_key = %s"
# The session and its device in one statement, which names its actor to the audit trigger.
KEPT_AND_SEEN = f"""
WITH named AS MATERIALIZED ({SET_ACTOR}), seen AS (
    UPDATE accounts_device SET seen_at = %s FROM named WHERE session_hash = %s
)
{KEPT}
"""  # noqa: S608  no value in it


class SessionStore(db.SessionStore):
    """Under Django's own class name, which is part of what the rows are signed with: both read each other's."""

    seen_by: Actor | None = None
    """Whose device is to be noted as seen with the next save."""

    def load(self) -> dict:
        with connection.cursor() as cursor:
            cursor.execute(DATA, [self.session_key, timezone.now()])
            row = cursor.fetchone()
        if row is not None:
            return self.decode(row[0])
        self._session_key = None
        return {}

    def save(self, must_create: bool = False) -> None:
        if must_create or self.session_key is None:
            return super().save(must_create)
        kept = [self.encode(self._get_session()), self.get_expiry_date(), self.session_key]
        sql, facts = KEPT, kept
        if self.seen_by:
            device = [timezone.now(), token_hash(self.session_key)]
            sql, facts = KEPT_AND_SEEN, [*facts_of_actor(self.seen_by), *device, *kept]
        with connection.cursor() as cursor:
            cursor.execute(sql, facts)
            if not cursor.rowcount:
                raise UpdateError
        self.seen_by = None
        return None
