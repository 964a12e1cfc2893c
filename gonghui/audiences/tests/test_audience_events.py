"""Entering and leaving are told: one event each, with the transaction that wrote it, heard by any room above."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from gonghui.audiences.actions import ask_rebuild, look_at_news, rebuild_waiting, reconsider
from gonghui.audiences.events import AudienceMoved, AudienceRebuilt
from gonghui.audiences.models import Audience, AudienceMove, AudienceNews
from gonghui.audiences.tests.stage import RIDERS, names_in, saved
from gonghui.kit.events import _reactions, reacts_to
from gonghui.members.models import Membership, Person

HEARD: list[AudienceMoved | AudienceRebuilt] = []


def hear_moved(event: AudienceMoved) -> None:
    HEARD.append(event)


def hear_rebuilt(event: AudienceRebuilt) -> None:
    HEARD.append(event)


reacts_to(AudienceMoved)(hear_moved)
reacts_to(AudienceRebuilt)(hear_rebuilt)
# Kept aside: they listen during these tests only, and a task has its name once a process.
REACTIONS = {kind: _reactions[kind].pop() for kind in (AudienceMoved, AudienceRebuilt)}


@pytest.fixture
def room_above():
    HEARD.clear()
    for kind, reaction in REACTIONS.items():
        _reactions[kind].append(reaction)
    yield
    for kind, reaction in REACTIONS.items():
        _reactions[kind].remove(reaction)


pytestmark = pytest.mark.usefixtures("room_above")


def told(reaction: str = "hear_moved") -> list[dict]:
    """What waits for the worker."""
    waiting = ProcrastinateJob.objects.filter(task_name=f"{__name__}.{reaction}").order_by("id")
    return [job.args for job in waiting]


def seen_from_outside() -> int:
    """By another connection: what is committed."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            asked = "SELECT count(*) FROM procrastinate_jobs WHERE task_name LIKE %s"
            return cursor.execute(asked, ["%hear_moved"]).fetchone()[0]
    finally:
        other.close()


def now_in(people: list[int], *groups: str) -> None:
    Person.objects.unscoped("test").filter(pk__in=people).update(groups=list(groups))


def moved(audience: Audience, person_id: int, has_entered: bool) -> dict:
    return {"audience_id": audience.pk, "person_id": person_id, "has_entered": has_entered}


@pytest.mark.django_db
def test_whoever_comes_and_whoever_goes_is_told_of_once(cast):
    riders, hua = saved(cast, RIDERS), cast.people["hua"].pk
    assert (names_in(cast, riders), told()) == ([], [])
    now_in([hua], "food_rider")
    for _twice in range(2):
        reconsider(hua)
    assert told() == [moved(riders, hua, True)]
    now_in([hua])
    for _twice in range(2):
        reconsider(hua)
    assert told() == [moved(riders, hua, True), moved(riders, hua, False)]


@pytest.mark.django_db
def test_many_at_once_are_told_of_each_and_who_stays_of_nothing(cast):
    riders, factory = saved(cast, RIDERS), cast.unions["factory"]
    people = Person.objects.bulk_create(Person(name=f"会员{n}") for n in range(6))
    Membership.objects.bulk_create(Membership(person=person, union=factory) for person in people)
    ids = [person.pk for person in people]
    for groups, told_before in ((["food_rider"], 0), (["food_rider"], 5), ([], 5)):
        now_in(ids[:5], *groups)
        AudienceNews.objects.create(topic="person", people=ids)
        assert len(told()) == told_before
        look_at_news()
    came, went = told()[:5], told()[5:]
    assert came == [moved(riders, pk, True) for pk in ids[:5]]
    assert went == [moved(riders, pk, False) for pk in ids[:5]]


@pytest.mark.django_db
def test_what_is_taken_back_with_its_transaction_is_told_to_nobody(cast):
    riders, hua = saved(cast, RIDERS), cast.people["hua"].pk
    with pytest.raises(RuntimeError), transaction.atomic():
        now_in([hua], "food_rider")
        assert reconsider(hua) == {riders.pk: True}
        assert len(told()) == 1
        raise RuntimeError
    assert (names_in(cast, riders), told(), AudienceMove.objects.unscoped("test").count()) == ([], [], 0)


@pytest.mark.django_db(transaction=True)
def test_moves_are_seen_by_the_worker_after_the_commit_only(cast):
    riders, hua = saved(cast, RIDERS), cast.people["hua"].pk
    with transaction.atomic():
        now_in([hua], "food_rider")
        assert reconsider(hua) == {riders.pk: True}
        assert (len(told()), seen_from_outside()) == (1, 0)
    assert seen_from_outside() == 1


@pytest.mark.django_db
def test_first_making_is_nobodys_coming_and_each_making_is_told_of_once(cast):
    hua = cast.people["hua"].pk
    now_in([hua], "food_rider")
    riders = saved(cast, RIDERS, built=False)
    reconsider(hua)
    assert (told(), told("hear_rebuilt")) == ([], [])
    rebuild_waiting()
    ask_rebuild(cast.actor("city_admin"), audience_id=riders.pk)
    rebuild_waiting()
    assert rebuild_waiting() == 0
    runs = list(riders.runs.order_by("id").values_list("pk", flat=True))
    assert told("hear_rebuilt") == [{"audience_id": riders.pk, "run_id": pk} for pk in runs]
    assert (len(runs), told()) == (2, [])


@pytest.mark.django_db
def test_room_above_hears_of_both(cast):
    """As the worker does: by the name of the job, with what stands in it."""
    riders, hua = saved(cast, RIDERS), cast.people["hua"].pk
    now_in([hua], "food_rider")
    reconsider(hua)
    for job in ProcrastinateJob.objects.filter(task_name__startswith=f"{__name__}.").order_by("id"):
        app.tasks[job.task_name](**job.args)
    run = riders.runs.get()
    assert [AudienceRebuilt(riders.pk, run.pk), AudienceMoved(riders.pk, hua, True)] == HEARD
