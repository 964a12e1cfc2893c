"""The back office of health plans by the shared contract; pages of a plan; who stands before them and sees nothing."""

import datetime as dt
from uuid import uuid4

import pytest
from django.forms.models import model_to_dict
from django.urls import reverse

from gonghui.funds.tests.stage import approved, build_money
from gonghui.kit import clock, tokens
from gonghui.wellbeing.actions import plans
from gonghui.wellbeing.models import Enrolment, HealthPlan, Package, Slot
from gonghui.wellbeing.tests.stage import (
    HealthStage,
    add_package,
    again,
    applied,
    build_health,
    build_hospital,
    draft_plan,
    riders,
    slots,
)
from tests.console_contract import ConsoleContract

pytestmark = pytest.mark.django_db


def money_of(cast):
    if not hasattr(cast, "money"):
        cast.money = build_money(cast)
    return cast.money


def plan_of(cast, union: str = "city") -> HealthPlan:
    money = money_of(cast)
    budget = money.city if union == "city" else approved(cast, "sister", parent=money.province, yuan=100)
    return draft_plan(cast, money, union=union, budget=budget)


def package_of(plan: HealthPlan, cast, union: str) -> Package:
    return add_package(plan, build_hospital(cast, union, f"医院{uuid4().hex[:6]}"))


class TestPlanScreen(ConsoleContract):
    model = HealthPlan
    change, wrong = {"title": "秋季健康关爱计划", "quota": "80"}, {"quota": "0"}

    def own(self, cast):
        return plan_of(cast)

    def foreign(self, cast):
        return plan_of(cast, "sister")

    def more(self, cast, count):
        for _n in range(count):
            plan_of(cast)

    def filled(self, row, **given):
        """Moments are asked as a day and a time."""
        form = {k: "" if v is None else v for k, v in model_to_dict(row).items() if k != "groups"}
        form |= {"groups": row.groups, "packages-TOTAL_FORMS": 0, "packages-INITIAL_FORMS": 0} | given
        for name in ("opens_at", "closes_at"):
            moment = getattr(row, name).astimezone(clock.CHINA)
            form |= {f"{name}_0": f"{moment:%Y-%m-%d}", f"{name}_1": f"{moment:%H:%M:%S}"}
        return form


class TestSlotScreen(ConsoleContract):
    model = Slot

    def own(self, cast, union="city", day=1):
        plan = plan_of(cast, union)
        package = package_of(plan, cast, union)
        return Slot.objects.create(
            plan=plan, store=package.store, day=clock.today() + dt.timedelta(days=day), from_time=dt.time(8),
            to_time=dt.time(9), capacity=5,
        )  # fmt: skip

    def foreign(self, cast):
        return self.own(cast, "sister")

    def more(self, cast, count):
        for day in range(count):
            self.own(cast, day=day + 2)


class TestEnrolmentScreen(ConsoleContract):
    model = Enrolment

    def own(self, cast, union="city", person="mei"):
        plan = plan_of(cast, union)
        package = package_of(plan, cast, union)
        return Enrolment.objects.create(
            plan=plan, package=package, person=cast.people[person], key=uuid4(), code=tokens.new_short_code(),
            state="applied",
        )  # fmt: skip

    def foreign(self, cast):
        return self.own(cast, "sister", "qiang")

    def more(self, cast, count):
        for _n in range(count):
            self.own(cast)


@pytest.fixture
def stage(cast) -> HealthStage:
    return build_health(cast)


def test_plan_is_written_in_the_console_with_its_packages_in_yuan(cast, client):
    money, store = money_of(cast), build_hospital(cast)
    cast.sign_in(client, "city_admin")
    now = clock.now()
    facts = {
        "title": "健康关爱 2026", "union": cast.unions["city"].pk, "about": "", "groups": ["food_rider", "courier"],
        "quota": 2000, "waitlist_max": 500, "budget": money.city.pk, "opens_at_0": f"{now:%Y-%m-%d}", "opens_at_1": "09:00:00",
        "closes_at_0": "2029-12-01", "closes_at_1": "18:00:00", "starts_on": f"{now:%Y-%m-%d}", "ends_on": "2029-12-31",
        "pay_within_hours": 24, "free_cancel_days": 2, "late_refund_percent": 0, "reschedule_days": 1, "reschedule_max": 2,
        "no_show_rebooks": 1, "no_show_refund_percent": 0, "packages-TOTAL_FORMS": 1, "packages-INITIAL_FORMS": 0,
        "packages-0-store": store.pk, "packages-0-title": "基础套餐", "packages-0-includes": "", "packages-0-list_fen": "465.00",
        "packages-0-co_pay_fen": "100", "packages-0-subsidy_fen": "335", "packages-0-concession_fen": "30",
    }  # fmt: skip
    answer = client.post(reverse("admin:wellbeing_healthplan_add"), facts)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    plan = HealthPlan.objects.unscoped("test").get()
    package = plan.packages.get()
    assert (plan.maker_id, plan.groups, plan.quota) == (
        cast.users["city_admin"].pk,
        ["food_rider", "courier"],
        2000,
    )
    assert (package.list_fen, package.co_pay_fen, package.subsidy_fen) == (46_500, 10_000, 33_500)
    page = client.get(reverse("admin:wellbeing_healthplan_change", args=[plan.pk])).content.decode()
    assert 'value="465' in page


def test_plan_of_a_district_or_with_a_foreign_budget_is_refused_in_words(cast, client):
    plan, money = plan_of(cast), money_of(cast)
    cast.sign_in(client, "city_admin")
    form = TestPlanScreen().filled(plan)
    at = reverse("admin:wellbeing_healthplan_change", args=[plan.pk])
    answer = client.post(at, form | {"union": cast.unions["district"].pk})
    assert "由省级或市级工会主办" in answer.content.decode()
    answer = client.post(at, form | {"budget": money.factory.pk})
    assert "不是主办工会的" in answer.content.decode()
    assert again(plan).union_id == cast.unions["city"].pk


def test_slots_are_let_out_from_the_plans_own_dialog(cast, stage, client):
    cast.sign_in(client, "health_officer")
    at = reverse("admin:wellbeing_healthplan_slots", args=[stage.plan.pk])
    monday = clock.today() + dt.timedelta(days=7 - clock.today().weekday())
    facts = {"store_id": stage.store.pk, "first": monday, "last": monday + dt.timedelta(days=6), "weekdays": [1, 3],
             "hours": "08:00-09:00\n9:00–10:30", "capacity": 20}  # fmt: skip
    answer = client.post(at, facts | {"hours": "八点"})
    assert (answer.status_code, "请写成 08:00-09:00" in answer.content.decode()) == (422, True)
    assert client.post(at, facts).status_code == 302
    assert Slot.objects.unscoped("test").count() == 4
    calendar = client.get(reverse("admin:health_calendar", args=[stage.plan.pk]), {"from": f"{monday}"})
    assert calendar.content.decode().count("<b>0/20</b>") == 4


def test_progress_and_report_hide_fewer_than_ten(cast, stage, client):
    from gonghui.wellbeing import queries

    for actor in riders(stage, 3):
        applied(stage, actor)
    cast.sign_in(client, "health_officer")
    page = client.get(reverse("admin:health_progress", args=[stage.plan.pk])).content.decode()
    assert "待付款" in page and "还剩 0" in page
    assert queries.report_rows(stage.plan)[-1].people is None
    assert queries._hidden([30, 12, 4]) == [False, True, True]
    assert queries._hidden([30, 12, 4, 5]) == [False, False, True, True]
    assert queries._hidden([4]) == [True]


def test_health_pages_are_closed_to_who_has_no_health_verb_there(cast, stage, client):
    add = [
        reverse("admin:health_progress", args=[stage.plan.pk]),
        reverse("admin:health_calendar", args=[stage.plan.pk]),
    ]
    answers = {"sister_admin": 404, "finance_officer": 403, "judge": 403, "auditor": 403, "city_admin": 200}
    for who, status in answers.items():
        cast.sign_in(client, who)
        assert [client.get(page).status_code for page in add] == [status, status], who


def test_list_shows_masked_names_and_no_way_to_search_or_export_them(cast, stage, client):
    applied(stage, stage.actor("mei"))
    cast.sign_in(client, "health_officer")
    at = reverse("admin:wellbeing_enrolment_changelist")
    page = client.get(at).content.decode()
    assert "陈**" in page and "陈小梅" not in page
    assert client.get(at, {"q": "陈小梅"}).context["cl"].result_count == 0
    assert client.get(reverse("admin:wellbeing_enrolment_export")).status_code == 403


def test_union_reviews_and_opens_in_the_console(cast, client):
    stage = build_health(cast, opened=False)
    slots_at = reverse("admin:wellbeing_healthplan_review", args=[stage.plan.pk])
    cast.sign_in(client, "city_admin")
    assert "不能自己复核" in client.post(slots_at).content.decode()
    cast.sign_in(client, "health_reviewer")
    assert client.post(slots_at).status_code == 302
    assert client.post(reverse("admin:wellbeing_healthplan_open", args=[stage.plan.pk])).status_code == 302
    assert again(stage.plan).state == "open"
    assert client.get(reverse("admin:wellbeing_healthplan_change", args=[stage.plan.pk])).status_code == 200
    assert slots(stage) != []
    plans.close_plan(stage.actor("city_admin"), healthplan_id=stage.plan.pk, reason="提前结束")
    assert again(stage.plan).state == "closed"
