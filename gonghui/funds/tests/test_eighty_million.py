"""Domain N16: 80,000,000 yuan to 100,000 person-times, given by the job itself; the books agree to the fen."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection

from gonghui.funds.actions import grants
from gonghui.funds.models import GrantedPerson, PointGrant
from gonghui.funds.points import liabilities
from gonghui.funds.queries import BudgetFigures, budget_figures
from gonghui.funds.tests.granting import SYSTEM, backing, outstanding
from gonghui.funds.tests.stage import YUAN, MoneyStage, approved, balance, build_money, funded_source, trial
from gonghui.kit import clock
from gonghui.ledger.models import Transfer
from tests.cast import new_union

# Committed batch by batch, as the jobs do: what is checked at a commit is checked of a batch.
pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE, TIMES, EACH_YUAN = 10_000, 10, 800
ALL_YUAN = PEOPLE * TIMES * EACH_YUAN

CROWD = """
WITH people AS (
    INSERT INTO members_person (token, name, pinyin, grams, id_type, gender, groups, verification, verified_by, created_at,
                                updated_at)
    SELECT gen_random_uuid(), '会员' || n, '', '{}', 'resident_id', '', '{}', 'none', '', now(), now()
      FROM generate_series(1, %s) n RETURNING id
)
INSERT INTO members_membership (person_id, union_id, status, source, created_at, updated_at)
SELECT id, %s, 'active', 'batch', now(), now() FROM people
"""
ONCE_EACH = """
SELECT count(*), min(n), max(n), min(points), max(points) FROM (
    SELECT person_id, count(*) AS n, sum(credits_posted - debits_posted) AS points
      FROM ledger_account WHERE kind = 'points' GROUP BY person_id) purse
"""


@pytest.fixture
def millions(cast) -> MoneyStage:
    """A union of ten thousand below the city, and the city's budget of all of it."""
    money = build_money(cast)
    source = funded_source(cast, "province", yuan=ALL_YUAN)
    province = approved(cast, "province", source=source, yuan=ALL_YUAN)
    city = approved(cast, "city", parent=province, yuan=ALL_YUAN)
    cast.unions["crowd"] = new_union("万人工会", "enterprise", cast.unions["city"])
    with connection.cursor() as cursor:
        cursor.execute(CROWD, [PEOPLE, cast.unions["crowd"].pk])
        cursor.execute("ANALYZE members_person, members_membership")
    return MoneyStage(cast, source, province, city, money.factory)


def given(money: MoneyStage, title: str) -> PointGrant:
    """Drafted, asked about, checked by another and given by the jobs, as a large grant is."""
    actor = money.actor("city_admin")
    grant = grants.draft_grant(actor, union=money.cast.unions["crowd"], budget=money.city, **facts_of(title))
    for step in (grants.submit_grant, grants.check_grant):
        who = money.actor("city_finance" if step is grants.check_grant else "city_admin")
        step(who, point_grant_id=grant.pk)
        grants.screen_grant(SYSTEM, grant_id=grant.pk)
    grants.run_grant(actor, point_grant_id=grant.pk)
    return grants.give_grant(SYSTEM, grant_id=grant.pk)


def facts_of(title: str) -> dict:
    today = clock.today()
    return {
        "title": title, "category": "festival", "festival": "guoqing", "per_head": EACH_YUAN, "roster_on": today,
        "expires_on": today + dt.timedelta(days=60),
    }  # fmt: skip


@pytest.mark.big
def test_eighty_million_yuan_to_a_hundred_thousand_leave_books_that_agree_to_the_fen(millions):
    assert ALL_YUAN == 80_000_000
    made = [given(millions, f"第 {nth} 次慰问") for nth in range(1, TIMES + 1)]
    assert [(grant.state, grant.granted, grant.refused) for grant in made] == [("granted", PEOPLE, 0)] * TIMES
    whole_fen = ALL_YUAN * YUAN
    assert (outstanding(), backing(), trial()) == (ALL_YUAN, whole_fen, 0)
    (liability,) = liabilities(millions.actor("city_finance"))
    assert (liability.points, liability.backing_fen, liability.is_equal) == (ALL_YUAN, whole_fen, True)
    assert sum(points for _month, points in liability.months) == ALL_YUAN
    assert budget_figures(millions.city) == BudgetFigures(whole_fen, 0, whole_fen, 0, 0)
    assert balance(millions.source.account_id) == 0
    with connection.cursor() as cursor:
        cursor.execute(ONCE_EACH)
        assert cursor.fetchone() == (PEOPLE, TIMES, TIMES, TIMES * EACH_YUAN, TIMES * EACH_YUAN)
    assert GrantedPerson.objects.unscoped("test").filter(state="granted").count() == PEOPLE * TIMES
    issued = Transfer.objects.unscoped("test").filter(ledger=2)
    assert set(issued.values_list("amount", flat=True).distinct()) == {EACH_YUAN}
    assert issued.count() == PEOPLE * TIMES
