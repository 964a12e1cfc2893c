"""The way of one member: apply, pay, book, change, go; and what comes back."""

import datetime as dt
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError, transaction

from gonghui.bills.models import Bill, BillPart
from gonghui.funds.tests.stage import balance, trial
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.ledger.models import LedgerAccount
from gonghui.notices.models import Message
from gonghui.payments import collecting
from gonghui.payments import tasks as payment_tasks
from gonghui.payments.models import Payment, Refund
from gonghui.payments.tests.figures import identified
from gonghui.wellbeing import tasks
from gonghui.wellbeing.actions import booking, desk, paying, places, plans
from gonghui.wellbeing.models import Appointment, Enrolment
from gonghui.wellbeing.tests.stage import (
    SYSTEM,
    again,
    applied,
    booked,
    build_health,
    code_shown,
    make_rider,
    paid,
    pay,
    riders,
    slot_in,
)

pytestmark = pytest.mark.django_db


def refused(code: str, call, *args, **facts) -> DomainError:
    with pytest.raises(DomainError) as caught, transaction.atomic():
        call(*args, **facts)
    assert caught.value.code == code
    return caught.value


def of_kind(kind: str) -> int:
    return sum(a.balance for a in LedgerAccount.objects.unscoped("test").filter(kind=kind))


def told(actor) -> list[str]:
    return list(
        Message.objects.unscoped("test")
        .filter(person_id=actor.person_id)
        .order_by("id")
        .values_list("title", flat=True)
    )


def settle_refunds(wechat) -> None:
    for refund in Refund.objects.unscoped("test").filter(state="requested"):
        payment_tasks.send_refund(refund_id=refund.pk)
    wechat.deliver(payment_tasks.take_notice)


# --- applying -----------------------------------------------------------------------------------------------


def test_rider_gets_a_place_at_once_and_is_asked_to_pay(health):
    row = applied(health, health.actor("mei"))
    assert (row.state, health.now().taken) == ("co_pay_due", 1)
    assert dt.timedelta(hours=23) < row.pay_by - clock.now() <= dt.timedelta(hours=24)


def test_who_is_refused_hears_why_and_nothing_is_written(cast, health):
    make_rider(cast.people["hua"])
    codes = {"hua": "health_not_verified", "lan": "health_not_in_groups", "qiang": "health_not_of_the_union",
             "stranger": "health_not_verified", "anonymous": "sign_in_first", "city_admin": "health_not_verified"}  # fmt: skip
    for who, code in codes.items():
        refused(code, applied, health, health.actor(who))
    assert Enrolment.objects.unscoped("test").count() == 0
    assert health.now().taken == 0


def test_without_a_consent_of_its_own_nothing_is_written(health):
    actor = health.actor("mei")
    facts = {"plan_id": health.plan.pk, "package_id": health.package.pk}
    error = refused("health_consent_needed", places.apply_for_place, actor, **facts)
    assert "个人信息保护法" in error.clause
    places.apply_for_place(actor, agrees=True, **facts)
    row = again(Enrolment.objects.unscoped("test").get())
    places.cancel_enrolment(actor, enrolment_id=row.pk)
    assert places.apply_for_place(actor, **facts).state == "co_pay_due"


def test_same_person_again_is_refused_by_sentence_and_by_the_database(health):
    actor = health.actor("mei")
    applied(health, actor)
    refused("health_already_in", applied, health, actor)
    with pytest.raises(IntegrityError, match="health_enrolment_once"), transaction.atomic():
        Enrolment.objects.create(
            plan=health.plan, package=health.package, person_id=actor.person_id, key=uuid4(), code="ABCDEFGH",
            state="applied",
        )  # fmt: skip


def test_person_on_the_plans_own_list_needs_no_group(cast):
    stage = build_health(cast, opened=False)
    plans.list_people(
        stage.actor("city_admin"), healthplan_id=stage.plan.pk, id_numbers=["440101196502140101"]
    )
    from gonghui.wellbeing.tests.stage import open_reviewed

    open_reviewed(stage)
    assert applied(stage, stage.actor("lan")).state == "co_pay_due"


def test_who_says_their_group_themselves_is_looked_at_first(health):
    lan, officer = health.actor("lan"), health.actor("health_officer")
    facts = {"plan_id": health.plan.pk, "package_id": health.package.pk, "agrees": True}
    refused("health_bad_group", places.apply_for_place, lan, said_group="guard", **facts)
    row = places.apply_for_place(lan, said_group="ride_driver", **facts)
    assert (row.state, health.now().taken) == ("applied", 0)
    refused("not_allowed", places.accept_enrolment, health.actor("sister_admin"), enrolment_id=row.pk)
    places.accept_enrolment(officer, enrolment_id=row.pk)
    assert (again(row).state, health.now().taken) == ("co_pay_due", 1)
    refused("illegal_move", places.reject_enrolment, officer, enrolment_id=row.pk, reason="x")


def test_rejected_hear_the_reason_and_may_apply_again(health):
    lan = health.actor("lan")
    facts = {
        "plan_id": health.plan.pk,
        "package_id": health.package.pk,
        "agrees": True,
        "said_group": "food_rider",
    }
    row = places.apply_for_place(lan, **facts)
    places.reject_enrolment(
        health.actor("health_officer"), enrolment_id=row.pk, reason="平台截图看不清，请补交。"
    )
    assert (again(row).state, again(row).reason) == ("rejected", "平台截图看不清，请补交。")
    assert told(lan) == ["健康关爱：没有通过核对"]
    assert places.apply_for_place(lan, **facts).state == "applied"


def test_plan_not_open_or_over_refuses_by_the_clock(health):
    with time_machine.travel(health.plan.closes_at + dt.timedelta(seconds=1), tick=False):
        refused("health_enrolment_over", applied, health, health.actor("mei"))
    with time_machine.travel(health.plan.opens_at - dt.timedelta(minutes=1), tick=False):
        refused("health_not_open_yet", applied, health, health.actor("mei"))


def test_waiting_list_is_served_in_order_with_a_deadline(wechat, cast):
    stage = build_health(cast, quota=1, waitlist_max=2)
    first, second, third, fourth = riders(stage, 4)
    rows = [applied(stage, actor) for actor in (first, second, third)]
    assert [row.state for row in rows] == ["co_pay_due", "eligible", "eligible"]
    refused("health_plan_full", applied, stage, fourth)
    places.cancel_enrolment(first, enrolment_id=rows[0].pk)
    assert [again(row).state for row in rows] == ["cancelled", "co_pay_due", "eligible"]
    assert told(second) == ["健康关爱：轮到您了"]
    with time_machine.travel(again(rows[1]).pay_by + dt.timedelta(seconds=1), tick=False):
        tasks.free_unpaid_places(0)
        tasks.free_unpaid_places(0)
    assert [again(row).state for row in rows] == ["cancelled", "lapsed", "co_pay_due"]
    assert (stage.now().taken, told(third)) == (1, ["健康关爱：轮到您了"])


# --- paying -------------------------------------------------------------------------------------------------


def test_co_pay_is_counted_once_however_often_it_is_told(wechat, health):
    actor = health.actor("mei")
    row = applied(health, actor)
    payment = pay(wechat, actor, row)
    collecting.ask_result(SYSTEM, payment)
    for _n in range(3):
        paying.note_co_pay(SYSTEM, payment_id=payment.pk)
    row = again(row)
    assert (row.state, row.paid_fen, of_kind("prepaid")) == ("co_pay_paid", 10_000, 10_000)
    assert again(payment).refunded_fen == 0
    refused("health_nothing_due", paying.start_co_pay, actor, enrolment_id=row.pk)
    assert trial() == 0


def test_payment_refused_by_the_bank_may_be_made_again(wechat, health):
    actor = health.actor("mei")
    row = applied(health, actor)
    first = paying.start_co_pay(actor, enrolment_id=row.pk)
    assert paying.start_co_pay(actor, enrolment_id=row.pk).pk == first.pk
    identified(first.person_id)
    collecting.start_payment(actor, payment_id=first.pk)
    wechat.refuse(first.out_trade_no)
    collecting.ask_result(SYSTEM, first)
    assert again(first).state == "failed"
    assert paid(wechat, health, actor, row).state == "co_pay_paid"
    assert Payment.objects.unscoped("test").count() == 2


def test_nobody_pays_for_another(health):
    row = applied(health, health.actor("mei"))
    for who in ("hua", "sister_admin", "nurse", "anonymous"):
        refused("not_found", paying.start_co_pay, health.actor(who), enrolment_id=row.pk)
        refused("not_found", places.cancel_enrolment, health.actor(who), enrolment_id=row.pk)


def test_paid_after_the_place_went_on_goes_straight_back(wechat, cast):
    stage = build_health(cast, quota=1)
    first, second = riders(stage, 2)
    row, other = applied(stage, first), applied(stage, second)
    payment = pay(wechat, first, row)
    with time_machine.travel(row.pay_by + dt.timedelta(hours=1), tick=False):
        places.lapse_enrolment(SYSTEM, enrolment_id=row.pk)
        assert (again(row).state, again(other).state) == ("lapsed", "co_pay_due")
        collecting.ask_result(SYSTEM, again(payment))
        paying.note_co_pay(SYSTEM, payment_id=payment.pk)
        settle_refunds(wechat)
    assert (again(payment).is_late, again(payment).refunded_fen, of_kind("prepaid")) == (True, 10_000, 0)
    assert (stage.now().taken, trial()) == (1, 0)


def test_paid_in_time_but_heard_late_keeps_the_place(wechat, health):
    actor = health.actor("mei")
    row = applied(health, actor)
    collecting.ask_result(SYSTEM, pay(wechat, actor, row))
    with time_machine.travel(row.pay_by + dt.timedelta(hours=1), tick=False):
        places.lapse_enrolment(SYSTEM, enrolment_id=row.pk)
    assert again(row).state == "co_pay_paid"


def test_payment_under_way_at_the_deadline_is_waited_for(health):
    actor = health.actor("mei")
    row = applied(health, actor)
    with time_machine.travel(row.pay_by - dt.timedelta(minutes=1), tick=False):
        paying.start_co_pay(actor, enrolment_id=row.pk)
    with time_machine.travel(row.pay_by + dt.timedelta(minutes=1), tick=False):
        places.lapse_enrolment(SYSTEM, enrolment_id=row.pk)
        assert again(row).state == "co_pay_due"
        refused("health_paid_too_late", paying.start_co_pay, actor, enrolment_id=row.pk)
    with time_machine.travel(row.pay_by + dt.timedelta(minutes=16), tick=False):
        places.lapse_enrolment(SYSTEM, enrolment_id=row.pk)
    assert again(row).state == "lapsed"


# --- dates --------------------------------------------------------------------------------------------------


def test_full_slot_and_one_that_is_over_are_refused(wechat, health):
    slot = slot_in(health, 3, capacity=1)
    one, two = riders(health, 2)
    booked(wechat, health, one, slot)
    row = paid(wechat, health, two)
    refused("health_slot_full", booking.book_slot, two, enrolment_id=row.pk, slot_id=slot.pk)
    past = slot_in(health, 0, hour=0)
    with time_machine.travel(dt.datetime.combine(past.day, dt.time(1), clock.CHINA), tick=False):
        refused("health_slot_over", booking.book_slot, two, enrolment_id=row.pk, slot_id=past.pk)
    refused("not_found", booking.book_slot, two, enrolment_id=row.pk, slot_id=999_999_999)
    assert again(row).state == "co_pay_paid"


def test_unpaid_are_not_booked(health):
    actor = health.actor("mei")
    row = applied(health, actor)
    refused(
        "health_not_bookable", booking.book_slot, actor, enrolment_id=row.pk, slot_id=slot_in(health, 3).pk
    )


def test_date_moves_twice_and_gives_its_slot_back(wechat, health):
    actor = health.actor("mei")
    three, four, five, six = (slot_in(health, days, capacity=1) for days in (3, 4, 5, 6))
    row = booked(wechat, health, actor, three)
    refused("health_same_slot", booking.move_appointment, actor, enrolment_id=row.pk, slot_id=three.pk)
    for slot in (four, five):
        booking.move_appointment(actor, enrolment_id=row.pk, slot_id=slot.pk)
    assert [again(slot).taken for slot in (three, four, five)] == [0, 0, 1]
    refused("health_moved_enough", booking.move_appointment, actor, enrolment_id=row.pk, slot_id=six.pk)
    assert [a.state for a in again(row).appointments.order_by("id")] == [
        "rescheduled",
        "rescheduled",
        "booked",
    ]


def test_date_does_not_move_on_the_last_day(wechat, health):
    actor = health.actor("mei")
    soon, later = slot_in(health, 1), slot_in(health, 9)
    row = booked(wechat, health, actor, soon)
    with time_machine.travel(dt.datetime.combine(soon.day, dt.time(7), clock.CHINA), tick=False):
        refused(
            "health_too_late_to_move", booking.move_appointment, actor, enrolment_id=row.pk, slot_id=later.pk
        )


def test_cancelling_in_time_gives_everything_back_once(wechat, health):
    actor = health.actor("mei")
    slot = slot_in(health, 2)
    row = booked(wechat, health, actor, slot)
    places.cancel_enrolment(actor, enrolment_id=row.pk)
    refused("health_not_cancellable", places.cancel_enrolment, actor, enrolment_id=row.pk)
    paying.note_co_pay(SYSTEM, payment_id=row.payment_id)
    settle_refunds(wechat)
    row = again(row)
    assert (row.state, row.refunded_fen, again(slot).taken, health.now().taken) == ("cancelled", 10_000, 0, 0)
    assert (of_kind("prepaid"), of_kind("paid"), trial()) == (0, 0, 0)


def test_cancelling_late_keeps_what_the_rule_says_for_the_plan(wechat, cast):
    stage = build_health(cast, late_refund_percent=30)
    actor = stage.actor("mei")
    row = booked(wechat, stage, actor, slot_in(stage, 1))
    before = balance(stage.plan.commitment.account_id)
    places.cancel_enrolment(actor, enrolment_id=row.pk)
    paying.note_co_pay(SYSTEM, payment_id=row.payment_id)
    settle_refunds(wechat)
    assert (again(row).refunded_fen, of_kind("prepaid")) == (3_000, 0)
    assert balance(stage.plan.commitment.account_id) == before + 7_000
    assert trial() == 0


def test_union_that_cancels_gives_everything_back(wechat, health):
    row = booked(wechat, health, health.actor("mei"), slot_in(health, 1))
    places.cancel_enrolment(health.actor("health_officer"), enrolment_id=row.pk, reason="医院停电")
    assert (again(row).refunded_fen, again(row).reason) == (10_000, "医院停电")


def test_no_show_returns_the_place_once(wechat, cast):
    """A missed date gives the member one more; a second one frees the place for the next, however often the job runs."""
    stage = build_health(cast, quota=1)
    mei, [waiting] = stage.actor("mei"), riders(stage, 1)
    row = booked(wechat, stage, mei, slot_in(stage, 1))
    next_in_line = applied(stage, waiting)
    with time_machine.travel(clock.now() + dt.timedelta(days=2), tick=False):
        for _n in range(2):
            tasks.note_no_shows(0)
        assert (again(row).state, again(row).no_shows, stage.now().taken) == ("co_pay_paid", 1, 1)
        booking.book_slot(mei, enrolment_id=row.pk, slot_id=slot_in(stage, 1).pk)
    with time_machine.travel(clock.now() + dt.timedelta(days=5), tick=False):
        for _n in range(2):
            tasks.note_no_shows(0)
    assert (again(row).state, again(row).refunded_fen, stage.now().taken) == ("no_show", 0, 1)
    assert again(next_in_line).state == "co_pay_due"
    assert [a.state for a in again(row).appointments.order_by("id")] == ["missed", "missed"]
    assert (of_kind("prepaid"), trial()) == (0, 0)


# --- the desk -----------------------------------------------------------------------------------------------


def test_nurse_scans_and_one_bill_pays_the_hospital(wechat, health):
    actor, nurse = health.actor("mei"), health.actor("nurse")
    row = booked(wechat, health, actor, slot_in(health, 0))
    desk.attend(nurse, text=code_shown(row), store_id=health.store.pk)
    error = refused("health_attended_before", desk.attend, nurse, text=row.code, store_id=health.store.pk)
    assert "登记到检" in error.message
    row, bill = again(row), Bill.objects.unscoped("test").get()
    assert (row.state, row.bill_id, bill.state) == ("attended", bill.pk, "settled")
    assert (bill.list_fen, bill.due_fen, bill.method, bill.payment_id) == (
        46_500,
        10_000,
        "wechat",
        row.payment_id,
    )
    parts = dict(BillPart.objects.unscoped("test").values_list("payer", "fen"))
    assert parts == {"merchant": 3_000, "union": 33_500, "worker": 10_000}
    assert of_kind("payable") == 43_500
    assert (of_kind("prepaid"), balance(health.plan.commitment.account_id), trial()) == (0, 2 * 33_500, 0)
    refused("health_not_cancellable", places.cancel_enrolment, actor, enrolment_id=row.pk)


def test_desk_refuses_what_is_not_todays_or_not_its_own(wechat, cast, health):
    actor, nurse = health.actor("mei"), health.actor("nurse")
    row = booked(wechat, health, actor, slot_in(health, 2))
    refused("health_another_day", desk.attend, nurse, text=row.code, store_id=health.store.pk)
    refused("health_not_a_clerk", desk.attend, health.actor("clerk"), text=row.code, store_id=health.store.pk)
    refused("health_not_a_clerk", desk.attend, nurse, text=row.code, store_id=cast.store.pk)
    refused("health_unknown_code", desk.attend, health.actor("clerk"), text=row.code, store_id=cast.store.pk)
    refused("health_no_code", desk.attend, nurse, text="123", store_id=health.store.pk)
    old = time_machine.travel(clock.now() - dt.timedelta(minutes=5), tick=False)
    with old:
        shot = code_shown(row)
    refused("health_stale_code", desk.attend, nurse, text=shot, store_id=health.store.pk)
    assert Bill.objects.unscoped("test").count() == 0
    assert again(row).state == "booked"


def test_voucher_qr_with_the_same_letters_is_no_health_code(wechat, health):
    from gonghui.kit import tokens

    row = booked(wechat, health, health.actor("mei"), slot_in(health, 0))
    text = tokens.qr_text(tokens.voucher_secret(row.code), row.code)
    refused("health_no_code", desk.attend, health.actor("nurse"), text=text, store_id=health.store.pk)


# --- the end ------------------------------------------------------------------------------------------------


def test_plan_that_is_over_gives_back_what_was_not_used(wechat, health):
    one, two, three = riders(health, 3)
    done = booked(wechat, health, one, slot_in(health, 0))
    desk.attend(health.actor("nurse"), text=done.code, store_id=health.store.pk)
    unused, unpaid = paid(wechat, health, two), applied(health, three)
    purse, budget = health.plan.commitment.account_id, health.money.city.account_id
    before = balance(budget)
    with time_machine.travel(clock.now() + dt.timedelta(days=70), tick=False):
        for _n in range(2):
            tasks.finish_plans(0)
    settle_refunds(wechat)
    assert (again(unused).state, again(unused).refunded_fen, again(unpaid).state) == (
        "cancelled",
        10_000,
        "lapsed",
    )
    assert (balance(purse), balance(budget)) == (0, before + 2 * 33_500)
    assert (health.now().state, of_kind("prepaid"), trial()) == ("closed", 0, 0)


def test_states_move_along_the_table_only_whoever_writes(health):
    row = applied(health, health.actor("mei"))
    rows = Enrolment.objects.unscoped("test").filter(pk=row.pk)
    for state in ("applied", "eligible", "booked", "attended", "settled", "no_show", "rejected"):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(state=state)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.delete()
    assert Appointment.objects.unscoped("test").count() == 0
