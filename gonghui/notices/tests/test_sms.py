"""SMS of a send: who may get one is asked when it goes, and nobody gets it twice."""

import datetime as dt

import pytest
import time_machine
from django.db import connection

from gonghui.accounts.proofs import proof_ticket
from gonghui.config.actors import actor_of
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now
from gonghui.members.actions.consents import give_consent, withdraw_consent
from gonghui.members.actions.handed_on import disown_account
from gonghui.members.models import Person
from gonghui.notices.actions import Notice, tell_many
from gonghui.notices.actions.outside import take_batch
from gonghui.notices.actions.preferences import set_preference, set_quiet_hours
from gonghui.notices.actions.sends import deliver, deliver_inbox_batch
from gonghui.notices.models import Delivery, Message, Send, SentSms
from gonghui.notices.queries import send_progress, sms_sent_to
from gonghui.notices.tasks import purge_sent_sms

SYSTEM = Actor.system("test")
NOTICE = Notice("activity", "国庆游船今晚开抢", "{name}，今晚 20:00 开抢。", "/activities/1")
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def announce(channels, notice=NOTICE, **facts):
    people = Person.objects.unscoped("test").values_list("pk", flat=True)
    return tell_many(SYSTEM, send_key="k", people=people, notice=notice, channels=channels, **facts)


def messages() -> int:
    return Message.objects.unscoped("test").count()


def why(channel: str = "sms") -> dict[str, str]:
    rows = Delivery.objects.unscoped("test").filter(channel=channel)
    return dict(rows.values_list("person__name", "why"))


def test_sms_goes_only_to_those_who_agreed(cast, sms):
    for name in ("mei", "hua"):
        give_consent(cast.actor(name), purpose="messages")
    withdraw_consent(cast.actor("hua"), purpose="messages")
    send = announce(("inbox", "sms"))
    deliver(SYSTEM, send_id=send.pk)
    assert [m.text for m in sms_sent_to("13800000001")] == ["国庆游船今晚开抢。陈小梅，今晚 20:00 开抢。"]
    assert sms_sent_to("13800000002") == []
    assert (messages(), send_progress(send)) == (4, {"done": 5, "skipped": 3})


@pytest.mark.parametrize(("fault", "asked"), [("down", 1), ("slow", 2)])
def test_sms_is_repeated_under_the_same_key_and_goes_out_once(cast, sms, fault, asked):
    give_consent(cast.actor("mei"), purpose="messages")
    sms.faults.append(fault)
    send = announce(("sms",))
    deliver(SYSTEM, send_id=send.pk)
    assert [m.asked for m in sms_sent_to("13800000001")] == [asked]
    assert send_progress(send) == {"done": 1, "skipped": 3}


def test_sms_that_fails_three_times_is_given_up_and_the_send_ends(cast, sms):
    give_consent(cast.actor("mei"), purpose="messages")
    sms.faults.extend(["down"] * 3)
    send = announce(("inbox", "sms"))
    deliver(SYSTEM, send_id=send.pk)
    assert (send_progress(send), messages()) == ({"done": 4, "failed": 1, "skipped": 3}, 4)
    assert Send.objects.unscoped("test").get().state == "done"


def test_sms_taken_by_a_killed_job_is_taken_up_again(cast, sms):
    give_consent(cast.actor("mei"), purpose="messages")
    send = announce(("sms",))
    deliver_inbox_batch(SYSTEM, send_id=send.pk)
    assert len(take_batch(SYSTEM, send_id=send.pk, channel="sms")) == 1
    deliver(SYSTEM, send_id=send.pk)
    assert (send_progress(send), Send.objects.unscoped("test").get().state) == (
        {"skipped": 3, "taken": 1},
        "sending",
    )
    with time_machine.travel(now() + dt.timedelta(minutes=6), tick=False):
        deliver(SYSTEM, send_id=send.pk)
    assert (len(sms_sent_to("13800000001")), send_progress(send)) == (1, {"done": 1, "skipped": 3})


def test_stand_in_sms_are_purged_after_a_week(cast, sms):
    sms.send(phone="13800000001", text="旧", key="old")
    for days, left in ((6, 1), (8, 0)):
        sent_at = now() - dt.timedelta(days=days)  # whatever day it is for the database
        SentSms.objects.unscoped("test").filter(key="old").update(created_at=sent_at)
        purge_sent_sms(SYSTEM)
        assert len(sms_sent_to("13800000001")) == left


def test_those_who_get_no_sms_are_counted_by_why(cast, sms):
    give_consent(cast.actor("mei"), purpose="messages")
    for name in ("hua", "qiang"):
        give_consent(cast.actor(name), purpose="messages")
    set_preference(cast.actor("hua"), kind="activity", channel="sms", is_on=False)
    Person.objects.unscoped("test").filter(pk=cast.people["qiang"].pk).update(phone=None, phone_index=None)
    type(cast.users["qiang"]).objects.unscoped("test").filter(pk=cast.users["qiang"].pk).update(
        phone=None, phone_index=None, login="qiang"
    )
    deliver(SYSTEM, send_id=announce(("sms",)).pk)
    assert why() == {"陈小梅": "", "李建华": "muted", "赵志强": "no_phone", "黄玉兰": "no_consent"}


def test_consent_withdrawn_after_the_send_was_made_is_heard(cast, sms):
    give_consent(cast.actor("mei"), purpose="messages")
    send = announce(("sms",))
    withdraw_consent(cast.actor("mei"), purpose="messages")
    deliver(SYSTEM, send_id=send.pk)
    assert (sms_sent_to("13800000001"), why()["陈小梅"]) == ([], "no_consent")


NIGHT = dt.datetime(2026, 11, 22, 15, 30, tzinfo=dt.UTC)  # 23:30 in China
MORNING = dt.datetime(2026, 11, 23, 0, 0, tzinfo=dt.UTC)


def test_sms_waits_for_the_morning_and_goes_out_then(cast, sms):
    give_consent(cast.actor("mei"), purpose="messages")
    with time_machine.travel(NIGHT, tick=False):
        send = announce(("inbox", "sms"))
        deliver(SYSTEM, send_id=send.pk)
        assert (messages(), sms_sent_to("13800000001")) == (4, [])
        row = Delivery.objects.unscoped("test").get(channel="sms", person=cast.people["mei"])
        assert (row.state, row.not_before) == ("waiting", MORNING)
        assert Send.objects.unscoped("test").get().state == "sending"
    with time_machine.travel(MORNING - dt.timedelta(seconds=1), tick=False):
        deliver(SYSTEM, send_id=send.pk)
        assert sms_sent_to("13800000001") == []
    with time_machine.travel(MORNING, tick=False):
        deliver(SYSTEM, send_id=send.pk)
    assert len(sms_sent_to("13800000001")) == 1
    assert Send.objects.unscoped("test").get().state == "done"


def test_who_withdraws_in_the_night_gets_nothing_in_the_morning(cast, sms):
    give_consent(cast.actor("mei"), purpose="messages")
    with time_machine.travel(NIGHT, tick=False):
        send = announce(("sms",))
        deliver(SYSTEM, send_id=send.pk)
        withdraw_consent(cast.actor("mei"), purpose="messages")
    with time_machine.travel(MORNING, tick=False):
        deliver(SYSTEM, send_id=send.pk)
    assert (sms_sent_to("13800000001"), why()["陈小梅"]) == ([], "no_consent")


def test_phone_handed_on_gets_nothing_meant_for_the_earlier_holder(cast, sms):
    """Not what waits for the morning, not with the consent of the stranger who has the number now, and not in the app."""
    give_consent(cast.actor("mei"), purpose="messages")
    with time_machine.travel(NIGHT, tick=False):
        send = announce(("inbox", "sms"))
        deliver(SYSTEM, send_id=send.pk)
        stranger = disown_account(SYSTEM, ticket=proof_ticket(cast.users["mei"]))
        give_consent(actor_of(stranger), purpose="messages")
    with time_machine.travel(MORNING, tick=False):
        deliver(SYSTEM, send_id=send.pk)
    assert (stranger.phone, sms_sent_to("13800000001"), why()["陈小梅"]) == ("13800000001", [], "no_consent")
    assert not Message.objects.visible_to(actor_of(stranger)).exists()
    assert Message.objects.unscoped("test").filter(person=cast.people["mei"], send=send).count() == 1


def test_urgent_sms_wakes_people(cast, sms):
    give_consent(cast.actor("mei"), purpose="messages")
    with time_machine.travel(NIGHT, tick=False):
        deliver(SYSTEM, send_id=announce(("sms",), is_urgent=True).pk)
    assert len(sms_sent_to("13800000001")) == 1


@pytest.mark.parametrize(
    ("starts", "ends", "is_on", "at", "until"),
    [
        (None, None, True, "21:59", None),
        (None, None, True, "22:00", "2026-11-23 08:00"),
        (None, None, True, "07:59", "2026-11-22 08:00"),
        (None, None, True, "08:00", None),
        ("12:00", "14:00", True, "13:00", "2026-11-22 14:00"),
        ("12:00", "14:00", True, "23:00", None),
        ("22:00", "08:00", False, "23:00", None),
        ("00:00", "06:00", True, "05:59", "2026-11-22 06:00"),
    ],
)
def test_quiet_hours_end_when_the_member_said(cast, starts, ends, is_on, at, until):
    if starts:
        set_quiet_hours(
            cast.actor("mei"),
            starts=dt.time.fromisoformat(starts),
            ends=dt.time.fromisoformat(ends),
            is_on=is_on,
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_char(notices_quiet_until(%s, %s) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI')",
            [cast.people["mei"].pk, dt.datetime.fromisoformat(f"2026-11-22 {at}:00+08:00")],
        )
        assert cursor.fetchone()[0] == until
