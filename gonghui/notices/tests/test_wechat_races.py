"""Real connections on one member's one allowing."""

import os
import subprocess
import sys
import threading
import time
from uuid import uuid4

import pytest
from django.db import connection

from gonghui.kit.tests.racing import WRITING, at_once, wait_for
from gonghui.notices.actions.control import pause_send, resume_send
from gonghui.notices.actions.quota import record_tap
from gonghui.notices.actions.sends import deliver
from gonghui.notices.models import Delivery, LocalSubscription, QuotaEntry, Send, WechatQuota
from gonghui.notices.queries import send_progress
from gonghui.notices.tests.stage import SYSTEM, WX, a_send, a_template, allowed, connected, crowd, left

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("noon")]


def test_one_allowing_is_used_once_by_two_sends_at_once(cast, wechat, lanes):
    template = a_template(cast)
    connected(cast, "mei", "hua", "lan")
    allowed(cast, wechat, "mei", "hua", "lan")
    ids = [a_send(cast, template, ("wechat",)).pk for _nth in range(4)]
    at_once(*[lambda pk=pk: deliver(SYSTEM, send_id=pk) for pk in ids])
    assert [left(cast, name) for name in ("mei", "hua", "lan")] == [0, 0, 0]
    assert QuotaEntry.objects.unscoped("test").filter(reason="used").count() == 3
    assert (
        sorted(Delivery.objects.unscoped("test").values_list("state", flat=True))
        == ["done"] * 3 + ["skipped"] * 9
    )
    assert [len(row.sent) for row in LocalSubscription.objects.unscoped("test")] == [1, 1, 1]
    assert set(Send.objects.unscoped("test").values_list("state", flat=True)) == {"done"}


def test_three_jobs_on_one_send_at_once_send_each_wechat_message_once(cast, wechat, lanes):
    template = a_template(cast)
    connected(cast, "mei", "hua", "lan")
    allowed(cast, wechat, "mei", "hua", "lan", times=3)
    send = a_send(cast, template, ("inbox", "wechat"))
    at_once(*[lambda: deliver(SYSTEM, send_id=send.pk)] * 3)
    deliver(SYSTEM, send_id=send.pk)
    assert [len(row.sent) for row in LocalSubscription.objects.unscoped("test")] == [1, 1, 1]
    assert [left(cast, name) for name in ("mei", "hua", "lan")] == [2, 2, 2]


def test_lanes_go_side_by_side_and_no_more_of_them_than_were_named(cast, wechat, lanes, monkeypatch):
    """Two sends at once share them."""
    crowd(cast, 30)
    template, busy, most = a_template(cast), [], []
    real = wechat.send

    def watched(*args):
        busy.append(1)
        most.append(len(busy))
        time.sleep(0.05)
        said = real(*args)
        busy.pop()
        return said

    monkeypatch.setattr(wechat, "send", watched)
    ids = [a_send(cast, template, ("wechat",)).pk for _nth in range(2)]
    at_once(*[lambda pk=pk: deliver(SYSTEM, send_id=pk) for pk in ids])
    assert (max(most), reached()) == (lanes, [1] * 30)


def test_limit_of_wechat_stops_all_lanes_at_once(cast, wechat, lanes):
    crowd(cast, 40)
    send = a_send(cast, a_template(cast), ("wechat",))
    wechat.faults.extend(["often"] * 40)
    before = wechat.asked
    deliver(SYSTEM, send_id=send.pk)
    assert wechat.asked - before <= lanes
    assert send_progress(send) == {"waiting": 40, "skipped": 3}
    assert set(Delivery.objects.unscoped("test").filter(state="waiting").values_list("attempts")) == {(0,)}
    assert reached() == [0] * 40


def test_fault_of_ours_in_one_lane_takes_nothing_from_the_others(cast, wechat, lanes, monkeypatch):
    crowd(cast, 20)
    send = a_send(cast, a_template(cast), ("wechat",))
    real, broken = wechat.send, iter([True])

    def sometimes(*args):
        if next(broken, False):
            raise ValueError("ours")
        return real(*args)

    monkeypatch.setattr(wechat, "send", sometimes)
    deliver(SYSTEM, send_id=send.pk)
    assert (sorted(reached()), send_progress(send)) == (
        [0] + [1] * 19,
        {"done": 19, "unsure": 1, "skipped": 3},
    )


def test_one_tap_sent_eight_times_at_once_counts_once(cast):
    a_template(cast)
    key, mei = uuid4(), cast.actor("mei")
    at_once(*[lambda: record_tap(mei, key=key, answers={WX: "accept"})] * 8)
    assert left(cast, "mei") == 1


def reached() -> list[int]:
    """How many messages each phone got."""
    return [len(row.sent) for row in LocalSubscription.objects.unscoped("test").order_by("id")]


def until(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_pause_stops_a_running_job_within_its_batch(cast, wechat, lanes, monkeypatch):
    """Each lane ends the one call it is at."""
    crowd(cast, 40)
    send, admin = a_send(cast, a_template(cast), ("wechat",)), cast.actor("city_admin")
    monkeypatch.setattr(wechat, "delay_s", 0.05)
    job = threading.Thread(target=lambda: (deliver(SYSTEM, send_id=send.pk), connection.close()))
    job.start()
    until(lambda: sum(reached()) >= 5)
    pause_send(admin, send_id=send.pk)
    at_pause = sum(reached())
    job.join()
    assert at_pause <= sum(reached()) <= at_pause + lanes
    assert send_progress(send).keys() == {"done", "waiting", "skipped"}
    assert Send.objects.unscoped("test").get().state == "paused"
    monkeypatch.setattr(wechat, "delay_s", 0.0)
    resume_send(admin, send_id=send.pk)
    at_once(*[lambda: deliver(SYSTEM, send_id=send.pk)] * 2)
    deliver(SYSTEM, send_id=send.pk)
    assert reached() == [1] * 40
    assert send_progress(send) == {"done": 40, "skipped": 3}


DELIVER = """
import sys, django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
import time_machine, datetime
from gonghui.kit.actors import Actor
from gonghui.notices.actions import sends
with time_machine.travel(datetime.datetime(2026, 11, 22, 4, 30, tzinfo=datetime.UTC)):
    sends.deliver(Actor.system("test"), send_id=int(sys.argv[2]))
"""


@pytest.mark.faults
def test_worker_killed_between_wechat_messages_sends_nobody_two(cast, wechat, lanes):
    """Of at most one call a lane nobody can tell; those are not made again."""
    crowd(cast, 60)
    send = a_send(cast, a_template(cast), ("inbox", "wechat"))
    command = [sys.executable, "-c", DELIVER, connection.settings_dict["NAME"], str(send.pk)]
    slowly = os.environ | {"GONGHUI_WECHAT_MESSAGES_DELAY_S": "0.2", "GONGHUI_WECHAT_MESSAGES_LANES": "8"}
    with subprocess.Popen(command, env=slowly) as worker:
        until(lambda: sum(reached()) >= 5)
        worker.kill()
    wait_for(WRITING, 0)
    assert 5 <= sum(reached()) < 60
    with connection.cursor() as cursor:  # five minutes later
        cursor.execute("UPDATE notices_delivery SET updated_at = updated_at - interval '6 minutes'")
    at_once(*[lambda: deliver(SYSTEM, send_id=send.pk)] * 3)
    deliver(SYSTEM, send_id=send.pk)
    told = send_progress(send)
    assert max(reached()) == 1
    assert told.get("unsure", 0) <= lanes
    assert sum(reached()) >= 60 - lanes
    assert told["done"] + told.get("unsure", 0) == 63 + 60
    assert set(WechatQuota.objects.unscoped("test").values_list("balance", flat=True)) == {0}
    assert Send.objects.unscoped("test").get().state == "done"
