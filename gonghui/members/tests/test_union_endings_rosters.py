"""A roster runs while its union merges or moves, over real connections."""

from __future__ import annotations

import pytest
from django.db import connection

from gonghui.kit.tests.racing import at_once
from gonghui.members.actions import roster_runs, rosters
from gonghui.members.models import Membership, Person, RosterImport
from gonghui.members.tests.test_rosters import checked, counts, newcomers, now, reasons
from gonghui.orgs import actions
from gonghui.orgs.models import Union
from tests.cast import new_union

ROWS = 120


@pytest.fixture
def ready(cast, monkeypatch) -> RosterImport:
    """Of the district, its rows for the factory; ten a batch, so that there is time for what happens meanwhile."""
    monkeypatch.setattr(roster_runs, "BATCH_ROWS", 10)
    rows = [(name, number, phone, "蓝海机械厂工会") for name, number, phone in newcomers(ROWS)]
    roster = checked(cast, *rows, union="district")
    assert counts(roster) == (ROWS, 0, 0, 0)
    rosters.apply_roster(cast.actor("city_admin"), roster_id=roster.pk, in_background=False)
    return roster


def live_in(union: Union) -> int:
    found = Membership.objects.unscoped("test").filter(union=union, status__in=Membership.LIVE)
    return found.count()


def interrupted(roster: RosterImport, act, after: int = 3) -> None:
    """Applies it, and does something between two of its batches."""
    seen = []

    def told(_rows: int) -> None:
        seen.append(_rows)
        if len(seen) == after:
            act()

    roster_runs.apply_roster(roster.pk, told)


@pytest.mark.django_db
def test_rows_for_a_union_merged_half_way_come_back_with_where_it_went(cast, ready):
    mill = new_union("江口纺织厂工会", "enterprise", cast.unions["district"])
    actor, factory = cast.actor("city_admin"), cast.unions["factory"]
    interrupted(
        ready, lambda: actions.merge_union(actor, union_id=factory.pk, into_id=mill.pk, reason="两厂合并")
    )
    roster = now(ready)
    assert (roster.state, counts(roster)) == ("applied", (30, 0, 0, ROWS - 30))
    assert (live_in(factory), live_in(mill)) == (0, 33)
    assert set(reasons(roster)) == {
        "“蓝海机械厂工会”已并入“江口纺织厂工会”。请把所属工会改成“江口纺织厂工会”再导入。"
    }


@pytest.mark.django_db
def test_union_moved_above_a_running_roster_changes_nothing_for_it(cast, ready):
    twin = new_union("东湖区总工会", "district", cast.unions["city"])
    actor, factory = cast.actor("city_admin"), cast.unions["factory"]
    interrupted(ready, lambda: actions.move_union(actor, union_id=factory.pk, parent_id=twin.pk))
    assert counts(now(ready)) == (ROWS, 0, 0, 0)
    assert live_in(factory) == ROWS + 3


@pytest.mark.django_db
def test_union_moved_out_of_the_makers_reach_takes_no_more_of_its_rows(cast, ready):
    actor = cast.actor("province_admin")
    ids = {"union_id": cast.unions["district"].pk, "parent_id": cast.unions["sister"].pk}
    interrupted(ready, lambda: actions.move_union(actor, **ids))
    roster = now(ready)
    assert (roster.state, counts(roster)) == ("applied", (30, 0, 0, ROWS - 30))
    assert set(reasons(roster)) == {
        "“江口区总工会”已调整到您的管理范围之外，没有导入。请联系它现在的上级工会。"
    }


@pytest.mark.django_db
def test_known_members_stay_known_when_the_whole_city_moves_while_a_roster_runs(cast, ready):
    """Their paths change between two batches; nobody is taken for a member of another union."""
    region = new_union("南粤东部总工会", "city", cast.unions["province"])
    roster_runs.apply_roster(ready.pk)
    rows = [(name, number, phone, "蓝海机械厂工会") for name, number, phone in newcomers(ROWS)]
    again = checked(cast, *rows, ("钱多多", newcomers(1, 500)[0][1], "", "蓝海机械厂工会"), union="district")
    rosters.apply_roster(cast.actor("city_admin"), roster_id=again.pk, in_background=False)
    actor = cast.actor("province_admin")
    ids = {"union_id": cast.unions["city"].pk, "parent_id": region.pk}
    interrupted(again, lambda: actions.move_union(actor, **ids))
    assert counts(now(again)) == (1, 0, ROWS, 0)


@pytest.mark.django_db(transaction=True)
def test_nobody_a_roster_brings_stays_in_a_union_that_merges_meanwhile(cast, ready):
    mill = new_union("江口纺织厂工会", "enterprise", cast.unions["district"])
    actor, factory = cast.actor("city_admin"), cast.unions["factory"]
    answers = at_once(
        lambda: roster_runs.apply_roster(ready.pk),
        lambda: actions.merge_union(actor, union_id=factory.pk, into_id=mill.pk, reason="两厂合并"),
    )
    assert not [answer for answer in answers if isinstance(answer, Exception)], answers
    roster = now(ready)
    assert (roster.state, live_in(factory)) == ("applied", 0)
    assert roster.count_new + roster.count_refused == ROWS
    assert live_in(mill) == 3 + roster.count_new


@pytest.mark.django_db(transaction=True)
def test_list_roster_and_move_at_once_stay_right(cast, ready):
    """Whoever lists members meanwhile sees all of the subtree or nothing of it, never half."""
    province, city, sister = (cast.actor(who) for who in ("province_admin", "city_admin", "sister_admin"))
    district = cast.unions["district"]
    seen: list[tuple[int, int]] = []

    def list_again_and_again() -> None:
        for _look in range(60):
            with connection.cursor() as cursor:
                paths = [city.grants[0].path + "%", sister.grants[0].path + "%", district.pk]
                cursor.execute(
                    "SELECT count(*) FILTER (WHERE u.path LIKE %s), count(*) FILTER (WHERE u.path LIKE %s)"
                    "  FROM members_membership m JOIN orgs_union u ON u.id = m.union_id"
                    " WHERE u.parent_id = %s AND m.status = 'active'",
                    paths,
                )
                seen.append(cursor.fetchone())

    def move_to_and_fro() -> None:
        for parent in ("sister", "city", "sister", "city"):
            actions.move_union(province, union_id=district.pk, parent_id=cast.unions[parent].pk)

    answers = at_once(
        lambda: roster_runs.apply_roster(ready.pk),
        list_again_and_again,
        move_to_and_fro,
        list_again_and_again,
    )
    assert not [answer for answer in answers if isinstance(answer, Exception)], answers
    assert all(0 in pair and max(pair) >= 3 for pair in seen), seen
    roster = now(ready)
    assert (roster.state, roster.count_new + roster.count_refused) == ("applied", ROWS)
    assert live_in(cast.unions["factory"]) == 3 + roster.count_new
    assert Person.objects.visible_to(cast.actor("city_admin")).distinct().count() == 3 + roster.count_new
    for union in Union.objects.unscoped("test").select_related("parent"):
        assert union.path == f"{union.parent.path if union.parent else ''}{union.pk}."
