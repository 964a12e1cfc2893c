"""谁看得到这位会员: the page says exactly what the scope does."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.kit import clock
from gonghui.kit.audit import record_unmask
from gonghui.kit.models import AuditEntry
from gonghui.members.models import Membership, Person
from gonghui.members.sight import looks_at, sights_of
from gonghui.orgs import actions
from gonghui.orgs.models import Grant, IndustryLine
from gonghui.orgs.roles import ROLES

pytestmark = pytest.mark.django_db
PAST = dt.date(2025, 1, 1)


def staff(login: str, role: str, union, **facts) -> User:
    user = User(login=login, is_staff=True, display_name=login, **facts.pop("user", {}))
    user.set_unusable_password()
    user.save()
    Grant.objects.create(user=user, role=role, union=union, **({"starts_on": PAST} | facts))
    return user


@pytest.fixture
def many(cast) -> list[User]:
    """Every role at every level, and the odd cases."""
    found = [
        staff(f"{role}_{place}", role, cast.unions[place])
        for role in ROLES
        for place in ("province", "city", "district", "factory", "sister", "riders")
    ]
    city, tomorrow = cast.unions["city"], clock.today() + dt.timedelta(days=1)
    yesterday = clock.today() - dt.timedelta(days=1)
    line = IndustryLine.objects.get(code="delivery")
    return [
        *found,
        staff("over", "operator", city, ends_on=yesterday),
        staff("not_yet", "operator", city, starts_on=tomorrow),
        staff("taken_back", "operator", city, ended_at=clock.now()),
        staff("of_a_line", "operator", city, industry_line=line),
        staff("switched_off", "operator", city, user={"is_active": False}),
        staff(
            "new_password",
            "operator",
            city,
            user={"must_change_password": True, "password_expires_at": clock.now() + dt.timedelta(hours=72)},
        ),
    ]


def who_sees(person: Person) -> set[int]:
    return {sight.grant.user_id for sight in sights_of(person)}


def who_sees_by_scope(person: Person) -> set[int]:
    everybody = User.objects.unscoped("test").filter(is_staff=True)
    return {
        user.pk
        for user in everybody
        if Person.objects.visible_to(actor_of(user)).filter(pk=person.pk).exists()
    }


@pytest.mark.parametrize("name", ["mei", "qiang"])
def test_page_names_exactly_those_whom_the_scope_lets_see(cast, many, name):
    person = cast.people[name]
    assert who_sees(person) == who_sees_by_scope(person) != set()


@pytest.mark.parametrize("seed", range(3))
def test_page_agrees_with_the_scope_whatever_is_granted(cast, seed):
    """Any role, union, line and dates; some taken back, some unions suspended, some people elsewhere since."""
    chance = random.Random(seed)
    unions, line = list(cast.unions.values()), IndustryLine.objects.get(code="delivery")
    days = [PAST, clock.today() - dt.timedelta(days=1), clock.today(), clock.today() + dt.timedelta(days=1)]
    for number in range(40):
        starts, ends = chance.choice(days), chance.choice([None, *days])
        staff(
            f"any_{number}", chance.choice(sorted(ROLES)), chance.choice(unions), starts_on=starts,
            ends_on=ends if ends is None or ends >= starts else None,
            industry_line=chance.choice([None, None, line]), ended_at=chance.choice([None, None, None, clock.now()]),
        )  # fmt: skip
    for person in chance.sample(list(cast.people.values()), 2):
        Membership.objects.unscoped("test").filter(person=person).update(
            status="ended", left_on=clock.today()
        )
        Membership.objects.create(person=person, union=chance.choice(unions))
    actions.suspend_union(
        cast.actor("province_admin"), union_id=cast.unions[chance.choice(["city", "district"])].pk
    )
    for name, person in cast.people.items():
        assert who_sees(person) == who_sees_by_scope(person), name


def test_suspended_union_above_sees_nobody_and_a_move_changes_who_sees(cast, many):
    mei = cast.people["mei"]
    actions.suspend_union(cast.actor("province_admin"), union_id=cast.unions["city"].pk)
    assert who_sees(mei) == who_sees_by_scope(mei)
    ids = {"union_id": cast.unions["district"].pk, "parent_id": cast.unions["sister"].pk}
    actions.move_union(cast.actor("province_admin"), **ids)
    assert who_sees(mei) == who_sees_by_scope(mei)
    assert cast.users["sister_admin"].pk in who_sees(mei)


def test_union_a_person_left_is_said_to_see_the_past_only(cast):
    mei = cast.people["mei"]
    Membership.objects.unscoped("test").filter(person=mei).update(status="ended", left_on=clock.today())
    Membership.objects.create(person=mei, union=cast.unions["riders"])
    found = {sight.grant.user.login: (sight.through.name, sight.is_past) for sight in sights_of(mei)}
    assert found == {
        "province_admin": ("西岭配送工会联合会", False),
        "sister_admin": ("西岭配送工会联合会", False),
        "city_admin": ("蓝海机械厂工会", True),
    }


def test_what_a_role_may_further_is_said(cast, many):
    found = {
        s.grant.user.login: (s.may_unmask, s.may_export, s.may_see_health)
        for s in sights_of(cast.people["mei"])
    }
    assert found["org_admin_city"] == (True, True, True)
    assert found["operator_city"] == (False, False, False)
    assert found["reviewer_factory"] == (False, False, False)
    assert not {login for login in found if login.startswith(("judge", "finance", "health", "technical"))}


def test_only_looks_at_this_person_of_the_last_days_are_listed(cast):
    mei, city = cast.people["mei"], cast.actor("city_admin")
    record_unmask(city, [mei], fields=["phone"], reason="核对电话")
    record_unmask(city, [cast.people["lan"]], fields=["phone"], reason="别人的")
    AuditEntry.objects.create(
        actor_id=city.user_id, op="UNMASK", table_name="members_person", row_id=mei.pk, reason="很久以前",
        at=clock.now() - dt.timedelta(days=91),
    )  # fmt: skip
    assert [(look.who, look.entry.reason) for look in looks_at(mei)] == [("city_admin", "核对电话")]


def test_page_is_reached_from_the_person_and_closed_to_others(cast, client):
    mei, page = cast.people["mei"], reverse("admin:person_seen_by", args=[cast.people["mei"].pk])
    for who, status in (
        ("anonymous", 302), ("mei", 302), ("stranger", 302), ("clerk", 302), ("judge", 403), ("finance_officer", 403),
        ("sister_admin", 404), ("city_admin", 200), ("province_admin", 200),
    ):  # fmt: skip
        client.logout()
        assert cast.sign_in(client, who).get(page).status_code == status, who
    link = client.get(reverse("admin:members_person_seen_by", args=[mei.pk]))
    assert link.headers["Location"] == page
    record_unmask(cast.actor("city_admin"), [mei], fields=["id_no"], reason="核对证件")
    text = client.get(page).content.decode()
    for word in (
        "province_admin",
        "city_admin",
        "工会管理员",
        "蓝海机械厂工会",
        "查看完整信息",
        "核对证件",
        "健康",
    ):
        assert word in text
    assert mei.id_no not in text
    assert mei.phone not in text
    assert "sister_admin" not in text
    assert client.post(page).status_code == 405


def test_page_costs_the_same_with_one_grant_and_with_many(cast, client):
    page = reverse("admin:person_seen_by", args=[cast.people["mei"].pk])
    record_unmask(cast.actor("city_admin"), [cast.people["mei"]], fields=["phone"], reason="核对电话")
    cast.sign_in(client, "city_admin").get(page)
    with CaptureQueriesContext(connection) as few:
        client.get(page)
    for number in range(60):
        user = staff(f"more_{number}", "operator", cast.unions["district"])
        record_unmask(actor_of(user), [cast.people["mei"]], fields=["phone"], reason="核对电话")
    with CaptureQueriesContext(connection) as many:
        text = client.get(page).content.decode()
    assert len(many) == len(few)
    assert "1 / 2" in text
