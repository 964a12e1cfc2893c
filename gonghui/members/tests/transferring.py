"""Transfers on the cast: Mei of the factory goes to the riders' federation; who decides on either side."""

from __future__ import annotations

import datetime as dt

import time_machine
from django.db import connection

from gonghui.accounts.models import User
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.workdays import working_days_after
from gonghui.members.actions.transfers import (
    accept_transfer,
    cancel_transfer,
    open_transfer,
    refuse_transfer,
    release_transfer,
)
from gonghui.members.models import Membership, TransferRequest
from gonghui.orgs.models import Grant, Union
from tests.cast import new_union

SYSTEM = Actor.system("test")
OLD, NEW = "city_admin", "sister_admin"


def opened(cast, name: str = "mei", to: str = "riders", reason: str = "换了单位") -> TransferRequest:
    return open_transfer(cast.actor(name), to_union_id=cast.unions[to].pk, reason=reason)


def new_home(cast, above: str) -> str:
    """Another union that takes people in, below that one, by its key in the cast."""
    union = cast.unions[above]
    cast.unions[f"{above}_home"] = new_union(f"{union.name[:2]}仓储工会", "enterprise", union)
    return f"{above}_home"


def released(cast, *facts) -> TransferRequest:
    return release_transfer(cast.actor(OLD), transfer_id=opened(cast, *facts).pk)


def accepted(cast, *facts) -> TransferRequest:
    return accept_transfer(cast.actor(NEW), transfer_id=released(cast, *facts).pk)


def refused(cast, row: TransferRequest, who: str, reason: str = "查无此人") -> TransferRequest:
    return refuse_transfer(cast.actor(who), transfer_id=row.pk, reason=reason)


def cancelled(cast, row: TransferRequest, name: str = "mei") -> TransferRequest:
    return cancel_transfer(cast.actor(name), transfer_id=row.pk)


def new_admin(cast, login: str, union: str, role: str = "org_admin") -> Actor:
    user = User(login=login, is_staff=True, display_name=login)
    user.set_unusable_password()
    user.save()
    Grant.objects.create(user=user, role=role, union=cast.unions[union], starts_on=dt.date(2024, 1, 1))
    cast.users[login] = user
    return cast.actor(login)


def again(row):
    return type(row).objects.unscoped("test").get(pk=row.pk)


def memberships(cast, name: str = "mei") -> list[tuple[str, str]]:
    found = Membership.objects.unscoped("test").filter(person=cast.people[name]).order_by("id")
    names = {union.pk: key for key, union in cast.unions.items()}
    return [(names[one.union_id], one.status) for one in found]


def steps(row) -> list[tuple[str, str]]:
    return list(row.steps.order_by("id").values_list("kind", "by"))


def goes(cast, union: str, status: str) -> None:
    """The union, with nobody left in it, is suspended, merged or dissolved."""
    left = Membership.objects.unscoped("test").filter(union=cast.unions[union], status__in=Membership.LIVE)
    left.exclude(status="transferring").update(status="ended")
    into = cast.unions["city"] if status == "merged" else None
    Union.objects.unscoped("test").filter(pk=cast.unions[union].pk).update(status=status, merged_into=into)


def days_later(n: int):
    """So many working days, as the terms count them."""
    days = working_days_after(clock.today(), n) - clock.today()
    return time_machine.travel(clock.now() + days, tick=True)


def settle() -> None:
    """What the database says at the end of a transaction, said now."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
