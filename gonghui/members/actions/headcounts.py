"""The totals of unions follow what was noted, and are compared with the truth every night."""

from __future__ import annotations

import structlog
from django.db import connection

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.members.models import HeadcountCheck

log = structlog.get_logger("gonghui.members")
FOLDED_MOST = 20_000


@action
def fold_some(actor: Actor) -> int:
    """One transaction's worth of notes; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT members_fold_headcounts(%s)", [FOLDED_MOST])
        return cursor.fetchone()[0]


def fold_headcounts(actor: Actor) -> None:
    """Until few are left: what is read is true either way, and quicker with fewer notes."""
    while fold_some(actor) == FOLDED_MOST:
        pass


@action
def mend_headcounts(actor: Actor) -> HeadcountCheck:
    """Every total against the rows themselves, in one snapshot; what differs is put right and said."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM members_mend_headcounts()")
        compared, wrong, largest = cursor.fetchone()
    if wrong:
        log.error("headcounts_were_wrong", unions=wrong, largest=largest)
    return HeadcountCheck.objects.create(compared=compared, wrong=wrong, largest=largest)
