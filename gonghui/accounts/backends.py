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
OWN_USER = f"SELECT {', '.join(OWN_FIELDS)} FROM accounts_user WHERE id = %s AND is_active"  # noqa: S608  names of columns


class ScopedBackend:
    """Loads the signed-in user; credentials are checked by `accounts.actions`, never here."""

    def authenticate(self, request, **credentials):
        return None

    def get_user(self, user_id: int):
        """The session's own user, hence without a scope."""
        with connection.cursor() as cursor:
            cursor.execute(OWN_USER, [user_id])
            row = cursor.fetchone()
        return User.from_db(connection.alias, OWN_FIELDS, row) if row else None
