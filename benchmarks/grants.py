"""A grant of points to many beside bare SQL: the same rows into the same tables with nothing of ours on them.

`python -m benchmarks.grants PEOPLE` does the work in a database of a run and prints what it measured.
"""

from __future__ import annotations

import datetime as dt
import json
import resource
import subprocess
import sys
import time
from typing import Any
from uuid import uuid4

from benchmarks.table import Row

TIMES_MAX = 1.5
GROWTH_MAX_MB = 40
MESSAGES = 50_000
PER_HEAD = 100
BATCH = 5_000

BARE = """
CREATE TABLE bare_g_account (LIKE ledger_account INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES);
CREATE TABLE bare_g_transfer (LIKE ledger_transfer INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES);
CREATE TABLE bare_g_use (LIKE funds_benefituse INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES);
CREATE TABLE bare_g_tally (LIKE funds_benefittally INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES);
CREATE TABLE bare_g_roster (LIKE funds_grantedperson INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES);
"""
# The roster is there before the clock starts, as ours is. One batch, one transaction.
BARE_ROSTER = """
INSERT INTO bare_g_roster (grant_id, person_id, state, reason, created_at, updated_at)
SELECT grant_id, person_id, 'waiting', '', now(), now() FROM funds_grantedperson WHERE grant_id = %(grant)s
"""
BARE_BATCH = """
WITH taken AS MATERIALIZED (
    SELECT id, person_id FROM bare_g_roster WHERE grant_id = %(grant)s AND state = 'waiting' ORDER BY id LIMIT %(batch)s
), used AS (
    INSERT INTO bare_g_use (person_id, union_id, category, festival, amount_fen, given_on, occasion, created_at, updated_at)
    SELECT person_id, %(union)s, 'festival', '', %(points)s * 100, current_date, 'grant:bare', now(), now() FROM taken
), tallied AS (
    INSERT INTO bare_g_tally (rule_id, person_id, period, amount_fen, count, created_at, updated_at)
    SELECT %(rule)s, person_id, '2026', %(points)s * 100, 1, now(), now() FROM taken
), purse AS (
    INSERT INTO bare_g_account (ledger, kind, name, union_id, person_id, limited, debits_pending, debits_posted,
                                credits_pending, credits_posted, created_at, updated_at)
    SELECT 2, 'points', 'grant:bare', %(union)s, person_id, 'debits', 0, 0, 0, 0, now(), now() FROM taken RETURNING id
), moved AS (
    INSERT INTO bare_g_transfer (id, kind, ledger, debit_id, credit_id, amount, released, code, subject)
    SELECT gen_random_uuid(), 'posted', 2, 1, id, %(points)s, 0, 'grant_points', 'grant:bare' FROM purse
)
UPDATE bare_g_roster r SET state = 'granted', updated_at = now() FROM taken WHERE r.id = taken.id
"""
# A row made and changed by one statement keeps its first form: the totals follow in a second one.
BARE_TOTALS = """
UPDATE bare_g_account SET credits_posted = credits_posted + %(points)s WHERE credits_posted = 0 AND kind = 'points'
   AND id > (SELECT coalesce(max(id), 0) - %(batch)s FROM bare_g_account)
"""
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


def grant_rows(env: dict[str, str], *, people: int) -> list[Row]:
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.grants", str(people)], env=env, stdout=subprocess.PIPE, check=True
    )
    seen = json.loads(made.stdout.splitlines()[-1])
    times = seen["ours_s"] / seen["bare_s"]
    return [
        Row(f"points: a grant to {people:,} members", f"{people / seen['ours_s']:,.0f}/s", good=times <= TIMES_MAX,
            note=f"{times:.2f} × the time of bare SQL, wanted ≤ {TIMES_MAX}; {seen['ours_s']:.0f} s"),
        Row("points: memory while granting", f"+{seen['growth_mb']:.0f} MB", good=seen["growth_mb"] < GROWTH_MAX_MB,
            note=f"growth of the peak after the third batch, < {GROWTH_MAX_MB} MB"),
        Row(f"messages: {seen['told']:,} delivered", f"{seen['told'] / seen['tell_s']:,.0f}/s",
            note=f"queued in one job in {seen['queue_s']:.1f} s, delivered in batches"),
    ]  # fmt: skip


# --- in a process of its own --------------------------------------------------------------------------------


def measure(people: int) -> dict[str, Any]:
    from django.db import connection

    grant, rule_id = checked_grant(people)
    facts = {"grant": grant.pk, "union": grant.union_id, "points": PER_HEAD, "batch": BATCH, "rule": rule_id}
    with connection.cursor() as cursor:
        cursor.execute(BARE)
        cursor.execute(BARE_ROSTER, facts)
        cursor.execute("ANALYZE funds_grantedperson; ANALYZE bare_g_roster; ANALYZE members_person")
    return {**in_turns(grant, facts), **told(grant, min(people, MESSAGES))}


def in_turns(grant, facts: dict[str, Any]) -> dict[str, float]:
    """Batch by batch, ours and bare: a slow moment strikes both."""
    from django.db import connection, transaction

    from gonghui.funds.actions import grants
    from gonghui.kit.actors import Actor

    actor, ours_s, bare_s, early_kb, batch = Actor.system("bench"), 0.0, 0.0, 0, 0
    while True:
        started = time.perf_counter()
        given = grants.give_batch(actor, grant_id=grant.pk)
        ours_s += time.perf_counter() - started
        if not given:
            break
        started = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(BARE_BATCH, facts)
            cursor.execute(BARE_TOTALS, facts)
        bare_s += time.perf_counter() - started
        batch += 1
        if batch == 3:
            early_kb = peak_kb()
    return {"ours_s": ours_s, "bare_s": bare_s, "growth_mb": (peak_kb() - (early_kb or peak_kb())) / 1024}


def peak_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def told(grant, people: int) -> dict[str, float]:
    from gonghui.funds.models import GrantedPerson
    from gonghui.kit.actors import Actor
    from gonghui.notices.actions import Notice, tell_many
    from gonghui.notices.actions.sends import deliver

    actor, started = Actor.system("bench"), time.perf_counter()
    given = GrantedPerson.objects.unscoped("bench").filter(grant=grant).order_by("pk")[:people]
    ids = list(given.values_list("person_id", flat=True))
    send = tell_many(actor, send_key=f"bench:{uuid4()}", people=ids, notice=Notice("points", "福豆已到账"))
    queued = time.perf_counter()
    deliver(actor, send_id=send.pk)
    return {"told": send.recipients, "queue_s": queued - started, "tell_s": time.perf_counter() - queued}


def checked_grant(people: int):
    """A union of its own with its crowd, its money and a rule; the grant is checked and running."""
    from django.db import connection

    from gonghui.config.actors import actor_of
    from gonghui.funds.actions import budgets, grants, sources
    from gonghui.funds.models import BenefitRule, PointGrant
    from gonghui.kit import clock
    from gonghui.orgs.models import Region, Union

    union = Union(name="测算工会", kind="province", path="bench")
    union.save()
    union.path = f"{union.pk}."
    union.save()
    maker, finance = (actor_of(staff(role, union)) for role in ("org_admin", "finance_officer"))
    with connection.cursor() as cursor:
        cursor.execute(CROWD, [people, union.pk])
    region, _made = Region.objects.get_or_create(code="00", defaults={"name": "全国"})
    today = clock.today()
    rule = BenefitRule.objects.create(
        region=region, category="festival", cap_fen=10**7, period="year", effective_from=today.replace(month=1, day=1),
        clause="bench",
    )  # fmt: skip
    source = sources.open_source(finance, union=union, name="bench", kind="special", level="province")
    amount_fen = people * PER_HEAD * 100
    sources.record_receipt(
        finance, source_id=source.pk, amount_fen=amount_fen, document="bench", received_on=today, key=uuid4()
    )
    terms = budgets.BudgetTerms(
        name="bench",
        category="general",
        amount_fen=amount_fen,
        starts_on=today,
        ends_on=today,
        resolution="bench",
    )
    budget = budgets.write_budget(maker, union=union, terms=terms, source_id=source.pk)
    budgets.submit_budget(maker, budget_id=budget.pk)
    budget = budgets.approve_budget(finance, budget_id=budget.pk)
    grant = grants.draft_grant(
        maker, union=union, budget=budget, title="bench", category="festival", per_head=PER_HEAD, roster_on=today,
        expires_on=today + dt.timedelta(days=90),
    )  # fmt: skip
    grants.submit_grant(maker, point_grant_id=grant.pk)
    grants.check_grant(finance, point_grant_id=grant.pk)
    grants.run_grant(maker, point_grant_id=grant.pk)
    return PointGrant.objects.unscoped("bench").select_related("union").get(pk=grant.pk), rule.pk


def staff(role: str, union):
    from gonghui.accounts.models import User
    from gonghui.orgs.models import Grant

    user = User(login=f"bench-{role}", is_staff=True, display_name=role)
    user.set_unusable_password()
    user.save()
    Grant.objects.create(user=user, role=role, union=union, starts_on=dt.date(2024, 1, 1))
    return user


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(measure(int(sys.argv[1]))))
