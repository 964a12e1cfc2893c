"""A long send gives way: what is set for a moment goes out on it, however much is on its way."""

from __future__ import annotations

import contextlib
import datetime as dt
import subprocess
import sys
import time

import pytest
from django.db import connection
from django.db.models import Max, Min
from procrastinate.contrib.django.models import ProcrastinateJob

from gonghui.benefits.tests.servers import environment
from gonghui.kit.clock import now
from gonghui.members.models import Person
from gonghui.notices import tasks
from gonghui.notices.actions import Notice, sends, tell_many
from gonghui.notices.actions.sends import ON_TIME, deliver
from gonghui.notices.models import Delivery, LocalSubscription, Message, Send
from gonghui.notices.queries import send_progress
from gonghui.notices.tests.stage import SYSTEM, a_send, a_template, crowd

BUSY, MEMBERS = 4, 60
"""As many long sends as a worker does at once."""


def everybody() -> list[int]:
    return list(Person.objects.unscoped("test").values_list("pk", flat=True))


@pytest.mark.django_db
def test_send_goes_on_in_the_next_job_when_its_turn_is_over(cast, monkeypatch):
    monkeypatch.setattr(sends, "BATCH", 1)
    send = tell_many(SYSTEM, send_key="k", people=everybody(), notice=Notice("notice", "通知"))
    jobs = ProcrastinateJob.objects.filter(task_name__endswith="deliver_send")
    jobs.update(status="doing")
    ticks = iter([0.0, 0.0, 0.0, 9.0, 9.0, 9.0, 9.0])
    monkeypatch.setattr(sends.time, "monotonic", lambda: next(ticks))
    deliver(SYSTEM, send_id=send.pk, most_s=tasks.TURN_S)
    monkeypatch.undo()
    assert send_progress(send) == {"done": 2, "waiting": 2}
    assert list(jobs.filter(status="todo").values_list("args", "priority")) == [({"send_id": send.pk}, 0)]
    deliver(SYSTEM, send_id=send.pk)
    assert Message.objects.unscoped("test").count() == 4
    assert Send.objects.unscoped("test").get().state == "done"


@pytest.mark.django_db
def test_what_is_set_for_a_moment_goes_before_the_rest(cast):
    for goes_at in (None, now() + dt.timedelta(hours=1)):
        tell_many(
            SYSTEM,
            send_key=str(goes_at),
            people=everybody(),
            notice=Notice("notice", "通知"),
            goes_at=goes_at,
        )
    jobs = ProcrastinateJob.objects.filter(task_name__endswith="deliver_send").order_by("id")
    assert list(jobs.values_list("priority", flat=True)) == [0, ON_TIME]


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_reminder_goes_out_on_its_moment_while_long_sends_keep_the_worker(cast, wechat):
    crowd(cast, MEMBERS)
    LocalSubscription.objects.unscoped("test").update(left=BUSY)
    template = a_template(cast)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notices_quotaentry (quota_id, change, reason, key)"
            " SELECT q.id, 1, 'allowed', 'more:' || q.id || ':' || n FROM notices_wechatquota q, generate_series(2, %s) n",
            [BUSY],
        )
    for _nth in range(BUSY):
        a_send(cast, template, ("wechat",), is_urgent=True)
    long_ones = Delivery.objects.unscoped("test").filter(channel="wechat", state="done")
    slowly = environment() | {"GONGHUI_WECHAT_MESSAGES_DELAY_S": "1", "GONGHUI_WECHAT_MESSAGES_LANES": "1"}
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    worker = subprocess.Popen([sys.executable, "-m", "gonghui", "worker"], env=slowly, **silent)
    try:
        until(lambda: long_ones.count() >= BUSY, "the long sends did not begin")
        moment = now() + dt.timedelta(seconds=6)
        reminder = tell_many(
            SYSTEM,
            send_key="reminder",
            people=everybody(),
            notice=Notice("reminder", "马上开抢"),
            goes_at=moment,
        )
        told = Message.objects.unscoped("test").filter(send=reminder)
        until(lambda: told.count() == reminder.recipients, "the reminder did not go out")
    finally:
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
        worker.wait()
    first, last = told.aggregate(first=Min("created_at"), last=Max("created_at")).values()
    assert first >= moment
    # In the worker's own measure, which a crowded machine slows as well: five seconds are five messages of each long send.
    assert long_ones.filter(sent_at__range=(moment, last)).count() <= BUSY * 5
    assert long_ones.count() < BUSY * MEMBERS


def until(happened, what: str) -> None:
    deadline = time.monotonic() + 100
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
