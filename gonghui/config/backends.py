"""The signed-in reader with what is theirs, in one round trip: every page of every signed-in reader asks for it."""

from __future__ import annotations

import json

from django.db import connection

from gonghui.accounts.models import User
from gonghui.kit.fields import BlindIndexField, SealedField

# Compiling the same lookup for every page of every signed-in reader costs more than answering it. What is sealed is opened
# by the pages that show it: there it is read when first asked for.
OWN_FIELDS = [
    field.attname
    for field in User._meta.concrete_fields
    if not isinstance(field, SealedField | BlindIndexField)
]

# The person behind a user, once verified or matched; the stores where the user honours vouchers; what a merchant's
# people own beside that (partners/sql), asked only for the few who are.
KEYS = """
(SELECT id FROM members_person WHERE user_id = u.id),
ARRAY(SELECT c.store_id
        FROM partners_clerk c
        JOIN partners_store s ON s.id = c.store_id
        JOIN partners_partner p ON p.id = s.partner_id
       WHERE c.user_id = u.id AND c.ended_at IS NULL
         AND (p.state = 'active'
              OR (p.state = 'exited' AND p.honours_until >= (now() AT TIME ZONE 'Asia/Shanghai')::date))),
CASE WHEN EXISTS (SELECT FROM partners_merchantrole r WHERE r.user_id = u.id AND r.ended_at IS NULL)
     THEN partners_keys(u.id) END
"""
KEYS_OF = f"SELECT {KEYS} FROM accounts_user u WHERE id = %s"  # noqa: S608  no value in it
READER = f"SELECT {KEYS}, {', '.join(OWN_FIELDS)} FROM accounts_user u WHERE id = %s AND is_active"  # noqa: S608

Keys = dict[str, frozenset[int]]


class ReaderBackend:
    """Loads the signed-in user; credentials are checked by `accounts.actions`, never here."""

    def authenticate(self, request, **credentials):
        return None

    def get_user(self, user_id: int):
        """Whoever the session says, hence without a scope; `own_keys` are for `config.actors`."""
        with connection.cursor() as cursor:
            cursor.execute(READER, [user_id])
            row = cursor.fetchone()
        if row is None:
            return None
        person_id, store_ids, merchant, *values = row
        user = User.from_db(connection.alias, OWN_FIELDS, values)
        user.own_keys = named(user_id, person_id, store_ids, merchant)
        return user


def keys_of(user_id: int) -> Keys:
    """What the user owns at this moment."""
    with connection.cursor() as cursor:
        cursor.execute(KEYS_OF, [user_id])
        return named(user_id, *cursor.fetchone())


def named(user_id: int, person_id: int | None, store_ids: list[int], merchant: str | dict | None) -> Keys:
    keys = {"user": frozenset({user_id})}
    if person_id:
        keys["person"] = frozenset({person_id})
    found = json.loads(merchant) if isinstance(merchant, str) else merchant or {}
    owned = {**found, "store": [*store_ids, *found.get("store", ())]}
    return keys | {name: frozenset(ids) for name, ids in owned.items() if ids}
