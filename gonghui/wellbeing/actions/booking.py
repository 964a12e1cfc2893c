"""Dates at the hospital: chosen, changed, missed."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.states import move
from gonghui.kit.templatetags.kit import cn_day
from gonghui.wellbeing import errors, rules
from gonghui.wellbeing.actions.locking import inform, locked_enrolment, locked_place, require_theirs
from gonghui.wellbeing.actions.paying import note_co_pay
from gonghui.wellbeing.actions.places import booked_appointment, end_enrolment
from gonghui.wellbeing.models import Appointment, Enrolment, Slot
from gonghui.wellbeing.models.enrolments import APPOINTMENT_VERBS, ENROLMENT_VERBS


@action
def book_slot(actor: Actor, *, enrolment_id: int, slot_id: int) -> Appointment:
    """The first date, or the next after one that was missed. News of the payment still on its way is taken in first."""
    _take_in_payment(actor, enrolment_id)
    row = locked_enrolment(enrolment_id)
    require_theirs(actor, row)
    require(row.state == Enrolment.State.CO_PAY_PAID, errors.NOT_BOOKABLE, state=row.get_state_display())
    slot = _free_slot(row, slot_id)
    move(row, ENROLMENT_VERBS, "book")
    return Appointment.objects.create(enrolment=row, slot=slot)


def _take_in_payment(actor: Actor, enrolment_id: int) -> None:
    found = Enrolment.objects.unscoped("asked before it is locked").filter(pk=enrolment_id)
    waiting = found.filter(state="co_pay_due", payment__state="succeeded").values_list(
        "payment_id", flat=True
    )
    if payment_id := waiting.first():
        note_co_pay(actor, payment_id=payment_id)


@action
def move_appointment(actor: Actor, *, enrolment_id: int, slot_id: int) -> Appointment:
    """Another date for a booking, by the plan's rule; the slot it had is free at once."""
    row = locked_enrolment(enrolment_id)
    require_theirs(actor, row)
    held = booked_appointment(row)
    require(held, errors.NOT_BOOKABLE, state=row.get_state_display())
    require(held.slot_id != slot_id, errors.SAME_SLOT)
    if refusal := rules.why_not_moved(row.plan, row, held.slot.day, clock.today()):
        raise refusal
    slot = _free_slot(row, slot_id, beside=held.slot_id)
    move(held, APPOINTMENT_VERBS, "reschedule", settled_at=clock.now())
    row.reschedules += 1
    row.save(update_fields=["reschedules", "updated_at"])
    return Appointment.objects.create(enrolment=row, slot=slot)


def _free_slot(row: Enrolment, slot_id: int, *, beside: int | None = None) -> Slot:
    """Locked, together with the one that is left, in order of id; its counter's CHECK says the same."""
    found = Slot.objects.unscoped("of the plan of a locked enrolment").filter(
        pk__in=[pk for pk in (slot_id, beside) if pk], plan_id=row.plan_id, store_id=row.package.store_id
    )
    locked = {slot.pk: slot for slot in found.order_by("pk").select_for_update(no_key=True)}
    slot = locked.get(slot_id)
    require(slot, NOT_FOUND)
    starts = datetime.combine(slot.day, slot.from_time, clock.CHINA)
    require(starts > clock.now(), errors.SLOT_OVER)
    require(slot.taken < slot.capacity, errors.SLOT_FULL)
    return slot


@action
def miss_appointment(actor: Actor, *, appointment_id: int) -> None:
    """Nobody came: another date as often as the plan allows; then the place goes back, once, and a rule decides of the money."""
    found = Appointment.objects.unscoped("its own verb").filter(pk=appointment_id)
    row = locked_place(found.values_list("enrolment_id", flat=True).get())
    held = booked_appointment(row)
    if held is None or held.pk != appointment_id or held.slot.day >= clock.today():
        return
    row.no_shows += 1
    row.save(update_fields=["no_shows", "updated_at"])
    if row.no_shows <= row.plan.no_show_rebooks and clock.today() <= row.plan.ends_on:
        move(held, APPOINTMENT_VERBS, "miss", settled_at=clock.now())
        move(row, ENROLMENT_VERBS, "excuse")
        say = _("%(day)s 没有到检。名额还在，请再约一个日期；再不去名额就收回了。") % {
            "day": cn_day(held.slot.day)
        }
        inform(actor, row, f"missed:{row.no_shows}", _("健康关爱：请再约一次"), say)
        return
    back = rules.no_show_refund_fen(row.plan, row.paid_fen)
    end_enrolment(actor, row, "miss", back_fen=back)
    say = _("%(day)s 没有到检，名额已收回。") % {"day": cn_day(held.slot.day)}
    inform(actor, row, "no_show", _("健康关爱：名额已收回"), say)
