"""Many at once on real connections, and a process that dies in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from uuid import uuid4

import pytest
from django.db import connection

from gonghui.kit.tests.racing import at_once
from gonghui.payments import collecting, tasks
from gonghui.payments.actions.payments import close_payment, take_payment
from gonghui.payments.actions.refunds import refund_payment
from gonghui.payments.models import LocalNotice, Notification, Payment, Refund
from gonghui.payments.tests.conftest import SYSTEM
from gonghui.payments.tests.figures import again, balance, held, transfers

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def paying(wechat, taken):
    """Shown to the payer, and paid there; we have not heard yet."""
    payment = taken()
    collecting.start_payment(SYSTEM, payment_id=payment.pk)
    wechat.pay(payment.out_trade_no)
    return payment


@pytest.fixture
def succeeded(wechat, paying):
    wechat.deliver(tasks.take_notice)
    return paying


def test_fifty_identical_callbacks_move_it_once(wechat, paying):
    headers, body = wechat.envelope(LocalNotice.objects.unscoped("test").get())
    said = at_once(*[partial(tasks.take_notice, headers, body)] * 50)
    assert said == [200] * 50
    assert (again(paying).state, transfers(), balance("prepaid")) == ("succeeded", 1, 5000)
    assert Notification.objects.unscoped("test").count() == 1


def test_callbacks_queries_and_closing_at_once_end_in_one_truth(wechat, paying):
    notice = LocalNotice.objects.unscoped("test").get()
    calls = [
        call
        for _n in range(4)
        for call in (
            partial(tasks.take_notice, *wechat.envelope(notice)),
            partial(collecting.ask_result, SYSTEM, paying),
            partial(close_payment, SYSTEM, payment_id=paying.pk),
        )
    ]
    at_once(*calls)
    now = again(paying)
    assert now.state == "succeeded"
    assert (balance("prepaid"), transfers() - now.is_late) == (5000, 1)
    assert (held("prepaid"), now.refunded_fen) == ((5000, 5000) if now.is_late else (0, 0))


def test_refund_from_sixteen_sides_goes_once(succeeded):
    calls = [
        partial(refund_payment, SYSTEM, payment_id=succeeded.pk, amount_fen=5000, key=uuid4())
        for _n in range(16)
    ]
    said = at_once(*calls)
    refunds = [one for one in said if isinstance(one, Refund)]
    assert (len(refunds), {e.code for e in said if not isinstance(e, Refund)}) == (1, {"payment_over_refund"})
    assert (again(succeeded).refunded_fen, held("prepaid")) == (5000, 5000)


def test_refund_with_one_key_from_sixteen_sides_is_one_refund(wechat, succeeded):
    asked = {"payment_id": succeeded.pk, "amount_fen": 2000, "key": uuid4()}
    said = at_once(*[partial(refund_payment, SYSTEM, **asked)] * 16)
    assert {refund.pk for refund in said} == {Refund.objects.unscoped("test").get().pk}
    at_once(*[partial(tasks.send_refund, refund_id=said[0].pk)] * 4)
    wechat.deliver(tasks.take_notice)
    assert (balance("prepaid"), held("prepaid")) == (3000, 0)


def test_refunds_of_eight_payments_with_one_key_are_one(taken):
    """Whoever comes second is refused in words."""
    key, payments = uuid4(), [taken(method="cash") for _n in range(8)]
    said = at_once(
        *[partial(refund_payment, SYSTEM, payment_id=p.pk, amount_fen=5000, key=key) for p in payments]
    )
    assert sorted(getattr(one, "code", "refund") for one in said) == ["payment_key_taken"] * 7 + ["refund"]
    assert sum(again(payment).refunded_fen for payment in payments) == 5000


def test_take_with_one_key_from_sixteen_sides_is_one_payment(wechat, cast):
    asked = {
        "key": uuid4(), "person_id": cast.people["mei"].pk, "union_id": cast.unions["city"].pk, "amount_fen": 100,
        "purpose": "bill:1", "method": "wechat",
    }  # fmt: skip
    said = at_once(*[partial(take_payment, SYSTEM, **asked)] * 16)
    assert {payment.pk for payment in said} == {Payment.objects.unscoped("test").get().pk}


DIE = """
import django, os, signal
django.setup()
from django.conf import settings
from gonghui.payments import collecting
from gonghui.payments.actions import payments
from gonghui.payments.models import Payment
from gonghui.kit.actors import Actor
def die(*_args, **_facts):
    os.kill(os.getpid(), signal.SIGKILL)
payments.{point} = die
row = Payment.objects.unscoped("test").get()
collecting.ask_result(Actor.system("test"), row)
"""


@pytest.mark.faults
@pytest.mark.parametrize("point", ["transfer_all", "emit"])
def test_killed_before_the_commit_is_mended_by_asking(wechat, paying, point):
    """The provider has the money, our process dies before (or after) the posting, uncommitted."""
    s = connection.settings_dict
    address = f"postgresql://{s['USER']}:{s['PASSWORD']}@{s['HOST'] or ''}:{s['PORT'] or ''}/{s['NAME']}"
    if s["HOST"].startswith("/"):
        address = f"postgresql://{s['USER']}:{s['PASSWORD']}@/{s['NAME']}?host={s['HOST']}&port={s['PORT']}"
    env = os.environ | {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "gonghui.config.settings"}
    died = subprocess.run([sys.executable, "-c", DIE.format(point=point)], env=env, timeout=60, check=False)
    assert died.returncode == -signal.SIGKILL
    assert (again(paying).state, transfers()) == ("paying", 0)
    if point == "emit":
        wechat.deliver(tasks.take_notice)
    else:
        collecting.ask_result(SYSTEM, again(paying))
    wechat.deliver(tasks.take_notice)
    assert (again(paying).state, transfers(), balance("prepaid")) == ("succeeded", 1, 5000)
