"""Reads of the union tree and of grants."""

from __future__ import annotations

from django.db.models import Q

from gonghui.kit import actors, clock
from gonghui.orgs.models import Grant
from gonghui.orgs.roles import verbs_of


def grants_of(user_id: int) -> tuple[actors.Grant, ...]:
    """The grants in force today, ready for an actor."""
    today = clock.today()
    rows = (
        Grant.objects.unscoped("building the actor of this user")
        .filter(user_id=user_id, starts_on__lte=today, union__status="active")
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today))
        .values_list("role", "union__path", "industry_line__code")
    )
    return tuple(actors.Grant(role, path, verbs_of(role), line) for role, path, line in rows)
