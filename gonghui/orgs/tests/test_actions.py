"""Verbs of the union tree and of grants."""

from __future__ import annotations

import datetime as dt
import threading
from contextlib import contextmanager

import pytest
from django.db import IntegrityError, connection, transaction

from gonghui.accounts.models import User
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.members.models import Person
from gonghui.orgs import actions
from gonghui.orgs.models import Employer, Grant, IndustryLine, Union
from gonghui.orgs.queries import grants_of
from tests.cast import new_union

TODAY = dt.date(2026, 5, 1)


@contextmanager
def refused(code: str):
    """Refused with this code, and nothing has changed."""

    def everything() -> list:
        unions = (
            Union.objects.unscoped("test").order_by("id").values("id", "path", "name", "status", "parent")
        )
        return [*unions, *Grant.objects.unscoped("test").order_by("id").values("id", "ends_on")]

    before = everything()
    with pytest.raises(DomainError) as error, transaction.atomic():
        yield
    assert error.value.code == code
    assert everything() == before


def union_now(cast, name: str) -> Union:
    return Union.objects.unscoped("test").get(pk=cast.unions[name].pk)


def move(cast, who: str, union: str, parent: str) -> int:
    return actions.move_union(
        cast.actor(who), union_id=cast.unions[union].pk, parent_id=cast.unions[parent].pk
    )


# The tree


def test_move_takes_the_subtree_and_the_scope_along(cast):
    assert move(cast, "province_admin", "district", "sister") == 2
    district, factory = union_now(cast, "district"), union_now(cast, "factory")
    assert district.path == f"{cast.unions['sister'].path}{district.pk}."
    assert factory.path == f"{district.path}{factory.pk}."
    assert (district.parent_id, factory.parent_id) == (cast.unions["sister"].pk, district.pk)
    assert {p.name for p in Person.objects.visible_to(cast.actor("city_admin"))} == set()
    assert Person.objects.visible_to(cast.actor("sister_admin")).count() == 4


def test_move_needs_both_places(cast):
    with refused("not_found"):
        move(cast, "city_admin", "district", "sister")
    with refused("not_found"):
        move(cast, "city_admin", "riders", "city")


def test_move_below_itself_or_to_where_it_is_is_refused(cast):
    with refused("union_below_itself"):
        move(cast, "city_admin", "district", "factory")
    with refused("union_below_itself"):
        move(cast, "city_admin", "district", "district")
    with refused("union_already_there"):
        move(cast, "city_admin", "factory", "district")
    with refused("union_root_stays"):
        move(cast, "province_admin", "province", "city")


def test_move_too_deep_is_refused(cast):
    parent = cast.unions["factory"]
    for number in range(8):
        parent = new_union(f"第{number}工会小组", "group", parent)
    cast.unions["deep"] = parent
    new_union("末端小组", "group", cast.unions["city"])
    with refused("union_too_deep"):
        actions.move_union(
            cast.actor("city_admin"),
            union_id=new_union("带下级的", "group", cast.unions["city"]).pk,
            parent_id=new_union("第九小组", "group", parent).pk,
        )


def test_namesake_below_the_same_parent_is_refused_elsewhere_not(cast):
    new = actions.NewUnion(name="蓝海机械厂工会", kind="street")
    with refused("union_name_taken"):
        actions.add_union(cast.actor("city_admin"), parent_id=cast.unions["district"].pk, new=new)
    actions.add_union(cast.actor("city_admin"), parent_id=cast.unions["city"].pk, new=new)


@pytest.mark.parametrize("who", ["judge", "finance_officer", "sister_admin", "mei", "anonymous"])
def test_others_write_nothing_in_the_tree(cast, who):
    code = "not_allowed" if who in ("judge", "finance_officer") else "not_found"
    with refused(code):
        actions.rename_union(cast.actor(who), union_id=cast.unions["factory"].pk, name="改名工会")
    with refused(code):
        actions.suspend_union(cast.actor(who), union_id=cast.unions["factory"].pk)


def test_suspended_union_gives_no_grants_until_it_resumes(cast):
    assert len(grants_of(cast.users["city_admin"].pk)) == 1
    actions.suspend_union(cast.actor("province_admin"), union_id=cast.unions["city"].pk)
    assert grants_of(cast.users["city_admin"].pk) == ()
    with refused("illegal_move"):
        actions.suspend_union(cast.actor("province_admin"), union_id=cast.unions["city"].pk)
    actions.resume_union(cast.actor("province_admin"), union_id=cast.unions["city"].pk)
    assert len(grants_of(cast.users["city_admin"].pk)) == 1


def test_union_of_members_is_applied_for_and_not_added(cast):
    for kind in ("enterprise", "federation"):
        with refused("union_needs_registration"):
            new = actions.NewUnion(name="江口新业态工会", kind=kind)
            actions.add_union(cast.actor("province_admin"), parent_id=cast.unions["district"].pk, new=new)


def test_one_employer_a_code(cast):
    facts = {"name": "蓝海机械", "uscc": "91440000MA00000015"}
    first = actions.register_employer(cast.actor("city_admin"), union_id=cast.unions["factory"].pk, **facts)
    second = actions.register_employer(cast.actor("city_admin"), union_id=cast.unions["district"].pk, **facts)
    assert first.pk == second.pk
    assert Employer.objects.visible_to(cast.actor("city_admin")).distinct().count() == 1
    assert Employer.objects.visible_to(cast.actor("sister_admin")).count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_moves_at_once_leave_a_tree(cast):
    """A below B and B below A at the same moment: one of them is refused."""
    a = new_union("甲区工会", "district", cast.unions["city"])
    b = new_union("乙区工会", "district", cast.unions["city"])
    answers, barrier = [], threading.Barrier(2)

    def run(union: Union, parent: Union) -> None:
        try:
            actor = cast.actor("city_admin")
            barrier.wait()
            actions.move_union(actor, union_id=union.pk, parent_id=parent.pk)
            answers.append("moved")
        except DomainError as error:
            answers.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in ((a, b), (b, a))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["moved", "union_below_itself"]
    for union in Union.objects.unscoped("test").select_related("parent"):
        assert union.path == f"{union.parent.path if union.parent else ''}{union.pk}."


# Grants


@pytest.fixture
def newcomer(cast) -> User:
    return User.objects.create(login="newcomer", is_staff=True)


def hand_on(cast, who: str, **facts) -> Grant:
    given = {"role": "operator", "union_id": cast.unions["factory"].pk, "starts_on": TODAY, **facts}
    login = given.pop("login", "newcomer")
    return actions.hand_on_grant(cast.actor(who), login=login, new=actions.NewGrant(**given))


def test_grant_is_handed_on_within_what_is_held(cast, newcomer):
    grant = hand_on(cast, "city_admin")
    assert (grant.user_id, grant.granted_by_id, grant.role) == (
        newcomer.pk,
        cast.users["city_admin"].pk,
        "operator",
    )
    assert [g.path for g in grants_of(newcomer.pk)] == [cast.unions["factory"].path]


def test_grant_outside_the_subtree_above_or_to_oneself_is_refused(cast, newcomer):
    with refused("not_found"):
        hand_on(cast, "city_admin", union_id=cast.unions["riders"].pk)
    with refused("not_found"):
        hand_on(cast, "city_admin", union_id=cast.unions["province"].pk)
    with refused("grant_to_oneself"):
        hand_on(cast, "city_admin", login="city_admin")
    with refused("no_such_staff"):
        hand_on(cast, "city_admin", login="nobody")
    with refused("not_allowed"):
        hand_on(cast, "finance_officer")


def test_grant_to_oneself_is_impossible_in_the_database(cast):
    own = cast.users["city_admin"]
    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.create(
            user=own, granted_by=own, role="operator", union=cast.unions["city"], starts_on=TODAY
        )


def test_member_without_a_staff_account_is_given_nothing(cast):
    User.objects.unscoped("test").filter(pk=cast.users["mei"].pk).update(login="mei")
    with refused("no_such_staff"):
        hand_on(cast, "city_admin", login="mei")


def test_role_with_more_than_one_holds_is_refused(cast, newcomer):
    """A grants administrator of fewer verbs than a role has cannot give that role."""
    line = IndustryLine.objects.get(code="delivery")
    Grant.objects.unscoped("test").filter(user=cast.users["sister_admin"]).update(industry_line=line)
    riders = cast.unions["riders"].pk
    with refused("grant_not_held"):
        hand_on(cast, "sister_admin", union_id=riders)
    hand_on(cast, "sister_admin", union_id=riders, industry_line_id=line.pk)


def test_grant_may_not_outlive_what_is_held(cast, newcomer):
    last = clock.today() + dt.timedelta(days=400)
    Grant.objects.unscoped("test").filter(user=cast.users["city_admin"]).update(ends_on=last)
    with refused("grant_outlives"):
        hand_on(cast, "city_admin")
    with refused("grant_outlives"):
        hand_on(cast, "city_admin", ends_on=last + dt.timedelta(days=1))
    with refused("grant_outlives"):
        hand_on(cast, "city_admin", starts_on=dt.date(2023, 12, 31), ends_on=last)
    with refused("grant_dates"):
        hand_on(cast, "city_admin", ends_on=dt.date(2026, 4, 30))
    hand_on(cast, "city_admin", ends_on=last)


def test_same_grant_twice_is_refused(cast, newcomer):
    hand_on(cast, "city_admin")
    with refused("grant_twice"):
        hand_on(cast, "city_admin")


def test_ended_grant_stops_at_once_and_stays_on_record(cast, newcomer):
    grant = hand_on(cast, "city_admin", starts_on=dt.date(2025, 1, 1))
    actions.end_grant(cast.actor("city_admin"), grant_id=grant.pk)
    assert grants_of(newcomer.pk) == ()
    assert Grant.objects.unscoped("test").filter(pk=grant.pk).exists()
    with refused("grant_over"):
        actions.end_grant(cast.actor("city_admin"), grant_id=grant.pk)


def test_grant_of_today_is_taken_back_today(cast, newcomer):
    from gonghui.kit import clock

    grant = hand_on(cast, "city_admin", starts_on=clock.today())
    actions.end_grant(cast.actor("city_admin"), grant_id=grant.pk)
    assert grants_of(newcomer.pk) == ()


def test_own_grant_and_grants_from_above_are_not_ended(cast):
    own = cast.users["city_admin"].grants.get()
    with refused("grant_to_oneself"):
        actions.end_grant(cast.actor("city_admin"), grant_id=own.pk)
    above = cast.users["province_admin"].grants.get()
    with refused("not_found"):
        actions.end_grant(cast.actor("city_admin"), grant_id=above.pk)
    sister = cast.users["sister_admin"].grants.get()
    with refused("not_found"):
        actions.end_grant(cast.actor("city_admin"), grant_id=sister.pk)
