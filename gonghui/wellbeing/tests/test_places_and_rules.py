"""The spending rulebook of places: asked when one is given, with the clause; what goes back counts no longer."""

from __future__ import annotations

from uuid import uuid4

import pytest

from gonghui.funds import rulebook
from gonghui.funds.models import BenefitUse
from gonghui.funds.queries import budget_figures
from gonghui.funds.rulebook import Giving
from gonghui.funds.tests.granting import CLAUSE, capped
from gonghui.funds.tests.stage import trial
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.members.models import Membership
from gonghui.notices.models import Message
from gonghui.wellbeing.actions import places, plans
from gonghui.wellbeing.models import Enrolment
from gonghui.wellbeing.tests.stage import (
    HealthStage,
    add_package,
    again,
    applied,
    booked,
    build_health,
    draft_plan,
    open_reviewed,
    riders,
    slot_in,
)
from tests.cast import new_union

pytestmark = pytest.mark.django_db
SUBSIDY = 33_500


def had(person_id: int) -> list[tuple[int, int]]:
    """(given, returned) of each benefit the rulebook knows."""
    found = BenefitUse.objects.unscoped("test").filter(person_id=person_id).order_by("id")
    return list(found.values_list("amount_fen", "returned_fen"))


def next_plan(stage: HealthStage) -> HealthStage:
    """Another of the same city, at the same hospital."""
    plan = draft_plan(stage.cast, stage.money, quota=2, title="第二期")
    made = HealthStage(stage.cast, stage.money, stage.store, plan, add_package(plan, stage.store))
    open_reviewed(made)
    return made


def test_place_over_the_cap_is_refused_with_its_clause_and_nothing_is_written(health):
    capped(300, category="health")
    mei = health.actor("mei")
    with pytest.raises(DomainError) as refused:
        applied(health, mei)
    assert (refused.value.code, refused.value.clause) == ("rule_refuses", CLAUSE)
    assert (Enrolment.objects.unscoped("test").count(), health.now().taken, had(mei.person_id)) == (0, 0, [])


def test_member_of_a_transit_pool_is_sent_to_a_union_of_their_own_first(health):
    """A check-up is at a hospital, and not online (M6)."""
    mei, cast = health.actor("mei"), health.cast
    pool = new_union("东江市周转库", "pool", cast.unions["city"])
    Membership.objects.unscoped("test").filter(person=cast.people["mei"]).update(union=pool)
    with pytest.raises(DomainError) as refused:
        applied(health, mei)
    assert (refused.value.code, Enrolment.objects.unscoped("test").count()) == ("in_transit", 0)


def test_plan_above_the_cap_is_refused_at_its_review_with_the_clause(cast):
    stage = build_health(cast, opened=False)
    add_package(stage.plan, stage.store, title="加做心电", list_fen=54_500, co_pay_fen=20_000, concession_fen=0,
                subsidy_fen=34_500)  # fmt: skip
    capped(344, category="health")
    reviewer, before = stage.actor("health_reviewer"), budget_figures(stage.money.city).available
    with pytest.raises(DomainError) as refused:
        plans.review_plan(reviewer, healthplan_id=stage.plan.pk)
    assert (refused.value.code, refused.value.clause) == ("health_above_cap", CLAUSE)
    assert "“加做心电”每人补贴 345 元" in refused.value.message
    assert (stage.now().state, stage.now().commitment) == ("draft", None)
    assert budget_figures(stage.money.city).available == before
    stage.plan.packages.filter(title="加做心电").delete()
    assert plans.review_plan(reviewer, healthplan_id=stage.plan.pk).state == "reviewed"


def test_years_cap_holds_over_two_plans_until_a_place_goes_back(wechat, health):
    capped(400, category="health")
    mei, second = health.actor("mei"), next_plan(health)
    row = booked(wechat, health, mei, slot_in(health, 4))
    with pytest.raises(DomainError) as refused:
        applied(second, mei)
    assert (refused.value.code, had(mei.person_id)) == ("rule_refuses", [(SUBSIDY, 0)])
    places.cancel_enrolment(mei, enrolment_id=row.pk)
    assert had(mei.person_id) == [(SUBSIDY, SUBSIDY)]
    assert applied(second, mei).state == "co_pay_due"
    assert had(mei.person_id) == [(SUBSIDY, SUBSIDY), (SUBSIDY, 0)]
    assert trial() == 0


def test_who_waited_and_may_not_have_it_hears_why_and_the_next_gets_the_place(cast):
    capped(400, category="health")
    stage = build_health(cast, quota=1)
    first, second = riders(stage, 2)
    row, in_line, after = (applied(stage, actor) for actor in (stage.actor("mei"), first, second))
    source = stage.money.city.source
    elsewhere = Giving(
        [first.person_id],
        cast.unions["city"],
        source.kind,
        source.level,
        "health",
        20_000,
        clock.today(),
        f"{uuid4()}",
    )
    rulebook.require_given(rulebook.give(elsewhere))
    places.cancel_enrolment(stage.actor("mei"), enrolment_id=row.pk)
    assert [again(one).state for one in (row, in_line, after)] == ["cancelled", "cancelled", "co_pay_due"]
    assert (CLAUSE in again(in_line).reason, stage.now().taken) == (True, 1)
    told = Message.objects.unscoped("test").filter(person_id=first.person_id).values_list("title", flat=True)
    assert list(told) == ["健康关爱：这次不能补贴"]
    assert [had(actor.person_id) for actor in (stage.actor("mei"), second)] == [
        [(SUBSIDY, SUBSIDY)],
        [(SUBSIDY, 0)],
    ]
