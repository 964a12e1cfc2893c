"""Rules that say more than a cap: shares, windows, days, words. Each is refused with its clause, and nothing is changed."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import IntegrityError, transaction

from gonghui.funds import rulebook
from gonghui.funds.actions import grants, rules
from gonghui.funds.actions.rules import RuleTerms
from gonghui.funds.models import BenefitRule, Commitment, GrantedPerson, PointGrant
from gonghui.funds.rulebook import Giving
from gonghui.funds.tests.granting import SYSTEM, drafted, fresh, placed, states
from gonghui.kit.errors import DomainError
from gonghui.orgs.models import Region

pytestmark = pytest.mark.django_db
CLAUSE = "实施办法第九条"
UNREAD = "这条依据还没有核实原文。"


@pytest.fixture
def place(cast):
    return placed(cast, "city", "4401", "东江市")


def bound(place: Region, category: str, **facts) -> BenefitRule:
    known = {"cap_fen": None, "period": "event", "effective_from": dt.date(2018, 1, 1), "clause": CLAUSE}
    return rules.write_rule(SYSTEM, region=place, terms=RuleTerms(category=category, **(known | facts)))


def prize(money, **facts) -> PointGrant:
    return drafted(money, **({"category": "training", "festival": "", "title": "培训奖励"} | facts))


def submit(money, grant: PointGrant) -> PointGrant:
    return grants.submit_grant(money.actor("city_admin"), point_grant_id=grant.pk)


def refused(act, *args, **facts) -> DomainError:
    with pytest.raises(DomainError) as caught:
        act(*args, **facts)
    return caught.value


def at(day: str, hour: int = 10) -> time_machine.travel:
    moment = dt.datetime.fromisoformat(f"{day}T{hour:02}:00:00+08:00")
    return time_machine.travel(moment, tick=True)


# --- shares -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "part", "whole", "took_part", "most"),
    [
        ("training", 15, 100, 20, 3),
        ("training", 15, 100, 19, 2),
        ("event_prize", 2, 3, 5, 3),
        ("event_prize", 2, 3, 4, 2),
        ("team_prize", 2, 3, 4, 2),
    ],
)
def test_prizes_for_more_than_their_share_are_refused_with_the_clause(
    money, place, category, part, whole, took_part, most
):
    """Three are on the list."""
    bound(place, category, share_part=part, share_whole=whole)
    grant = prize(money, category=category, took_part=took_part)
    if most >= 3:
        assert (submit(money, grant).state, fresh(grant).people) == ("submitted", 3)
        return
    error = refused(submit, money, grant)
    assert (error.code, error.clause) == ("rule_share_passed", CLAUSE)
    assert f"{took_part} 人参加，最多发 {most} 人，名单上有 3 人" in error.message
    assert error.message.endswith(UNREAD)
    assert (fresh(grant).state, fresh(grant).people, GrantedPerson.objects.unscoped("test").count()) == (
        "draft",
        0,
        0,
    )


def test_prize_that_does_not_say_how_many_took_part_is_not_drafted(money, place):
    bound(place, "training", share_part=15, share_whole=100)
    error = refused(prize, money)
    assert (error.code, error.clause) == ("rule_took_part_missing", CLAUSE)
    assert not PointGrant.objects.unscoped("test").exists()
    assert prize(money, category="souvenir").state == "draft"


def test_long_list_is_held_to_its_share_by_the_job_that_makes_it(money, place, monkeypatch):
    monkeypatch.setattr(grants, "SMALL", 1)
    bound(place, "training", share_part=15, share_whole=100)
    grant = submit(money, prize(money, took_part=19))
    grants.screen_grant(SYSTEM, grant_id=grant.pk)
    assert "最多发 2 人，名单上有 3 人" in fresh(grant).problem
    error = refused(grants.check_grant, money.actor("city_finance"), point_grant_id=grant.pk)
    assert (error.code, fresh(grant).state) == ("rule_share_passed", "submitted")
    assert not Commitment.objects.unscoped("test").filter(purpose=f"grant:{grant.pk}").exists()


# --- windows ------------------------------------------------------------------------------------------------


def window(place: Region) -> BenefitRule:
    return bound(place, "festival", given_until="03-31", spent_until="10-31")


def chunjie(money, *, until: str = "2026-10-31") -> PointGrant:
    return drafted(money, festival="chunjie", expires_on=dt.date.fromisoformat(until))


def test_festival_benefit_is_given_until_its_last_day_and_not_after(money, place):
    window(place)
    with at("2026-03-31", 23):
        assert submit(money, chunjie(money)).state == "submitted"
    with at("2026-04-01", 0):
        grant = chunjie(money)
        error = refused(submit, money, grant)
    assert (error.code, error.clause) == ("rule_given_too_late", CLAUSE)
    assert "每年 3 月 31 日以前发放" in error.message
    assert (fresh(grant).state, states(grant)) == ("draft", {})


def test_festival_benefit_lasts_no_longer_than_the_rule_says(money, place):
    window(place)
    with at("2026-02-01"):
        assert submit(money, chunjie(money)).state == "submitted"
        grant = chunjie(money, until="2026-11-01")
        error = refused(submit, money, grant)
        refused(submit, money, chunjie(money, until="2027-01-31"))
    assert (error.code, error.clause) == ("rule_spent_too_late", CLAUSE)
    assert "要在 2026-10-31 以前用完，这次的有效期到 2026-11-01" in error.message
    assert (fresh(grant).state, states(grant)) == ("draft", {})


def test_what_is_spent_the_year_after_may_last_until_then(money, place):
    bound(place, "festival", given_until="12-31", spent_until="03-31")
    with at("2026-11-01"):
        assert submit(money, chunjie(money, until="2027-03-31")).state == "submitted"
        assert refused(submit, money, chunjie(money, until="2027-04-01")).code == "rule_spent_too_late"


def test_checked_in_time_and_begun_too_late_is_not_begun(money, place):
    window(place)
    with at("2026-03-31"):
        grant = submit(money, chunjie(money))
        grants.check_grant(money.actor("city_finance"), point_grant_id=grant.pk)
    with at("2026-04-01"):
        error = refused(grants.run_grant, money.actor("city_admin"), point_grant_id=grant.pk)
    assert (error.code, fresh(grant).state) == ("rule_given_too_late", "checked")
    assert set(states(grant).values()) == {"waiting"}


# --- days and words -----------------------------------------------------------------------------------------


def retreat(money, **facts) -> PointGrant:
    return prize(money, **({"category": "retreat", "title": "疗休养", "per_head": 500} | facts))


@pytest.mark.parametrize(
    ("days", "is_paired", "code"),
    [
        (None, False, "rule_days_missing"), (5, False, ""), (6, False, "rule_days_passed"), (7, True, ""),
        (8, True, "rule_days_passed"),
    ],
)  # fmt: skip
def test_retreat_is_no_longer_than_the_rule_says(money, place, days, is_paired, code):
    bound(place, "retreat", most_days=5, most_days_paired=7)
    if code:
        error = refused(retreat, money, days=days, is_paired=is_paired)
        assert (error.code, error.clause) == (code, CLAUSE)
        assert not PointGrant.objects.unscoped("test").exists()
    else:
        assert submit(money, retreat(money, days=days, is_paired=is_paired)).state == "submitted"


def test_days_at_once_are_so_many_times_the_cap_of_a_day(money, place):
    bound(place, "retreat", cap_fen=60_000, period="day")
    bound(place, "retreat", cap_fen=300_000, period="year")
    for days, points, fits in ((3, 1_800, True), (3, 1_801, False), (6, 3_001, False), (1, 601, False)):
        grant = submit(money, retreat(money, days=days, per_head=points))
        assert (grant.people, grant.refused) == (3, 0 if fits else 3), (days, points)


def test_what_no_machine_sees_is_affirmed_and_the_words_stay(money, place):
    words = "在本市范围内，当日往返"
    bound(place, "outing", most_days=1, condition=words)
    facts = {"category": "outing", "title": "春游", "days": 1}
    error = refused(prize, money, **facts)
    assert (error.code, error.clause, words in error.message) == ("rule_words_missing", CLAUSE, True)
    assert not PointGrant.objects.unscoped("test").exists()
    grant = prize(money, affirms=True, **facts)
    assert fresh(grant).affirmed == [words]
    bound(place, "outing", condition="不在工作时间")  # written since: nobody affirmed it
    assert refused(submit, money, grant).code == "rule_words_missing"
    assert (fresh(grant).state, fresh(grant).affirmed) == ("draft", [words])


def test_rule_of_another_place_purpose_or_time_asks_nothing(cast, money, place):
    bound(placed(cast, "sister", "4402", "西岭市"), "outing", most_days=1)
    bound(place, "outing", most_days=1, source_level="grassroots")
    ended = bound(place, "outing", most_days=1)
    with at("2026-01-01"):
        rules.end_rule(SYSTEM, rule_id=ended.pk, on=dt.date(2026, 1, 1))
        assert prize(money, category="outing").state == "draft"


# --- as rows ------------------------------------------------------------------------------------------------


def test_rule_says_something_and_its_bounds_are_whole(place):
    said = {
        "rule_says_nothing": {},
        "rule_count_without_cap": {"max_count": 2, "most_days": 5},
    }
    for code, facts in said.items():
        assert refused(bound, place, "retreat", **facts).code == code
    for facts in (
        {"share_part": 3, "share_whole": 2},
        {"share_part": 3, "cap_fen": 100},
        {"share_whole": 3},
        {"given_until": "13-01"},
        {"most_days": 5, "most_days_paired": 4},
        {"most_days_paired": 4, "cap_fen": 100},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            bound(place, "retreat", **facts)
    assert not BenefitRule.objects.unscoped("test").exists()


def test_bound_of_a_rule_is_never_changed(place):
    rule = bound(place, "retreat", most_days=5, condition="分段不超过两段")
    for facts in ({"most_days": 6}, {"condition": "别的"}, {"share_part": 1, "share_whole": 2}):
        with pytest.raises(IntegrityError), transaction.atomic():
            BenefitRule.objects.unscoped("test").filter(pk=rule.pk).update(**facts)


@pytest.mark.parametrize(
    ("code", "category", "yuan"),
    [
        ("37", "team_prize", 300),
        ("37", "event_prize", 500),
        ("34", "bereavement", 2_000),
        ("34", "family_loss", 1_000),
    ],
)
def test_sums_that_differ_have_rows_of_their_own(cast, code, category, yuan):
    rules.load_rules(SYSTEM)
    placed(cast, "city", code, "本省")
    giving = Giving(
        [cast.people["mei"].pk], cast.unions["city"], "special", "city", category, yuan * 100, dt.date(2026, 5, 1), "a"
    )  # fmt: skip
    assert rulebook.rule_against_everybody(giving) is None
    dearer = Giving(
        giving.person_ids, giving.union, "special", "city", category, yuan * 100 + 1, giving.on, "a"
    )
    against = rulebook.rule_against_everybody(dearer)
    assert (against.region.code, against.cap_fen, against.is_verified) == (code, yuan * 100, False)


def test_shipped_bounds_are_all_unverified_and_cite_a_clause():
    rules.load_rules(SYSTEM)
    found = BenefitRule.objects.unscoped("test").filter(cap_fen=None).order_by("region__code", "category")
    shown = [
        (rule.region.code, rule.category, rule.share_part, rule.share_whole, rule.given_until, rule.spent_until,
         rule.most_days, rule.most_days_paired, bool(rule.condition), rule.is_verified, bool(rule.clause))
        for rule in found.select_related("region")
    ]  # fmt: skip
    assert shown == [
        ("00", "outing", None, None, "", "", 1, None, True, False, True),
        ("33", "retreat", None, None, "", "", 5, 7, True, False, True),
        ("37", "event_prize", 2, 3, "", "", None, None, False, False, True),
        ("37", "team_prize", 2, 3, "", "", None, None, False, False, True),
        ("37", "training", 15, 100, "", "", None, None, False, False, True),
        ("43", "festival", None, None, "03-31", "10-31", None, None, True, False, True),
    ]
