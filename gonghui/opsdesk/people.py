"""Who belongs to a group, whom a broadcast reaches, whose turn a question is: all read from grants in force today."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from gonghui.kit import clock
from gonghui.opsdesk.models import GroupPick, OperatorGroup
from gonghui.opsdesk.scopes import ANSWER, chain
from gonghui.orgs.models import Grant, Union
from gonghui.orgs.queries import in_force_on
from gonghui.orgs.roles import ROLES

WHY = "administrators by their posts"
TOLD_MAX = 50
"""Of one desk at once; the others find it in their list."""


def posts_in_force() -> QuerySet[Grant]:
    """Of accounts that can act today."""
    found = Grant.objects.unscoped(WHY).filter(in_force_on(clock.today()), union__status="active")
    return found.filter(user__is_active=True, user__is_staff=True, user__must_change_password=False)


def posts_of(group: OperatorGroup) -> Q:
    """Of grants: those that make their holder one of the group. `scopes.InGroup` asks the same of an actor."""
    picks = GroupPick.objects.unscoped(WHY).filter(group_id=group.pk)
    inside = Q(union__path__startswith=group.union.path)
    found = inside & Q(
        role__in=group.roles, union_id__in=picks.filter(union__isnull=False).values("union_id")
    )
    found |= inside & Q(user_id__in=picks.filter(user__isnull=False).values("user_id"))
    if group.rule == OperatorGroup.Rule.SUBTREE:
        found |= inside & Q(role__in=group.roles)
    elif group.rule == OperatorGroup.Rule.DIRECT:
        found |= Q(union__parent_id=group.union_id, role__in=group.roles)
    return found


def posts_below(union: Union, roles: Iterable[str]) -> Q:
    return Q(union__path__startswith=union.path, role__in=list(roles))


def members_of(group: OperatorGroup) -> QuerySet[Grant]:
    """Their posts, by union and name; somebody may hold several."""
    found = posts_in_force().filter(posts_of(group)).select_related("user", "union")
    return found.order_by("union__path", "user__display_name", "pk")


def member_count(group: OperatorGroup) -> int:
    return posts_in_force().filter(posts_of(group)).order_by().values("user_id").distinct().count()


def desk_of(path: str, *, but: int | None = None) -> list[int]:
    """Accounts of the nearest desk at or above: whose turn a question from there is. Never its asker's own."""
    roles = [role.code for role in ROLES.values() if ANSWER in role.verbs]
    found = posts_in_force().filter(role__in=roles, union__path__in=chain(path), industry_line=None)
    rows = list(found.exclude(user_id=but).values_list("union__path", "user_id"))
    nearest = max((len(above) for above, _user in rows), default=0)
    return sorted({user for above, user in rows if len(above) == nearest})[:TOLD_MAX]


def team_of(path: str) -> list[int]:
    """Accounts of the technical team that mends for this union."""
    roles = [role.code for role in ROLES.values() if "opsdesk.mend" in role.verbs]
    found = posts_in_force().filter(role__in=roles, union__path__in=chain(path))
    return sorted(set(found.values_list("user_id", flat=True)))[:TOLD_MAX]
