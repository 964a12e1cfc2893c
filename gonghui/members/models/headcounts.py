"""How many unions, members and verified members there are at and below each union: kept, not counted.

Triggers (`sql/20_headcounts.sql`) note what every statement changes as `HeadcountDelta`s of the very union it concerns, in the
same transaction and without waiting for anybody; a job folds them into the `Headcount`s of that union and of all above it. What
is read is the folded total and the deltas below it in one snapshot, so it is true for whatever is committed.

Neither has a foreign key in the database: its check would wait for every move of the union, and a move waits for the fold.
"""

from __future__ import annotations

from django.db import models

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import BySubtree, Everyone, Nobody


class Counted(Row):
    unions = models.BigIntegerField(default=0, db_default=0)
    members = models.BigIntegerField(default=0, db_default=0)
    verified = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        abstract = True


class Headcount(Counted):
    """Of a union and everything below it, as far as folded."""

    scope = BySubtree(
        "union__path", verb="members.view"
    )  # of all lines together: none for a grant bound to one
    audit = Audit.no("follows from memberships, which are audited")
    kept_by_database = ("unions", "members", "verified")

    union = models.OneToOneField("orgs.Union", models.CASCADE, related_name="headcount", db_constraint=False)


class HeadcountDelta(Counted):
    """What one statement changed at one union, waiting to be folded."""

    scope = Nobody("read as sums by headcounts, folded by a job")
    audit = Audit.no("follows from memberships, which are audited")

    union = models.ForeignKey(
        "orgs.Union", models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )


class HeadcountCheck(Row):
    """One comparison with the truth: how many unions' totals were wrong, and by how much at most. They are right since."""

    scope = Everyone("says nothing of anybody")
    audit = Audit.no("a record of what was compared")

    compared = models.PositiveIntegerField()
    wrong = models.PositiveIntegerField()
    largest = models.BigIntegerField(default=0)
