"""What a message leads to, in this room: tickets."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.utils.translation import gettext_lazy as _

from gonghui.notices import results

GOT = "SELECT count(DISTINCT v.person_id) FROM benefits_voucher v WHERE v.claimed_at >= %s AND v.person_id IN ({people})"


def got_a_ticket(people: str, params: list, since: datetime) -> int:
    with connection.cursor() as cursor:
        return cursor.execute(GOT.format(people=people), [since, *params]).fetchone()[0]


def register_outcomes() -> None:
    results.outcomes.append((_("领到票券的人"), got_a_ticket))
