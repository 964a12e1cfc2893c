import datetime as dt

import pytest
import time_machine
from procrastinate.contrib.django.models import ProcrastinateJob

from gonghui.kit.actors import Actor
from gonghui.kit.clock import now
from gonghui.kit.errors import NOT_FOUND, DomainError
from gonghui.kit.scope import UnscopedQuery
from gonghui.members.models import Person
from gonghui.notices.actions import Notice, sends, stop_send, tell_many
from gonghui.notices.actions.sends import deliver, deliver_inbox_batch
from gonghui.notices.errors import SEND_OVER
from gonghui.notices.models import Delivery, Message, Send
from gonghui.notices.queries import send_progress
from gonghui.notices.tasks import resume_abandoned

SYSTEM = Actor.system("test")
NOTICE = Notice("activity", "国庆游船今晚开抢", "{name}，今晚 20:00 开抢。", "/activities/1")
pytestmark = pytest.mark.django_db


def everybody():
    return Person.objects.unscoped("test").values_list("pk", flat=True)


def announce(people=None, key="release:1:opening", **facts):
    return tell_many(
        SYSTEM, send_key=key, people=everybody() if people is None else people, notice=NOTICE, **facts
    )


def messages() -> dict[str, int]:
    found = Message.objects.unscoped("test").values_list("person__name", flat=True)
    return {name: list(found).count(name) for name in found}


def jobs() -> list[int]:
    found = ProcrastinateJob.objects.filter(task_name__endswith="deliver_send").order_by("id")
    return [job.args["send_id"] for job in found]


def test_send_reaches_everybody_once_with_their_name(cast):
    send = announce()
    assert (send.recipients, jobs(), messages()) == (4, [send.pk], {})
    deliver(SYSTEM, send_id=send.pk)
    assert messages() == {"陈小梅": 1, "李建华": 1, "赵志强": 1, "黄玉兰": 1}
    mei = Message.objects.unscoped("test").get(person=cast.people["mei"])
    assert (mei.body, mei.link, mei.read_at) == ("陈小梅，今晚 20:00 开抢。", "/activities/1", None)
    assert (Send.objects.unscoped("test").get().state, send_progress(send)) == ("done", {"done": 4})


def test_same_key_again_adds_nobody_and_no_job(cast):
    first = announce([cast.people["mei"].pk])
    assert announce().pk == first.pk
    deliver(SYSTEM, send_id=first.pk)
    deliver(SYSTEM, send_id=first.pk)
    assert (messages(), len(jobs())) == ({"陈小梅": 1}, 1)


def test_recipients_are_those_of_the_moment_it_was_made(cast):
    send = announce(Person.objects.unscoped("test").filter(verification="verified").values("pk"))
    Person.objects.unscoped("test").filter(pk=cast.people["hua"].pk).update(
        verification="verified", verified_at=now()
    )
    deliver(SYSTEM, send_id=send.pk)
    assert sorted(messages()) == sorted(["陈小梅", "赵志强", "黄玉兰"])


def test_query_nobody_scoped_is_refused(cast):
    with pytest.raises(UnscopedQuery):
        announce(Person.objects.values_list("pk", flat=True))
    assert Send.objects.unscoped("test").count() == 0


def test_repeated_and_empty_ids_count_once(cast):
    mei = cast.people["mei"].pk
    assert announce([mei, mei]).recipients == 1
    assert announce([], key="nobody").recipients == 0


def test_killed_job_goes_on_where_it_stopped(cast, monkeypatch):
    monkeypatch.setattr(sends, "BATCH", 2)
    send = announce()
    assert deliver_inbox_batch(SYSTEM, send_id=send.pk) == 2
    assert (len(messages()), send_progress(send)) == (2, {"done": 2, "waiting": 2})
    with time_machine.travel(now() + dt.timedelta(minutes=6), tick=False):
        resume_abandoned(SYSTEM)
    deliver(SYSTEM, send_id=send.pk)
    assert messages() == {"陈小梅": 1, "李建华": 1, "赵志强": 1, "黄玉兰": 1}


def test_stopped_send_goes_no_further(cast):
    send = announce(union_id=cast.unions["city"].pk)
    stop_send(cast.actor("city_admin"), send_id=send.pk)
    deliver(SYSTEM, send_id=send.pk)
    assert (messages(), Send.objects.unscoped("test").get().state) == ({}, "stopped")
    with pytest.raises(DomainError) as caught:
        stop_send(cast.actor("city_admin"), send_id=send.pk)
    assert caught.value.reason is SEND_OVER


@pytest.mark.parametrize("who", ["sister_admin", "finance_officer", "mei", "stranger", "anonymous"])
def test_send_is_stopped_by_its_own_union_only(cast, who):
    send = announce(union_id=cast.unions["city"].pk)
    with pytest.raises(DomainError) as caught:
        stop_send(cast.actor(who), send_id=send.pk)
    assert caught.value.reason is NOT_FOUND
    assert Send.objects.unscoped("test").get().state == "waiting"
    assert list(Delivery.objects.visible_to(cast.actor(who))) == []


def test_batch_costs_the_same_queries_for_one_and_three(cast, django_assert_num_queries):
    ids = [cast.people[name].pk for name in ("mei", "hua", "qiang")]
    for size in (1, 3):
        send = announce(ids[:size], key=f"size:{size}")
        with django_assert_num_queries(6):
            assert deliver_inbox_batch(SYSTEM, send_id=send.pk) == size


@pytest.mark.big
def test_ten_thousand_people_are_one_job_and_two_batches_of_six_statements(cast, django_assert_num_queries):
    """What a batch costs does not grow with the crowd: two full ones show it. The 50,000 of N16 are told in `make bench`."""
    people = Person.objects.bulk_create((Person(name=f"会员{n}") for n in range(10_000)), batch_size=10_000)
    ids = Person.objects.unscoped("test").filter(pk__gte=people[0].pk).values("pk")
    with django_assert_num_queries(12):
        send = announce(ids)
    assert (send.recipients, jobs()) == (10_000, [send.pk])
    for _nth in range(2):
        with django_assert_num_queries(6):
            assert deliver_inbox_batch(SYSTEM, send_id=send.pk) == 5000
    with django_assert_num_queries(5):
        assert deliver_inbox_batch(SYSTEM, send_id=send.pk) == 0
    assert Message.objects.unscoped("test").values("person_id").distinct().count() == 10_000
    assert send_progress(send) == {"done": 10_000}
