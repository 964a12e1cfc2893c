"""I10: a cap holds for each person and period, before anything is given, whoever gives and however many at once."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction

from gonghui.funds import rulebook
from gonghui.funds.actions import rules
from gonghui.funds.actions.rules import RuleTerms
from gonghui.funds.models import BenefitRule, BenefitTally, BenefitUse
from gonghui.funds.rulebook import Giving
from gonghui.funds.tests.stage import new_staff
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.orgs.models import Region

SYSTEM = Actor.system("test")
DAY = dt.date(2026, 9, 20)


@pytest.fixture
def places(cast):
    """南粤 is 44, 东江 4401, 西岭 4402."""
    made = {}
    for code, name, union in (
        ("44", "广东省", "province"),
        ("4401", "东江市", "city"),
        ("4402", "西岭市", "sister"),
    ):
        made[code] = Region.objects.create(code=code, name=name)
        cast.unions[union].region = made[code]
        cast.unions[union].save()
    return made


def rule_of(region: Region, yuan: int, **facts) -> BenefitRule:
    known = {
        "category": "festival",
        "period": "year",
        "effective_from": dt.date(2018, 1, 1),
        "clause": "实施办法第八条",
    }
    terms = RuleTerms(**(known | {"cap_fen": yuan * 100} | facts))  # fmt: skip
    return rules.write_rule(SYSTEM, region=region, terms=terms)


def giving(cast, *names: str, yuan: int = 300, union: str = "factory", **facts) -> Giving:
    known = {
        "person_ids": [cast.people[name].pk for name in names], "union": cast.unions[union], "source_kind": "union_fund",
        "source_level": "grassroots", "category": "festival", "festival": "zhongqiu", "amount_fen": yuan * 100, "on": DAY,
        "occasion": "grant:1",
    }  # fmt: skip
    return Giving(**(known | facts))


def given(verdicts) -> list[bool]:
    return [verdict.is_given for verdict in verdicts]


def used(**facts) -> list[tuple]:
    found = BenefitTally.objects.unscoped("test").filter(**facts).order_by("rule_id", "person_id", "period")
    return list(found.values_list("period", "amount_fen", "count"))


def test_cap_is_filled_and_not_passed(cast, places):
    rule = rule_of(places["44"], 1_000)
    assert [given(rulebook.give(giving(cast, "mei", yuan=400, occasion=f"grant:{n}"))) for n in range(3)] == [
        [True], [True], [False]]  # fmt: skip
    assert used() == [("2026", 80_000, 2)]
    refused = rulebook.give(giving(cast, "mei", "lan", yuan=400, occasion="grant:3"))
    assert {v.person_id: v.rule for v in refused} == {
        cast.people["mei"].pk: rule,
        cast.people["lan"].pk: None,
    }


def test_refusal_cites_the_clause_and_that_nobody_verified_it(cast, places):
    rule = rule_of(places["44"], 100)
    with pytest.raises(DomainError) as refusal:
        rulebook.require_given(rulebook.give(giving(cast, "mei")))
    says = "按广东省的规定，节日慰问每人每年不超过 100 元（依据：实施办法第八条）。"
    assert (refusal.value.message, refusal.value.clause) == (
        says + "这条依据还没有核实原文。",
        "实施办法第八条",
    )
    rules.verify_rule(officer(cast), rule_id=rule.pk, evidence="粤工总〔2018〕5号第八条，原件在财务部")
    assert rulebook.would_fit(giving(cast, "mei"))[0].reason == says


def officer(cast) -> Actor:
    if "province_finance" not in cast.users:
        new_staff(cast, "province_finance", "finance_officer", "province")
    return cast.actor("province_finance")


def test_same_occasion_again_is_given_once(cast, places):
    rule_of(places["44"], 500)
    ask = giving(cast, "mei", "mei", "lan")
    assert [given(rulebook.give(ask)), given(rulebook.give(ask)), given(rulebook.would_fit(ask))] == [
        [True, True]
    ] * 3
    assert used() == [("2026", 30_000, 1)] * 2
    assert BenefitUse.objects.unscoped("test").count() == 2


def test_rule_binds_its_region_and_what_lies_in_it(cast, places):
    rule_of(places["4402"], 100)
    assert given(rulebook.would_fit(giving(cast, "mei"))) == [True]
    assert given(rulebook.would_fit(giving(cast, "mei", union="riders"))) == [False]
    country = Region.objects.create(code="00", name="全国")
    rule_of(country, 200)
    assert given(rulebook.would_fit(giving(cast, "mei"))) == [False]


@pytest.mark.parametrize(
    ("facts", "is_given"),
    [
        ({}, False),
        ({"source_kind": "special"}, True),
        ({"source_level": "city"}, True),
        ({"category": "birthday"}, True),
        ({"festival": "chunjie"}, True),
        ({"on": dt.date(2025, 12, 31)}, True),
        ({"on": dt.date(2027, 1, 1)}, True),
        ({"on": dt.date(2026, 12, 31)}, False),
    ],
)
def test_rule_binds_what_it_names(cast, places, facts, is_given):
    rule_of(
        places["44"], 100, source_kind="union_fund", source_level="grassroots", festival="zhongqiu",
        effective_from=dt.date(2026, 1, 1), effective_until=dt.date(2027, 1, 1),
    )  # fmt: skip
    assert given(rulebook.would_fit(giving(cast, "mei", **facts))) == [is_given]
    assert used() == []


def test_period_decides_what_adds_up(cast, places):
    for period in ("event", "day", "month", "year"):
        rule_of(places["44"], 10_000, period=period)
    for n, day in enumerate([DAY, DAY, DAY + dt.timedelta(days=20), dt.date(2027, 1, 1)]):
        rulebook.give(giving(cast, "mei", yuan=1, on=day, occasion=f"grant:{n}"))
    assert used() == [
        *[(f"grant:{n}", 100, 1) for n in range(4)],
        ("2026-09-20", 200, 2), ("2026-10-10", 100, 1), ("2027-01-01", 100, 1),
        ("2026-09", 200, 2), ("2026-10", 100, 1), ("2027-01", 100, 1),
        ("2026", 300, 3), ("2027", 100, 1),
    ]  # fmt: skip


def test_count_is_a_cap_too(cast, places):
    rule_of(places["44"], 10_000, max_count=1)
    assert given(rulebook.give(giving(cast, "mei", yuan=1))) == [True]
    assert given(rulebook.give(giving(cast, "mei", yuan=1, occasion="grant:2"))) == [False]


def test_every_rule_has_to_hold(cast, places):
    rule_of(places["44"], 2_000)
    narrow = rule_of(places["4401"], 200, festival="zhongqiu")
    assert rulebook.give(giving(cast, "mei"))[0].rule == narrow
    assert given(rulebook.give(giving(cast, "mei", festival="chunjie"))) == [True]
    assert used(amount_fen__gt=0) == [("2026", 30_000, 1)]


def test_what_came_back_counts_no_longer(cast, places):
    rule_of(places["44"], 500)
    mei = cast.people["mei"].pk
    rulebook.give(giving(cast, "mei", yuan=500))
    rulebook.take_back(mei, "grant:1", 20_000)
    assert used() == [("2026", 30_000, 1)]
    assert given(rulebook.would_fit(giving(cast, "mei", yuan=200, occasion="bill:2"))) == [True]
    with pytest.raises(DomainError) as refusal:
        rulebook.take_back(mei, "grant:1", 30_001)
    assert (refusal.value.code, used()) == ("nothing_to_take_back", [("2026", 30_000, 1)])
    rulebook.take_back(mei, "grant:1", 30_000)
    assert used() == [("2026", 0, 0)]


def test_bad_giving_is_refused_and_nothing_is_written(cast, places):
    for wrong, code in (({"yuan": 0}, "bad_fen"), ({"person_ids": range(5_001)}, "too_many_people")):
        with pytest.raises(DomainError) as refusal:
            rulebook.give(giving(cast, "mei", **wrong))
        assert refusal.value.code == code
    assert (used(), BenefitUse.objects.unscoped("test").count()) == ([], 0)


# --- Rules themselves ----------------------------------------------------------------------------------------


def test_rule_is_never_changed_only_ended(cast, places):
    rule = rule_of(places["44"], 500)
    for facts in ({"cap_fen": 1}, {"clause": "另一条"}, {"category": "birthday"}, {"effective_from": DAY}):
        with pytest.raises(IntegrityError), transaction.atomic():
            BenefitRule.objects.unscoped("test").filter(pk=rule.pk).update(**facts)
    with pytest.raises(DomainError) as refusal:
        rules.end_rule(SYSTEM, rule_id=rule.pk, on=dt.date(2020, 1, 1))
    assert refusal.value.code == "rule_ends_too_early"
    on = dt.date(2090, 1, 1)
    assert rules.end_rule(SYSTEM, rule_id=rule.pk, on=on).effective_until == on
    with pytest.raises(DomainError) as refusal:
        rules.end_rule(SYSTEM, rule_id=rule.pk, on=on)
    assert refusal.value.code == "rule_ended"
    assert given(rulebook.would_fit(giving(cast, "mei", yuan=501, on=on))) == [True]


@pytest.mark.parametrize(
    ("who", "code", "answer"),
    [
        ("province_finance", "4401", "ok"),
        ("finance_officer", "4401", "ok"),
        ("finance_officer", "44", "rule_region_not_yours"),
        ("finance_officer", "4402", "rule_region_not_yours"),
        ("city_admin", "4401", "not_allowed"),
        ("judge", "4401", "not_allowed"),
        ("mei", "4401", "not_allowed"),
        ("anonymous", "4401", "not_allowed"),
    ],
)
def test_rules_are_written_by_finance_of_that_region(cast, places, who, code, answer):
    officer(cast)
    terms = RuleTerms("festival", 100_00, "year", dt.date(2026, 1, 1), "第八条")
    try:
        rules.write_rule(cast.actor(who), region=places[code], terms=terms)
        said = "ok"
    except DomainError as refusal:
        said = refusal.code
    assert (said, BenefitRule.objects.unscoped("test").count()) == (answer, int(answer == "ok"))


def test_shipped_rules_are_loaded_once_and_none_is_verified(cast, places):
    many = rules.load_rules(SYSTEM)
    assert (many, rules.load_rules(SYSTEM)) == (38, 0)
    loaded = BenefitRule.objects.unscoped("test")
    assert (loaded.filter(is_verified=True).count(), loaded.filter(clause="").count()) == (0, 0)
    caps = loaded.filter(region__code="44").order_by("category").values_list("category", "cap_fen", "period")
    assert list(caps) == [("birthday", 30_000, "year"), ("festival", 200_000, "year")]


def test_no_single_prize_is_dearer_than_fifty_thousand_yuan(cast, places):
    rules.load_rules(SYSTEM)
    ask = giving(cast, "mei", category="event_prize", festival="", amount_fen=5_000_000)
    assert given(rulebook.would_fit(ask)) == [True]
    refused = rulebook.would_fit(replace(ask, amount_fen=5_000_001))[0]
    assert "五万元" in refused.rule.clause


def test_grassroots_union_funds_buy_no_vouchers(cast, places):
    rules.load_rules(SYSTEM)
    ask = giving(cast, "mei", category="coupon", festival="")
    refused = rulebook.would_fit(ask)[0]
    assert refused.reason.startswith(
        "按全国的规定，这类经费不能用于普惠补贴（依据：《基层工会经费收支管理办法》"
    )
    assert given(rulebook.would_fit(replace(ask, source_level="city"))) == [True]


def test_giving_to_five_thousand_takes_three_statements(cast, places, django_assert_num_queries):
    rule_of(places["44"], 500)
    with django_assert_num_queries(3):  # savepoint, give, release
        assert given(rulebook.give(giving(cast, "mei", "hua", "qiang", "lan"))) == [True] * 4
