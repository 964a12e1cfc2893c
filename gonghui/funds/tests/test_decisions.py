"""Cooling-off and the log: what was agreed to takes effect once and in its time, or goes back with a reason."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from functools import partial

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from gonghui.funds import tasks
from gonghui.funds.actions import budgets, decisions, grants
from gonghui.funds.models import Budget, Consent, Decision, QuorumRule
from gonghui.funds.tests.granting import SYSTEM, crowd_of, drafted, fresh
from gonghui.funds.tests.stage import YUAN, balance, new_staff, submitted, trial
from gonghui.kit.errors import DomainError
from gonghui.kit.tests.racing import at_once
from gonghui.notices.models import Message

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(hours=24)


@pytest.fixture
def cooled(money):
    """Two hands and a day of cooling-off over the province's budgets and changes, and the city's grants."""
    new_staff(money.cast, "province_second", "finance_officer", "province")
    for union, matter in (("province", "budget"), ("province", "change"), ("city", "grant")):
        ruled(money, union, matter, hands=2, cooling_h=24)
    return money


def ruled(money, union: str, matter: str, **facts) -> QuorumRule:
    return QuorumRule.objects.create(union=money.cast.unions[union], matter=matter, **facts)


def asked_for(money, yuan: int = 500, **facts) -> Budget:
    return submitted(money.cast, "city", parent=money.province, yuan=yuan, **facts)


def agree(money, budget: Budget, *who: str) -> None:
    for name in who or ("province_finance", "province_second"):
        budgets.approve_budget(money.actor(name), budget_id=budget.pk)


def now(row):
    return type(row).objects.unscoped("test").get(pk=row.pk)


def decided(matter: str = "budget") -> Decision:
    return Decision.objects.unscoped("test").filter(matter=matter).latest("pk")


def later(hours: float = 24) -> time_machine.travel:
    return time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours, seconds=1), tick=True)


def refused(act, *args, **facts) -> str:
    with pytest.raises(DomainError) as caught:
        act(*args, **facts)
    return caught.value.code


def test_money_moves_when_the_cooling_off_is_over_and_once(cooled):
    budget, given = asked_for(cooled), balance(cooled.province.account_id)
    agree(cooled, budget)
    decision = decided()
    assert (now(budget).state, decision.state, balance(cooled.province.account_id)) == (
        "submitted",
        "pending",
        given,
    )
    assert decision.takes_effect_at - decision.created_at >= DAY - dt.timedelta(seconds=5)
    assert decisions.effect_decision(SYSTEM, decision_id=decision.pk) is False
    tasks.take_due_effects(0)
    assert now(budget).state == "submitted"
    with later():
        tasks.take_effect(decision.pk)
        tasks.take_effect(decision.pk)
        tasks.take_due_effects(0)
    assert (now(budget).state, now(decision).state) == ("approved", "effective")
    assert now(budget).checker_id == cooled.cast.users["province_second"].pk
    assert (balance(now(budget).account_id), balance(cooled.province.account_id)) == (
        500 * YUAN,
        given - 500 * YUAN,
    )
    assert trial() == 0


def test_effect_is_a_job_of_its_time_and_the_clock_is_the_net(cooled):
    agree(cooled, asked_for(cooled))
    job = ProcrastinateJob.objects.filter(task_name__endswith="take_effect").latest("id")
    assert (job.args, job.scheduled_at) == ({"decision_id": decided().pk}, decided().takes_effect_at)


def test_during_the_cooling_off_another_yes_is_not_needed(cooled):
    budget = asked_for(cooled)
    agree(cooled, budget)
    new_staff(cooled.cast, "province_third", "finance_officer", "province")
    assert refused(agree, cooled, budget, "province_third") == "cooling_off"
    assert Consent.objects.unscoped("test").filter(subject=budget.pk, matter="budget").count() == 2


@pytest.mark.parametrize("who", ["province_finance", "province_second", "auditor"])
def test_objection_sends_the_matter_back_with_its_reason(cooled, who):
    budget, given = asked_for(cooled), balance(cooled.province.account_id)
    agree(cooled, budget)
    decision = decided()
    decisions.object_to_decision(cooled.actor(who), decision_id=decision.pk, reason="金额没有依据")
    decision = now(decision)
    assert (decision.state, decision.reason, decision.objector.login) == ("back", "金额没有依据", who)
    assert now(budget).state == "draft"
    with later():
        tasks.take_effect(decision.pk)
    assert (now(budget).state, balance(cooled.province.account_id)) == ("draft", given)
    budgets.submit_budget(cooled.actor("city_admin"), budget_id=budget.pk)
    agree(cooled, budget, "province_finance")  # everybody anew
    assert now(budget).state == "submitted"


@pytest.mark.parametrize(
    ("who", "code"),
    [("city_finance", "not_found"), ("province_third", "may_not_object"), ("city_admin", "not_found"), ("mei", "not_found")],
)  # fmt: skip
def test_nobody_else_objects(cooled, who, code):
    new_staff(cooled.cast, "province_third", "finance_officer", "province")
    budget = asked_for(cooled)
    agree(cooled, budget)
    assert (
        refused(decisions.object_to_decision, cooled.actor(who), decision_id=decided().pk, reason="不行")
        == code
    )
    assert (now(budget).state, decided().state) == ("submitted", "pending")


def test_objecting_is_offered_only_to_whom_it_will_work(cooled, client):
    new_staff(cooled.cast, "province_third", "finance_officer", "province")
    agree(cooled, asked_for(cooled))
    address = f"/console/funds/decision/{decided().pk}/change/"
    offered = {
        who: "verb/object" in cooled.cast.sign_in(client, who).get(address).content.decode()
        for who in ("province_finance", "auditor", "province_third")
    }
    assert offered == {"province_finance": True, "auditor": True, "province_third": False}


def test_objection_needs_a_reason_and_comes_in_time(cooled):
    budget = asked_for(cooled)
    agree(cooled, budget)
    object_, auditor = decisions.object_to_decision, cooled.actor("auditor")
    assert refused(object_, auditor, decision_id=decided().pk, reason=" ") == "objection_without_reason"
    with later():
        assert refused(object_, auditor, decision_id=decided().pk, reason="晚了") == "cooling_over"
        tasks.take_due_effects(0)
        assert refused(object_, auditor, decision_id=decided().pk, reason="更晚") == "cooling_over"
    assert now(budget).state == "approved"


def test_budget_that_ended_meanwhile_goes_back_and_says_so(cooled):
    today = dt.date.today()
    budget = asked_for(cooled, starts_on=today, ends_on=today)
    agree(cooled, budget)
    decision = decided()
    with later(48):
        tasks.take_due_effects(0)
    decision = now(decision)
    assert (now(budget).state, decision.state, decision.objector_id) == ("draft", "back", None)
    assert "到期" in decision.reason
    assert (
        not Consent.objects.unscoped("test").filter(subject=budget.pk, matter="budget", is_open=True).exists()
    )
    assert trial() == 0


def test_money_that_went_elsewhere_meanwhile_goes_back_and_says_so(cooled):
    first, second = asked_for(cooled, 30_000), asked_for(cooled, 40_000)
    for budget in (first, second):
        agree(cooled, budget)
    with later():
        tasks.take_due_effects(0)
    assert (now(first).state, now(second).state, decided().state) == ("approved", "draft", "back")
    assert "剩余" in decided().reason
    assert trial() == 0


def test_change_cools_off_and_is_rejected_or_takes_effect(cooled):
    city, finance = cooled.city, ("province_finance", "province_second")
    for ends in ("reject", "effect"):
        change = budgets.propose_change(cooled.actor("city_admin"), budget_id=city.pk, delta_fen=100 * YUAN, reason="追加",
                                        resolution="第 4 号")  # fmt: skip
        for who in finance:
            budgets.approve_change(cooled.actor(who), change_id=change.pk)
        assert (now(change).state, now(city).state) == ("proposed", "adjusting")
        if ends == "reject":
            budgets.reject_change(cooled.actor("province_finance"), change_id=change.pk, reason="不够急")
            assert (decided("change").state, decided("change").reason) == ("back", "不够急")
    before = now(city).amount_fen
    with later():
        tasks.take_due_effects(0)
    assert (now(change).state, now(city).state, now(city).amount_fen) == (
        "approved",
        "approved",
        before + 100 * YUAN,
    )
    assert decided("change").words.endswith("调整 +100 元")


@pytest.mark.parametrize("small", [5_000, 1])
def test_grant_cools_off_before_its_money_is_set_aside(cooled, monkeypatch, small):
    monkeypatch.setattr(grants, "SMALL", small)
    grant = drafted(cooled)
    grants.submit_grant(cooled.actor("city_admin"), point_grant_id=grant.pk)
    grants.screen_grant(SYSTEM, grant_id=grant.pk)
    for who in ("city_finance", "second_finance"):
        grants.check_grant(cooled.actor(who), point_grant_id=grant.pk)
    assert (fresh(grant).state, fresh(grant).checker_id) == ("submitted", None)
    with later():
        tasks.take_due_effects(0)
        tasks.take_due_effects(0)
        grants.screen_grant(SYSTEM, grant_id=grant.pk)  # the job, where they are many
        tasks.take_due_effects(0)
    assert (fresh(grant).state, decided("grant").state) == ("checked", "effective")
    assert fresh(grant).checker_id == cooled.cast.users["second_finance"].pk


def test_grant_objected_to_is_a_draft_and_its_roster_made_anew(cooled):
    grant = drafted(cooled)
    grants.submit_grant(cooled.actor("city_admin"), point_grant_id=grant.pk)
    for who in ("city_finance", "second_finance"):
        grants.check_grant(cooled.actor(who), point_grant_id=grant.pk)
    decisions.object_to_decision(cooled.actor("auditor"), decision_id=decided("grant").pk, reason="名单要核")
    grant = fresh(grant)
    assert (grant.state, grant.people, grant.roster.count(), grant.problem) == ("draft", 0, 0, "名单要核")
    grants.submit_grant(cooled.actor("city_admin"), point_grant_id=grant.pk)
    assert (fresh(grant).state, fresh(grant).people, fresh(grant).problem) == ("submitted", 3, "")


def test_grant_cancelled_while_it_cools_off_never_takes_effect(cooled):
    grant = drafted(cooled)
    grants.submit_grant(cooled.actor("city_admin"), point_grant_id=grant.pk)
    for who in ("city_finance", "second_finance"):
        grants.check_grant(cooled.actor(who), point_grant_id=grant.pk)
    grants.cancel_grant(cooled.actor("city_admin"), point_grant_id=grant.pk, reason="重复了")
    with later():
        tasks.take_due_effects(0)
    assert (fresh(grant).state, decided("grant").state) == ("cancelled", "back")


def test_those_who_may_object_are_told_while_they_may(cooled):
    agree(cooled, asked_for(cooled))
    told = (
        Message.objects.unscoped("test")
        .filter(title="有一项经费决定在冷静期")
        .values_list("user__login", flat=True)
    )
    assert sorted(told) == ["auditor", "province_finance", "province_second"]
    decisions.object_to_decision(cooled.actor("auditor"), decision_id=decided().pk, reason="再议")
    told = Message.objects.unscoped("test").filter(title="有一项经费决定退回了")
    assert (told.count(), "原因：再议" in told.first().body) == (3, True)


def test_one_hand_may_have_a_cooling_off_too_but_no_rule_asks_for_nothing(money):
    ruled(money, "province", "budget", hands=1, cooling_h=1)
    budget = asked_for(money)
    agree(money, budget, "province_finance")
    assert (now(budget).state, decided().given, decided().hands) == ("submitted", 1, 1)
    for facts in ({"hands": 1, "cooling_h": 0}, {"hands": 2, "cooling_h": 721}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ruled(money, "city", "budget", **facts)


# --- the log ------------------------------------------------------------------------------------------------


def test_every_agreed_budget_change_and_grant_has_its_row(money):
    rows = Decision.objects.unscoped("test")
    assert set(rows.values_list("matter", "state")) == {("budget", "effective")}
    assert rows.count() == 3  # the stage's
    grant = drafted(money)
    grants.submit_grant(money.actor("city_admin"), point_grant_id=grant.pk)
    grants.check_grant(money.actor("city_finance"), point_grant_id=grant.pk)
    row = decided("grant")
    assert (row.state, row.words, row.is_sum_public, row.amount_fen) == (
        "effective", "发放福豆：节日慰问（国庆）", False, 30_000,
    )  # fmt: skip
    crowd_of(money, 7)
    grant = drafted(money, title="给张三的慰问")
    grants.submit_grant(money.actor("city_admin"), point_grant_id=grant.pk)
    grants.check_grant(money.actor("city_finance"), point_grant_id=grant.pk)
    assert (decided("grant").words, decided("grant").is_sum_public) == (
        "发放福豆：节日慰问（国庆），10 人",
        True,
    )


def test_grant_that_could_not_be_paid_went_back_in_the_log_too(money, monkeypatch):
    monkeypatch.setattr(grants, "SMALL", 1)
    grant = drafted(money, per_head=50_000)
    grants.submit_grant(money.actor("city_admin"), point_grant_id=grant.pk)
    grants.screen_grant(SYSTEM, grant_id=grant.pk)
    grants.check_grant(money.actor("city_finance"), point_grant_id=grant.pk)
    assert decided("grant").state == "pending"
    grants.screen_grant(SYSTEM, grant_id=grant.pk)
    assert (fresh(grant).state, decided("grant").state) == ("submitted", "back")
    assert "剩余" in decided("grant").reason


def test_decision_on_record_is_neither_changed_nor_deleted(money):
    rows = Decision.objects.unscoped("test")
    for change in (
        lambda: rows.update(amount_fen=1),
        lambda: rows.update(state="back"),
        lambda: rows.update(words="别的"),
        lambda: rows.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="stays"), transaction.atomic():
            change()


def test_log_tells_no_name_no_title_and_no_sum_of_a_few(client, cooled):
    budget = asked_for(cooled, name="张三大病救助")
    agree(cooled, budget)
    grant = drafted(cooled, title="给李四的慰问")
    grants.submit_grant(cooled.actor("city_admin"), point_grant_id=grant.pk)
    for who in ("city_finance", "second_finance"):
        grants.check_grant(cooled.actor(who), point_grant_id=grant.pk)
    decisions.object_to_decision(
        cooled.actor("auditor"), decision_id=decided("grant").pk, reason="李四已领过"
    )
    text = client.get("/decisions").content.decode()
    for secret in ("张三", "李四", "province_second", "city_finance", "auditor"):
        assert secret not in text
    for shown in ("2024 年预算：综合", "发放福豆：节日慰问（国庆）", "不足 10 人，不单列金额", "500 元", "2 位同意，2 位才够",
                  "冷静期 24 小时", "已退回", "已生效"):  # fmt: skip
        assert shown in text, shown
    assert "300 元" not in text  # three people, 100 each


def test_log_is_searched_by_union_and_paged_in_few_queries(client, money, django_assert_max_num_queries):
    union = money.cast.unions["factory"]
    row = decided()
    Decision.objects.bulk_create(
        Decision(matter="budget", subject=-n, title="", words=f"第 {n} 项", union=union, amount_fen=n, given=1, hands=1,
                 cooling_h=0, decided_by_id=row.decided_by_id, takes_effect_at=row.takes_effect_at, state="effective",
                 ended_at=row.takes_effect_at) for n in range(1, 46)
    )  # fmt: skip
    with django_assert_max_num_queries(10):
        page = client.get("/decisions", {"q": union.name[:2]})
    assert [row.words for row in page.context["page"]][:2] == ["第 45 项", "第 44 项"]
    assert page.context["page"].paginator.count == 45
    assert [row.words for row in client.get(f"/decisions?q={union.name}&page=3").context["page"]][
        -1
    ] == "第 1 项"
    assert client.get("/decisions?page=abc").status_code == 200
    nobody = client.get("/decisions", {"q": "没有这个工会"})
    assert (nobody.status_code, "没有找到名称里有“没有这个工会”" in nobody.content.decode()) == (200, True)


# --- pages --------------------------------------------------------------------------------------------------


def test_page_of_the_budget_says_who_agreed_and_how_many_are_missing(client, cooled):
    budget = asked_for(cooled)
    at = f"/console/funds/budgets/{budget.pk}"
    client = cooled.cast.sign_in(client, "province_finance")
    assert "要 2 位同意，还差 2 位。" in client.get(at).content.decode()
    agree(cooled, budget, "province_finance")
    text = client.get(at).content.decode()
    assert "<b>province_finance</b>" in text
    assert "还差 1 位。" in text
    assert "最后一位同意后有 24 小时冷静期" in text
    agree(cooled, budget, "province_second")
    text = client.get(at).content.decode()
    assert "正在冷静期" in text
    link = f"/console/funds/decision/{decided().pk}/verb/object"
    assert (link in text, "/verb/approve" in text) == (True, False)
    assert link not in cooled.cast.sign_in(client, "city_admin").get(at).content.decode()
    client = cooled.cast.sign_in(client, "auditor")
    assert client.post(link + "/", {"reason": ""}).status_code == 422
    assert client.post(link + "/", {"reason": "金额没有依据"}).status_code == 302
    text = client.get(at).content.decode()
    assert "提出异议，上一次的同意都不算数了：金额没有依据" in text
    assert "要 2 位同意，还差 2 位。" in text


def test_page_of_the_grant_says_until_when_it_cools_off(client, cooled):
    grant = drafted(cooled)
    grants.submit_grant(cooled.actor("city_admin"), point_grant_id=grant.pk)
    client = cooled.cast.sign_in(client, "city_finance")
    grants.check_grant(cooled.actor("second_finance"), point_grant_id=grant.pk)
    answer = client.post(f"/console/funds/pointgrant/{grant.pk}/verb/check/", follow=True).content.decode()
    assert "人数够了。现在是冷静期" in answer
    text = client.get(f"/console/points/{grant.pk}").content.decode()
    assert ("正在冷静期" in text, "/verb/check" in text) == (True, False)


# --- at once ------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_last_yeses_at_once_are_one_decision(cooled):
    names = ["province_second", "province_third", "province_fourth"]
    for name in names[1:]:
        new_staff(cooled.cast, name, "finance_officer", "province")
    budget = asked_for(cooled)
    agree(cooled, budget, "province_finance")
    answers = at_once(*[partial(said, agree, cooled, budget, name) for name in names])
    assert sorted(answers) == ["cooling_off", "cooling_off", "ok"]
    assert Decision.objects.unscoped("test").filter(matter="budget", subject=budget.pk).count() == 1
    with later():
        at_once(*[partial(tasks.take_effect, decided().pk)] * 4, partial(tasks.take_due_effects, 0))
    assert (now(budget).state, balance(now(budget).account_id), trial()) == ("approved", 500 * YUAN, 0)


def said(act, *args, **facts) -> str:
    try:
        act(*args, **facts)
    except DomainError as error:
        return error.code
    return "ok"


@pytest.mark.django_db(transaction=True)
def test_objection_and_effect_at_once_end_in_one_truth(cooled):
    """Around the very moment: one of them comes first, and the books follow it."""
    ends = set()
    for round_ in range(6):
        budget, given = asked_for(cooled, 10), balance(cooled.province.account_id)
        agree(cooled, budget)
        decision = decided()
        with time_machine.travel(decision.takes_effect_at - dt.timedelta(milliseconds=40), tick=True):
            answers = at_once(
                partial(objects, cooled, decision, after_ms=8 * round_),
                partial(tries_to_effect, decision),
                partial(tries_to_effect, decision),
            )
        state = now(decision).state
        ends.add(state)
        moved = 10 * YUAN if state == "effective" else 0
        assert answers[0] == ("cooling_over" if moved else "ok")
        assert now(budget).state == ("approved" if moved else "draft")
        assert (balance(cooled.province.account_id), trial()) == (given - moved, 0)
    assert ends <= {"effective", "back"}


def objects(money, decision: Decision, *, after_ms: int) -> str:
    time.sleep(after_ms / 1000)
    return said(decisions.object_to_decision, money.actor("auditor"), decision_id=decision.pk, reason="再议")


def tries_to_effect(decision: Decision) -> None:
    while now(decision).state == "pending":
        tasks.take_effect(decision.pk)
        time.sleep(0.002)


KILLED = """
import sys, time, django
django.setup()
from django.db import connection, transaction
connection.settings_dict["NAME"] = sys.argv[1]
from gonghui.funds.actions.decisions import effect_decision
from gonghui.kit.actors import Actor
with transaction.atomic():
    print(effect_decision(Actor.system("test"), decision_id=int(sys.argv[2])), flush=True)
    time.sleep(60)
"""


@pytest.mark.django_db(transaction=True)
def test_worker_killed_while_it_takes_effect_leaves_nothing_and_the_clock_does_it_once(cooled):
    budget = asked_for(cooled)
    agree(cooled, budget, "province_finance")
    hand = cooled.cast.users["province_second"]
    decision = Decision.objects.create(
        matter="budget", subject=budget.pk, title=budget.name, words="预算", union=cooled.cast.unions["province"],
        amount_fen=budget.amount_fen, given=2, hands=2, cooling_h=1, decided_by=hand,
        takes_effect_at=dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1),
    )  # fmt: skip
    command = [sys.executable, "-c", KILLED, connection.settings_dict["NAME"], str(decision.pk)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ.copy()) as worker:
        assert worker.stdout.readline() == "True\n"
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert (now(budget).state, now(decision).state) == ("submitted", "pending")
    tasks.take_due_effects(0)
    tasks.take_due_effects(0)
    assert (now(budget).state, now(decision).state) == ("approved", "effective")
    assert (balance(now(budget).account_id), trial()) == (500 * YUAN, 0)
