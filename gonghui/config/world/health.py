"""健康关爱 of the demo: two hospitals, one open plan of 2,000 places with people at every step, one that waits for its review."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

from django.utils.translation import gettext as _

from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.config.world.budgets import Money, give, plan_of_year
from gonghui.config.world.partners import add_clerk
from gonghui.config.world.tree import Tree
from gonghui.funds.models import Budget
from gonghui.kit import clock, tokens
from gonghui.kit.actors import Actor
from gonghui.members.models import Person
from gonghui.orgs.models import Union
from gonghui.partners.models import Agreement, Partner, Store
from gonghui.payments.actions.payments import note_result
from gonghui.payments.ports.wechat import TradeFact
from gonghui.wellbeing.actions import booking, desk, paying, places, plans
from gonghui.wellbeing.actions.plans import SlotPlan
from gonghui.wellbeing.models import Enrolment, HealthPlan, Package, Slot

NURSE_PHONE = "19899990004"
QUOTA, PEOPLE = 2_000, 36
GROUPS = ["food_rider", "ride_driver", "truck_driver", "courier"]
HOSPITALS = (
    ("市职业病防治院", "新港西路 120 号", (23.0967, 113.2903)),
    ("天河社区卫生服务中心", "黄埔大道 260 号", (23.1245, 113.3366)),
)
# (title, list price, co-pay, subsidy, concession) in yuan
PACKAGES = (("基础体检", 465, 100, 335, 30), ("深度体检（加心脏彩超）", 545, 150, 355, 40))
HOURS = ((dt.time(8), dt.time(9)), (dt.time(9), dt.time(10)), (dt.time(10), dt.time(11)))
# How far each of the demo's people got: the first so many were there, and so on.
CAME, BOOKED, PAID, DUE = 14, 24, 28, 32


def build_health(tree: Tree, staff: dict[str, User], money: Money) -> HealthPlan:
    """Written by the city's administrator, reviewed by the province's; paid from a budget of the city's own."""
    city = tree.by_code["4401"]
    writer, reviewer = actor_of(staff["guangzhou"]), actor_of(staff["province"])
    hospitals = [_hospital(city, *one) for one in HOSPITALS]
    nurse = add_clerk(NURSE_PHONE, _("职业病防治院 林护士"), hospitals)
    wanted = plan_of_year(city, _("新就业形态健康关爱"), "care", 1_600_000)
    budget = give(money, wanted, parent=money.city)
    plan = _plan(city, budget, staff["guangzhou"], _("新就业形态劳动者健康关爱计划"), QUOTA)
    _packages(plan, hospitals)
    plans.review_plan(reviewer, healthplan_id=plan.pk)
    plan = plans.open_plan(writer, healthplan_id=plan.pk)
    _slots(writer, plan, hospitals)
    _people(plan, actor_of(nurse))
    _packages(_plan(city, budget, staff["guangzhou"], _("环卫和货运司机专场体检"), 300), hospitals[:1])
    return plan


def _hospital(city: Union, name: str, address: str, at: tuple[float, float]) -> Store:
    partner = Partner.objects.create(union=city, name=_(name), kind="health", since=dt.date(2021, 3, 1))
    Agreement.objects.create(
        partner=partner,
        union=city,
        concession=_("体检套餐协议价。"),
        starts_on=partner.since,
        state="effective",
    )
    latitude, longitude = at
    return Store.objects.create(
        partner=partner, name=_(name), address=_(address), latitude=latitude, longitude=longitude
    )


def _plan(city: Union, budget: Budget, maker: User, title: str, quota: int) -> HealthPlan:
    now, today = clock.now(), clock.today()
    return HealthPlan.objects.create(
        union=city, title=title, quota=quota, budget=budget, maker=maker, groups=GROUPS,
        about=_("花一百元或一百五十元，做一次全面体检。空腹前往，带好身份证。"),
        opens_at=now - dt.timedelta(days=1), closes_at=now + dt.timedelta(days=40), starts_on=today,
        ends_on=today + dt.timedelta(days=60),
    )  # fmt: skip


def _packages(plan: HealthPlan, hospitals: list[Store]) -> None:
    for store in hospitals:
        for title, *yuan in PACKAGES:
            listed, co_pay, subsidy, concession = (part * 100 for part in yuan)
            Package.objects.create(
                plan=plan, store=store, title=_(title), list_fen=listed, co_pay_fen=co_pay, subsidy_fen=subsidy,
                concession_fen=concession, includes=_("内科、外科、血常规、肝肾功能、心电图、胸片。"),
            )  # fmt: skip


def _slots(writer: Actor, plan: HealthPlan, hospitals: list[Store]) -> None:
    week = frozenset(range(1, 8))
    for store in hospitals:
        wanted = SlotPlan(store.pk, plan.starts_on, plan.starts_on + dt.timedelta(days=20), week, HOURS, 20)
        plans.add_slots(writer, healthplan_id=plan.pk, slots=wanted)


def _people(plan: HealthPlan, nurse: Actor) -> None:
    """Those who came did so today, whatever the hour: the demo has no yesterday."""
    riders = Person.objects.unscoped("demo world").filter(
        memberships__union__path__startswith=plan.union.path, groups__overlap=GROUPS, verification="verified"
    )
    package = plan.packages.order_by("id")[0]
    today = Slot.objects.create(
        plan=plan, store=package.store, day=clock.today(), from_time=dt.time(23, 59), to_time=dt.time(23, 59, 59),
        capacity=CAME,
    )  # fmt: skip
    later = list(
        plan.slots.filter(store=package.store, day__gt=clock.today()).order_by("day", "from_time")[:12]
    )
    people = list(riders.order_by("id").distinct()[:PEOPLE])
    for nth, person in enumerate(people):
        n = nth * PEOPLE // len(people)
        row = _enrolled(plan, package, person)
        if n >= DUE:
            continue
        places.line_up(plan, row)
        places.fill_places(Actor.system("demo world"), plan)
        if n < PAID:
            _pay(row)
        if n < BOOKED:
            slot = today if n < CAME else later[n % len(later)]
            booking.book_slot(Actor.system("demo world"), enrolment_id=row.pk, slot_id=slot.pk)
        if n < CAME:
            desk.attend(nurse, text=row.code, store_id=package.store_id)


def _enrolled(plan: HealthPlan, package: Package, person: Person) -> Enrolment:
    return Enrolment.objects.create(
        plan=plan, package=package, person=person, key=uuid4(), code=tokens.new_short_code(),
        state=Enrolment.State.APPLIED, said_group=person.groups[0],
    )  # fmt: skip


def _pay(row: Enrolment) -> None:
    """As the provider's news would say it."""
    builder = Actor.system("demo world")
    payment = paying.start_co_pay(builder, enrolment_id=row.pk)
    number = f"demo{payment.out_trade_no[:24]}"
    fact = TradeFact(payment.out_trade_no, "paid", payment.amount_fen, number, clock.now())
    note_result(builder, fact=fact)
    paying.note_co_pay(builder, payment_id=payment.pk)
