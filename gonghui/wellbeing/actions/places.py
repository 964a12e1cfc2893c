"""Places: who gets one, who waits, who loses it and who comes next."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from gonghui.funds.rulebook import require_given
from gonghui.kit import clock, tokens
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import BAD_INPUT, SIGN_IN_FIRST, DomainError, require
from gonghui.kit.states import move
from gonghui.kit.templatetags.kit import cn_when
from gonghui.members.actions.consents import give_consent
from gonghui.wellbeing import errors, rules
from gonghui.wellbeing.actions.locking import inform, locked_place, locked_plan, require_theirs
from gonghui.wellbeing.actions.obeying import obey_rules
from gonghui.wellbeing.actions.paying import keep_and_refund, note_if_paid
from gonghui.wellbeing.models import Appointment, Enrolment, HealthPlan, Package
from gonghui.wellbeing.models.enrolments import APPOINTMENT_VERBS, ENROLMENT_VERBS, GONE
from gonghui.wellbeing.queries import applicant, group_names, has_consented, named, plan_for

CODE_TRIES = 5


@action
def apply_for_place(
    actor: Actor, *, plan_id: int, package_id: int, said_group: str = "", agrees: bool = False
) -> Enrolment:
    """A place at once while there is one, else in line. Who says their group themselves is looked at by somebody first."""
    require(actor.user_id, SIGN_IN_FIRST)
    plan = plan_for(plan_id)
    package = plan.packages.filter(pk=package_id).first()
    require(package, BAD_INPUT, detail=_("请选一个套餐"))
    said_group = _entitled(actor, plan, said_group)
    if agrees:
        give_consent(actor, purpose="health")
    require(has_consented(actor), errors.CONSENT_NEEDED)
    return _enter(actor, plan.pk, package, said_group)


def _entitled(actor: Actor, plan: HealthPlan, said_group: str) -> str:
    """The group that somebody has to look at; empty where what we know suffices."""
    names = group_names()
    who = applicant(actor.person_id, plan) if actor.person_id else None
    if who is None:
        raise rules.why_not_now(plan, clock.now()) or DomainError(errors.NOT_VERIFIED)
    refusal = rules.why_not_now(plan, clock.now()) or rules.why_not_they(plan, who, named(plan.groups, names))
    if refusal is None:
        return ""
    if refusal.reason is not errors.NOT_IN_GROUPS or not said_group:
        raise refusal
    require(said_group in plan.groups, errors.BAD_GROUP)
    return said_group


def _enter(actor: Actor, plan_id: int, package: Package, said_group: str) -> Enrolment:
    plan = locked_plan(plan_id)
    if refusal := rules.why_not_now(plan, clock.now()):
        raise refusal
    standing = plan.enrolments.filter(person_id=actor.person_id).exclude(state__in=GONE).first()
    if standing:
        raise DomainError(errors.ALREADY_IN, state=standing.get_state_display())
    require(not _is_full(plan), errors.PLAN_FULL)
    row = _written(plan, package, actor.person_id, said_group)
    if not said_group:
        line_up(plan, row)
        fill_places(actor, plan, silent_for=row.pk)
        row.refresh_from_db(from_queryset=Enrolment.objects.unscoped("just written"))
    return row


def _is_full(plan: HealthPlan) -> bool:
    if plan.taken < plan.quota:
        return False
    waiting = plan.enrolments.filter(state__in=("eligible", "applied")).count()
    return waiting >= plan.waitlist_max


def _written(plan: HealthPlan, package: Package, person_id: int, said_group: str) -> Enrolment:
    for tries_left in reversed(range(CODE_TRIES)):
        try:
            with transaction.atomic():
                return Enrolment.objects.create(
                    plan=plan,
                    package=package,
                    person_id=person_id,
                    key=uuid4(),
                    code=tokens.new_short_code(),
                    state=Enrolment.State.APPLIED,
                    said_group=said_group,
                )
        except IntegrityError as error:
            if not tries_left or "code" not in str(error):
                raise
    raise AssertionError("unreachable: the last try returns or raises")


def line_up(plan: HealthPlan, row: Enrolment) -> None:
    """At the end of the line; the plan is locked."""
    move(row, ENROLMENT_VERBS, "accept", position=plan.next_position)
    plan.next_position += 1
    plan.save(update_fields=["next_position", "updated_at"])


def fill_places(
    actor: Actor, plan: HealthPlan, *, silent_for: int | None = None, back: Enrolment | None = None
) -> list[Enrolment]:
    """Free places to those who wait, in their order, as the spending rules allow; `back` is who gave theirs up. The plan is
    locked; whoever applies just now (`silent_for`) sees it themselves, a refusal too."""
    found = _next_in_line(plan)
    refused = obey_rules(plan, found, back=back)
    pay_by = clock.now() + timedelta(hours=plan.pay_within_hours)
    given = [row for row in found if row.pk not in refused]
    for row in given:
        move(row, ENROLMENT_VERBS, "grant", pay_by=pay_by)
        if row.pk != silent_for:
            say = _("您有名额了，请在 %(until)s 前付清自付部分，逾期名额让给后面的人。") % {
                "until": cn_when(pay_by)
            }
            inform(actor, row, "place", _("健康关爱：轮到您了"), say)
    if silent_for in refused:
        require_given([refused[silent_for]])
    for row in found:
        if row.pk in refused:
            _turn_away(actor, row, refused[row.pk].reason)
    return given + (fill_places(actor, plan) if refused else [])


def _next_in_line(plan: HealthPlan) -> list[Enrolment]:
    plan.refresh_from_db(fields=["taken"], from_queryset=HealthPlan.objects.unscoped("locked by the caller"))
    if plan.state != HealthPlan.State.OPEN or clock.today() > plan.ends_on:
        return []
    waiting = plan.enrolments.filter(state="eligible").order_by("position").select_related("plan", "package")
    return list(waiting[: plan.quota - plan.taken])


def _turn_away(actor: Actor, row: Enrolment, reason: str) -> None:
    move(row, ENROLMENT_VERBS, "cancel", reason=reason[:200])
    inform(actor, row, "rule", _("健康关爱：这次不能补贴"), reason)


# --- those somebody has to look at --------------------------------------------------------------------------


@action
def accept_enrolment(actor: Actor, *, enrolment_id: int) -> Enrolment:
    row = locked_place(enrolment_id)
    require(actor.may("health.write", row.plan.union.path))
    line_up(row.plan, row)
    inform(actor, row, "accepted", _("健康关爱：资格已核对"), _("您可以参加；轮到名额时会再发消息。"))
    fill_places(actor, row.plan)
    return row


@action
def reject_enrolment(actor: Actor, *, enrolment_id: int, reason: str) -> Enrolment:
    row = locked_place(enrolment_id)
    require(actor.may("health.write", row.plan.union.path))
    move(row, ENROLMENT_VERBS, "reject", reason=reason)
    inform(actor, row, "rejected", _("健康关爱：没有通过核对"), reason)
    return row


# --- those who give theirs back -----------------------------------------------------------------------------


@action
def cancel_enrolment(actor: Actor, *, enrolment_id: int, reason: str = "") -> Enrolment:
    """By the member, by the plan's rule; by the union that runs it, always with everything back."""
    row = locked_place(enrolment_id)
    require_theirs(actor, row)
    require(row.state in ENROLMENT_VERBS["cancel"], errors.NOT_CANCELLABLE, state=row.get_state_display())
    note_if_paid(actor, row, gives_up=True)
    is_own = actor.person_id is not None and row.person_id == actor.person_id
    back = rules.refund_fen(row.plan, row.paid_fen, days_left(row)) if is_own else row.paid_fen
    return end_enrolment(actor, row, "cancel", back_fen=back, reason=reason)


def days_left(row: Enrolment) -> int | None:
    appointment = booked_appointment(row)
    return (appointment.slot.day - clock.today()).days if appointment else None


def booked_appointment(row: Enrolment) -> Appointment | None:
    return row.appointments.filter(state="booked").select_related("slot__store").first()


def end_enrolment(actor: Actor, row: Enrolment, verb: str, *, back_fen: int, reason: str = "") -> Enrolment:
    """`cancel` or `miss`: the place goes to the next, money back as the rule says. The plan and the row are locked."""
    appointment = booked_appointment(row)
    if appointment:
        move(appointment, APPOINTMENT_VERBS, verb, settled_at=clock.now())
    had_place = row.holds_place
    move(row, ENROLMENT_VERBS, verb, refunded_fen=back_fen, reason=reason, pay_by=None)
    # The tallies of the rulebook first, then accounts: so a till takes them.
    fill_places(actor, row.plan, back=row if had_place else None)
    keep_and_refund(actor, row, back_fen)
    return row


@action
def lapse_enrolment(actor: Actor, *, enrolment_id: int) -> Enrolment:
    """Not paid in time: the place goes to the next. What was paid at the last moment counts."""
    row = locked_place(enrolment_id)
    now = clock.now()
    if row.state != Enrolment.State.CO_PAY_DUE or row.pay_by > now:
        return row
    payment = row.payment
    if payment and payment.state in ("created", "paying") and payment.expires_at > now:
        return row
    note_if_paid(actor, row, gives_up=True)
    if row.state == Enrolment.State.CO_PAY_DUE:
        move(row, ENROLMENT_VERBS, "lapse")
        inform(
            actor, row, "lapsed", _("健康关爱：付款时限已过"), _("名额让给了后面的人。还想参加请重新报名。")
        )
        fill_places(actor, row.plan, back=row)
    return row
