"""Rosters of any size: the request answers at once, the rules are asked in a job, memory does not follow the number of people."""

import tracemalloc

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from gonghui.funds import point_errors as errors
from gonghui.funds.actions import grants
from gonghui.funds.models import Commitment, PointGrant
from gonghui.funds.tests.granting import (
    SYSTEM,
    capped,
    crowd_of,
    drafted,
    fresh,
    granted,
    is_backed,
    started,
    states,
)
from gonghui.funds.tests.stage import build_money
from gonghui.kit.errors import DomainError

pytestmark = pytest.mark.django_db


@pytest.fixture
def money(cast):
    return build_money(cast)


@pytest.fixture
def many(money, monkeypatch):
    """As if the three were more than one request may ask about."""
    monkeypatch.setattr(grants, "SMALL", 1)
    monkeypatch.setattr(grants, "BATCH", 2)
    return money


def jobs() -> int:
    return ProcrastinateJob.objects.filter(task_name__endswith="screen_points").count()


def submitted(money, **facts) -> PointGrant:
    grant = drafted(money, **facts)
    return grants.submit_grant(money.actor("city_admin"), point_grant_id=grant.pk)


def screened(money, **facts) -> PointGrant:
    grant = submitted(money, **facts)
    grants.screen_grant(SYSTEM, grant_id=grant.pk)
    return fresh(grant)


def test_small_roster_is_asked_about_in_the_request(money):
    grant = submitted(money)
    assert (grant.people, grant.screened, grant.is_screening, jobs()) == (3, 3, False, 0)
    assert grants.check_grant(money.actor("city_finance"), point_grant_id=grant.pk).state == "checked"


def test_large_roster_is_made_and_asked_about_in_jobs(many):
    capped(150)
    grant = submitted(many)
    assert (fresh(grant).state, fresh(grant).people, grant.is_screening, jobs()) == ("submitted", 0, True, 1)
    grants.screen_grant(SYSTEM, grant_id=grant.pk)
    grant = fresh(grant)
    assert (grant.people, grant.screened, grant.refused, grant.is_screening) == (3, 3, 0, False)
    grants.check_grant(many.actor("city_finance"), point_grant_id=grant.pk)
    assert (fresh(grant).state, fresh(grant).is_screening, jobs()) == ("submitted", True, 2)
    grants.screen_grant(SYSTEM, grant_id=grant.pk)
    grant = fresh(grant)
    assert (grant.state, grant.checker_id) == ("checked", many.cast.users["city_finance"].pk)
    set_aside = Commitment.objects.unscoped("test").get(purpose=f"grant:{grant.pk}")
    assert set_aside.amount_fen == 3 * 100 * 100


def test_nobody_checks_what_the_rules_are_still_asked_about(many):
    grant = submitted(many)
    with pytest.raises(DomainError) as caught:
        grants.check_grant(many.actor("city_finance"), point_grant_id=grant.pk)
    assert caught.value.reason is errors.STILL_SCREENING
    assert (fresh(grant).checker_id, fresh(grant).state) == (None, "submitted")


def test_killed_screening_goes_on_where_it_was(many):
    capped(50)
    grant = submitted(many)
    assert grants.screen_batch(SYSTEM, grant_id=grant.pk) == 3
    assert grants.screen_batch(SYSTEM, grant_id=grant.pk) == 2
    assert (fresh(grant).screened, fresh(grant).refused) == (2, 2)
    for _again in range(2):
        grants.screen_grant(SYSTEM, grant_id=grant.pk)
    grant = fresh(grant)
    assert (grant.people, grant.screened, grant.refused, set(states(grant).values())) == (
        3,
        3,
        3,
        {"refused"},
    )


def test_whom_no_rule_refuses_any_more_is_given_at_the_check(many):
    rule = capped(50)
    grant = screened(many)
    assert grant.refused == 3
    type(rule).objects.unscoped("test").filter(pk=rule.pk).update(effective_until=grant.roster_on)
    grants.check_grant(many.actor("city_finance"), point_grant_id=grant.pk)
    grants.screen_grant(SYSTEM, grant_id=grant.pk)
    assert (fresh(grant).refused, fresh(grant).state, set(states(grant).values())) == (
        0,
        "checked",
        {"waiting"},
    )


def test_too_dear_for_the_budget_waits_for_another_check_and_says_why(client, many):
    grant = screened(many, per_head=90_000)
    grants.check_grant(many.actor("city_finance"), point_grant_id=grant.pk)
    grants.screen_grant(SYSTEM, grant_id=grant.pk)
    grant = fresh(grant)
    assert (grant.state, grant.checker_id) == ("submitted", None)
    assert (
        grant.problem
        == "“普惠预算”剩余 30,000 元，需要 270,000 元，没有动任何一笔钱。 请减少金额，或先追加预算。"
    )
    assert not Commitment.objects.unscoped("test").filter(purpose=f"grant:{grant.pk}").exists()
    page = many.cast.sign_in(client, "city_finance").get(f"/console/points/{grant.pk}").content.decode()
    assert grant.problem[:12] in page


def test_roster_of_nobody_goes_back_to_the_draft_and_says_why(many):
    grant = screened(many, audience_groups=["nobody"])
    assert (grant.state, grant.problem != "") == ("draft", True)


def test_sent_back_while_it_is_screened_is_left_alone(many):
    grant = submitted(many)
    grants.screen_batch(SYSTEM, grant_id=grant.pk)
    grants.send_back_grant(many.actor("city_finance"), point_grant_id=grant.pk, reason="改")
    grants.screen_grant(SYSTEM, grant_id=grant.pk)
    assert (fresh(grant).state, fresh(grant).people, states(grant)) == ("draft", 0, {})


def test_page_follows_the_screening_and_offers_no_check_meanwhile(client, many):
    grant = submitted(many)
    many.cast.sign_in(client, "city_finance")
    page = client.get(f"/console/points/{grant.pk}").content.decode()
    assert "人已按支出规则核对" in page
    assert "复核通过" not in page
    said = client.get(f"/console/points/{grant.pk}/progress").json()
    assert (said["done"], said["total"], said["is_running"]) == (0, 0, True)
    grants.screen_grant(SYSTEM, grant_id=grant.pk)
    assert "复核通过" in client.get(f"/console/points/{grant.pk}").content.decode()


# --- memory -------------------------------------------------------------------------------------------------


def peak_of(grant: PointGrant) -> int:
    """Bytes at the height of giving it."""
    tracemalloc.start()
    grants.give_grant(SYSTEM, grant_id=grant.pk)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_of_giving_does_not_grow_with_the_people(money):
    granted(money)  # what is loaded once is loaded
    few = peak_of(started(money, per_head=1, title="少"))
    crowd_of(money, 1_500)
    grant = started(money, per_head=1, title="多")
    many = peak_of(grant)
    assert (fresh(grant).granted, is_backed()) == (1_503, True)
    assert many - few < 50 * 1024
