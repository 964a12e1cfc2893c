"""The provider's door: genuine news moves things once, everything else moves nothing."""

import json
import time
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import OperationalError

from gonghui.kit.ports import port
from gonghui.payments import collecting, tasks
from gonghui.payments.actions.payments import close_payment
from gonghui.payments.actions.refunds import refund_payment
from gonghui.payments.models import LocalNotice, Notification, Refund
from gonghui.payments.ports.local import RETRIES, local_key, sign
from gonghui.payments.tests.conftest import SYSTEM
from gonghui.payments.tests.figures import again, balance, states, transfers

pytestmark = pytest.mark.django_db
DOOR = "/payments/wechat/notify"


@pytest.fixture
def news(wechat, taken):
    """news(): (payment, headers, body) of a payment just paid, its callback not yet delivered."""

    def make():
        payment = taken()
        collecting.start_payment(SYSTEM, payment_id=payment.pk)
        wechat.pay(payment.out_trade_no)
        notice = LocalNotice.objects.unscoped("test").get(
            envelope__resource__out_trade_no=payment.out_trade_no
        )
        return payment, *wechat.envelope(notice)

    return make


def knock(client, headers, body):
    return client.post(DOOR, body, content_type="application/json", headers=headers)


def notices() -> int:
    return Notification.objects.unscoped("test").count()


def test_callback_is_answered_as_the_provider_expects(client, news):
    client.handler.enforce_csrf_checks = True
    payment, headers, body = news()
    answer = knock(client, headers, body)
    assert (answer.status_code, answer.json()) == (200, {"code": "SUCCESS", "message": ""})
    assert (again(payment).state, balance("prepaid"), notices()) == ("succeeded", 5000, 1)


def test_callback_again_and_replayed_is_taken_once(client, news):
    payment, headers, body = news()
    assert [knock(client, headers, body).status_code for _n in range(3)] == [200, 200, 200]
    assert (again(payment).state, balance("prepaid"), notices()) == ("succeeded", 5000, 1)


def bend_signature(headers, body):
    return headers | {"Wechatpay-Signature": headers["Wechatpay-Signature"][:-8] + "AAAAAAA="}, body


def bend_body(headers, body):
    return headers, body.replace(b'"id": "EV-', b'"id": "XX-')


def sign_with_another_key(headers, body):
    parts = headers["Wechatpay-Timestamp"], headers["Wechatpay-Nonce"], body.decode()
    return headers | {"Wechatpay-Signature": sign(local_key("stranger"), *parts)}, body


def age(headers, body):
    """The genuine key, six minutes ago."""
    stamp = str(int(time.time()) - 360)
    signature = sign(local_key("platform"), stamp, headers["Wechatpay-Nonce"], body.decode())
    return headers | {"Wechatpay-Timestamp": stamp, "Wechatpay-Signature": signature}, body


def name_another_serial(headers, body):
    return headers | {"Wechatpay-Serial": "5F3C"}, body


def resign(headers, body):
    parts = headers["Wechatpay-Timestamp"], headers["Wechatpay-Nonce"], body.decode()
    return headers | {"Wechatpay-Signature": sign(local_key("platform"), *parts)}, body


def seal_otherwise(headers, body):
    """Signed by the genuine key, sealed with another."""
    facts = json.loads(body)
    facts["resource"]["nonce"] = "000000000000"
    return resign(headers, json.dumps(facts).encode())


def send_a_list(headers, body):
    return resign(headers, b"[]")


def drop_headers(headers, body):
    return {}, body


@pytest.mark.parametrize(
    "forge",
    [
        bend_signature, bend_body, sign_with_another_key, age, name_another_serial, seal_otherwise, send_a_list,
        drop_headers,
    ],
)  # fmt: skip
def test_forged_or_old_callback_is_refused_and_moves_nothing(client, news, forge):
    payment, headers, body = news()
    before = states()
    answer = knock(client, *forge(headers, body))
    assert (answer.status_code, answer.json()["code"]) == (401, "FAIL")
    assert (states(), notices(), again(payment).state) == (before, 0, "paying")
    assert knock(client, headers, body).status_code == 200


def test_callback_that_is_too_large_is_not_read(client, news):
    _payment, headers, body = news()
    assert knock(client, headers, body + b" " * 65536).status_code == 413
    assert notices() == 0


def test_flood_of_forgeries_is_told_to_stop_and_the_genuine_still_gets_in(client, news):
    payment, headers, body = news()
    cache.clear()
    said = [knock(client, {}, body).status_code for _n in range(62)]
    assert said == [401] * 60 + [429] * 2
    assert knock(client, headers, body).status_code == 200
    assert again(payment).state == "succeeded"


def test_genuine_news_of_what_nobody_knows_is_kept_and_answered(wechat, client):
    facts = {
        "out_trade_no": "f" * 32, "trade_state": "SUCCESS", "transaction_id": "4200000009", "amount": {"total": 5},
        "success_time": "2026-11-21T10:00:00+08:00",
    }  # fmt: skip
    wechat.announce("TRANSACTION.SUCCESS", facts)
    unknown_refund = {
        "out_refund_no": "e" * 32, "refund_status": "SUCCESS", "refund_id": "5030000009", "amount": {"refund": 5},
        "success_time": "2026-11-21T10:00:00+08:00",
    }  # fmt: skip
    wechat.announce("REFUND.SUCCESS", unknown_refund)
    wechat.announce("TRANSACTION.SUCCESS", {"out_trade_no": 5})
    wechat.announce("MCHTRANSFER.BILL.FINISHED", {})
    for notice in LocalNotice.objects.unscoped("test").order_by("id"):
        assert knock(client, *wechat.envelope(notice)).status_code == 200
    found = Notification.objects.unscoped("test").order_by("id").values_list("verdict", flat=True)
    assert list(found) == ["unknown", "unknown", "ignored", "ignored"]


def test_refund_news_before_the_answer_settles_it_once(wechat, client, news):
    payment, headers, body = news()
    knock(client, headers, body)
    refund = refund_payment(SYSTEM, payment_id=payment.pk, amount_fen=5000, key=uuid4())
    port("payment").refund(
        out_trade_no=payment.out_trade_no, out_refund_no=refund.out_refund_no, refund_fen=5000, total_fen=5000
    )
    notice = LocalNotice.objects.unscoped("test").get(envelope__event_type="REFUND.SUCCESS")
    for _n in range(3):
        assert knock(client, *wechat.envelope(notice)).status_code == 200
    assert (again(refund).state, balance("prepaid"), balance("paid")) == ("succeeded", 0, 0)
    collecting.ask_refund(SYSTEM, again(refund))
    assert balance("prepaid") == 0


# --- late, and not taken at first --------------------------------------------------------------------------


def in_seconds(time_machine, seconds: float) -> None:
    time_machine.move_to(time.time() + seconds, tick=False)


@pytest.fixture
def door(client):
    """door(headers, body) -> status, as the provider hears it: over HTTP, a crash of ours included."""
    client.raise_request_exception = False
    return lambda headers, body: knock(client, headers, body).status_code


def books() -> tuple[int, int, int]:
    """Taken in, transfers written, callbacks kept."""
    return balance("prepaid"), transfers(), notices()


@pytest.fixture
def late(wechat, taken):
    """Paid; its callback is two minutes on the way."""
    payment = taken()
    collecting.start_payment(SYSTEM, payment_id=payment.pk)
    wechat.notice_faults = ["late"]
    wechat.pay(payment.out_trade_no)
    return payment


def test_late_callback_moves_nothing_before_it_comes_and_the_money_once(wechat, late, door, time_machine):
    in_seconds(time_machine, 119)
    assert (wechat.deliver(door), again(late).state, books()) == (0, "paying", (0, 0, 0))
    in_seconds(time_machine, 1)
    assert (wechat.deliver(door), wechat.deliver(door)) == (1, 0)
    assert (again(late).state, books()) == ("succeeded", (5000, 1, 1))


def test_late_callback_after_we_asked_ourselves_is_taken_and_moves_nothing(wechat, late, door, time_machine):
    in_seconds(time_machine, 61)
    tasks.watch_payments(0)
    assert (again(late).state, books()) == ("succeeded", (5000, 1, 0))
    in_seconds(time_machine, 60)
    assert (wechat.deliver(door), wechat.deliver(door)) == (1, 0)
    assert (again(late).state, books()) == ("succeeded", (5000, 1, 1))


def test_late_callback_of_what_was_closed_meanwhile_sends_the_money_back_once(
    wechat, late, door, time_machine
):
    close_payment(SYSTEM, payment_id=late.pk)
    in_seconds(time_machine, 120)
    assert wechat.deliver(door) == 1
    assert (again(late).state, again(late).is_late, again(late).refunded_fen) == ("succeeded", True, 5000)
    tasks.close_at_provider(payment_id=late.pk)
    tasks.send_refund(refund_id=Refund.objects.unscoped("test").get().pk)
    assert wechat.deliver(door) == 1
    assert (balance("prepaid"), balance("paid"), Refund.objects.unscoped("test").get().state) == (
        0, 0, "succeeded",
    )  # fmt: skip


@pytest.fixture
def broken(monkeypatch):
    """broken(times): the database goes away so many times, after the payment has moved and before the callback is kept."""
    left = [0]
    keep = Notification.objects.create

    def create(**facts):
        if left[0]:
            left[0] -= 1
            raise OperationalError("server closed the connection unexpectedly")
        return keep(**facts)

    monkeypatch.setattr(Notification.objects, "create", create)
    return lambda times: left.__setitem__(0, times)


def test_callback_that_met_a_fault_of_ours_comes_again_until_it_is_taken(
    wechat, taken, door, broken, time_machine
):
    """Two answers of 500 leave nothing behind; the third try, 45 seconds on, moves the money, and there is no fourth."""
    in_seconds(time_machine, 0)
    payment = taken()
    collecting.start_payment(SYSTEM, payment_id=payment.pk)
    wechat.pay(payment.out_trade_no)
    broken(2)
    for wait in (0, 15):
        in_seconds(time_machine, wait)
        assert (wechat.deliver(door), wechat.deliver(door)) == (1, 0)
        assert (again(payment).state, books()) == ("paying", (0, 0, 0))
    in_seconds(time_machine, 29)
    assert wechat.deliver(door) == 0
    in_seconds(time_machine, 1)
    assert wechat.deliver(door) == 1
    assert (again(payment).state, books()) == ("succeeded", (5000, 1, 1))
    in_seconds(time_machine, 3600)
    assert (wechat.deliver(door), LocalNotice.objects.unscoped("test").get().tries) == (0, 3)


def test_callback_we_never_took_is_given_up_and_the_money_found_by_asking(
    wechat, taken, door, broken, time_machine
):
    in_seconds(time_machine, 0)
    payment = taken()
    collecting.start_payment(SYSTEM, payment_id=payment.pk)
    wechat.pay(payment.out_trade_no)
    broken(len(RETRIES))
    sent = 0
    for wait in RETRIES:
        in_seconds(time_machine, wait)
        sent += wechat.deliver(door)
    in_seconds(time_machine, 3600)
    assert (sent, wechat.deliver(door), books()) == (len(RETRIES), 0, (0, 0, 0))
    tasks.watch_payments(0)
    assert (again(payment).state, books()) == ("succeeded", (5000, 1, 0))


# --- the page where the stand-in is paid by hand -----------------------------------------------------------


@pytest.fixture
def mine(cast, client, wechat, taken):
    payment = taken()
    collecting.start_payment(SYSTEM, payment_id=payment.pk)
    cast.sign_in(client, "mei")
    return payment, f"/pay/local/{payment.out_trade_no}"


def test_payer_pays_on_the_local_page(client, mine):
    payment, page = mine
    assert "确认付款" in client.get(page).content.decode()
    answer = client.post(page, {"answer": "pay", "next": "/tickets"})
    assert (answer.status_code, answer["Location"]) == (302, "/tickets")
    assert again(payment).state == "succeeded"
    shown = client.get(page).content.decode()
    assert ("款已收到" in shown, "确认付款" in shown) == (True, False)
    client.post(page, {"answer": "pay"})
    assert balance("prepaid") == 5000


def test_payer_refused_by_the_bank_is_seen_when_asked(client, mine):
    payment, page = mine
    assert client.post(page, {"answer": "refuse", "next": "//evil.example/"})["Location"] == page
    assert again(payment).state == "paying"
    collecting.ask_result(SYSTEM, payment)
    assert again(payment).state == "failed"


@pytest.mark.parametrize(("who", "status"), [("anonymous", 302), ("hua", 404), ("city_admin", 404)])
def test_local_page_is_the_payers_only(client, cast, mine, who, status):
    payment, page = mine
    client.logout()
    cast.sign_in(client, who)
    assert client.get(page).status_code == status
    client.post(page, {"answer": "pay"})
    assert again(payment).state == "paying"


def test_local_page_is_not_there_with_the_real_provider(client, mine, monkeypatch):
    from gonghui.payments import views
    from gonghui.payments.ports.wechat import WeChatPayments

    _payment, page = mine
    real = WeChatPayments(port("payment").client, appid="a", public_key_id="b")
    monkeypatch.setattr(views, "port", lambda name: real)
    assert client.get(page).status_code == 404
    assert client.post(page, {"answer": "pay"}).status_code == 404


def test_stand_in_is_refused_in_production(settings, wechat):
    from gonghui.kit.ports import PortFailed
    from gonghui.payments.ports.local import LocalPayments

    settings.PRODUCTION = True
    with pytest.raises(PortFailed):
        LocalPayments.configured()
