"""Who sees what of the desk: members of a group, those a broadcast reached, everybody below the union that published."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db.models import Q

from gonghui.kit.actors import Actor
from gonghui.kit.scope import NOTHING

ASK, ANSWER, MEND = "opsdesk.ask", "opsdesk.answer", "opsdesk.mend"


def chain(path: str) -> list[str]:
    """ "1.23.456." → itself and every path above it, the highest first."""
    parts = path.split(".")[:-1]
    return ["".join(f"{part}." for part in parts[: n + 1]) for n in range(len(parts))]


def chains(paths: Iterable[str]) -> list[str]:
    return sorted({above for path in paths for above in chain(path)})


def paths_of(actor: Actor, verb: str = "") -> list[str]:
    """Where the actor holds anything, or `verb`."""
    return sorted({grant.path for grant in (actor.reaches(verb) if verb else actor.grants)})


class AtOrAbove:
    """Rows that a union published for everybody below it: seen by whoever may do `verb` there or anywhere below."""

    def __init__(self, path_field: str, *, verb: str, **also: Any):
        self.path_field, self.verb, self.also = path_field, verb, also

    def condition(self, actor: Actor) -> Q:
        paths = chains(paths_of(actor, self.verb))
        return Q(**{f"{self.path_field}__in": paths}, **self.also) if paths else NOTHING


class InGroup:
    """Groups the actor belongs to: `members.grants_of_group` read from the other side, of the actor's grants alone."""

    def condition(self, actor: Actor) -> Q:
        found = NOTHING
        for one in [self._by_post(grant.role, grant.path) for grant in actor.grants] + self._picked(actor):
            found = one if found is NOTHING else found | one
        return found

    def _by_post(self, role: str, path: str) -> Q:
        above = chain(path)
        pick = apps.get_model("opsdesk", "GroupPick").objects.unscoped("picks of the actor's own union")
        here = pick.filter(union__path=path).values("group_id")
        where = Q(rule="subtree", union__path__in=above) | Q(pk__in=here, union__path__in=above)
        if above[:-1]:
            where |= Q(rule="direct", union__path=above[-2])
        return Q(roles__contains=[role]) & where

    def _picked(self, actor: Actor) -> list[Q]:
        users = actor.owns("user")
        if not users or not actor.grants:
            return []
        pick = apps.get_model("opsdesk", "GroupPick").objects.unscoped("picks of the actor's own account")
        mine = pick.filter(user_id__in=users).values("group_id")
        return [Q(pk__in=mine, union__path__in=chains(paths_of(actor)))]


class Received:
    """Broadcasts that reached the actor's account."""

    def condition(self, actor: Actor) -> Q:
        users = actor.owns("user")
        if not users:
            return NOTHING
        rows = apps.get_model("opsdesk", "BroadcastRecipient").objects.unscoped(
            "broadcasts of one's own account"
        )
        return Q(pk__in=rows.filter(user_id__in=users).values("broadcast_id"))
