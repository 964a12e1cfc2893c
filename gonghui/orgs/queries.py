"""Reads of the union tree and of grants."""

from __future__ import annotations

from django.db.models import Count, Exists, IntegerField, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Coalesce, Length

from gonghui.accounts.models import User
from gonghui.kit import actors, clock
from gonghui.kit.actors import Actor
from gonghui.kit.scope import BySubtree
from gonghui.orgs import rules
from gonghui.orgs.models import Grant, Region, Staff, Union, UnionKind
from gonghui.orgs.models.unions import ENDED
from gonghui.orgs.roles import verbs_of


def grants_of(user_id: int) -> tuple[actors.Grant, ...]:
    """The grants in force today, ready for an actor."""
    rows = _grants_in_force(user_id).values_list("role", "union__path", "industry_line__code")
    return tuple(actors.Grant(role, path, verbs_of(role), line) for role, path, line in rows)


def in_force_on(day) -> Q:
    return Q(starts_on__lte=day, ended_at__isnull=True) & (Q(ends_on__isnull=True) | Q(ends_on__gte=day))


def not_over_on(day) -> Q:
    """In force on this day, or later."""
    return Q(ended_at__isnull=True) & (Q(ends_on__isnull=True) | Q(ends_on__gte=day))


def held_grants(actor: Actor) -> list[Grant]:
    """The actor's own grants in force, with their dates: what they may hand on."""
    return list(_grants_in_force(actor.user_id).select_related("union"))


def _grants_in_force(user_id: int | None):
    return grants_in_force().filter(user_id=user_id)


def grants_in_force():
    """None of an account while it is switched off or its password was made by somebody else."""
    return Grant.objects.unscoped("grants as they count, of whoever the caller may ask about").filter(
        in_force_on(clock.today()),
        user__is_active=True,
        user__must_change_password=False,
        union__status="active",
    )


def nearest_others_with(verb: str, union: Union, *, but: int) -> list[int]:
    """Accounts that hold the verb at this union or the nearest level above it where anybody else does."""
    others = [(path, user) for path, user in _holders_over(verb, union) if user != but]
    nearest = max((path for path, _user in others), key=len, default="")
    return sorted({user for path, user in others if path == nearest})


def colleagues_with(verb: str, union: Union, *, of: int) -> list[User]:
    """Who else holds the verb at this union, or between it and the one from which this account does."""
    holders = _holders_over(verb, union)
    own = max((path for path, user in holders if user == of), key=len, default="")
    found = {user for path, user in holders if user != of and len(path) >= len(own)}
    return list(User.objects.unscoped("colleagues by what they hold").filter(pk__in=found).order_by("login"))


def _holders_over(verb: str, union: Union) -> list[tuple[str, int]]:
    """(path of the grant, account), at this union and every level above it."""
    steps = [step for step in union.path.split(".") if step]
    ways = [".".join(steps[:count]) + "." for count in range(1, len(steps) + 1)]
    line = Q(industry_line=None) | Q(industry_line=union.industry_line_id)
    found = grants_in_force().filter(line, union__path__in=ways)
    rows = found.values_list("union__path", "user_id", "role")
    return [(path, user) for path, user, role in rows if verb in verbs_of(role)]


def staff_with_login(login: str) -> User | None:
    """Asked by the whole login name only: staff are not listed to each other."""
    return (
        User.objects.unscoped("asked by a full login name")
        .filter(login=login.strip(), is_staff=True, is_active=True)
        .first()
    )


def handed_on_by(user_ids: set[int], path: str):
    """What these gave to others at or below a union, as far as it counts now or later."""
    live = Grant.objects.unscoped("handed on from grants in hand").filter(not_over_on(clock.today()))
    return live.filter(granted_by__in=user_ids, union__path__startswith=path).select_related("union")


def grants_held(user_ids: set[int]):
    live = Grant.objects.unscoped("of those who handed on").filter(not_over_on(clock.today()))
    return live.filter(user_id__in=user_ids).select_related("union")


def administrators_of(union: Union, role: str):
    """Grants of this role over this very union, now or later, whose holders can sign in."""
    found = Grant.objects.unscoped("who administers a union").filter(not_over_on(clock.today()), role=role)
    return found.filter(union=union, user__is_active=True).select_related("user").order_by("pk")


def seen_staff(actor: Actor, *verbs: str):
    """Staff with a grant, now or later, where the actor has every verb; who has none left, where they had one."""
    staff = Staff.objects.unscoped("narrowed to the actor's subtrees here").filter(is_staff=True)
    if actor.is_system:
        return staff
    ever = Grant.objects.unscoped("subquery of a scoped list").filter(user=OuterRef("pk"))
    live = ever.filter(not_over_on(clock.today()))
    for verb in verbs:
        here = BySubtree("union__path", verb=verb).condition(actor)
        staff = staff.filter(Exists(live.filter(here)) | (~Exists(live) & Exists(ever.filter(here))))
    return staff if verbs else staff.none()


def unions_called(text: str) -> list[Union]:
    """For the command line: by whole name or code."""
    named = Union.objects.unscoped("named on the command line").filter(Q(name=text) | Q(uscc=text))
    return list(named.exclude(status__in=ENDED).select_related("parent").order_by("path"))


def staff_with_grants():
    """For the command line: every staff account, with what it is granted now or later."""
    grants = Grant.objects.unscoped("listed on the command line").filter(not_over_on(clock.today()))
    everybody = User.objects.unscoped("listed on the command line").filter(is_staff=True)
    held = Prefetch("grants", grants.select_related("union"), to_attr="held")
    return everybody.prefetch_related(held).order_by("login")


def with_children_count(unions):
    """Adds `children_count`, one index scan a row. A transit pool is no union and does not count."""
    children = (
        Union.objects.unscoped("counting below rows in scope")
        .filter(parent=OuterRef("pk"))
        .exclude(kind=UnionKind.POOL)
        .order_by()
        .values("parent")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return unions.annotate(children_count=Coalesce(Subquery(children, output_field=IntegerField()), 0))


def may_at(actor: Actor, verb: str, union: Union) -> bool:
    """May do `verb` to this very union and its members: a grant bound to its own line of industry counts."""
    if actor.may(verb, union.path):
        return True
    if union.industry_line_id is None or all(grant.line is None for grant in actor.reaches(verb)):
        return False
    return actor.may(verb, union.path, union.industry_line.code)


def way_down_to(actor: Actor, union: Union) -> list[Union]:
    """The unions above this one and itself, from the highest the actor may see."""
    ids = [int(part) for part in union.path.split(".") if part]
    rows = {row.pk: row for row in Union.objects.visible_to(actor).filter(pk__in=ids)}
    return [rows[pk] for pk in ids if pk in rows]


def namesakes(parent_id: int | None, name: str, *, but: int | None = None):
    """Unions of this name directly below the same parent."""
    found = Union.objects.unscoped("a name is taken whoever looks").filter(parent_id=parent_id, name=name)
    return found.exclude(pk=but).exclude(status__in=ENDED)


def children_living(union: Union):
    return Union.objects.unscoped("below a union in hand").filter(parent=union).exclude(status__in=ENDED)


def unions_below(union: Union):
    """Without transit pools."""
    return living_below(union).exclude(kind=UnionKind.POOL)


def living_below(union: Union):
    return subtree(union.path).exclude(pk=union.pk).exclude(status__in=ENDED)


def pool_for(place: Region | Union, *, but: int | None = None) -> Union | None:
    """The transit pool nearest to a union up its chain, or to a region: street, district, city. Of a union without one
    above it, that of its region."""
    pools = Union.objects.unscoped("where those without a union wait").filter(
        kind=UnionKind.POOL, status="active", parent__status="active"
    )
    pools = pools.exclude(pk=but)
    if isinstance(place, Union):
        above = pools.filter(parent_id__in=rules.ids_of(place.path)).order_by(Length("parent__path").desc())
        return above.first() or (pool_for(place.region, but=but) if place.region else None)
    codes = rules.codes_up(place.code)
    near = pools.filter(region__code__in=codes).select_related("region")
    return min(near, key=lambda pool: (codes.index(pool.region.code), pool.path), default=None)


def grants_at(union: Union):
    """Given over this very union, now or later."""
    found = Grant.objects.unscoped("of a union in hand").filter(not_over_on(clock.today()), union=union)
    return found.filter(user__is_active=True)


def subtree(path: str):
    return Union.objects.unscoped("a subtree the caller was allowed to act on").filter(path__startswith=path)
