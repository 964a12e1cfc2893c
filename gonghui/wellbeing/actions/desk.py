"""The hospital's desk: somebody was there. That is all that is written down, and what is owed for it."""

from __future__ import annotations

from django.db.models import QuerySet

from gonghui.kit import clock, tokens
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError, require
from gonghui.kit.states import move
from gonghui.kit.templatetags.kit import cn_day, cn_when
from gonghui.wellbeing import errors
from gonghui.wellbeing.actions.locking import locked_enrolment
from gonghui.wellbeing.billing import write_health_bill
from gonghui.wellbeing.models import Appointment, Enrolment
from gonghui.wellbeing.models.enrolments import APPOINTMENT_VERBS, ENROLMENT_VERBS

PAID_STATES = ("paid", "closed")
"""Of a settlement's statement."""


def qr_secret(code: str) -> bytes:
    """Of a place; a voucher with the same letters has another."""
    return tokens.voucher_secret(f"health:{code}")


def read_code(text: str) -> str:
    """Scanned or typed; refuses a screenshot, a forgery and anything that is no code of ours."""
    if text.strip().startswith(tokens.QR_PREFIX + "."):
        found = tokens.parse_qr(text)
        require(found, errors.NO_CODE)
        verdict = tokens.check_qr(text, qr_secret(found.code))
        require(verdict != tokens.QrVerdict.FORGED, errors.NO_CODE)
        require(verdict != tokens.QrVerdict.STALE, errors.STALE_CODE)
        return found.code
    code = tokens.normalise_short_code(text)
    require(code, errors.NO_CODE)
    return code


def appointment_at_desk(actor: Actor, *, text: str, store_id: int) -> Appointment:
    """Of this very hospital and of today; the clerk learns of no other."""
    require(store_id in actor.owns("store"), errors.NOT_A_CLERK)
    code = read_code(text)
    found = Appointment.objects.visible_to(actor).select_related(
        "slot__store", "enrolment__person", "enrolment__package", "enrolment__plan"
    )
    found = found.filter(enrolment__code=code, slot__store_id=store_id, state__in=("booked", "attended"))
    appointment = found.first()
    require(appointment, errors.UNKNOWN_CODE)
    if appointment.state == Appointment.State.ATTENDED:
        raise DomainError(errors.ATTENDED_BEFORE, at=cn_when(appointment.settled_at))
    require(appointment.slot.day == clock.today(), errors.ANOTHER_DAY, day=cn_day(appointment.slot.day))
    return appointment


@action
def attend(actor: Actor, *, text: str, store_id: int) -> Appointment:
    """到检, once, with the one bill that pays the hospital. A second tap hears when the first one was."""
    seen = appointment_at_desk(actor, text=text, store_id=store_id)
    row = locked_enrolment(seen.enrolment_id)
    appointment = appointment_at_desk(actor, text=text, store_id=store_id)
    now = clock.now()
    bill = write_health_bill(actor, row, store=appointment.slot.store, at=now)
    move(appointment, APPOINTMENT_VERBS, "attend", clerk_id=actor.user_id, settled_at=now)
    move(row, ENROLMENT_VERBS, "attend", attended_at=now, bill_id=bill.pk)
    appointment.enrolment = row
    return appointment


@action
def settle_enrolment(actor: Actor, *, enrolment_id: int) -> None:
    """The hospital has been paid: the statement with the enrolment's bill is. Before that, and again, nothing moves."""
    row = locked_enrolment(enrolment_id)
    if row.state == Enrolment.State.ATTENDED and paid_out().filter(pk=row.pk).exists():
        move(row, ENROLMENT_VERBS, "settle")


def paid_out() -> QuerySet[Enrolment]:
    """Those who were there and whose bill is on a statement that was paid."""
    found = Enrolment.objects.unscoped("its own job").filter(state=Enrolment.State.ATTENDED)
    return found.filter(bill__statement_line__statement__state__in=PAID_STATES)
