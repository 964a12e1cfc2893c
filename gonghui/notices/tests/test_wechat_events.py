"""What WeChat pushes: opened only with its seal, taken once, and one consent is one message whoever speaks of it first."""

from __future__ import annotations

import datetime as dt
import json
from functools import partial
from uuid import uuid4

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client

from gonghui.kit.clock import now
from gonghui.kit.ports import port
from gonghui.kit.tests.racing import at_once
from gonghui.notices.actions.events import FORGED_MAX, hear
from gonghui.notices.actions.quota import record_tap
from gonghui.notices.actions.sends import deliver
from gonghui.notices.models import Delivery, QuotaEntry, Send, WechatEvent
from gonghui.notices.ports.local_wechat import local_door
from gonghui.notices.ports.wechat_events import CHANGE, POPUP, SENT, EventDoor, Forged, Unreadable
from gonghui.notices.results import result_of
from gonghui.notices.tests.stage import SYSTEM, WX, a_send, a_template, allowed, connected, left

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DOOR = "/wechat/events"
MEI = "openid_of_mei"
ACCEPT = {"TemplateId": WX, "SubscribeStatusString": "accept", "PopupScene": "0"}


@pytest.fixture
def mei(cast, wechat):
    a_template(cast)
    connected(cast, "mei")
    return cast.actor("mei")


def entries() -> list[tuple[int, str]]:
    return list(QuotaEntry.objects.unscoped("test").order_by("id").values_list("change", "reason"))


def events() -> list[str]:
    return list(WechatEvent.objects.unscoped("test").order_by("id").values_list("verdict", flat=True))


def knock(query, body, **also):
    return Client(enforce_csrf_checks=True).post(
        DOOR, body, content_type="text/xml", query_params=query, **also
    )


# --- The door -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_xml", [True, False])
def test_popup_pushed_as_the_original_does_is_counted_once(cast, mei, wechat, monkeypatch, is_xml):
    monkeypatch.setattr(wechat, "is_xml", is_xml)
    other = {"TemplateId": "tmpl_of_nobody_0", "SubscribeStatusString": "accept", "PopupScene": "0"}
    query, body = wechat.envelope(POPUP, MEI, ACCEPT, other)
    answers = [knock(query, body) for _nth in range(3)]
    assert [(one.status_code, one.content) for one in answers] == [(200, b"success")] * 3
    assert (left(cast, "mei"), entries(), events()) == (1, [(1, "allowed")], ["taken"])


def test_refusing_the_dialog_adds_nothing(cast, mei, wechat):
    wechat.tap(MEI, WX, "reject")
    assert (left(cast, "mei"), entries(), events()) == (0, [], ["nothing"])


def test_console_of_wechat_is_greeted_with_its_own_words(client):
    door, facts = local_door(), ("1700000000", "77")
    query = {"timestamp": facts[0], "nonce": facts[1], "echostr": "5177", "signature": door.signature(*facts)}
    answer = client.get(DOOR, query)
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (
        200,
        b"5177",
        "text/plain; charset=utf-8",
    )
    assert client.get(DOOR, query | {"nonce": "78"}).status_code == 401


def bend(query, body):
    return query, body[:-20] + b"A" * 10 + body[-10:]


def another_token(query, body):
    door = EventDoor(appid=local_door().appid, token="x" * 32, aes_key="A" * 43)
    sealed = json.loads(body)["Encrypt"]
    return query | {"msg_signature": door.signature(query["timestamp"], query["nonce"], sealed)}, body


def another_account(query, body):
    ours = local_door()
    ours.appid = "wx0000000000000009"
    sealed = ours.seal(json.dumps({"Event": POPUP, "FromUserName": MEI, "CreateTime": "1763785800"}).encode())
    signature = ours.signature(query["timestamp"], query["nonce"], sealed)
    return query | {"msg_signature": signature}, json.dumps({"Encrypt": sealed}).encode()


def plain(query, body):
    """The plain mode, whose signature says nothing of the words."""
    words = {"Event": POPUP, "FromUserName": MEI, "CreateTime": query["timestamp"], "List": [ACCEPT]}
    return query, json.dumps(words).encode()


@pytest.mark.parametrize(
    "forge", [bend, another_token, another_account, plain, lambda q, b: ({}, b), lambda q, b: (q, b"")]
)
def test_what_wechat_did_not_seal_moves_nothing(cast, mei, wechat, forge):
    answer = knock(*forge(*wechat.envelope(POPUP, MEI, ACCEPT)))
    assert answer.status_code == 401
    assert (left(cast, "mei"), entries(), events()) == (0, [], [])


def test_words_that_would_be_expanded_are_not_read(wechat):
    bomb, door = b'<!DOCTYPE x [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>', local_door()
    for body in (bomb, b"[1]", b"", b"\xff"):
        with pytest.raises(Forged):
            door.open({}, body)
    sealed = door.seal(bomb)
    query = {"timestamp": "1", "nonce": "2", "msg_signature": door.signature("1", "2", sealed)}
    with pytest.raises(Unreadable):
        door.open(query, json.dumps({"Encrypt": sealed}).encode())
    assert knock(query, json.dumps({"Encrypt": sealed}).encode()).status_code == 200


def test_body_too_large_is_not_read(client):
    assert client.post(DOOR, b"x" * (64 * 1024 + 1), content_type="text/xml").status_code == 413
    assert client.put(DOOR).status_code == 405


def test_who_keeps_forging_is_told_to_stop_and_the_genuine_comes_through(cast, mei, wechat):
    address = {"REMOTE_ADDR": "203.0.113.77"}
    genuine = wechat.envelope(POPUP, MEI, ACCEPT)
    statuses = [knock({}, b"{}", **address).status_code for _nth in range(FORGED_MAX + 2)]
    assert (statuses[0], statuses[-1]) == (401, 429)
    assert knock(*genuine, **address).status_code == 200
    assert left(cast, "mei") == 1


def test_what_was_kept_for_two_days_is_worth_nothing(cast, mei, wechat):
    pushed = wechat.envelope(POPUP, MEI, ACCEPT)
    with time_machine.travel(now() + dt.timedelta(days=2), tick=False):
        assert knock(*pushed).status_code == 200
    assert (left(cast, "mei"), events()) == (0, [])


def test_wechat_nobody_here_has_is_noted_and_counts_for_nobody(cast, wechat):
    a_template(cast)
    wechat.tap("openid_of_nobody", WX)
    assert (entries(), events()) == ([], ["unknown"])


def test_without_token_and_key_nothing_is_believed(cast, mei, wechat, monkeypatch):
    pushed = wechat.envelope(POPUP, MEI, ACCEPT)
    monkeypatch.setattr(port("wechat_messages"), "events", None)
    assert knock(*pushed).status_code == 401
    assert events() == []


# --- One consent, told twice ----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["phone first", "wechat first"])
def test_consent_told_by_phone_and_by_wechat_is_one_message(cast, mei, wechat, order):
    says = [partial(record_tap, mei, key=uuid4(), answers={WX: "accept"}), partial(wechat.tap, MEI, WX)]
    for say in says if order == "phone first" else reversed(says):
        say()
    assert (left(cast, "mei"), entries()) == (1, [(1, "allowed"), (0, "confirmed")])


def test_each_of_two_consents_is_told_twice_and_they_are_two(cast, mei, wechat, noon):
    for _nth in range(2):
        record_tap(mei, key=uuid4(), answers={WX: "accept"})
    for _nth in range(2):
        wechat.tap(MEI, WX)
        noon.shift(2)
    wechat.tap(MEI, WX)
    assert (left(cast, "mei"), [change for change, _reason in entries()]) == (3, [1, 1, 0, 0, 1])


def test_consent_of_which_only_one_spoke_counts_and_takes_no_later_one_away(cast, mei, wechat, noon):
    record_tap(mei, key=uuid4(), answers={WX: "accept"})
    noon.shift(dt.timedelta(hours=1))
    wechat.tap(MEI, WX)
    assert left(cast, "mei") == 2


@pytest.mark.django_db(transaction=True)
def test_phone_and_wechat_at_once_from_eight_sides_are_one_message(cast, mei, wechat):
    tap = partial(record_tap, mei, key=uuid4(), answers={WX: "accept"})
    pushed = partial(hear, *wechat.envelope(POPUP, MEI, ACCEPT))
    at_once(*[tap, pushed] * 4)
    assert (left(cast, "mei"), sorted(entries()), len(events())) == (1, [(0, "confirmed"), (1, "allowed")], 1)


def test_refused_in_wechats_settings_nothing_is_left(cast, mei, wechat):
    allowed(cast, wechat, "mei", times=3)
    wechat.pushes.append("again")
    wechat.turn_off(MEI, WX)
    assert (left(cast, "mei"), entries()[-1], events()) == (0, (-3, "corrected"), ["taken"])
    send = a_send(cast, a_template(cast), ("wechat",))
    before = wechat.asked
    deliver(SYSTEM, send_id=send.pk)
    assert wechat.asked == before


def test_database_keeps_pairs_of_words(cast, mei, wechat):
    record_tap(mei, key=uuid4(), answers={WX: "accept"})
    entry = QuotaEntry.objects.unscoped("test").get()
    for change, reason, pair in (
        (1, "confirmed", entry),
        (0, "allowed", None),
        (0, "confirmed", None),
        (1, "allowed", entry),
    ):
        with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
            QuotaEntry.objects.create(quota=entry.quota, change=change, reason=reason, pair=pair, key="x")
    assert left(cast, "mei") == 1


# --- What became of a message ---------------------------------------------------------------------------------


def outcome() -> tuple[str, str, str]:
    return Delivery.objects.unscoped("test").values_list("state", "why", "word").get(person__name="陈小梅")


@pytest.mark.parametrize(
    ("fault", "pushed", "came"),
    [
        ("ok", "ok", ("done", "", "arrived")),
        ("ok", "lost", ("done", "", "")),
        ("slow", "again", ("done", "", "arrived")),  # no answer to our call, and WeChat's own word after it
        ("slow", "lost", ("unsure", "", "")),
    ],
)
def test_wechats_own_word_ends_the_doubt_of_a_call_without_answer(cast, mei, wechat, fault, pushed, came):
    allowed(cast, wechat, "mei", times=2)
    send = a_send(cast, a_template(cast), ("wechat",))
    wechat.faults.append(fault)
    wechat.pushes.append(pushed)
    deliver(SYSTEM, send_id=send.pk)
    assert (outcome(), left(cast, "mei")) == (came, 1)
    assert Send.objects.unscoped("test").get().state == "done"
    assert result_of(send).channels[0].arrived == (came[2] == "arrived")


@pytest.mark.parametrize(
    ("errcode", "came"), [("0", ("done", "", "arrived")), ("43101", ("failed", "refused", "refused"))]
)
def test_word_that_comes_later_settles_it_and_it_never_goes_again(cast, mei, wechat, errcode, came):
    allowed(cast, wechat, "mei", times=2)
    send = a_send(cast, a_template(cast), ("wechat",))
    wechat.faults.append("slow")
    wechat.pushes.append("lost")
    deliver(SYSTEM, send_id=send.pk)
    item = {"TemplateId": WX, "MsgID": "1864323726461255680", "ErrorCode": errcode, "ErrorStatus": "x"}
    for _nth in range(2):
        hear(*wechat.envelope(SENT, MEI, item))
    assert outcome() == came
    before = wechat.asked
    deliver(SYSTEM, send_id=send.pk)
    assert wechat.asked == before
    for change in ("state = 'waiting'", "word = ''"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE notices_delivery SET {change} WHERE word <> ''")


def test_word_of_a_message_to_somebody_else_settles_nothing(cast, mei, wechat):
    connected(cast, "hua")
    allowed(cast, wechat, "mei", "hua")
    send = a_send(cast, a_template(cast), ("wechat",))
    wechat.pushes.extend(["lost", "lost"])
    deliver(SYSTEM, send_id=send.pk)
    item = {"TemplateId": "tmpl_of_another_", "MsgID": "1", "ErrorCode": "0", "ErrorStatus": "success"}
    hear(*wechat.envelope(SENT, MEI, item))
    hear(*wechat.envelope(CHANGE, "openid_of_hua", {"TemplateId": WX, "SubscribeStatusString": "accept"}))
    assert set(Delivery.objects.unscoped("test").values_list("word")) == {("",)}
