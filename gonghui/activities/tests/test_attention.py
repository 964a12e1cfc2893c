"""Reads and likes: once each, counted without a row to queue for."""

import datetime as dt
import threading

import pytest
import time_machine
from django.db import connection

from gonghui.activities import actions, queries
from gonghui.activities.actions.attention import forget_reads
from gonghui.activities.models import Like, Read, ReadDay
from gonghui.activities.tests.stage import SYSTEM, announced, reviewed
from gonghui.activities.tests.test_activities import refused
from gonghui.kit import clock
from gonghui.kit.actors import ANONYMOUS


def counted(activity) -> tuple[int, int]:
    found = queries.activity_to_read(SYSTEM, activity.pk)
    return found.reads_total, found.likes_total


def test_reader_counts_once_a_day(cast):
    activity, _session, _release = announced(cast)
    mei = cast.actor("mei")
    assert [actions.record_read(mei, activity_id=activity.pk) for _ in range(3)] == [True, False, False]
    assert actions.record_read(ANONYMOUS, activity_id=activity.pk, visitor="v1") is True
    assert actions.record_read(ANONYMOUS, activity_id=activity.pk) is False
    actions.count_reads(SYSTEM)
    assert counted(activity) == (2, 0)


def test_next_day_is_another_read(cast):
    activity, _session, _release = announced(cast)
    mei = cast.actor("mei")
    actions.record_read(mei, activity_id=activity.pk)
    with time_machine.travel(clock.now() + dt.timedelta(days=1), tick=False):
        actions.record_read(mei, activity_id=activity.pk)
        actions.count_reads(SYSTEM)
    assert counted(activity) == (2, 0)
    assert ReadDay.objects.count() == 2


def test_counting_twice_is_counting_once(cast):
    activity, _session, _release = announced(cast)
    actions.record_read(cast.actor("mei"), activity_id=activity.pk)
    assert [actions.count_reads(SYSTEM), actions.count_reads(SYSTEM)] == [1, 0]


def test_drafts_have_no_readers(cast):
    activity, _session, _release = reviewed(cast)
    assert actions.record_read(cast.actor("city_admin"), activity_id=activity.pk) is False


def test_a_read_is_two_statements(cast, django_assert_num_queries):
    activity, _session, _release = announced(cast)
    with django_assert_num_queries(2):
        actions.record_read(ANONYMOUS, activity_id=activity.pk, visitor="v1")


@pytest.mark.django_db(transaction=True)
def test_readers_do_not_wait_for_each_other(cast):
    """One reader's transaction stays open; seven others read meanwhile."""
    activity, _session, _release = announced(cast)
    read, answers = threading.Event(), []

    def slow() -> None:
        from django.db import transaction

        with transaction.atomic():
            actions.record_read(ANONYMOUS, activity_id=activity.pk, visitor="slow")
            read.wait(20)
        connection.close()

    def quick(n: int) -> None:
        answers.append(actions.record_read(ANONYMOUS, activity_id=activity.pk, visitor=f"v{n}"))
        connection.close()

    sleeper = threading.Thread(target=slow)
    sleeper.start()
    others = [threading.Thread(target=quick, args=(n,)) for n in range(7)]
    [o.start() for o in others]
    [o.join(10) for o in others]
    seen = list(answers)
    read.set()
    sleeper.join()
    assert seen == [True] * 7


def test_old_reads_are_forgotten_and_stay_counted(cast):
    activity, _session, _release = announced(cast)
    actions.record_read(cast.actor("mei"), activity_id=activity.pk)
    actions.count_reads(SYSTEM)
    with time_machine.travel(clock.now() + dt.timedelta(days=60), tick=False):
        assert forget_reads(SYSTEM) == 1
        actions.count_reads(SYSTEM)
    assert (Read.objects.unscoped("test").count(), counted(activity)) == (0, (1, 0))


def test_like_is_once_and_can_be_taken_back(cast):
    activity, _session, _release = announced(cast)
    mei = cast.actor("mei")
    for _twice in range(2):
        actions.like_activity(mei, activity_id=activity.pk)
    assert (counted(activity), queries.likes_it(mei, activity.pk)) == ((0, 1), True)
    assert queries.likes_it(cast.actor("lan"), activity.pk) is False
    actions.unlike_activity(mei, activity_id=activity.pk)
    assert counted(activity) == (0, 0)


def test_like_needs_an_account_and_something_announced(cast):
    activity, _session, _release = reviewed(cast)
    assert refused(actions.like_activity, ANONYMOUS, activity_id=activity.pk) == "sign_in_first"
    assert refused(actions.like_activity, cast.actor("mei"), activity_id=activity.pk) == "not_found"
    assert Like.objects.unscoped("test").count() == 0
