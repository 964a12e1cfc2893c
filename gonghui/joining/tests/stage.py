"""A truck yard to join by: a pool of 东江, a yard's union below 江口, a reviewer of the city who is not its officer."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from stdnum.cn import ric

from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.joining.actions import Told, Way, apply_to_join, take_application
from gonghui.joining.models import JoinApplication, JoinEntry
from gonghui.kit.actors import Actor
from gonghui.kit.tests.stages import kept
from gonghui.members.models import Membership, Person
from gonghui.orgs.models import Grant, Region, Union
from tests.cast import new_union

NAMES = {"wang": "王大力", "yang": "杨·买买提", "rare": "𠮷田㛃"}


def id_no(number: int, born: dt.date = dt.date(1990, 3, 7)) -> str:
    body = f"440101{born:%Y%m%d}{number % 900 + 100:03d}"
    return body + ric.calc_check_digit(body + "0")


@dataclass
class Stage:
    cast: object
    yard: Union
    pool: Union
    district: Region

    def actor(self, who: str) -> Actor:
        return self.cast.actor(who)

    def worker(self, phone: str) -> Actor:
        user = User.objects.unscoped("test").filter(phone_index=phone).first()
        return actor_of(user or User.objects.create(phone=phone))


@kept
def build_stage(cast) -> Stage:
    regions = {}
    for code, name, above in (
        ("440000", "南粤省", ""),
        ("440100", "东江市", "440000"),
        ("440106", "江口区", "440100"),
    ):
        regions[code], _new = Region.objects.get_or_create(
            code=code, defaults={"name": name, "parent": regions.get(above)}
        )
    yard = new_union("东站货运场工会联合会", "federation", cast.unions["district"], region=regions["440106"])
    pool = new_union("东江市会员周转库", "pool", cast.unions["city"], region=regions["440100"])
    staff(cast, "officer", "operator", "city")
    staff(cast, "reviewer", "reviewer", "city")
    staff(cast, "second", "reviewer", "district")
    return Stage(cast, yard, pool, regions["440106"])


def staff(cast, name: str, role: str, union: str) -> None:
    user = User(login=name, is_staff=True, display_name=name)
    user.set_unusable_password()
    user.save()
    Grant.objects.create(user=user, role=role, union=cast.unions[union], starts_on=dt.date(2024, 1, 1))
    cast.users[name] = user


def told(stage: Stage, number: int = 1, **other) -> Told:
    facts = {
        "union_id": stage.yard.pk,
        "name": NAMES["wang"],
        "id_no": id_no(number),
        "group": "truck_driver",
    }
    return Told(**(facts | other))


def applied(
    stage: Stage, number: int = 1, *, phone: str = "", way: Way | None = None, **other
) -> JoinApplication:
    worker = stage.worker(phone or f"137{number:08d}")
    return apply_to_join(worker, told=told(stage, number, **other), consent=True, way=way)


def taken(stage: Stage, row: JoinApplication, who: str = "reviewer") -> JoinApplication:
    return take_application(stage.actor(who), joinapplication_id=row.pk)


def again(row):
    return type(row).objects.unscoped("test").get(pk=row.pk)


def thread(row: JoinApplication) -> list[tuple[str, str]]:
    found = JoinEntry.objects.unscoped("test").filter(application=row).order_by("id")
    return list(found.values_list("verb", "state"))


def counted() -> tuple:
    """What a refusal must leave as it was."""
    rows = (
        JoinApplication.objects.unscoped("test").order_by("id").values_list("state", "due_on", "reviewer_id")
    )
    people = Person.objects.unscoped("test").order_by("id").values_list("verification", "user_id", "groups")
    return (
        list(rows), list(people), Membership.objects.unscoped("test").count(), JoinEntry.objects.unscoped("test").count()
    )  # fmt: skip
