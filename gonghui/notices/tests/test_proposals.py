"""群发: who may send to whom, who releases it, and what its verbs do."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from gonghui.kit.clock import CHINA, now
from gonghui.kit.errors import DomainError
from gonghui.kit.scope import UnscopedQuery
from gonghui.members.actions.consents import give_consent
from gonghui.members.models import Person
from gonghui.notices.actions import like_message, note_click, read_message
from gonghui.notices.actions.control import (
    decline_send,
    pause_send,
    release_send,
    resume_send,
    retry_failed,
    stop_send,
)
from gonghui.notices.actions.preferences import set_preference
from gonghui.notices.actions.proposals import Meant, two_from
from gonghui.notices.actions.sends import deliver, deliver_inbox_batch
from gonghui.notices.actions.templates import retire_template
from gonghui.notices.links import delivery_of, token_of
from gonghui.notices.models import Delivery, HeldOut, Message, Send, SendRule
from gonghui.notices.previews import numbers_of
from gonghui.notices.queries import send_progress
from gonghui.notices.results import chart_of, result_of
from gonghui.notices.tasks import resume_abandoned
from gonghui.notices.tests.stage import SYSTEM, a_send, a_template, allowed, connected, crowd, everybody

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def refused(verb, *args, **facts) -> str:
    with pytest.raises(DomainError) as caught:
        verb(*args, **facts)
    return caught.value.code


def told() -> list[str]:
    return sorted(Message.objects.unscoped("test").values_list("person__name", flat=True))


def jobs() -> int:
    return ProcrastinateJob.objects.filter(task_name__endswith="deliver_send", status="todo").count()


def state() -> str:
    return Send.objects.unscoped("test").get().state


def test_send_reaches_members_of_its_union_and_nobody_elses(cast):
    send = a_send(cast, a_template(cast))
    assert (send.recipients, send.state, jobs()) == (3, "waiting", 1)
    deliver(SYSTEM, send_id=send.pk)
    assert told() == sorted(["陈小梅", "李建华", "黄玉兰"])
    mei = Message.objects.unscoped("test").get(person=cast.people["mei"])
    day = mei.created_at.astimezone(CHINA)  # the database's: the clock of Python stands still here
    assert (mei.title, mei.body) == (
        "陈小梅，国庆游船今晚开抢",
        f"蓝海机械厂工会的陈小梅：今晚 20:00 开抢，{day.month}月{day.day}日 发。",
    )


def test_same_key_again_is_the_same_send(cast):
    template, key = a_template(cast), f"console:{uuid4()}"
    assert a_send(cast, template, key=key).pk == a_send(cast, template, key=key).pk
    assert (Send.objects.unscoped("test").count(), jobs()) == (1, 1)


def test_key_of_anothers_send_tells_nothing(cast):
    template, key = a_template(cast), "console:k"
    a_send(cast, template, key=key)
    assert refused(a_send, cast, template, key=key, who="province_admin") == "not_found"


@pytest.mark.parametrize(
    "who", ["sister_admin", "finance_officer", "judge", "mei", "clerk", "stranger", "anonymous"]
)
def test_send_is_made_by_those_of_its_union_only(cast, who):
    template = a_template(cast)
    assert refused(a_send, cast, template, who=who) in ("not_found", "not_allowed")
    assert (Send.objects.unscoped("test").count(), jobs()) == (0, 0)


def test_template_of_a_union_above_serves_and_of_a_sister_does_not(cast):
    sisters = a_template(cast, union="sister", maker="sister_admin")
    assert refused(a_send, cast, sisters) == "not_found"
    city = a_template(cast)
    assert a_send(cast, city, union="factory").recipients == 3


@pytest.mark.parametrize("missing", ["sms", "wechat"])
def test_channel_without_words_is_refused(cast, missing):
    words = {
        "sms": {"sms_text": "", "sms_signature": ""},
        "wechat": {"wechat_template": "", "wechat_fields": {}},
    }
    template = a_template(cast, **words[missing])
    assert refused(a_send, cast, template, ("inbox", missing)) == "send_channel_without_words"
    assert refused(a_send, cast, template, ("inbox", "pigeon")) == "send_channel_without_words"
    assert refused(a_send, cast, template, ()) == "send_channel_without_words"
    assert Send.objects.unscoped("test").count() == 0


def test_template_that_waits_for_review_sends_nothing(cast):
    template = a_template(cast)
    retire_template(cast.actor("city_admin"), template_id=template.pk)
    assert refused(a_send, cast, template) == "template_not_ready"
    with pytest.raises(IntegrityError), transaction.atomic():
        Send.objects.create(key="x", kind="notice", title="x", channels=["inbox"], template=template)


def test_nobody_meant_is_refused_and_leaves_nothing(cast):
    none = Person.objects.unscoped("test").filter(name="没有这个人").values("pk")
    assert refused(a_send, cast, a_template(cast), meant=Meant(none)) == "send_nobody"
    assert Send.objects.unscoped("test").count() == 0


def test_people_nobody_scoped_are_refused(cast):
    with pytest.raises(UnscopedQuery):
        a_send(cast, a_template(cast), meant=Meant(Person.objects.values("pk")))


# --- Two people -------------------------------------------------------------------------------------------------


def test_nearest_rule_on_the_way_up_says_from_how_many_on(cast):
    assert two_from(cast.unions["factory"]) == 1000
    SendRule.objects.create(union=cast.unions["province"], two_from=300)
    SendRule.objects.create(union=cast.unions["district"], two_from=2)
    assert [two_from(cast.unions[name]) for name in ("city", "district", "factory", "riders")] == [
        300,
        2,
        2,
        300,
    ]


def test_large_send_waits_for_a_second_person(cast):
    SendRule.objects.create(union=cast.unions["city"], two_from=3)
    send = a_send(cast, a_template(cast))
    assert (send.state, send.needs_two, jobs()) == ("proposed", True, 0)
    deliver(SYSTEM, send_id=send.pk)
    resume_abandoned(SYSTEM)
    assert (told(), jobs()) == ([], 0)
    assert refused(release_send, cast.actor("city_admin"), send_id=send.pk) == "send_by_two"
    assert refused(release_send, cast.actor("sister_admin"), send_id=send.pk) == "not_found"
    release_send(cast.actor("province_admin"), send_id=send.pk)
    assert (state(), jobs()) == ("waiting", 1)
    deliver(SYSTEM, send_id=send.pk)
    assert len(told()) == 3
    assert refused(release_send, cast.actor("province_admin"), send_id=send.pk) == "send_decided"


def test_declined_send_goes_nowhere(cast):
    SendRule.objects.create(union=cast.unions["city"], two_from=1)
    send = a_send(cast, a_template(cast))
    decline_send(cast.actor("province_admin"), send_id=send.pk, reason="时间不对")
    deliver(SYSTEM, send_id=send.pk)
    row = Send.objects.unscoped("test").get()
    assert (row.state, row.answer, told()) == ("declined", "时间不对", [])
    assert refused(stop_send, cast.actor("city_admin"), send_id=send.pk) == "send_over"


def test_database_lets_no_send_go_that_nobody_released(cast):
    SendRule.objects.create(union=cast.unions["city"], two_from=1)
    a_send(cast, a_template(cast))
    tries = [
        "state = 'waiting'",
        "state = 'waiting', needs_two = false",
        "state = 'waiting', checker_id = maker_id, decided_at = now()",
        "state = 'done'",
        "title = 'x'",
        "channels = '{sms}'",
    ]
    for change in tries:
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE notices_send SET {change}")
    assert state() == "proposed"


# --- Its time, pause, once more -----------------------------------------------------------------------------------


def test_send_for_later_goes_at_its_time(cast):
    later = now() + dt.timedelta(hours=2)
    send = a_send(cast, a_template(cast), goes_at=later)
    (job,) = ProcrastinateJob.objects.filter(task_name__endswith="deliver_send")
    assert job.scheduled_at == later - dt.timedelta(seconds=3)
    deliver(SYSTEM, send_id=send.pk)
    deliver_inbox_batch(SYSTEM, send_id=send.pk)
    assert (told(), state()) == ([], "waiting")
    with time_machine.travel(later, tick=False):
        deliver(SYSTEM, send_id=send.pk)
    assert (len(told()), state()) == (3, "done")


def test_send_paused_before_its_time_waits_for_it_again(cast):
    later, admin = now() + dt.timedelta(hours=2), cast.actor("city_admin")
    send = a_send(cast, a_template(cast), goes_at=later)
    pause_send(admin, send_id=send.pk)
    with time_machine.travel(now() + dt.timedelta(hours=1), tick=False):
        resume_send(admin, send_id=send.pk)
        assert state() == "waiting"
        deliver(SYSTEM, send_id=send.pk)
    assert told() == []
    pause_send(admin, send_id=send.pk)
    with time_machine.travel(later, tick=False):
        deliver(SYSTEM, send_id=send.pk)
        assert told() == []
        resume_send(admin, send_id=send.pk)
        deliver(SYSTEM, send_id=send.pk)
    assert (len(told()), state()) == (3, "done")


def test_wechat_that_is_not_set_up_is_said_before_it_goes(cast, monkeypatch):
    template = a_template(cast)
    monkeypatch.setattr("gonghui.notices.actions.proposals.has_wechat", lambda: False)
    assert refused(a_send, cast, template, ("wechat",)) == "wechat_messages_not_ready"


def test_time_that_has_passed_is_refused(cast):
    assert (
        refused(a_send, cast, a_template(cast), goes_at=now() - dt.timedelta(seconds=1)) == "send_time_passed"
    )


def test_pause_takes_effect_before_the_next_batch_and_resume_leaves_nobody_out(cast, monkeypatch):
    monkeypatch.setattr("gonghui.notices.actions.sends.BATCH", 1)
    send, admin = a_send(cast, a_template(cast)), cast.actor("city_admin")
    assert deliver_inbox_batch(SYSTEM, send_id=send.pk) == 1
    pause_send(admin, send_id=send.pk)
    assert deliver_inbox_batch(SYSTEM, send_id=send.pk) == 0
    resume_abandoned(SYSTEM)
    deliver(SYSTEM, send_id=send.pk)
    assert (state(), len(told())) == ("paused", 1)
    assert refused(pause_send, admin, send_id=send.pk) == "send_not_going"
    resume_send(admin, send_id=send.pk)
    assert refused(resume_send, admin, send_id=send.pk) == "send_not_paused"
    deliver(SYSTEM, send_id=send.pk)
    assert (state(), told()) == ("done", sorted(["陈小梅", "李建华", "黄玉兰"]))


@pytest.mark.parametrize("verb", [pause_send, resume_send, retry_failed, stop_send, release_send])
@pytest.mark.parametrize("who", ["sister_admin", "finance_officer", "mei", "anonymous"])
def test_verbs_are_of_its_own_union_only(cast, verb, who):
    send = a_send(cast, a_template(cast))
    assert refused(verb, cast.actor(who), send_id=send.pk) == "not_found"
    assert state() == "waiting"


def test_nothing_failed_is_nothing_to_send_again(cast):
    send = a_send(cast, a_template(cast))
    assert refused(retry_failed, cast.actor("city_admin"), send_id=send.pk) == "send_nothing_failed"
    deliver(SYSTEM, send_id=send.pk)
    assert refused(retry_failed, cast.actor("city_admin"), send_id=send.pk) == "send_nothing_failed"


# --- Numbers --------------------------------------------------------------------------------------------------------


def test_preview_counts_what_the_send_then_does(cast, sms, wechat):
    template = a_template(cast)
    give_consent(cast.actor("mei"), purpose="messages")
    give_consent(cast.actor("hua"), purpose="messages")
    set_preference(cast.actor("hua"), kind="activity", channel="sms", is_on=False)
    set_preference(cast.actor("lan"), kind="activity", channel="inbox", is_on=False)
    connected(cast, "lan")
    allowed(cast, wechat, "lan")
    people = Person.objects.unscoped("test").filter(pk__in=[cast.people[n].pk for n in ("mei", "hua", "lan")])
    numbers = numbers_of(people.values("pk"), template, at=now())
    assert (numbers.total, numbers.inbox, numbers.sms, numbers.wechat) == (3, 2, 1, 1)
    assert (numbers.sms_off, numbers.sms_no_consent, numbers.wechat_no_quota, numbers.asleep) == (1, 1, 2, 0)
    send = a_send(cast, template, ("inbox", "sms", "wechat"))
    deliver(SYSTEM, send_id=send.pk)
    result = {line.channel: line.sent for line in result_of(send).channels}
    assert result == {"inbox": 2, "sms": 1, "wechat": 1}
    night = dt.datetime(2026, 11, 22, 15, 0, tzinfo=dt.UTC)
    assert numbers_of(people.values("pk"), template, at=night).asleep == 3


def test_preview_and_send_take_the_same_queries_however_many(cast, django_assert_num_queries):
    template = a_template(cast)
    for size in (1, 3):
        people = everybody().filter(pk__in=[cast.people[n].pk for n in ("mei", "hua", "lan")][:size])
        with django_assert_num_queries(1):
            assert numbers_of(people, template, at=now()).total == size


def test_reads_likes_and_clicks_are_counted_once_a_person(cast):
    send = a_send(cast, a_template(cast))
    deliver(SYSTEM, send_id=send.pk)
    mei = cast.actor("mei")
    message = Message.objects.visible_to(mei).get()
    assert refused(like_message, mei, message_id=message.pk) == "message_not_likable"
    for _twice in range(2):
        read_message(mei, message_id=message.pk)
        like_message(mei, message_id=message.pk)
    delivery = Delivery.objects.unscoped("test").get(person=cast.people["mei"])
    assert [note_click(SYSTEM, delivery_id=delivery.pk) for _n in range(3)] == ["/activities/1"] * 3
    result = result_of(send)
    assert (result.reached, result.read, result.liked, result.clicked) == (3, 1, 1, 1)
    chart = chart_of(send)
    assert {what: values[-1] for what, values in chart["values"].items()} == {
        "sent": 3, "read": 1, "clicked": 1, "liked": 1,
    }  # fmt: skip
    like_message(mei, message_id=message.pk, is_liked=False)
    assert result_of(send).liked == 0
    for who in ("hua", "city_admin", "anonymous"):
        assert refused(like_message, cast.actor(who), message_id=message.pk) == "not_found"


def test_link_of_a_message_leads_to_own_pages_and_counts_readers_only(cast, client):
    send = a_send(cast, a_template(cast))
    deliver(SYSTEM, send_id=send.pk)
    delivery = Delivery.objects.unscoped("test").get(person=cast.people["mei"])
    address = f"/m/{token_of(delivery.pk)}"
    assert len(address) == 25
    assert client.get(address, headers={"Sec-Purpose": "prefetch"}).status_code == 302
    assert client.head(address).status_code == 302
    assert result_of(send).clicked == 0
    answer = client.get(address)
    assert (answer.status_code, answer["Location"]) == (302, "/activities/1")
    assert result_of(send).clicked == 1


def test_forged_link_leads_nowhere(cast, client):
    send = a_send(cast, a_template(cast))
    token = token_of(send.deliveries.order_by("pk").first().pk)
    forged = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
    for bad in (forged, "A" * 22, token_of(999_999_999)):
        assert client.get(f"/m/{bad}").status_code == 404
    assert delivery_of("not a token") is None
    assert result_of(send).clicked == 0


def test_held_out_people_get_nothing_and_are_compared(cast, monkeypatch):
    monkeypatch.setattr(
        "gonghui.notices.results.outcomes",
        [("人数", lambda sql, params, since: _count(sql, params))],
    )
    crowd(cast, 40)  # drawn by chance, so many that neither half is ever empty
    send = a_send(cast, a_template(cast), holdout_percent=50, key="send:draw")
    held = set(HeldOut.objects.unscoped("test").values_list("person_id", flat=True))
    meant = set(send.deliveries.values_list("person_id", flat=True))
    assert (len(held) + len(meant), held & meant, bool(held)) == (43, set(), True)
    deliver(SYSTEM, send_id=send.pk)
    assert len(told()) == len(meant) == send.recipients
    (compared,) = result_of(send).compared
    assert (compared.told, compared.held_out) == (len(meant), len(held))


def _count(sql: str, params: list) -> int:
    with connection.cursor() as cursor:
        return cursor.execute(f"SELECT count(*) FROM ({sql}) x", params).fetchone()[0]


def test_switched_off_kind_is_not_in_the_inbox(cast):
    set_preference(cast.actor("mei"), kind="activity", channel="inbox", is_on=False)
    send = a_send(cast, a_template(cast))
    deliver(SYSTEM, send_id=send.pk)
    assert told() == sorted(["李建华", "黄玉兰"])
    assert send_progress(send) == {"done": 2, "skipped": 1}
    assert result_of(send).channels[0].whys == {"自己关闭了这类消息": 1}
