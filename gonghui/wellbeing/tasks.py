"""Jobs of this app: places not paid for, dates nobody came to, plans that are over."""

from __future__ import annotations

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.jobs import periodic, sweep
from gonghui.wellbeing import reactions  # noqa: F401  registers them
from gonghui.wellbeing.actions import booking, desk, places, plans
from gonghui.wellbeing.models import Appointment, Enrolment, HealthPlan

TIMER = Actor.system("timetable of health plans")
WHY = "its own job"
AT_ONCE = 500


@periodic("* * * * *")
def free_unpaid_places(timestamp: int) -> None:
    due = Enrolment.objects.unscoped(WHY).filter(state="co_pay_due", pay_by__lte=clock.now())
    with sweep() as each:
        for pk in due.order_by("pay_by").values_list("pk", flat=True)[:AT_ONCE]:
            each(places.lapse_enrolment, TIMER, enrolment_id=pk)


@periodic("11 * * * *")
def note_no_shows(timestamp: int) -> None:
    missed = Appointment.objects.unscoped(WHY).filter(state="booked", slot__day__lt=clock.today())
    with sweep() as each:
        for pk in missed.order_by("id").values_list("pk", flat=True)[:AT_ONCE]:
            each(booking.miss_appointment, TIMER, appointment_id=pk)


@periodic("37 18 * * *")
def finish_plans(timestamp: int) -> None:
    """02:37 in China, every night."""
    over = HealthPlan.objects.unscoped(WHY).filter(state__in=("open", "closed"), ends_on__lt=clock.today())
    with sweep() as each:
        for pk in over.order_by("id").values_list("pk", flat=True):
            each(plans.finish_plan, TIMER, plan_id=pk)


@periodic("*/10 * * * *")
def follow_settlement(timestamp: int) -> None:
    """What settlement paid the hospitals."""
    with sweep() as each:
        for pk in desk.paid_out().order_by("id").values_list("pk", flat=True)[:AT_ONCE]:
            each(desk.settle_enrolment, TIMER, enrolment_id=pk)
