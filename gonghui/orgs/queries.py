"""Reads of the union tree and of grants."""

from __future__ import annotations

from django.db.models import Count, Exists, IntegerField, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Coalesce

from gonghui.accounts.models import User
from gonghui.kit import actors, clock
from gonghui.kit.actors import Actor
from gonghui.kit.scope import BySubtree
from gonghui.orgs.models import Grant, Staff, Union
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
    """None while the account is switched off or its password was made by somebody else."""
    return Grant.objects.unscoped("the user's own grants").filter(
        in_force_on(clock.today()),
        user_id=user_id,
        user__is_active=True,
        user__must_change_password=False,
        union__status="active",
    )


def staff_with_login(login: str) -> User | None:
    """Asked by the whole login name only: staff are not listed to each other."""
    return (
        User.objects.unscoped("asked by a full login name")
        .filter(login=login.strip(), is_staff=True, is_active=True)
        .first()
    )


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
    return list(named.exclude(status__in=("merged", "dissolved")).select_related("parent").order_by("path"))


def staff_with_grants():
    """For the command line: every staff account, with what it is granted now or later."""
    grants = Grant.objects.unscoped("listed on the command line").filter(not_over_on(clock.today()))
    everybody = User.objects.unscoped("listed on the command line").filter(is_staff=True)
    held = Prefetch("grants", grants.select_related("union"), to_attr="held")
    return everybody.prefetch_related(held).order_by("login")


def with_children_count(unions):
    """Adds `children_count`, one index scan a row."""
    children = (
        Union.objects.unscoped("counting below rows in scope")
        .filter(parent=OuterRef("pk"))
        .order_by()
        .values("parent")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return unions.annotate(children_count=Coalesce(Subquery(children, output_field=IntegerField()), 0))


def way_down_to(actor: Actor, union: Union) -> list[Union]:
    """The unions above this one and itself, from the highest the actor may see."""
    ids = [int(part) for part in union.path.split(".") if part]
    rows = {row.pk: row for row in Union.objects.visible_to(actor).filter(pk__in=ids)}
    return [rows[pk] for pk in ids if pk in rows]


def children_of(actor: Actor, union: Union):
    return Union.objects.visible_to(actor).filter(parent=union).order_by("pinyin", "id")


def namesakes(parent_id: int | None, name: str, *, but: int | None = None):
    """Unions of this name directly below the same parent."""
    found = Union.objects.unscoped("a name is taken whoever looks").filter(parent_id=parent_id, name=name)
    return found.exclude(pk=but).exclude(status__in=("merged", "dissolved"))


def subtree(path: str):
    return Union.objects.unscoped("a subtree the caller was allowed to act on").filter(path__startswith=path)
