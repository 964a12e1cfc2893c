"""A plan for tests: 东江's own, at a hospital with its clerk, paid from the city's budget of 40,000 yuan.

Mei is a rider here, so are the people of `riders`. Written by city_admin, reviewed by health_reviewer, run by health_officer.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from gonghui.accounts.models import User
from gonghui.funds.tests.stage import MoneyStage, build_money, new_staff
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.tests.stages import kept
from gonghui.members.models import Membership, Person
from gonghui.partners.models import Clerk, Partner, Store
from gonghui.partners.tests.stage import standing_agreement
from gonghui.payments import collecting
from gonghui.payments.models import Payment
from gonghui.payments.tests.figures import identified
from gonghui.wellbeing.actions import booking, paying, places, plans
from gonghui.wellbeing.actions.desk import qr_secret
from gonghui.wellbeing.actions.plans import SlotPlan
from gonghui.wellbeing.models import Enrolment, HealthPlan, Package, Slot

MORNING = ((dt.time(8), dt.time(9)), (dt.time(9), dt.time(10)))
EVERY_DAY = frozenset(range(1, 8))
SYSTEM = Actor.system("test")


@dataclass
class HealthStage:
    cast: object
    money: MoneyStage
    store: Store
    plan: HealthPlan
    package: Package

    def now(self) -> HealthPlan:
        return HealthPlan.objects.unscoped("test").select_related("commitment").get(pk=self.plan.pk)

    def actor(self, who: str) -> Actor:
        return self.cast.actor(who)


def build_hospital(cast, union: str = "city", name: str = "东江市人民医院体检中心") -> Store:
    partner = Partner.objects.create(
        union=cast.unions[union], name=name, kind="health", since=dt.date(2020, 1, 1)
    )
    account = f"{name}\n东江农商行江口支行\n6228480402564890018"
    standing_agreement(partner, payout_account=account, payout_shown=f"{name} 东江农商行江口支行 尾号 0018")
    return Store.objects.create(partner=partner, name=name, address="健康路 8 号")


@kept
def build_health(
    cast, *, quota: int = 3, opened: bool = True, money: MoneyStage | None = None, **facts
) -> HealthStage:
    money = money or build_money(cast)
    for name in ("health_reviewer", "health_writer"):
        new_staff(cast, name, "org_admin", "city")
    new_staff(cast, "health_officer", "health_officer", "city")
    store = build_hospital(cast)
    cast.users["nurse"] = User.objects.create(phone="13800000031", display_name="体检护士")
    Clerk.objects.create(user=cast.users["nurse"], store=store)
    make_rider(cast.people["mei"])
    plan = draft_plan(cast, money, quota=quota, **facts)
    package = add_package(plan, store)
    stage = HealthStage(cast, money, store, plan, package)
    if opened:
        open_reviewed(stage)
    return stage


def make_rider(person: Person) -> None:
    person.groups = ["food_rider"]
    person.save()


def draft_plan(cast, money: MoneyStage, union: str = "city", **facts) -> HealthPlan:
    now = clock.now()
    known = {
        "title": "新就业形态劳动者健康关爱计划",
        "about": "花一百元做一次全面体检。",
        "quota": 5,
        "groups": ["food_rider", "ride_driver"],
        "opens_at": now - dt.timedelta(hours=1),
        "closes_at": now + dt.timedelta(days=20),
        "starts_on": now.date(),
        "ends_on": now.date() + dt.timedelta(days=60),
        "budget": money.city,
        "maker": cast.users["city_admin"],
        "union": cast.unions[union],
    }
    return HealthPlan.objects.create(**(known | facts))


def add_package(plan: HealthPlan, store: Store, **facts) -> Package:
    known = {
        "title": "基础体检",
        "list_fen": 46_500,
        "co_pay_fen": 10_000,
        "subsidy_fen": 33_500,
        "concession_fen": 3_000,
    }
    return Package.objects.create(plan=plan, store=store, **(known | facts))


def open_reviewed(stage: HealthStage) -> None:
    plans.review_plan(stage.actor("health_reviewer"), healthplan_id=stage.plan.pk)
    plans.open_plan(stage.actor("city_admin"), healthplan_id=stage.plan.pk)
    stage.plan = stage.now()


def resident_id(n: int) -> str:
    """With a valid check digit, of nobody in particular; eight hundred a day."""
    day = dt.date(1992, 5, 20) + dt.timedelta(days=n // 800)
    body = f"440101{day:%Y%m%d}{n % 800 + 100:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, weights, strict=True)) % 11]


def riders(stage: HealthStage, count: int) -> list[Actor]:
    """Verified riders of the factory's union, each with an account."""
    users = User.objects.bulk_create(
        User(phone=f"1399{n:07}", display_name=f"骑手{n:04}") for n in range(count)
    )
    people = Person.objects.bulk_create(
        Person(
            name=f"骑手{n:04}", user=user, groups=["food_rider"], id_no=resident_id(n), verification="verified",
            verified_at=clock.now(), verified_by="roster",
        )
        for n, user in enumerate(users)
    )  # fmt: skip
    union = stage.cast.unions["factory"]
    Membership.objects.bulk_create(Membership(person=person, union=union) for person in people)
    return [
        Actor(user_id=user.pk, keys={"person": frozenset({person.pk}), "user": frozenset({user.pk})})
        for user, person in zip(users, people, strict=True)
    ]


def applied(stage: HealthStage, actor: Actor) -> Enrolment:
    return places.apply_for_place(actor, plan_id=stage.plan.pk, package_id=stage.package.pk, agrees=True)


def pay(wechat, actor: Actor, row: Enrolment) -> Payment:
    """At the provider; its news reaches us when the test says so."""
    payment = paying.start_co_pay(actor, enrolment_id=row.pk)
    identified(payment.person_id)
    collecting.start_payment(actor, payment_id=payment.pk)
    wechat.pay(payment.out_trade_no)
    return payment


def paid(wechat, stage: HealthStage, actor: Actor, row: Enrolment | None = None) -> Enrolment:
    row = row or applied(stage, actor)
    payment = pay(wechat, actor, row)
    collecting.ask_result(SYSTEM, payment)
    paying.note_co_pay(SYSTEM, payment_id=payment.pk)
    return again(row)


def slots(stage: HealthStage, *, days: int = 5, capacity: int = 2, first: int = 0) -> list[Slot]:
    start = clock.today() + dt.timedelta(days=first)
    made = SlotPlan(stage.store.pk, start, start + dt.timedelta(days=days), EVERY_DAY, MORNING, capacity)
    plans.add_slots(stage.actor("city_admin"), healthplan_id=stage.plan.pk, slots=made)
    return list(Slot.objects.unscoped("test").filter(plan=stage.plan).order_by("day", "from_time"))


def slot_in(stage: HealthStage, days: int, *, capacity: int = 2, hour: int = 23, minute: int = 58) -> Slot:
    """One so many days from now, late in the day."""
    return Slot.objects.create(
        plan=stage.plan, store=stage.store, day=clock.today() + dt.timedelta(days=days),
        from_time=dt.time(hour, minute), to_time=dt.time(hour, minute + 1), capacity=capacity,
    )  # fmt: skip


def booked(wechat, stage: HealthStage, actor: Actor, slot: Slot) -> Enrolment:
    row = paid(wechat, stage, actor)
    booking.book_slot(actor, enrolment_id=row.pk, slot_id=slot.pk)
    return again(row)


def code_shown(row: Enrolment) -> str:
    from gonghui.kit import tokens

    return tokens.qr_text(qr_secret(row.code), row.code)


def again(row):
    return type(row).objects.unscoped("test").get(pk=row.pk)
