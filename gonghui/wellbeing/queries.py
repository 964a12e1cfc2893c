"""Reads of this app: for the member, for the hospital's desk, for the union that runs the plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils.translation import gettext as _

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.members.models import Consent, Membership, Person, WorkerGroup
from gonghui.members.queries import is_in_transit
from gonghui.wellbeing import rules
from gonghui.wellbeing.models import Appointment, Enrolment, HealthPlan, Package, PlanPerson, Slot
from gonghui.wellbeing.models.enrolments import GONE
from gonghui.wellbeing.models.plans import PUBLIC_STATES
from gonghui.wellbeing.rules import Applicant

HIDDEN_BELOW = 10
"""Fewer people than this are not told from each other in a report."""
NEW_EMPLOYMENT = "new_employment"
Names = dict[str, str]


def group_names() -> Names:
    """Of new-employment groups, by code."""
    found = WorkerGroup.objects.filter(kind=NEW_EMPLOYMENT).order_by("id")
    return dict(found.values_list("code", "name"))


def named(groups: Iterable[str], names: Names) -> list[str]:
    return [names.get(code, code) for code in groups]


# --- the member ---------------------------------------------------------------------------------------------


def public_plans() -> QuerySet[HealthPlan]:
    found = HealthPlan.objects.unscoped("plans that were published")
    return found.filter(state__in=PUBLIC_STATES).select_related("union")


def plan_for(plan_id: int) -> HealthPlan:
    plan = public_plans().filter(pk=plan_id).first()
    require(plan, NOT_FOUND)
    return plan


def applicant(person_id: int | None, plan: HealthPlan) -> Applicant | None:
    """One query; None where nobody's identity is known."""
    live = Membership.objects.unscoped("the applicant's own").filter(
        person=OuterRef("pk"), status__in=Membership.LIVE
    )
    listed = PlanPerson.objects.unscoped("is the applicant on the list?").filter(
        plan=plan, person=OuterRef("pk")
    )
    standing = Enrolment.objects.unscoped("the applicant's own").filter(plan=plan, person=OuterRef("pk"))
    row = (
        Person.objects.unscoped("the applicant")
        .filter(pk=person_id)
        .annotate(
            path=Subquery(live.values("union__path")[:1]),
            listed=Exists(listed),
            transit=is_in_transit(),
            standing=Subquery(standing.exclude(state__in=GONE).values("state")[:1]),
        )
        .values("pk", "verification", "groups", "path", "listed", "transit", "standing")
        .first()
    )
    if row is None:
        return None
    return Applicant(
        person_id=row["pk"],
        is_verified=row["verification"] == "verified",
        union_path=row["path"] or "",
        groups=frozenset(row["groups"]),
        is_listed=row["listed"],
        state=row["standing"] or "",
        is_transit=row["transit"],
    )


@dataclass(frozen=True, slots=True)
class Offered:
    """A plan as one reader meets it: `refusal` says why not, None where they may apply."""

    plan: HealthPlan
    refusal: DomainError | None
    enrolment: Enrolment | None
    groups: list[str]
    cheapest: Package | None

    @property
    def may_say_group(self) -> bool:
        return bool(self.refusal) and self.refusal.code == "health_not_in_groups"


def offered(actor: Actor, plan: HealthPlan, names: Names) -> Offered:
    """To a stranger it says what the plan is and that one must sign in."""
    groups = named(plan.groups, names)
    own = own_enrolments(actor).filter(plan=plan).exclude(state__in=GONE).first()
    refusal = rules.why_not_now(plan, clock.now())
    if refusal is None:
        who = applicant(actor.person_id, plan) if actor.person_id else None
        refusal = rules.why_not_they(plan, who, groups)
        if who is None and actor.user_id:
            refusal = DomainError(rules.errors.NOT_VERIFIED)
    cheapest = plan.packages.order_by("co_pay_fen", "id").first()
    return Offered(plan, refusal, own, groups, cheapest)


def offered_plans(actor: Actor) -> list[Offered]:
    """Those under way first; plans that are over only while the reader takes part."""
    names = group_names()
    mine = set(own_enrolments(actor).values_list("plan_id", flat=True))
    shown = public_plans().filter(Q(state="open") | Q(pk__in=mine)).order_by("-opens_at", "-id")
    return [offered(actor, plan, names) for plan in shown[:50]]


def own_enrolments(actor: Actor) -> QuerySet[Enrolment]:
    found = Enrolment.objects.unscoped("the reader's own").select_related(
        "plan__union", "package__store__partner", "payment"
    )
    if actor.person_id is None:
        return found.none()
    return found.filter(person_id=actor.person_id).order_by("-id")


def own_enrolment(actor: Actor, enrolment_id: int) -> Enrolment:
    found = own_enrolments(actor).filter(pk=enrolment_id).first()
    require(found, NOT_FOUND)
    return found


def live_appointment(enrolment: Enrolment) -> Appointment | None:
    return (
        enrolment.appointments.filter(state__in=("booked", "attended"))
        .select_related("slot__store__partner")
        .first()
    )


def has_consented(actor: Actor) -> bool:
    return Consent.objects.visible_to(actor).filter(purpose="health", withdrawn_at=None).exists()


def place_in_line(enrolment: Enrolment) -> int:
    before = Enrolment.objects.unscoped("how many stand before the reader").filter(
        plan_id=enrolment.plan_id, state="eligible", position__lt=enrolment.position
    )
    return before.count() + 1


def free_days(enrolment: Enrolment) -> list[tuple[date, list[Slot]]]:
    """Days to come at the hospital of the package, with their slots; full ones are shown as full."""
    now = clock.now()
    slots = Slot.objects.unscoped("of the reader's own plan").filter(
        plan_id=enrolment.plan_id, store_id=enrolment.package.store_id, day__gte=now.date()
    )
    days: dict[date, list[Slot]] = {}
    for slot in slots.order_by("day", "from_time"):
        if slot.day > now.date() or slot.from_time > now.time():
            days.setdefault(slot.day, []).append(slot)
    return list(days.items())


# --- the hospital's desk ------------------------------------------------------------------------------------


def desk_day(actor: Actor, store_id: int, day: date) -> list[Appointment]:
    """Who is expected and who came, at one's own desk."""
    found = Appointment.objects.visible_to(actor).filter(
        slot__store_id=store_id, slot__day=day, state__in=("booked", "attended", "missed")
    )
    return list(
        found.select_related("slot", "enrolment__person", "enrolment__package").order_by(
            "slot__from_time", "id"
        )
    )


# --- the union ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlanFigures:
    """Of one plan, counted afresh. Money in fen, from the commitment's account and the enrolments."""

    quota: int
    taken: int
    due: int
    paid: int
    booked: int
    attended: int
    waiting: int
    to_check: int
    no_shows: int
    set_aside_fen: int
    subsidy_fen: int
    co_pay_fen: int

    @property
    def left(self) -> int:
        return self.quota - self.taken

    @property
    def arranged(self) -> int:
        return self.attended + self.booked

    @property
    def paid_up(self) -> int:
        return self.arranged + self.paid

    @property
    def unspent_fen(self) -> int:
        return self.set_aside_fen - self.subsidy_fen


def plan_figures(plan: HealthPlan) -> PlanFigures:
    rows = plan.enrolments.order_by()
    by_state = dict(rows.values_list("state").annotate(n=Count("pk")))
    done = rows.filter(state__in=("attended", "settled"))
    sums = done.aggregate(s=Sum("package__subsidy_fen"), c=Sum("package__co_pay_fen"))
    return PlanFigures(
        quota=plan.quota,
        taken=plan.taken,
        due=by_state.get("co_pay_due", 0),
        paid=by_state.get("co_pay_paid", 0),
        booked=by_state.get("booked", 0),
        attended=by_state.get("attended", 0) + by_state.get("settled", 0),
        waiting=by_state.get("eligible", 0),
        to_check=by_state.get("applied", 0),
        no_shows=by_state.get("no_show", 0),
        set_aside_fen=plan.commitment.amount_fen if plan.commitment else 0,
        subsidy_fen=sums["s"] or 0,
        co_pay_fen=sums["c"] or 0,
    )


@dataclass(frozen=True, slots=True)
class ReportRow:
    """None where fewer than ten people would be told from each other; then their money is hidden too."""

    title: str
    people: int | None
    list_fen: int | None
    co_pay_fen: int | None
    subsidy_fen: int | None
    concession_fen: int | None


def report_rows(plan: HealthPlan) -> list[ReportRow]:
    """Who was there, by hospital and package. A row that could be worked out from the total is hidden with the small one."""
    done = plan.enrolments.filter(state__in=("attended", "settled")).order_by()
    found = list(
        done.values("package__store__name", "package__title")
        .annotate(
            n=Count("pk"),
            listed=Sum("package__list_fen"),
            co_pay=Sum("package__co_pay_fen"),
            subsidy=Sum("package__subsidy_fen"),
            concession=Sum("package__concession_fen"),
        )
        .order_by("package__store__name", "package__title")
    )
    hidden = _hidden([row["n"] for row in found])
    rows = [
        _row(f"{row['package__store__name']} · {row['package__title']}", row, is_hidden)
        for row, is_hidden in zip(found, hidden, strict=True)
    ]
    total = {
        name: sum(row[name] for row in found) for name in ("n", "listed", "co_pay", "subsidy", "concession")
    }
    return [*rows, _row(_("合计"), total, total["n"] < HIDDEN_BELOW)]


def _hidden(counts: list[int]) -> list[bool]:
    """Small ones, and where only one is hidden the next smallest with it: the total would tell it."""
    hidden = [n < HIDDEN_BELOW for n in counts]
    if sum(hidden) == 1 and len(counts) > 1:
        nearest = min((n, at) for at, n in enumerate(counts) if not hidden[at])[1]
        hidden[nearest] = True
    return hidden


def _row(title: str, sums: dict, is_hidden: bool) -> ReportRow:
    if is_hidden:
        return ReportRow(title, None, None, None, None, None)
    return ReportRow(title, *(sums[name] for name in ("n", "listed", "co_pay", "subsidy", "concession")))


def slot_calendar(plan: HealthPlan, store_id: int, first: date, last: date) -> list[Slot]:
    return list(plan.slots.filter(store_id=store_id, day__range=(first, last)).order_by("day", "from_time"))
