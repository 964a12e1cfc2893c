"""How a union ends: merged into another, or dissolved. Its members go elsewhere in the same transaction."""

from __future__ import annotations

from django.utils.translation import gettext as _

from gonghui.kit import clock, states
from gonghui.kit.actions import action, name_actor
from gonghui.kit.actors import Actor
from gonghui.kit.audit import REASON_LENGTH_MIN
from gonghui.kit.errors import BAD_INPUT, NOT_FOUND, DomainError, require
from gonghui.kit.events import emit
from gonghui.orgs import endings, errors, queries, rules
from gonghui.orgs.actions.unions import NO_REASON, line_of, lock_the_tree, rewrite_paths
from gonghui.orgs.endings import Ending
from gonghui.orgs.events import UnionEnded
from gonghui.orgs.models import Union

ABOVE, POOL = "above", "pool"


@action
def merge_union(actor: Actor, *, union_id: int, into_id: int, reason: str) -> UnionEnded:
    """Everything below goes along, and every member, in one transaction; the row stays, with where it went."""
    actor = _because(actor, reason)
    union = _union_to_end(actor, union_id)
    into = _taker(actor, into_id)
    require(union.status == "active", errors.UNION_NOT_ACTIVE, union=union.name)
    inside = rules.is_at_or_below(into.path, union.path)
    require(not inside, errors.MERGE_INTO_ITSELF, union=union.name)
    require(union.is_pool == into.is_pool, errors.MERGE_OF_UNLIKE)
    _move_what_is_below(union, into)
    moved = endings.take_along(actor, Ending(union, into, "merge"))
    states.move(
        union, rules.STATUS_VERBS, "merge", field="status", merged_into_id=into.pk, updated_at=clock.now()
    )
    ended = UnionEnded(union_id=union.pk, into_id=into.pk, members=moved)
    emit(ended)
    return ended


@action
def dissolve_union(actor: Actor, *, union_id: int, reason: str, members_to: str = "") -> UnionEnded:
    """Nothing living may be below; members go to the level above or to the transit pool, as whoever dissolves says."""
    actor = _because(actor, reason)
    union = _union_to_end(actor, union_id)
    states.target(union, rules.STATUS_VERBS, "dissolve", "status")
    living = queries.unions_below(union).count()
    require(not living, errors.UNION_HAS_CHILDREN, union=union.name, count=living)
    pool = queries.living_below(union).first()
    require(pool is None, errors.UNION_HAS_POOL, union=union.name, pool=pool and pool.name)
    into, moved, count = None, 0, endings.count_members(union)
    waiting = endings.under_way(union)
    if count or waiting:
        if members_to not in (ABOVE, POOL):
            raise _nowhere_said(union, count, waiting)
        into = taker_of_dissolved(union, members_to)
        require(into is not None, errors.NOWHERE_TO, union=union.name)
        require(into.status == "active", errors.UNION_NOT_ACTIVE, union=into.name)
        moved = endings.take_along(actor, Ending(union, into, "dissolve"))
    states.move(union, rules.STATUS_VERBS, "dissolve", field="status", updated_at=clock.now())
    ended = UnionEnded(union_id=union.pk, into_id=into.pk if into else None, members=moved)
    emit(ended)
    return ended


def _nowhere_said(union: Union, count: int, waiting: list) -> DomainError:
    if count:
        return DomainError(errors.UNION_HAS_MEMBERS, union=union.name, count=f"{count:,}")
    what = "、".join(_("{title} {n} 件").format(title=title, n=n) for title, n in waiting)
    return DomainError(errors.UNION_HAS_WORK, union=union.name, what=what)


def taker_of_dissolved(union: Union, members_to: str) -> Union | None:
    """The union above, or the nearest pool; never the one that is dissolved."""
    if members_to == ABOVE:
        return union.parent
    return queries.pool_for(union, but=union.pk)


def _because(actor: Actor, reason: str) -> Actor:
    reason = reason.strip()
    require(len(reason) >= REASON_LENGTH_MIN, BAD_INPUT, detail=NO_REASON)
    actor = actor.because(reason)
    name_actor(actor)
    return actor


def _union_to_end(actor: Actor, union_id: int) -> Union:
    """Held against everybody who would bring a member in; by whom stands above it."""
    lock_the_tree()
    endings.wait_for_others()
    seen = Union.objects.visible_to(actor).filter(pk=union_id)
    union = seen.select_related("parent").select_for_update(of=("self",)).first()
    require(union is not None, NOT_FOUND)
    require(actor.may("unions.write", union.path, line_of(union)))
    require(not rules.is_root(union.path), errors.UNION_ROOT_STAYS)
    from_above = actor.is_system or any(
        grant.path != union.path and rules.is_at_or_below(union.path, grant.path)
        for grant in actor.reaches("unions.write")
    )
    require(from_above, errors.UNION_ENDED_FROM_ABOVE, union=union.name)
    for hindrance in endings.hindrances:
        hindrance(union)
    return union


def _taker(actor: Actor, union_id: int) -> Union:
    """Under the lock of the tree it cannot end meanwhile."""
    into = Union.objects.visible_to(actor).filter(pk=union_id).first()
    require(into is not None, NOT_FOUND)
    require(actor.may("unions.write", into.path, line_of(into)))
    require(into.status == "active", errors.UNION_NOT_ACTIVE, union=into.name)
    return into


def _move_what_is_below(union: Union, into: Union) -> None:
    """Ended ones too: their history stays below those who answer for it now."""
    children = Union.objects.unscoped("below a union held").filter(parent=union)
    living = children.exclude(status__in=("merged", "dissolved"))
    taken = queries.children_living(into).exclude(pk=union.pk)
    pools = [of.filter(kind="pool").exists() for of in (living, taken)]
    require(not all(pools), errors.MERGE_TWO_POOLS, union=union.name, into=into.name)
    names = living.filter(name__in=taken.values("name")).order_by("name").values_list("name", flat=True)[:3]
    require(not names, errors.MERGE_NAMESAKES, names="”“".join(names))
    rewrite_paths(union, into.path, queries.subtree(union.path).exclude(pk=union.pk))
    children.update(parent=into, updated_at=clock.now())
