"""A plan's verbs: reviewed by a second person with all its money set aside, opened, closed, swept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from django.db.models import Max
from django.utils.translation import gettext as _

from gonghui.funds.actions.commitments import release_commitment, reserve
from gonghui.funds.actions.decisions import Road
from gonghui.funds.actions.quorum import FEW, Question, agree, note_effect, withdraw
from gonghui.funds.models import Decision, Matter
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import require
from gonghui.kit.states import move, target
from gonghui.members.queries import with_id
from gonghui.partners.interests import refuse_own_merchant
from gonghui.wellbeing import errors, rules
from gonghui.wellbeing.actions.locking import inform, locked_place, locked_plan
from gonghui.wellbeing.actions.obeying import require_within_caps
from gonghui.wellbeing.actions.places import end_enrolment, lapse_enrolment
from gonghui.wellbeing.models import HealthPlan, PlanPerson, Slot
from gonghui.wellbeing.models.enrolments import UNDER_WAY
from gonghui.wellbeing.models.plans import PLAN_VERBS

RUNNING_LEVELS = ("province", "city")
SLOTS_AT_ONCE_MAX = 5_000


@action
def review_plan(actor: Actor, *, healthplan_id: int) -> HealthPlan:
    """By somebody else than its maker. The subsidy of every place is set aside here, at the dearest package's."""
    plan = locked_plan(healthplan_id)
    require(actor.may("health.review", plan.union.path))
    target(plan, PLAN_VERBS, "review")
    require(plan.maker_id != actor.user_id, errors.OWN_PLAN)
    refuse_own_merchant(actor, plan.packages.values_list("store__partner_id", flat=True))
    require_whole(plan)
    if agree(actor, _question_of(plan)):
        _review(actor, plan, checker_id=actor.user_id)
    return plan


def worth_of(plan: HealthPlan) -> int:
    """Every place at the dearest package's subsidy, in fen."""
    most = plan.packages.aggregate(most=Max("subsidy_fen"))["most"] or 0
    return plan.quota * max(most, 1)


def _question_of(plan: HealthPlan) -> Question:
    """Titles are typed and may name persons, so they are not published."""
    is_of_few = plan.quota < FEW
    said = _("健康关爱计划") if is_of_few else _("健康关爱计划：{n} 个名额").format(n=f"{plan.quota:,}")
    return Question(Matter.PLAN, plan.pk, plan.title, said, plan.union, worth_of(plan), not is_of_few)


def _review(actor: Actor, plan: HealthPlan, *, checker_id: int) -> None:
    plan.reserved_times += 1
    made = reserve(actor, budget_id=plan.budget_id, amount_fen=worth_of(plan), purpose=plan.purpose)
    plan.commitment = made
    move(
        plan, PLAN_VERBS, "review", checker_id=checker_id, commitment_id=made.pk, reserved_times=plan.reserved_times
    )  # fmt: skip
    note_effect(Matter.PLAN, plan.pk)


def _effect_plan(actor: Actor, decision: Decision) -> None:
    plan = locked_plan(decision.subject)
    target(plan, PLAN_VERBS, "review")
    require_whole(plan)
    _review(actor, plan, checker_id=decision.decided_by_id)


def _stay(_actor: Actor, _decision: Decision) -> None:
    """It is a draft still: changed, or agreed to anew, where it is."""


PLAN_ROAD = Road(locked_plan, _effect_plan, _stay)


def take_back_yeses(plan: HealthPlan) -> None:
    """A draft that was changed is not the one they agreed to."""
    withdraw(Matter.PLAN, plan.pk, _("内容改过了"))


def require_whole(plan: HealthPlan) -> None:
    require(plan.union.kind in RUNNING_LEVELS, errors.UNION_LEVEL)
    require(plan.budget.union_id == plan.union_id, errors.FOREIGN_BUDGET, budget=plan.budget.name)
    packages = list(plan.packages.select_related("store__partner__union"))
    for package in packages:
        path = package.store.partner.union.path
        require(plan.union.path.startswith(path), errors.FOREIGN_HOSPITAL, store=package.store.name)
    faults = rules.plan_faults(plan, packages, plan.listed.exists())
    require(not faults, errors.PLAN_INCOMPLETE, what="".join(faults))
    require_within_caps(plan, packages)


@action
def send_back_plan(actor: Actor, *, healthplan_id: int, reason: str) -> HealthPlan:
    """A draft again; its money goes back."""
    actor = actor.because(reason)
    plan = locked_plan(healthplan_id)
    require(actor.may("health.review", plan.union.path))
    target(plan, PLAN_VERBS, "send_back")
    release_commitment(actor, purpose=plan.commitment.purpose)
    move(plan, PLAN_VERBS, "send_back", checker_id=None, commitment_id=None)
    take_back_yeses(plan)
    return plan


@action
def open_plan(actor: Actor, *, healthplan_id: int) -> HealthPlan:
    """Shown to members; applications follow the clock."""
    plan = locked_plan(healthplan_id)
    require(actor.may("health.write", plan.union.path))
    move(plan, PLAN_VERBS, "open")
    return plan


@action
def close_plan(actor: Actor, *, healthplan_id: int, reason: str) -> HealthPlan:
    """Nobody new; who has a place keeps it. Those who wait are told."""
    actor = actor.because(reason)
    plan = locked_plan(healthplan_id)
    require(actor.may("health.write", plan.union.path))
    move(plan, PLAN_VERBS, "close")
    for row in plan.enrolments.filter(state__in=("applied", "eligible")).order_by("id"):
        row.plan = plan
        end_enrolment(actor, row, "cancel", back_fen=0, reason=reason)
        inform(actor, row, "closed", _("健康关爱：计划已结束"), _("这一期没有轮到您，请留意下一期。"))
    return plan


def finish_plan(actor: Actor, *, plan_id: int) -> None:
    """After the last day: what is open ends with everything back, and what was not used goes home. Again is harmless."""
    plan = HealthPlan.objects.unscoped("its own job").get(pk=plan_id)
    if plan.state == HealthPlan.State.OPEN:
        close_plan(actor, healthplan_id=plan.pk, reason=_("计划到期"))
    for pk in plan.enrolments.filter(state="co_pay_due").values_list("pk", flat=True):
        lapse_enrolment(actor, enrolment_id=pk)
    for pk in plan.enrolments.filter(state="co_pay_paid").values_list("pk", flat=True):
        give_back_unused(actor, enrolment_id=pk)
    release_rest(actor, plan_id=plan.pk)


@action
def give_back_unused(actor: Actor, *, enrolment_id: int) -> None:
    row = locked_place(enrolment_id)
    if row.state == "co_pay_paid":
        end_enrolment(actor, row, "cancel", back_fen=row.paid_fen, reason=_("计划到期"))
        inform(actor, row, "over", _("健康关爱：计划已结束"), _("您没有约到日期，自付部分全额原路退回。"))


@action
def release_rest(actor: Actor, *, plan_id: int) -> int:
    plan = locked_plan(plan_id)
    if plan.commitment is None or plan.enrolments.filter(state__in=UNDER_WAY).exists():
        return 0
    return release_commitment(actor, purpose=plan.commitment.purpose)


# --- the plan's own list and the hospital's days ------------------------------------------------------------


@action
def list_people(actor: Actor, *, healthplan_id: int, id_numbers: Sequence[str]) -> int:
    """All of them or none; whole resident ID numbers only, so that nobody is picked from a list. Returns how many are new."""
    plan = locked_plan(healthplan_id)
    require(actor.may("health.write", plan.union.path))
    require(plan.state == HealthPlan.State.DRAFT, errors.PLAN_INCOMPLETE, what=_("名单只能在草稿里改。"))
    people = [with_id("resident_id", number).values_list("pk", flat=True).first() for number in id_numbers]
    missing = [line for line, pk in enumerate(people, 1) if pk is None]
    require(not missing, errors.UNKNOWN_PEOPLE, count=len(missing), line=missing[0] if missing else 0)
    before = plan.listed.count()
    rows = [PlanPerson(plan=plan, person_id=pk) for pk in people]
    PlanPerson.objects.bulk_create(rows, ignore_conflicts=True)
    take_back_yeses(plan)
    return plan.listed.count() - before


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """Which weekdays (1 Monday … 7) from `first` to `last`, from when to when, for how many each time."""

    store_id: int
    first: date
    last: date
    weekdays: frozenset[int]
    hours: tuple[tuple[time, time], ...]
    capacity: int

    def days(self) -> list[date]:
        span = range((self.last - self.first).days + 1)
        found = (self.first + timedelta(days=n) for n in span)
        return [day for day in found if day.isoweekday() in self.weekdays]


@action
def add_slots(actor: Actor, *, healthplan_id: int, slots: SlotPlan) -> int:
    """What is there already stays as it is. Returns how many are new."""
    plan = locked_plan(healthplan_id)
    require(actor.may("health.write", plan.union.path))
    require(plan.state != HealthPlan.State.CLOSED, errors.ENROLMENT_OVER)
    has_package = plan.packages.filter(store_id=slots.store_id).exists()
    require(has_package, errors.PLAN_INCOMPLETE, what=_("这家机构在计划里没有套餐。"))
    days = [day for day in slots.days() if max(plan.starts_on, clock.today()) <= day <= plan.ends_on]
    require(days and slots.hours, errors.NO_DAYS)
    require(len(days) * len(slots.hours) <= SLOTS_AT_ONCE_MAX, errors.NO_DAYS)
    before = plan.slots.count()
    rows = [
        Slot(
            plan=plan, store_id=slots.store_id, day=day, from_time=start, to_time=end, capacity=slots.capacity
        )
        for day in days
        for start, end in slots.hours
    ]
    Slot.objects.bulk_create(rows, ignore_conflicts=True)
    return plan.slots.count() - before


@action
def change_slot(actor: Actor, *, slot_id: int, capacity: int) -> Slot:
    """More or fewer at a time, never fewer than are booked."""
    slot = (
        Slot.objects.unscoped("its own verb")
        .select_for_update(of=("self",))
        .select_related("plan__union")
        .get(pk=slot_id)
    )
    require(actor.may("health.write", slot.plan.union.path))
    require(
        capacity >= slot.taken,
        errors.PLAN_INCOMPLETE,
        what=_("已经约了 %d 人，不能少于这个数。") % slot.taken,
    )
    slot.capacity = capacity
    slot.save(update_fields=["capacity", "updated_at"])
    return slot
