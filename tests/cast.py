"""The cast every access test speaks of, and the tree they live in.

    省总工会 ── 东江市总工会 ── 江口区总工会 ── 蓝海机械厂工会 (mei, a verified member; hua, not verified)
            └─ 西岭市总工会 ── 西岭配送工会联合会 (qiang, a verified rider)

Staff: province_admin, city_admin (东江), sister_admin (西岭), finance_officer (东江), judge (省).
Others: clerk (珠岛游船码头), stranger (signed in, not a member), anonymous.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from django.db import connection
from django.db.models import Model
from django.utils import timezone

from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.kit.actors import ANONYMOUS, Actor
from gonghui.kit.search import pinyin_key, search_grams
from gonghui.kit.tests.stages import kept
from gonghui.members.models import Membership, Person, WorkerGroup
from gonghui.orgs.models import Grant, IndustryLine, Union
from gonghui.partners.models import Clerk, Hall, Partner, Store

PASSWORD = "correct horse battery 9"
STAFF = ("province_admin", "city_admin", "sister_admin", "finance_officer", "judge")
MEMBERS = ("mei", "hua", "qiang", "lan")
# valid check digits; area codes and dates of nobody in particular
IDS = {
    "mei": ("陈小梅", "440101199003070122", "13800000001"),
    "hua": ("李建华", "440101198811110052", "13800000002"),
    "qiang": ("赵志强", "440101199205200036", "13800000003"),
    "lan": ("黄玉兰", "440101196502140101", "13800000004"),
}


@dataclass
class Cast:
    """Rows and users by name; `actor("mei")` is who she is right now."""

    users: dict[str, User] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    unions: dict[str, Union] = field(default_factory=dict)
    store: Store | None = None
    hall: Hall | None = None

    def actor(self, name: str) -> Actor:
        if name == "anonymous":
            return ANONYMOUS
        return actor_of(User.objects.unscoped("test").get(pk=self.users[name].pk))

    def sign_in(self, client, name: str):
        """The client, signed in as `name` (staff with their second factor)."""
        if name == "anonymous":
            return client
        client.force_login(self.users[name])
        if self.users[name].is_staff:
            session = client.session
            session["second_factor"] = True
            session.save()
        return client


def new_union(name: str, kind: str, parent: Union | None = None, **fields) -> Union:
    union = Union(name=name, kind=kind, parent=parent, path=f"new:{name}", **fields)
    union.pinyin, union.grams = pinyin_key(name), search_grams(name)
    union.save()
    union.path = f"{parent.path if parent else ''}{union.pk}."
    union.save()
    return union


def new_person(
    name: str, id_no: str, phone: str, union: Union | None, *, verified: bool, user=None, groups=()
) -> Person:
    person = person_of(name, id_no, phone, verified=verified, user=user, groups=groups)
    person.save()
    if union:
        Membership.objects.create(person=person, union=union, joined_on=dt.date(2020, 5, 1))
    return person


def person_of(name: str, id_no: str, phone: str, *, verified: bool, user=None, groups=()) -> Person:
    """As one would be written; not written yet."""
    person = Person(name=name, id_no=id_no, phone=phone, user=user, groups=list(groups))
    person.pinyin, person.grams = pinyin_key(name), search_grams(name)
    person.gender = "male" if int(id_no[16]) % 2 else "female"
    person.birth_date = dt.date(int(id_no[6:10]), int(id_no[10:12]), int(id_no[12:14]))
    if verified:
        person.verification, person.verified_at, person.verified_by = "verified", timezone.now(), "roster"
    return person


def new_line_admin(
    cast: Cast, union: str = "province", *, role: str = "org_admin", login: str = "line_admin"
) -> str:
    """Another of the staff, bound to the riders' line of industry: below the province that is Qiang's federation alone."""
    user = User(login=login, is_staff=True, display_name=login)
    user.set_unusable_password()
    user.save()
    line = IndustryLine.objects.get(code="delivery")
    Grant.objects.create(
        user=user, role=role, union=cast.unions[union], starts_on=dt.date(2024, 1, 1), industry_line=line
    )
    cast.users[login] = user
    return login


def _tree(cast: Cast) -> None:
    delivery = IndustryLine.objects.create(code="delivery", name="快递配送")
    tree = [
        ("province", "南粤省总工会", "province", "", None),
        ("city", "东江市总工会", "city", "province", None),
        ("district", "江口区总工会", "district", "city", None),
        ("factory", "蓝海机械厂工会", "enterprise", "district", None),
        ("sister", "西岭市总工会", "city", "province", None),
        ("riders", "西岭配送工会联合会", "federation", "sister", delivery),
    ]
    for pk, (name, title, kind, above, line) in zip(_ids(Union, len(tree)), tree, strict=True):
        parent = cast.unions.get(above)
        path = f"{parent.path if parent else ''}{pk}."
        union = Union(id=pk, name=title, kind=kind, parent=parent, path=path, industry_line=line)
        union.pinyin, union.grams = pinyin_key(title), search_grams(title)
        cast.unions[name] = union
    _write(cast.unions.values())


def _ids(model: type[Model], count: int) -> list[int]:
    """Ids a table would have given: whoever needs one before the row is there."""
    sequence = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
    with connection.cursor() as cursor:
        return [pk for (pk,) in cursor.execute(sequence, [model._meta.db_table, count])]


def _write(rows: Iterable[Model]) -> None:
    """All of one table in one statement: four thousand tests begin with them."""
    found = list(rows)
    type(found[0])._base_manager.bulk_create(found)


def _staff(cast: Cast) -> None:
    posts = {
        "province_admin": ("org_admin", "province"),
        "city_admin": ("org_admin", "city"),
        "sister_admin": ("org_admin", "sister"),
        "finance_officer": ("finance_officer", "city"),
        "judge": ("judge", "province"),
    }
    staff = {name: User(login=name, is_staff=True, display_name=name) for name in posts}
    for user in staff.values():
        user.set_unusable_password()
    _write(staff.values())
    cast.users |= staff
    since = dt.date(2024, 1, 1)
    _write(
        Grant(user=staff[name], role=role, union=cast.unions[union], starts_on=since)
        for name, (role, union) in posts.items()
    )


def _members(cast: Cast) -> None:
    WorkerGroup.objects.get_or_create(code="food_rider", defaults={"name": "外卖配送员"})
    homes = {"mei": "factory", "hua": "factory", "qiang": "riders", "lan": "factory"}
    users = {name: User(phone=phone, display_name=real) for name, (real, _id_no, phone) in IDS.items()}
    users["stranger"] = User(phone="13800000009", display_name="路人")
    users["clerk"] = User(phone="13800000008", display_name="码头店员")
    _write(users.values())
    cast.users |= users
    cast.people = {
        name: person_of(
            *IDS[name],
            verified=name != "hua",
            user=users[name],
            groups=["food_rider"] if name == "qiang" else [],
        )
        for name in homes
    }
    _write(cast.people.values())
    joined = dt.date(2020, 5, 1)
    _write(
        Membership(person=cast.people[name], union=cast.unions[home], joined_on=joined)
        for name, home in homes.items()
    )


def _partner(cast: Cast) -> None:
    partner = Partner.objects.create(
        union=cast.unions["city"], name="珠岛游船公司", kind="cruise", since=dt.date(2016, 9, 1)
    )
    cast.store = Store.objects.create(partner=partner, name="珠岛游船码头", address="滨江路 1 号")
    cast.hall = Hall.objects.create(store=cast.store, name="观光船", seats=380)
    Clerk.objects.create(user=cast.users["clerk"], store=cast.store)


@kept
def new_cast() -> Cast:
    made = Cast()
    _tree(made)
    _staff(made)
    _members(made)
    _partner(made)
    return made


@pytest.fixture
def cast(db) -> Cast:
    return new_cast()
