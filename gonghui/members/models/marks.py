"""What live members are filtered and found by, beside their union, kept by triggers (sql/30_marks.sql, sql/50_names.sql).

A filter of a list is then a range of one index, union by union, and a search walks another; people know their groups and names
but not where they are, memberships where they are but neither.
"""

from __future__ import annotations

from django.db import models

from gonghui.kit.audit import Audit
from gonghui.kit.scope import ScopedManager
from gonghui.orgs.scopes import by_union


class MemberMark(models.Model):
    """`g:food_rider`, `v:verified`: one of these of one live membership. Follows a person and their union by itself."""

    scope = by_union("union", verb="members.view")
    audit = Audit.no("follows from people and memberships, which are audited")

    pk = models.CompositePrimaryKey("mark", "union_id", "person_id")
    mark = models.CharField(max_length=54, db_collation="C")
    union = models.ForeignKey(
        "orgs.Union", models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    person = models.ForeignKey(
        "members.Person", models.CASCADE, related_name="marks", db_index=False, db_constraint=False
    )

    objects = ScopedManager()

    def __str__(self) -> str:
        return f"{self.mark} #{self.person_id}"


class MemberName(models.Model):
    """What one live member is found by (`kit.search.word_patterns`). Follows a person and their union by itself."""

    scope = by_union("union", verb="members.view")
    audit = Audit.no("follows from people and memberships, which are audited")

    pk = models.CompositePrimaryKey("union_id", "person_id")
    union = models.ForeignKey(
        "orgs.Union", models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    person = models.ForeignKey(
        "members.Person", models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    words = models.TextField(db_collation="C")

    objects = ScopedManager()

    def __str__(self) -> str:
        return f"#{self.person_id}"


def group_mark(code: str) -> str:
    return f"g:{code}"


def verification_mark(value: str) -> str:
    return f"v:{value}"
