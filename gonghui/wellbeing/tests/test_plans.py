"""Plans: whole before they are reviewed, covered for every place, unchanged afterwards."""

import datetime as dt

import pytest
import time_machine
from django.apps import apps
from django.db import IntegrityError, transaction

from gonghui.funds.models import Decision, QuorumRule
from gonghui.funds.queries import budget_figures
from gonghui.funds.tasks import take_due_effects
from gonghui.funds.tests.stage import balance, new_staff, trial
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.partners.models import MerchantRole
from gonghui.wellbeing.actions import plans
from gonghui.wellbeing.models import HealthPlan, Package, Slot
from gonghui.wellbeing.tests.stage import (
    EVERY_DAY,
    MORNING,
    SlotPlan,
    add_package,
    again,
    build_health,
    build_hospital,
    draft_plan,
    slots,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(cast):
    return build_health(cast, opened=False)


def refused(code: str, call, *args, **facts) -> None:
    with pytest.raises(DomainError) as caught, transaction.atomic():
        call(*args, **facts)
    assert caught.value.code == code


def test_review_sets_the_subsidy_of_every_place_aside(draft):
    plans.review_plan(draft.actor("health_reviewer"), healthplan_id=draft.plan.pk)
    plan = draft.now()
    assert (plan.state, plan.commitment.amount_fen, plan.commitment.purpose) == (
        "reviewed",
        3 * 33_500,
        f"plan:{plan.pk}",
    )
    assert balance(plan.commitment.account_id) == 3 * 33_500
    assert trial() == 0


def test_who_runs_the_hospital_does_not_review_its_plan(cast, draft):
    who = cast.users["health_reviewer"]
    role = MerchantRole.objects.create(user=who, partner=draft.store.partner, role="owner")
    refused("own_merchant", plans.review_plan, draft.actor("health_reviewer"), healthplan_id=draft.plan.pk)
    assert (draft.now().state, draft.now().commitment) == ("draft", None)
    role.delete()
    assert plans.review_plan(draft.actor("health_reviewer"), healthplan_id=draft.plan.pk).state == "reviewed"


def test_plan_waits_for_its_second_hand_and_a_changed_one_for_everybody_anew(cast, draft):
    QuorumRule.objects.create(union=cast.unions["city"], matter="plan", hands=2)
    new_staff(cast, "health_second", "org_admin", "city")
    plan_id, [first, second] = draft.plan.pk, map(draft.actor, ("health_reviewer", "health_second"))
    plans.review_plan(first, healthplan_id=plan_id)
    assert (draft.now().state, draft.now().commitment) == ("draft", None)
    plans.take_back_yeses(draft.now())
    assert plans.review_plan(second, healthplan_id=plan_id).state == "draft"
    assert plans.review_plan(first, healthplan_id=plan_id).state == "reviewed"
    one = Decision.objects.unscoped("test").get(matter="plan")
    assert (one.amount_fen, one.state, one.is_sum_public) == (3 * 33_500, "effective", False)


def test_plan_cools_off_and_is_reviewed_by_the_clock(cast, draft):
    QuorumRule.objects.create(union=cast.unions["city"], matter="plan", hands=1, cooling_h=24)
    plans.review_plan(draft.actor("health_reviewer"), healthplan_id=draft.plan.pk)
    assert draft.now().state == "draft"
    with time_machine.travel(clock.now() + dt.timedelta(hours=25), tick=False):
        take_due_effects(0)
    assert (draft.now().state, draft.now().checker_id) == ("reviewed", cast.users["health_reviewer"].pk)


def test_dearest_package_decides_what_is_set_aside(draft):
    add_package(
        draft.plan,
        draft.store,
        title="加做心电",
        list_fen=54_500,
        co_pay_fen=15_000,
        subsidy_fen=39_500,
        concession_fen=0,
    )
    plans.review_plan(draft.actor("health_reviewer"), healthplan_id=draft.plan.pk)
    assert draft.now().commitment.amount_fen == 3 * 39_500


def test_more_places_than_the_budget_covers_are_refused_with_the_figures(cast):
    stage = build_health(cast, quota=120, opened=False)
    before = budget_figures(stage.money.city).available
    with pytest.raises(DomainError) as caught:
        plans.review_plan(stage.actor("health_reviewer"), healthplan_id=stage.plan.pk)
    assert (caught.value.code, again(stage.plan).state) == ("budget_short", "draft")
    assert "40,200" in caught.value.message
    assert budget_figures(stage.money.city).available == before


def test_maker_does_not_review(draft):
    refused("health_own_plan", plans.review_plan, draft.actor("city_admin"), healthplan_id=draft.plan.pk)
    with pytest.raises(IntegrityError, match="health_plan_maker_is_not_checker"), transaction.atomic():
        commitment = draft.money.city.commitments.create(
            purpose="x", amount_fen=1, account=draft.money.city.account
        )
        HealthPlan.objects.unscoped("test").filter(pk=draft.plan.pk).update(
            state="reviewed", checker=draft.plan.maker, commitment=commitment
        )


def test_sister_city_and_the_officer_do_not_review(draft):
    for who in ("sister_admin", "health_officer", "judge", "finance_officer"):
        refused("not_allowed", plans.review_plan, draft.actor(who), healthplan_id=draft.plan.pk)


def test_plan_below_a_city_is_refused_by_the_database(cast, draft):
    with pytest.raises(IntegrityError, match="run by a city"), transaction.atomic():
        draft_plan(cast, draft.money, union="factory", budget=draft.money.factory)


def test_plan_without_packages_or_people_says_what_is_missing(cast, draft):
    bare = draft_plan(cast, draft.money, groups=[])
    with pytest.raises(DomainError) as caught:
        plans.review_plan(draft.actor("health_reviewer"), healthplan_id=bare.pk)
    assert "还没有体检套餐。还没有写面向谁" in caught.value.message


def test_hospital_of_another_city_is_refused(cast, draft):
    add_package(draft.plan, build_hospital(cast, "sister", "西岭医院"))
    refused(
        "health_foreign_hospital",
        plans.review_plan,
        draft.actor("health_reviewer"),
        healthplan_id=draft.plan.pk,
    )


def test_budget_of_another_union_is_refused(cast, draft):
    plan = draft_plan(cast, draft.money, budget=draft.money.province)
    add_package(plan, draft.store)
    refused("health_foreign_budget", plans.review_plan, draft.actor("health_reviewer"), healthplan_id=plan.pk)


def test_package_that_does_not_add_up_is_refused_by_the_database(draft):
    with pytest.raises(IntegrityError, match="health_package_adds_up"), transaction.atomic():
        add_package(draft.plan, draft.store, title="错", subsidy_fen=33_501)


def test_package_is_of_a_hospital_only(cast, draft):
    with pytest.raises(IntegrityError, match="hospital or health centre"), transaction.atomic():
        add_package(draft.plan, cast.store, title="游船")


def test_what_was_reviewed_does_not_change_whoever_writes(draft):
    plans.review_plan(draft.actor("health_reviewer"), healthplan_id=draft.plan.pk)
    rows = HealthPlan.objects.unscoped("test").filter(pk=draft.plan.pk)
    for facts in ({"quota": 9}, {"groups": []}, {"free_cancel_days": 0}, {"taken": 1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**facts)
    with pytest.raises(IntegrityError), transaction.atomic():
        Package.objects.unscoped("test").filter(plan=draft.plan).update(co_pay_fen=1, subsidy_fen=42_500)
    with pytest.raises(IntegrityError), transaction.atomic():
        draft.package.delete()


def test_sent_back_gives_the_money_back_and_a_second_review_sets_it_aside_again(draft):
    reviewer = draft.actor("health_reviewer")
    before = budget_figures(draft.money.city).available
    plans.review_plan(reviewer, healthplan_id=draft.plan.pk)
    plans.send_back_plan(reviewer, healthplan_id=draft.plan.pk, reason="名额写错")
    assert (draft.now().state, budget_figures(draft.money.city).available) == ("draft", before)
    plans.review_plan(reviewer, healthplan_id=draft.plan.pk)
    assert draft.now().commitment.purpose == f"plan:{draft.plan.pk}:2"
    assert budget_figures(draft.money.city).available == before - 3 * 33_500
    assert trial() == 0


def test_slots_are_made_for_the_weekdays_asked_and_never_twice(health):
    monday = clock.today() + dt.timedelta(days=7 - clock.today().weekday())
    asked = SlotPlan(health.store.pk, monday, monday + dt.timedelta(days=13), frozenset({1, 3}), MORNING, 20)
    actor = health.actor("health_officer")
    assert plans.add_slots(actor, healthplan_id=health.plan.pk, slots=asked) == 8
    assert plans.add_slots(actor, healthplan_id=health.plan.pk, slots=asked) == 0
    days = {slot.day.isoweekday() for slot in Slot.objects.unscoped("test")}
    assert days == {1, 3}


def test_slots_outside_the_plans_days_or_hospitals_are_refused(cast, health):
    later = health.plan.ends_on + dt.timedelta(days=1)
    asked = SlotPlan(health.store.pk, later, later, EVERY_DAY, MORNING, 5)
    refused(
        "health_no_days",
        plans.add_slots,
        health.actor("city_admin"),
        healthplan_id=health.plan.pk,
        slots=asked,
    )
    other = SlotPlan(cast.store.pk, clock.today(), later, EVERY_DAY, MORNING, 5)
    refused(
        "health_plan_incomplete",
        plans.add_slots,
        health.actor("city_admin"),
        healthplan_id=health.plan.pk,
        slots=other,
    )


def test_slot_changes_its_capacity_within_what_is_booked(health):
    slot = slots(health)[0]
    assert plans.change_slot(health.actor("city_admin"), slot_id=slot.pk, capacity=9).capacity == 9
    refused("not_allowed", plans.change_slot, health.actor("sister_admin"), slot_id=slot.pk, capacity=1)


def test_list_takes_whole_numbers_of_known_people_or_nobody(cast, draft):
    actor = draft.actor("city_admin")
    good = "440101196502140101"
    refused(
        "health_unknown_people",
        plans.list_people,
        actor,
        healthplan_id=draft.plan.pk,
        id_numbers=[good, "44010119990101001X"],
    )
    assert draft.plan.listed.count() == 0
    assert plans.list_people(actor, healthplan_id=draft.plan.pk, id_numbers=[good]) == 1
    assert plans.list_people(actor, healthplan_id=draft.plan.pk, id_numbers=[good]) == 0


def test_no_field_of_the_app_could_hold_a_medical_result():
    """Text is the plan's and the package's own words, the reason of a refusal and codes; nothing is a file or JSON."""
    words = {
        "HealthPlan": {"title", "about", "groups", "state"},
        "Package": {"title", "includes"},
        "Enrolment": {"code", "state", "said_group", "reason"},
        "Appointment": {"state"},
    }
    plain = {"BigAutoField", "DateTimeField", "DateField", "TimeField", "UUIDField", "ForeignKey", "OneToOneField",
             "PositiveIntegerField", "PositiveSmallIntegerField"}  # fmt: skip
    for model in apps.get_app_config("wellbeing").get_models():
        found = {
            f.name for f in model._meta.get_fields() if f.concrete and f.get_internal_type() not in plain
        }
        assert found == words.get(model.__name__, set()), model
