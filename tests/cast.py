"""The cast every access test speaks of, and the tree they live in.

    省总工会 ── 东江市总工会 ── 江口区总工会 ── 蓝海机械厂工会 (mei, a verified member; hua, not verified)
            └─ 西岭市总工会 ── 西岭配送工会联合会 (qiang, a verified rider)

Staff: province_admin, city_admin (东江), sister_admin (西岭), finance_officer (东江), judge (省).
Others: clerk (珠岛游船码头), stranger (signed in, not a member), anonymous.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import pytest
from django.utils import timezone

from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.kit.actors import ANONYMOUS, Actor
from gonghui.kit.search import pinyin_key, search_grams
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
    person = Person(name=name, id_no=id_no, phone=phone, user=user, groups=list(groups))
    person.pinyin, person.grams = pinyin_key(name), search_grams(name)
    person.gender = "male" if int(id_no[16]) % 2 else "female"
    person.birth_date = dt.date(int(id_no[6:10]), int(id_no[10:12]), int(id_no[12:14]))
    if verified:
        person.verification, person.verified_at, person.verified_by = "verified", timezone.now(), "roster"
    person.save()
    if union:
        Membership.objects.create(person=person, union=union, joined_on=dt.date(2020, 5, 1))
    return person


def _tree(cast: Cast) -> None:
    delivery = IndustryLine.objects.create(code="delivery", name="快递配送")
    u = cast.unions
    u["province"] = new_union("南粤省总工会", "province")
    u["city"] = new_union("东江市总工会", "city", u["province"])
    u["district"] = new_union("江口区总工会", "district", u["city"])
    u["factory"] = new_union("蓝海机械厂工会", "enterprise", u["district"])
    u["sister"] = new_union("西岭市总工会", "city", u["province"])
    u["riders"] = new_union("西岭配送工会联合会", "federation", u["sister"], industry_line=delivery)


def _staff(cast: Cast) -> None:
    posts = {
        "province_admin": ("org_admin", "province"),
        "city_admin": ("org_admin", "city"),
        "sister_admin": ("org_admin", "sister"),
        "finance_officer": ("finance_officer", "city"),
        "judge": ("judge", "province"),
    }
    for name, (role, union) in posts.items():
        user = User(login=name, is_staff=True, display_name=name)
        user.set_unusable_password()
        user.save()
        cast.users[name] = user
        Grant.objects.create(user=user, role=role, union=cast.unions[union], starts_on=dt.date(2024, 1, 1))


def _members(cast: Cast) -> None:
    WorkerGroup.objects.get_or_create(code="food_rider", defaults={"name": "外卖配送员"})
    homes = {"mei": "factory", "hua": "factory", "qiang": "riders", "lan": "factory"}
    for name, (real_name, id_no, phone) in IDS.items():
        cast.users[name] = User.objects.create(phone=phone, display_name=real_name)
        cast.people[name] = new_person(
            real_name,
            id_no,
            phone,
            cast.unions[homes[name]],
            verified=name != "hua",
            user=cast.users[name],
            groups=["food_rider"] if name == "qiang" else [],
        )
    cast.users["stranger"] = User.objects.create(phone="13800000009", display_name="路人")


def _partner(cast: Cast) -> None:
    partner = Partner.objects.create(
        union=cast.unions["city"], name="珠岛游船公司", kind="cruise", since=dt.date(2016, 9, 1)
    )
    cast.store = Store.objects.create(partner=partner, name="珠岛游船码头", address="滨江路 1 号")
    cast.hall = Hall.objects.create(store=cast.store, name="观光船", seats=380)
    cast.users["clerk"] = User.objects.create(phone="13800000008", display_name="码头店员")
    Clerk.objects.create(user=cast.users["clerk"], store=cast.store)


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
