"""WeChat messages of a send: our own count of what each member allowed, and nobody gets one twice."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, connection, transaction

from gonghui.kit.clock import now
from gonghui.kit.errors import DomainError
from gonghui.notices.actions.calls import begin_calls
from gonghui.notices.actions.control import pause_send, resume_send, retry_failed, stop_send
from gonghui.notices.actions.outside import take_batch
from gonghui.notices.actions.preferences import set_preference
from gonghui.notices.actions.quota import record_tap
from gonghui.notices.actions.sends import deliver
from gonghui.notices.models import Delivery, LocalSubscription, QuotaEntry, Send, WechatQuota
from gonghui.notices.ports.local_wechat import APPID
from gonghui.notices.queries import send_progress
from gonghui.notices.tests.stage import SYSTEM, WX, a_send, a_template, allowed, connected, left

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def announce(cast, **facts) -> Send:
    return a_send(cast, a_template(cast), ("wechat",), **facts)


def arrived(name: str = "mei") -> list[dict]:
    row = LocalSubscription.objects.unscoped("test").filter(openid_index=f"openid_of_{name}").first()
    return [one["data"] for one in row.sent] if row else []


def outcome() -> dict[str, tuple[str, str]]:
    rows = Delivery.objects.unscoped("test").filter(channel="wechat")
    return {name: (state, why) for name, state, why in rows.values_list("person__name", "state", "why")}


def entries() -> list[tuple[int, str]]:
    return list(QuotaEntry.objects.unscoped("test").order_by("id").values_list("change", "reason"))


def test_message_goes_to_those_who_allowed_it_and_is_counted(cast, wechat):
    send = announce(cast)
    connected(cast, "mei", "hua")
    allowed(cast, wechat, "mei")
    deliver(SYSTEM, send_id=send.pk)
    assert arrived() == [{"thing1": "国庆游船", "time2": "2026-10-01 20:00", "name3": "陈小梅"}]
    assert outcome() == {
        "陈小梅": ("done", ""),
        "李建华": ("skipped", "no_quota"),
        "黄玉兰": ("skipped", "no_openid"),
    }
    assert (left(cast, "mei"), entries()) == (0, [(1, "allowed"), (-1, "used")])
    assert Send.objects.unscoped("test").get().state == "done"


def test_switched_off_kind_uses_no_allowing(cast, wechat):
    send = announce(cast)
    connected(cast, "mei")
    allowed(cast, wechat, "mei")
    set_preference(cast.actor("mei"), kind="activity", channel="wechat", is_on=False)
    deliver(SYSTEM, send_id=send.pk)
    assert (outcome()["陈小梅"], left(cast, "mei"), arrived()) == (("skipped", "muted"), 1, [])


def test_wechat_message_waits_for_the_morning_with_its_allowing_untouched(cast, wechat, noon):
    noon.move_to(dt.datetime(2026, 11, 22, 15, 30, tzinfo=dt.UTC), tick=False)  # 23:30 in China
    send = announce(cast)
    connected(cast, "mei")
    allowed(cast, wechat, "mei")
    deliver(SYSTEM, send_id=send.pk)
    assert (outcome()["陈小梅"], left(cast, "mei"), arrived()) == (("waiting", ""), 1, [])
    noon.move_to(dt.datetime(2026, 11, 23, 0, 0, tzinfo=dt.UTC), tick=False)
    deliver(SYSTEM, send_id=send.pk)
    assert (outcome()["陈小梅"], left(cast, "mei"), len(arrived())) == (("done", ""), 0, 1)


def test_wechat_that_says_refused_corrects_our_count(cast, wechat):
    send = announce(cast)
    connected(cast, "mei")
    for _nth in range(3):
        record_tap(cast.actor("mei"), key=uuid4(), answers={WX: "accept"})
    deliver(SYSTEM, send_id=send.pk)
    assert (outcome()["陈小梅"], left(cast, "mei")) == (("failed", "refused"), 0)
    assert entries()[-2:] == [(-1, "used"), (-2, "corrected")]


def test_fields_wechat_never_takes_give_the_allowing_back(cast, wechat):
    send = announce(cast)
    connected(cast, "mei")
    allowed(cast, wechat, "mei")
    wechat.faults.append("bad")
    deliver(SYSTEM, send_id=send.pk)
    assert (outcome()["陈小梅"], left(cast, "mei")) == (("failed", "wrong_data"), 1)
    assert retry_failed(cast.actor("city_admin"), send_id=send.pk) == 1
    deliver(SYSTEM, send_id=send.pk)
    assert (outcome()["陈小梅"], left(cast, "mei"), len(arrived())) == (("done", ""), 0, 1)
    assert [reason for _n, reason in entries()] == ["allowed", "used", "returned", "used"]


@pytest.mark.parametrize(
    ("fault", "again"),
    [
        ("often", "2026-11-22 12:31:00+08:00"),
        ("limit", "2026-11-23 00:05:00+08:00"),  # of the day; she sleeps then
    ],
)
def test_rate_limit_of_wechat_holds_everybody_back_and_costs_nobody_a_try(cast, wechat, noon, fault, again):
    noon.move_to(dt.datetime(2026, 11, 22, 4, 30, tzinfo=dt.UTC), tick=False)
    send = announce(cast, is_urgent=True)
    connected(cast, "mei", "hua", "lan")
    allowed(cast, wechat, "mei", "hua", "lan", times=2)
    wechat.faults.append(fault)
    before = wechat.asked
    deliver(SYSTEM, send_id=send.pk)
    assert wechat.asked - before == 1
    rows = Delivery.objects.unscoped("test").order_by("id")
    assert set(rows.values_list("state", "attempts", "not_before")) == {
        ("waiting", 0, dt.datetime.fromisoformat(again))
    }
    assert [left(cast, name) for name in ("mei", "hua", "lan")] == [1, 1, 1]
    noon.move_to(dt.datetime.fromisoformat(again), tick=False)
    deliver(SYSTEM, send_id=send.pk)
    assert {state for state, _why in outcome().values()} == {"done"}
    assert [left(cast, name) for name in ("mei", "hua", "lan")] == [1, 1, 1]
    assert [len(arrived(name)) for name in ("mei", "hua", "lan")] == [1, 1, 1]


def test_three_failures_give_up_and_give_back(cast, wechat):
    send = announce(cast)
    connected(cast, "mei")
    allowed(cast, wechat, "mei")
    wechat.faults.extend(["busy", "down", "busy"])
    for minute in range(4):
        with time_machine.travel(now() + dt.timedelta(minutes=minute * 3), tick=False):
            deliver(SYSTEM, send_id=send.pk)
    assert (outcome()["陈小梅"], left(cast, "mei"), arrived()) == (("failed", "down"), 1, [])


def test_no_answer_is_not_asked_again(cast, wechat):
    send = announce(cast)
    connected(cast, "mei")
    allowed(cast, wechat, "mei", times=2)
    wechat.faults.append("slow")
    wechat.pushes.append("lost")
    for _nth in range(3):
        deliver(SYSTEM, send_id=send.pk)
    assert (outcome()["陈小梅"][0], left(cast, "mei"), len(arrived())) == ("unsure", 1, 1)
    with pytest.raises(DomainError) as refused:
        retry_failed(cast.actor("city_admin"), send_id=send.pk)
    assert refused.value.code == "send_nothing_failed"


@pytest.mark.parametrize(
    ("has_begun", "state", "sent", "rest"), [(False, "done", 1, 1), (True, "unsure", 0, 1)]
)
def test_killed_job_sends_no_wechat_message_twice(cast, wechat, has_begun, state, sent, rest):
    send = announce(cast)
    connected(cast, "mei")
    allowed(cast, wechat, "mei", times=2)
    (parcel,) = take_batch(SYSTEM, send_id=send.pk, channel="wechat", appid=APPID)
    if has_begun:
        assert begin_calls(SYSTEM, parcels=[parcel]) == {parcel.delivery_id}
    deliver(SYSTEM, send_id=send.pk)
    assert arrived() == []
    with time_machine.travel(now() + dt.timedelta(minutes=6), tick=False):
        deliver(SYSTEM, send_id=send.pk)
    assert (outcome()["陈小梅"][0], len(arrived()), left(cast, "mei")) == (state, sent, rest)


def test_pause_is_heard_before_the_next_call_and_resume_goes_on(cast, wechat, monkeypatch):
    send = announce(cast)
    connected(cast, "mei", "hua", "lan")
    allowed(cast, wechat, "mei", "hua", "lan")
    real = wechat.send

    def send_and_pause(*args):
        said = real(*args)
        pause_send(cast.actor("city_admin"), send_id=send.pk)
        return said

    monkeypatch.setattr(wechat, "send", send_and_pause)
    deliver(SYSTEM, send_id=send.pk)
    assert send_progress(send) == {"done": 1, "waiting": 2}
    deliver(SYSTEM, send_id=send.pk)
    assert send_progress(send) == {"done": 1, "waiting": 2}
    monkeypatch.setattr(wechat, "send", real)
    resume_send(cast.actor("city_admin"), send_id=send.pk)
    deliver(SYSTEM, send_id=send.pk)
    assert send_progress(send) == {"done": 3}
    assert [len(arrived(name)) for name in ("mei", "hua", "lan")] == [1, 1, 1]
    assert [left(cast, name) for name in ("mei", "hua", "lan")] == [0, 0, 0]


def test_stopped_send_gives_back_what_it_had_set_aside(cast, wechat):
    send = announce(cast)
    connected(cast, "mei")
    allowed(cast, wechat, "mei")
    assert len(take_batch(SYSTEM, send_id=send.pk, channel="wechat", appid=APPID)) == 1
    assert left(cast, "mei") == 0
    stop_send(cast.actor("city_admin"), send_id=send.pk)
    deliver(SYSTEM, send_id=send.pk)
    assert (left(cast, "mei"), arrived()) == (1, [])


def test_batch_costs_the_same_queries_for_one_and_three(cast, wechat, django_assert_num_queries):
    template, names = a_template(cast), ("mei", "hua", "lan")
    connected(cast, *names)
    for size, queries in ((1, 15), (3, 14)):  # one more where somebody is passed over for want of quota
        allowed(cast, wechat, *names[:size])
        send = a_send(cast, template, ("wechat",))
        with django_assert_num_queries(queries):
            batch = take_batch(SYSTEM, send_id=send.pk, channel="wechat", appid=APPID)
        assert len(batch) == size
        stop_send(cast.actor("city_admin"), send_id=send.pk)


# --- Taps -----------------------------------------------------------------------------------------------------


def test_same_tap_again_adds_nothing(cast):
    a_template(cast)
    key = uuid4()
    assert [record_tap(cast.actor("mei"), key=key, answers={WX: "accept"}) for _n in range(3)] == [1, 0, 0]
    assert left(cast, "mei") == 1


def test_same_key_of_two_members_is_two_taps(cast):
    a_template(cast)
    key = uuid4()
    assert [record_tap(cast.actor(who), key=key, answers={WX: "accept"}) for who in ("mei", "hua")] == [1, 1]


@pytest.mark.parametrize("answer", ["reject", "ban", "filter", "anything"])
def test_other_answers_add_nothing(cast, answer):
    a_template(cast)
    assert record_tap(cast.actor("mei"), key=uuid4(), answers={WX: answer}) == 0
    assert left(cast, "mei") == 0


def test_template_nobody_reviewed_cannot_be_allowed(cast):
    with pytest.raises(DomainError) as refused:
        record_tap(cast.actor("mei"), key=uuid4(), answers={WX: "accept"})
    assert (refused.value.code, WechatQuota.objects.unscoped("test").count()) == (
        "wechat_template_unknown",
        0,
    )


@pytest.mark.parametrize("who", ["stranger", "city_admin", "anonymous"])
def test_who_is_no_person_allows_nothing(cast, who):
    a_template(cast)
    with pytest.raises(DomainError):
        record_tap(cast.actor(who), key=uuid4(), answers={WX: "accept"})
    assert WechatQuota.objects.unscoped("test").count() == 0


def test_quota_has_a_ceiling(cast):
    a_template(cast)
    for _nth in range(105):
        record_tap(cast.actor("mei"), key=uuid4(), answers={WX: "accept"})
    assert left(cast, "mei") == 99


def test_database_keeps_the_ledger_of_quota(cast):
    a_template(cast)
    record_tap(cast.actor("mei"), key=uuid4(), answers={WX: "accept"})
    quota, entry = WechatQuota.objects.unscoped("test").get(), QuotaEntry.objects.unscoped("test").get()
    tries = [
        lambda: WechatQuota.objects.unscoped("test").update(balance=5),
        lambda: WechatQuota.objects.unscoped("test").update(wechat_template="other"),
        lambda: QuotaEntry.objects.unscoped("test").update(change=-1, reason="used", delivery_id=1),
        entry.delete,
        quota.delete,
        lambda: QuotaEntry.objects.create(quota=quota, change=-2, reason="corrected", key="x"),
        lambda: QuotaEntry.objects.create(quota=quota, change=5, reason="allowed", key="x"),
        lambda: WechatQuota.objects.create(person=cast.people["hua"], wechat_template=WX, balance=3),
    ]
    for attempt in tries:
        with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
            attempt()
    assert left(cast, "mei") == 1


def test_delivery_that_went_out_never_waits_again(cast, wechat):
    send = announce(cast)
    connected(cast, "mei")
    allowed(cast, wechat, "mei")
    deliver(SYSTEM, send_id=send.pk)
    done = Delivery.objects.unscoped("test").filter(state="done")
    for change in ("state = 'waiting'", "person_id = person_id + 1", "channel = 'sms'"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE notices_delivery SET {change} WHERE state = 'done'")
    assert done.count() == 1
