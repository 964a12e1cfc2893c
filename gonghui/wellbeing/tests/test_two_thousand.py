"""Domain S1-13, N15 with its numbers: 2,000 places, 100 yuan of a check-up of 465 or 150 of one of 545.

All 2,000 places are given: 1,600 as rows, step by step as the action writes them and under every trigger, the last 400 by the
action itself, and one more is refused. A few of each package go the whole way: paid, booked, attended at the desk, stated, paid
out. Left out, for time: the action for the first 1,600 (a minute and a half of the same), the others' paying and going, and what
becomes of places nobody pays for (`test_enrolments.py`).
"""

from __future__ import annotations

from itertools import pairwise
from uuid import uuid4

import pytest
import time_machine
from django.db.models import F

from gonghui.bills.models import Bill
from gonghui.bills.tests.stage import by_payer
from gonghui.funds.queries import budget_figures
from gonghui.funds.tests.stage import MoneyStage, approved, balance, build_money, funded_source, trial
from gonghui.kit import tokens
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.partners.tests.stage import new_owner
from gonghui.portal.tests.test_bill_ways import first_of_next_month
from gonghui.settlement.reconciling import reconcile
from gonghui.settlement.tests import test_payouts as settling
from gonghui.settlement.tests.stage import Shop, period
from gonghui.wellbeing import tasks
from gonghui.wellbeing.actions import booking, desk, places
from gonghui.wellbeing.models import Enrolment, HealthPlan, Package
from gonghui.wellbeing.tests.stage import (
    HealthStage,
    add_package,
    again,
    build_health,
    open_reviewed,
    paid,
    riders,
    slot_in,
)

PLACES, WRITTEN, EACH = 2_000, 1_600, 12
# list, co-pay, subsidy, the hospital's own part: yuan
BASIC, FULL = (465, 100, 335, 30), (545, 150, 360, 35)
pytestmark = [pytest.mark.big, pytest.mark.django_db]


@pytest.fixture
def stage(cast) -> tuple[HealthStage, Package]:
    """2,000 places at two prices, and a budget that covers the dearer one for everybody, to the yuan."""
    money = build_money(cast)
    money.city = budget_of(money, PLACES * FULL[2])
    made = build_health(cast, quota=PLACES, waitlist_max=0, opened=False, money=money)
    facts = zip(("list_fen", "co_pay_fen", "subsidy_fen", "concession_fen"), FULL, strict=True)
    dear = add_package(made.plan, made.store, title="全面体检", **{name: yuan * 100 for name, yuan in facts})
    open_reviewed(made)
    return made, dear


def budget_of(money: MoneyStage, yuan: int):
    source = funded_source(money.cast, "province", yuan=yuan)
    province = approved(money.cast, "province", source=source, yuan=yuan)
    return approved(money.cast, "city", parent=province, yuan=yuan)


def apply(stage: HealthStage, actor: Actor, package: Package) -> Enrolment:
    return places.apply_for_place(actor, plan_id=stage.plan.pk, package_id=package.pk, agrees=True)


def written(
    stage: HealthStage, like: Enrolment, actors: list[Actor], packages: tuple[Package, Package]
) -> None:
    """As `like` came to its place by the action: applied, in line behind it, called, each step for all at once."""
    made = Enrolment.objects.unscoped("test").bulk_create(
        Enrolment(
            plan=stage.plan, package=packages[n % 2], person_id=actor.person_id, key=uuid4(), code=tokens.new_short_code(),
            state="applied",
        )
        for n, actor in enumerate(actors, 1)
    )  # fmt: skip
    rows = Enrolment.objects.unscoped("test").filter(pk__in=[row.pk for row in made])
    rows.update(state="eligible", position=F("id") - made[0].pk + like.position + 1)
    rows.update(state="co_pay_due", pay_by=like.pay_by)
    plans = HealthPlan.objects.unscoped("test").filter(pk=stage.plan.pk)
    plans.update(next_position=like.position + len(actors) + 1)


def goes(wechat, stage: HealthStage, actor: Actor, row: Enrolment, slot) -> Bill:
    """Pays, books, is there."""
    paid(wechat, stage, actor, row)
    booking.book_slot(actor, enrolment_id=row.pk, slot_id=slot.pk)
    desk.attend(stage.actor("nurse"), text=row.code, store_id=stage.store.pk)
    return again(row).bill


def test_two_thousand_places_are_filled_and_both_packages_settled_to_the_fen(wechat, stage):
    stage, dear = stage
    reserved = PLACES * FULL[2] * 100
    assert stage.plan.commitment.amount_fen == reserved
    assert budget_figures(again(stage.money.city)).available == 0
    packages = (stage.package, dear)
    *crowd, late = riders(stage, PLACES + 1)
    first = apply(stage, crowd[0], packages[0])
    written(stage, first, crowd[1:WRITTEN], packages)
    rows = [apply(stage, actor, packages[n % 2]) for n, actor in enumerate(crowd[WRITTEN:], WRITTEN)]
    assert {row.state for row in (first, *rows)} == {"co_pay_due"}
    with pytest.raises(DomainError) as refused:
        apply(stage, late, dear)
    assert (refused.value.code, stage.now().taken) == ("health_plan_full", PLACES)
    found = Enrolment.objects.unscoped("test")
    assert (found.count(), found.filter(state="co_pay_due").count()) == (PLACES, PLACES)
    assert all(one < two for one, two in pairwise(found.order_by("pk").values_list("position", flat=True)))
    slot = slot_in(stage, 0, capacity=2 * EACH)
    they = [(crowd[WRITTEN + n], rows[n]) for n in range(2 * EACH)]
    bills = [goes(wechat, stage, actor, row, slot) for actor, row in they]
    for n, (whole, co_pay, subsidy, concession) in enumerate((BASIC, FULL)):
        parts = {"merchant": concession * 100, "union": subsidy * 100, "worker": co_pay * 100}
        assert [(bill.list_fen, by_payer(bill)) for bill in bills[n::2]] == [(whole * 100, parts)] * EACH
    spent = EACH * (BASIC[2] + FULL[2]) * 100
    assert balance(stage.plan.commitment.account_id) == reserved - spent
    assert trial() == 0
    settled_with_the_hospital(stage, rows[: 2 * EACH])


def settled_with_the_hospital(stage: HealthStage, rows: list[Enrolment]) -> None:
    """Stated, reconciled, confirmed by the hospital, approved by another, paid by the bank."""
    partner = stage.store.partner
    stage.cast.users["owner of 好味食堂"] = new_owner(partner, "13800000092")
    shop = Shop(stage.cast, stage.money, partner, [stage.store], partner.agreements.get(), 0)
    first = first_of_next_month()
    owed = EACH * sum(co_pay + subsidy for _whole, co_pay, subsidy, _own in (BASIC, FULL)) * 100
    with time_machine.travel(first, tick=False):
        day = rows[0].created_at.astimezone(first.tzinfo).date().replace(day=1)
        statement = settling.approved(shop, period(stage.cast, day, first.date()))
        found = reconcile(statement)
        assert (statement.bill_count, statement.owed_fen, found.is_equal) == (2 * EACH, owed, True)
        payout = settling.paid(shop, settling.batched(shop).payouts.get())
        assert payout.amount_fen == owed
        tasks.follow_settlement(0)
    assert {again(row).state for row in rows} == {"settled"}
    assert balance(shop.payable.pk) == 0
    assert trial() == 0
