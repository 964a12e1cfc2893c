"""Many at once on real connections, and processes that die in the middle: no place, no slot, no fen twice."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
from functools import partial

import pytest
import time_machine
from django.db import connection
from django.db.models import Count

from gonghui.bills.models import Bill
from gonghui.funds.tests.stage import balance, trial
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.tests.racing import at_once
from gonghui.payments import collecting
from gonghui.payments import tasks as payment_tasks
from gonghui.payments.models import LocalNotice, Payment, Refund
from gonghui.wellbeing.actions import booking, desk, paying, places
from gonghui.wellbeing.models import Enrolment
from gonghui.wellbeing.tests.stage import (
    SYSTEM,
    again,
    applied,
    booked,
    build_health,
    paid,
    pay,
    riders,
    slot_in,
)

pytestmark = pytest.mark.django_db(transaction=True)


def states(stage) -> dict[str, int]:
    found = Enrolment.objects.unscoped("test").filter(plan=stage.plan).order_by().values_list("state")
    return dict(found.annotate(n=Count("pk")))


def codes(said: list) -> set[str]:
    return {one.code for one in said if isinstance(one, DomainError)}


def unexpected(said: list) -> list:
    return [one for one in said if isinstance(one, Exception) and not isinstance(one, DomainError)]


def test_last_place_goes_to_one_of_twenty_four(cast):
    stage = build_health(cast, quota=1, waitlist_max=0)
    said = at_once(*[partial(applied, stage, actor) for actor in riders(stage, 24)])
    assert unexpected(said) == []
    assert (states(stage), codes(said), stage.now().taken) == ({"co_pay_due": 1}, {"health_plan_full"}, 1)


def test_burst_over_the_quota_fills_it_and_lines_up_the_rest(cast):
    """The 2,000 places scaled down: 60 people at 40 places, 24 connections at a time, each person tapping twice."""
    stage = build_health(cast, quota=40)
    everybody = riders(stage, 60)
    for start in range(0, 60, 12):
        said = at_once(
            *[partial(applied, stage, actor) for actor in everybody[start : start + 12] for _tap in range(2)]
        )
        assert unexpected(said) == []
        assert codes(said) == {"health_already_in"}
    assert (states(stage), stage.now().taken) == ({"co_pay_due": 40, "eligible": 20}, 40)
    positions = Enrolment.objects.unscoped("test").order_by("position").values_list("position", flat=True)
    assert list(positions) == list(range(1, 61))


def test_paying_and_the_deadline_at_once_end_in_one_truth(wechat, cast):
    stage = build_health(cast, quota=1)
    first, second = riders(stage, 2)
    row, other = applied(stage, first), applied(stage, second)
    payment = pay(wechat, first, row)
    notice = LocalNotice.objects.unscoped("test").get()
    with time_machine.travel(row.pay_by + dt.timedelta(minutes=20), tick=True):
        envelope = wechat.envelope(notice)
        calls = [
            call
            for _n in range(4)
            for call in (
                partial(payment_tasks.take_notice, *envelope),
                partial(places.lapse_enrolment, SYSTEM, enrolment_id=row.pk),
                partial(paying.note_co_pay, SYSTEM, payment_id=payment.pk),
            )
        ]
        said = at_once(*calls)
        paying.note_co_pay(SYSTEM, payment_id=payment.pk)
    assert unexpected(said) == []
    row, other, payment = again(row), again(other), again(payment)
    if row.state == "co_pay_paid":
        assert (other.state, payment.refunded_fen) == ("eligible", 0)
    else:
        assert (row.state, other.state, payment.refunded_fen) == ("lapsed", "co_pay_due", 10_000)
    assert stage.now().taken == 1
    assert trial() == 0


def test_last_slot_goes_to_one_of_those_who_book_and_those_who_move(wechat, cast):
    stage = build_health(cast, quota=8)
    people = riders(stage, 8)
    roomy, last = slot_in(stage, 4, capacity=8), slot_in(stage, 5, capacity=1)
    movers = [(actor, booked(wechat, stage, actor, roomy)) for actor in people[:4]]
    bookers = [(actor, paid(wechat, stage, actor)) for actor in people[4:]]
    calls = [partial(booking.move_appointment, a, enrolment_id=r.pk, slot_id=last.pk) for a, r in movers]
    calls += [partial(booking.book_slot, a, enrolment_id=r.pk, slot_id=last.pk) for a, r in bookers]
    said = at_once(*calls)
    assert unexpected(said) == []
    assert (codes(said), sum(not isinstance(one, Exception) for one in said)) == ({"health_slot_full"}, 1)
    live = sum(again(r).appointments.filter(state="booked").count() for _a, r in movers)
    assert (again(last).taken, live, again(roomy).taken) == (
        1,
        4,
        4 - sum(again(r).reschedules for _a, r in movers),
    )


def test_two_who_change_places_with_each_other_do_not_wait_for_ever(wechat, cast):
    stage = build_health(cast, quota=2)
    one, two = riders(stage, 2)
    here, there = slot_in(stage, 4, capacity=2), slot_in(stage, 5, capacity=2)
    first, second = booked(wechat, stage, one, here), booked(wechat, stage, two, there)
    said = at_once(
        partial(booking.move_appointment, one, enrolment_id=first.pk, slot_id=there.pk),
        partial(booking.move_appointment, two, enrolment_id=second.pk, slot_id=here.pk),
    )
    assert [one for one in said if isinstance(one, Exception)] == []
    assert (again(here).taken, again(there).taken) == (1, 1)


def test_callback_told_fifty_times_counts_one_co_pay(wechat, cast):
    stage = build_health(cast)
    mei = stage.actor("mei")
    payment = pay(wechat, mei, applied(stage, mei))
    headers, body = wechat.envelope(LocalNotice.objects.unscoped("test").get())
    said = at_once(*[partial(payment_tasks.take_notice, headers, body)] * 50)
    said += at_once(*[partial(paying.note_co_pay, SYSTEM, payment_id=payment.pk)] * 16)
    assert [one for one in said if isinstance(one, Exception)] == []
    assert (states(stage), again(payment).refunded_fen) == ({"co_pay_paid": 1}, 0)


def test_cancelling_from_sixteen_sides_gives_the_money_back_once(wechat, cast):
    stage = build_health(cast)
    mei = stage.actor("mei")
    row = booked(wechat, stage, mei, slot_in(stage, 5))
    said = at_once(*[partial(places.cancel_enrolment, mei, enrolment_id=row.pk)] * 16)
    assert (unexpected(said), codes(said)) == ([], {"health_not_cancellable"})
    assert [r.amount_fen for r in Refund.objects.unscoped("test")] == [10_000]
    assert (stage.now().taken, trial()) == (0, 0)


def test_nurses_who_tap_at_once_write_one_bill(wechat, cast):
    stage = build_health(cast)
    nurse = stage.actor("nurse")
    row = booked(wechat, stage, stage.actor("mei"), slot_in(stage, 0))
    calls = [partial(desk.attend, nurse, text=row.code, store_id=stage.store.pk)] * 12
    calls += [
        partial(places.cancel_enrolment, stage.actor("health_officer"), enrolment_id=row.pk, reason="x")
    ]
    said = at_once(*calls)
    assert unexpected(said) == []
    row = again(row)
    assert Bill.objects.unscoped("test").count() == (row.state == "attended")
    assert row.state in ("attended", "cancelled")
    assert (trial(), stage.now().taken) == (0, int(row.state == "attended"))


def test_missed_from_eight_sides_frees_the_place_once(wechat, cast):
    stage = build_health(cast, quota=2, no_show_rebooks=0)
    one, two, three = riders(stage, 3)
    row = booked(wechat, stage, one, slot_in(stage, 1))
    applied(stage, two)
    waiting = applied(stage, three)
    held = row.appointments.get()
    with time_machine.travel(clock.now() + dt.timedelta(days=2), tick=True):
        said = at_once(*[partial(booking.miss_appointment, SYSTEM, appointment_id=held.pk)] * 8)
    assert [one for one in said if isinstance(one, Exception)] == []
    assert (again(row).state, again(waiting).state, stage.now().taken) == ("no_show", "co_pay_due", 2)
    kept = balance(stage.plan.commitment.account_id) - 2 * 33_500
    assert (kept, trial()) == (10_000, 0)


DIE = """
import django, os, signal
django.setup()
from gonghui.kit.actors import Actor
from gonghui.wellbeing.actions import booking, paying
from gonghui.wellbeing.models import Enrolment, Slot
def die(*_args, **_facts):
    os.kill(os.getpid(), signal.SIGKILL)
{where}.{point} = die
row = Enrolment.objects.unscoped("test").get()
{call}
"""
NOTE = "paying.note_co_pay(Actor.system('test'), payment_id=row.payment_id)"
BOOK = "booking.book_slot(Actor.system('test'), enrolment_id=row.pk, slot_id=Slot.objects.unscoped('test').get().pk)"


def killed(where: str, point: str, call: str) -> int:
    s = connection.settings_dict
    address = f"postgresql://{s['USER']}:{s['PASSWORD']}@{s['HOST'] or ''}:{s['PORT'] or ''}/{s['NAME']}"
    if s["HOST"].startswith("/"):
        address = f"postgresql://{s['USER']}:{s['PASSWORD']}@/{s['NAME']}?host={s['HOST']}&port={s['PORT']}"
    env = os.environ | {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "gonghui.config.settings"}
    text = DIE.format(where=where, point=point, call=call)
    return subprocess.run([sys.executable, "-c", text], env=env, timeout=60, check=False).returncode


@pytest.mark.faults
@pytest.mark.parametrize(
    ("where", "point", "call"),
    [
        ("paying", "inform", NOTE),  # the place is paid, uncommitted
        ("booking", "_free_slot", BOOK),  # news taken in, the slot not yet booked
        ("booking.Appointment.objects", "create", BOOK),  # booked, uncommitted
    ],
)
def test_killed_between_payment_and_booking_loses_nothing(wechat, cast, where, point, call):
    """The provider has the money. Whatever died, asking again counts it once and the slot is booked once."""
    stage = build_health(cast)
    mei = stage.actor("mei")
    row, slot = applied(stage, mei), slot_in(stage, 3, capacity=1)
    payment = pay(wechat, mei, row)
    collecting.ask_result(SYSTEM, payment)
    assert killed(where, point, call) == -signal.SIGKILL
    assert (again(row).state, again(slot).taken) == ("co_pay_due", 0)
    booking.book_slot(mei, enrolment_id=row.pk, slot_id=slot.pk)
    paying.note_co_pay(SYSTEM, payment_id=payment.pk)
    assert (again(row).state, again(slot).taken, again(row).paid_fen) == ("booked", 1, 10_000)
    assert Payment.objects.unscoped("test").get().refunded_fen == 0
    assert trial() == 0
