"""Rebuilds, news and workers at once, on real connections: the later truth wins, nothing is counted twice."""

from __future__ import annotations

import datetime as dt
import threading
import time
from functools import partial
from uuid import uuid4

import pytest
from django.db import connection

from gonghui.audiences import actions
from gonghui.audiences.actions import Wording, rebuild_waiting, rebuilding, reconsider
from gonghui.audiences.actions.rebuilding import BUILDER, SILENT, compiled, finish_run, take_runs
from gonghui.audiences.models import Audience, AudienceMove, AudienceRun
from gonghui.audiences.tests.stage import VERIFIED, names_in, saved, tree
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.tests.racing import at_once
from gonghui.members.models import Person

pytestmark = pytest.mark.django_db(transaction=True)


def verify(person_id: int, is_so: bool) -> None:
    state = {"verification": "verified", "verified_at": clock.now()} if is_so else {"verification": "none"}
    Person.objects.unscoped("test").filter(pk=person_id).update(**state)


def count_of(audience: Audience) -> int:
    return Audience.objects.unscoped("test").get(pk=audience.pk).tally.count


def begun_elsewhere(work) -> threading.Thread:
    """At work in a connection of its own, and given the time to come to a lock."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.4)
    return thread


@pytest.mark.parametrize("small", [0, 10**6], ids=["in ranges", "whole"])
def test_news_that_comes_while_a_rebuild_is_writing_is_the_later_truth(cast, monkeypatch, small):
    """The rebuild has looked at everybody and not committed; the fact changes and its news waits for the lock."""
    monkeypatch.setattr("gonghui.audiences.passes.SMALL", small)
    one = saved(cast, VERIFIED)
    hua, mei = cast.people["hua"].pk, cast.people["mei"].pk
    made, started = rebuilding.make_slices, []

    def make_then_change(*facts):
        moved = made(*facts)

        def news() -> None:
            verify(hua, True), verify(mei, False)
            reconsider(hua), reconsider(mei)

        started.append(begun_elsewhere(news))
        assert started[0].is_alive()
        return moved

    monkeypatch.setattr(rebuilding, "make_slices", make_then_change)
    actions.ask_rebuild(cast.actor("city_admin"), audience_id=one.pk)
    rebuild_waiting()
    started[0].join()
    assert (names_in(cast, one), count_of(one)) == (["hua", "lan"], 2)
    assert AudienceMove.objects.unscoped("test").count() == 2


def test_rebuild_that_comes_while_news_is_written_has_seen_it(cast, monkeypatch):
    """The news holds the lock and has decided by an older fact; the fact changes; the rebuild waits, looks, and is right."""
    one = saved(cast, VERIFIED)
    hua, started = cast.people["hua"].pk, []
    verify(hua, True)
    from gonghui.audiences.actions import reconsidering

    decided = reconsidering.decided

    def decide_then_change(*facts):
        changed = decided(*facts)
        if not started:
            started.append(begun_elsewhere(lambda: (verify(hua, False), rebuild_waiting())))
            assert started[0].is_alive()
        return changed

    actions.ask_rebuild(cast.actor("city_admin"), audience_id=one.pk)
    monkeypatch.setattr(reconsidering, "decided", decide_then_change)
    assert reconsider(hua) == {one.pk: True}
    started[0].join()
    assert (names_in(cast, one), count_of(one)) == (["lan", "mei"], 2)


def test_news_of_many_members_of_one_slice_at_once_counts_each(cast):
    audiences = [saved(cast, VERIFIED), saved(cast, {"kind": "verified", "is": False})]
    people = [cast.people[name].pk for name in ("mei", "hua", "lan")]
    for turn in range(4):
        for place, pk in enumerate(people):
            verify(pk, (place + turn) % 2 == 0)
        said = at_once(*[partial(reconsider, pk) for pk in people * 3], *[rebuild_waiting] * 2)
        assert not [one for one in said if isinstance(one, Exception)], said
        inside = [len(names_in(cast, one)) for one in audiences]
        assert [count_of(one) for one in audiences] == inside and sum(inside) == 3


def test_two_saves_at_once_close_no_circle(cast):
    first, second = saved(cast, VERIFIED, name="甲"), saved(cast, VERIFIED, name="乙")
    city = cast.unions["city"].pk
    calls = [
        partial(actions.save_audience, cast.actor("city_admin"), audience_id=one.pk,
                wording=Wording(city, one.name, tree({"kind": "audience", "id": other.pk})))
        for one, other in ((first, second), (second, first))
    ]  # fmt: skip
    said = at_once(*calls)
    assert sorted(getattr(one, "code", type(one).__name__) for one in said) == ["Audience", "audience_cycle"]


def test_two_workers_at_once_make_each_audience_once(cast):
    for _n in range(6):
        saved(cast, VERIFIED, built=False)
    done = at_once(*[rebuild_waiting] * 4)
    assert sum(done) == 6
    states = AudienceRun.objects.unscoped("test").values_list("state", "people")
    assert list(states) == [("done", 2)] * 6


def test_silent_run_is_taken_over_and_its_worker_writes_nothing_more(cast):
    one = saved(cast, VERIFIED, built=False)
    old = uuid4()
    [run] = take_runs(BUILDER, token=old)
    [(_run, target)] = compiled([run])
    assert rebuild_waiting() == 0
    AudienceRun.objects.unscoped("test").update(beat_at=clock.now() - SILENT - dt.timedelta(seconds=1))
    assert rebuilding.begin_due_runs(BUILDER) == 0
    assert rebuild_waiting() == 1
    assert names_in(cast, one) == ["lan", "mei"]
    verify(cast.people["hua"].pk, True)
    rebuilding.build(old, [target], clock.today(), whole=True)
    finish_run(BUILDER, run_id=run.pk, token=old)
    assert (names_in(cast, one), count_of(one)) == (["lan", "mei"], 2)


def test_wording_saved_while_it_is_made_takes_the_run_back(cast, monkeypatch):
    one = saved(cast, VERIFIED, name="甲")
    made, done = rebuilding.build_span, []

    def save_first(*facts, **named):
        if not done:
            done.append(
                begun_elsewhere(
                    lambda: saved(
                        cast, {"kind": "verified", "is": False}, name="甲", audience_id=one.pk, built=False
                    )
                )
            )
            done[0].join()
        return made(*facts, **named)

    monkeypatch.setattr(rebuilding, "build_span", save_first)
    actions.ask_rebuild(cast.actor("city_admin"), audience_id=one.pk)
    rebuild_waiting()
    assert names_in(cast, one) == ["hua"]
    runs = AudienceRun.objects.unscoped("test").order_by("id").values_list("state", "version__number")
    assert list(runs) == [("done", 1), ("done", 2)]


def test_same_name_from_four_sides_is_one_audience(cast):
    call = partial(
        actions.save_audience, cast.actor("city_admin"), wording=Wording(cast.unions["city"].pk, "甲", tree())
    )
    said = at_once(*[call] * 4)
    assert sorted(one.code if isinstance(one, DomainError) else "made" for one in said) == [
        "audience_name"
    ] * 3 + ["made"]
    assert Audience.objects.unscoped("test").count() == 1


def runs_of(audience: Audience) -> list[tuple]:
    return list(audience.runs.order_by("id").values_list("state", "cause"))


def test_news_of_many_during_a_rebuild_has_one_more_follow_it(cast, monkeypatch):
    """Everybody has been looked at when a subtree moves; the run at work cannot know, and one more is enough for all news."""
    one = saved(cast, VERIFIED)
    finish, heard = rebuilding.finish_run, []

    def hear_then_finish(*facts, **named):
        if not heard:
            verify(cast.people["hua"].pk, True)
            heard.extend(actions.rebuild_around(BUILDER, union_id=cast.unions["city"].pk) for _n in range(2))
        finish(*facts, **named)

    monkeypatch.setattr(rebuilding, "finish_run", hear_then_finish)
    actions.ask_rebuild(cast.actor("city_admin"), audience_id=one.pk)
    assert rebuild_waiting() == 2
    assert (names_in(cast, one), heard) == (["hua", "lan", "mei"], [1, 1])
    assert runs_of(one) == [("done", "saved"), ("done", "asked"), ("done", "news")]


def test_news_of_many_at_the_moment_a_rebuild_ends_is_not_lost(cast, monkeypatch):
    one = saved(cast, VERIFIED)
    told = []

    def hear(_event):
        if not told:
            verify_elsewhere = partial(verify, cast.people["hua"].pk, True)
            around = partial(actions.rebuild_around, BUILDER, union_id=cast.unions["city"].pk)
            told.append(begun_elsewhere(lambda: (verify_elsewhere(), around())))
            assert told[0].is_alive()

    monkeypatch.setattr(rebuilding, "emit", hear)
    actions.ask_rebuild(cast.actor("city_admin"), audience_id=one.pk)
    rebuild_waiting()
    told[0].join()
    rebuild_waiting()
    assert names_in(cast, one) == ["hua", "lan", "mei"]
    assert runs_of(one)[-1] == ("done", "news")
