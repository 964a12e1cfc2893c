"""How new an audience is: rebuilt by rule, by day, after a union moved or ended, and after a failure."""

from __future__ import annotations

import datetime as dt

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from gonghui.audiences import actions, queries
from gonghui.audiences.actions import rebuild_waiting
from gonghui.audiences.actions.rebuilding import BUILDER, begin_due_runs
from gonghui.audiences.models import Audience, AudienceMove
from gonghui.audiences.tests.stage import RIDERS, VERIFIED, fresh, names_in, runs_of, saved
from gonghui.kit.errors import DomainError
from gonghui.members.models import Person
from gonghui.orgs.events import UnionEnded, UnionMoved

pytestmark = pytest.mark.django_db


def test_freshness_is_bounded_by_the_rule_and_said(cast, time_machine):
    one = saved(cast, VERIFIED, rule=1)
    assert queries.require_fresh(one.pk) == one
    assert begin_due_runs(BUILDER) == 0
    time_machine.move_to(dt.datetime.now(dt.UTC) + dt.timedelta(hours=2, minutes=1))
    assert queries.freshness(fresh(one)).is_stale
    with pytest.raises(DomainError) as error:
        queries.require_fresh(one.pk)
    assert error.value.code == "audience_stale"
    assert begin_due_runs(BUILDER) == 1
    assert begin_due_runs(BUILDER) == 0
    rebuild_waiting()
    assert queries.require_fresh(one.pk) == one
    not_made = saved(cast, RIDERS, built=False)
    with pytest.raises(DomainError) as error:
        queries.require_fresh(not_made.pk)
    assert error.value.code == "audience_not_made"


def everybody_in(cast) -> dict[str, Audience]:
    """An audience of all members of the city, of its sister and of the province."""
    holders = {"city": "city_admin", "sister": "sister_admin", "province": "province_admin"}
    return {union: saved(cast, union=union, who=who, name=union) for union, who in holders.items()}


def runs_told(cast, event) -> None:
    """As its job does."""
    from gonghui.audiences import reactions

    known = {UnionMoved: reactions.rebuild_after_move, UnionEnded: reactions.rebuild_after_ending}
    assert ProcrastinateJob.objects.filter(
        task_name=f"gonghui.audiences.reactions.{known[type(event)].__name__}"
    ).exists()
    known[type(event)](event)


def test_moved_subtree_takes_its_members_to_the_audiences_of_its_new_place(cast):
    """Where they were nobody is told from the moment on; where they come, a rebuild is under way and freshness says so."""
    from gonghui.orgs.actions import move_union

    kept = everybody_in(cast)
    riders, sister = cast.unions["riders"], cast.unions["sister"]
    move_union(cast.actor("province_admin"), union_id=riders.pk, parent_id=cast.unions["city"].pk)
    assert names_in(cast, kept["sister"]) == []
    runs_told(cast, UnionMoved(union_id=riders.pk, from_id=sister.pk))
    assert [queries.freshness(fresh(one)).is_behind for one in kept.values()] == [True] * 3
    rebuild_waiting()
    assert {name: names_in(cast, one) for name, one in kept.items()} == {
        "city": ["hua", "lan", "mei", "qiang"], "sister": [], "province": ["hua", "lan", "mei", "qiang"],
    }  # fmt: skip
    qiang = cast.people["qiang"].pk
    moves = (
        AudienceMove.objects.unscoped("test")
        .order_by("audience_id")
        .values_list("audience_id", "person_id", "has_entered")
    )
    assert list(moves) == [(kept["city"].pk, qiang, True), (kept["sister"].pk, qiang, False)]
    assert not queries.freshness(fresh(kept["city"])).is_behind


@pytest.mark.parametrize("end", ["merge", "dissolve"])
def test_members_of_an_ended_union_are_in_the_audiences_of_who_took_them(cast, end):
    from gonghui.orgs.actions.endings import dissolve_union, merge_union

    kept = everybody_in(cast)
    admin, riders = cast.actor("province_admin"), cast.unions["riders"]
    if end == "merge":
        ended = merge_union(
            admin, union_id=riders.pk, into_id=cast.unions["factory"].pk, reason="机构改革合并"
        )
    else:
        ended = dissolve_union(admin, union_id=riders.pk, reason="机构改革撤销", members_to="above")
    runs_told(cast, ended)
    rebuild_waiting()
    inside = {name: names_in(cast, one) for name, one in kept.items()}
    there = {"merge": "city", "dissolve": "sister"}[end]
    assert inside["province"] == ["hua", "lan", "mei", "qiang"]
    assert [name for name in ("city", "sister") if "qiang" in inside[name]] == [there]


def test_everything_is_made_anew_after_midnight_in_china(cast, time_machine):
    time_machine.move_to(dt.datetime(2026, 11, 23, 15, 50, tzinfo=dt.UTC))
    born = {"kind": "birthday", "span": "next", "days": 1}
    Person.objects.unscoped("test").filter(pk=cast.people["mei"].pk).update(birth_date=dt.date(1990, 11, 24))
    one = saved(cast, born)
    assert names_in(cast, one) == []
    assert begin_due_runs(BUILDER) == 0
    time_machine.move_to(dt.datetime(2026, 11, 23, 16, 0, 30, tzinfo=dt.UTC))
    assert begin_due_runs(BUILDER) == 1
    rebuild_waiting()
    assert names_in(cast, one) == ["mei"]


def test_failed_rebuild_is_seen_and_tried_again_and_the_others_are_made(cast, time_machine):
    from gonghui.audiences import behaviours

    good = saved(cast, VERIFIED, built=False)
    lost = saved(cast, {"none": [{"kind": "did", "what": "read", "times": 1, "days": 9}]}, built=False)
    read = behaviours._known.pop("read")
    try:
        rebuild_waiting()
        assert actions.reconsider(cast.people["mei"].pk) == {}
    finally:
        behaviours.register(read)
    assert names_in(cast, good) == ["lan", "mei"]
    assert names_in(cast, lost) == []
    assert runs_of(lost)[0][0] == "failed"
    tally = fresh(lost).tally
    assert (
        tally.failures == 1
        and "read" in tally.problem
        and queries.freshness(fresh(lost)).problem == tally.problem
    )
    assert list(queries.stale_or_failed(cast.actor("city_admin"))) == [tally]
    assert begin_due_runs(BUILDER) == 0
    time_machine.move_to(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=2))
    assert begin_due_runs(BUILDER) == 1
    rebuild_waiting()
    assert names_in(cast, lost) == ["hua", "lan", "mei"]
    assert (fresh(lost).tally.failures, fresh(lost).tally.problem) == (0, "")


def test_pass_that_fails_in_the_database_fails_only_the_audience_that_makes_it(cast):
    from gonghui.audiences.behaviours import Behaviour, _known, register

    good = saved(cast, VERIFIED, built=False)
    register(
        Behaviour(
            "broken", "坏的", table="members_person", person="id", at="created_at", where="1 / (id - id) > 0"
        )
    )
    try:
        bad = saved(cast, {"kind": "did", "what": "broken", "times": 1, "days": None})
    finally:
        _known.pop("broken")
    assert names_in(cast, good) == ["lan", "mei"]
    assert [runs_of(one)[0][0] for one in (good, bad)] == ["done", "failed"]
    assert "division" in fresh(bad).tally.problem
