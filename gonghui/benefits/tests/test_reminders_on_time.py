"""20,000 reminders of one opening: on the minute and not before, in few batches. That the last is there within five seconds the
bench shows (`make bench`), where nothing else keeps the machine."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from procrastinate.contrib.django.models import ProcrastinateJob

from gonghui.benefits.actions import reminders
from gonghui.benefits.actions.timers import PREPARED_BEFORE, REMIND_BEFORE
from gonghui.benefits.models import Release, Reminder
from gonghui.benefits.tests.plans import SYSTEM, announced
from gonghui.kit.clock import now
from gonghui.members.models import Person
from gonghui.notices.actions.sends import EARLY, await_moment, deliver_inbox_batch, finish_send
from gonghui.notices.models import Message, Send

MEMBERS = 20_000

pytestmark = [pytest.mark.big, pytest.mark.django_db(transaction=True)]


def test_twenty_thousand_reminders_go_out_on_the_minute_in_four_batches(cast):
    release = announced(cast)
    people = Person.objects.bulk_create((Person(name=f"会员{n}") for n in range(MEMBERS)), batch_size=5000)
    Reminder.objects.bulk_create(
        (Reminder(release=release, person=person) for person in people), batch_size=5000
    )
    minute = now() + dt.timedelta(minutes=10)
    Release.objects.unscoped("test").filter(pk=release.pk).update(
        opens_at=minute + REMIND_BEFORE, closes_at=minute + dt.timedelta(days=1)
    )
    with time_machine.travel(minute - PREPARED_BEFORE):
        assert reminders.send_reminders(SYSTEM, release_id=release.pk) == MEMBERS
    send = Send.objects.unscoped("test").get(key__startswith="reminder:")
    (job,) = ProcrastinateJob.objects.filter(task_name__endswith="deliver_send")
    assert (send.goes_at, send.recipients, job.scheduled_at) == (minute, MEMBERS, minute - EARLY)
    assert deliver_inbox_batch(SYSTEM, send_id=send.pk) == 0, "not before its time"
    with time_machine.travel(job.scheduled_at):
        assert await_moment(SYSTEM, send_id=send.pk)
        moments = []
        while deliver_inbox_batch(SYSTEM, send_id=send.pk):
            moments.append(now() - minute)
        finish_send(SYSTEM, send_id=send.pk)
    assert Message.objects.unscoped("test").filter(send=send).count() == MEMBERS
    assert moments[0] >= dt.timedelta(0), moments
    assert len(moments) == 4
