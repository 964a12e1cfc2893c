"""A grant of points to many beside bare SQL: the same inserts and updates of the same rows and columns, in the same
batches, into copies of the tables with nothing of ours on them.

There are two such copies: one with the tables' own foreign keys and checks, which any SQL would pay for, and one with
indexes only. `python -m benchmarks.grants PEOPLE` works in a database of a run and prints what it measured.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.db import connection, transaction

from benchmarks.table import Row

TIMES_MAX = 1.5
GROWTH_MAX_MB = 40
PER_HEAD = 100
EARLY = 3  # batches after which memory should have come to its height
COPIED = ("ledger_account", "ledger_transfer", "funds_benefituse", "funds_benefittally", "funds_grantedperson",
          "funds_pointgrant", "notices_delivery")  # fmt: skip
KEYED, PLAIN = "keyed", "plain"

COPY = "CREATE TABLE {kind}_{table} (LIKE {table} INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES {checks})"
FOREIGN_KEYS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass
"""
# The roster is there before the clock starts, as ours is; so are the accounts that all batches share.
PREPARED = """
INSERT INTO {kind}_funds_pointgrant OVERRIDING SYSTEM VALUE SELECT * FROM funds_pointgrant WHERE id = %(grant)s;
INSERT INTO {kind}_ledger_account OVERRIDING SYSTEM VALUE
SELECT * FROM ledger_account WHERE union_id = %(union)s ORDER BY id;
SELECT setval(pg_get_serial_sequence('{kind}_ledger_account', 'id'), (SELECT max(id) FROM ledger_account));
INSERT INTO {kind}_funds_grantedperson (grant_id, person_id, state, reason, created_at, updated_at)
SELECT grant_id, person_id, 'waiting', '', now(), now() FROM funds_grantedperson WHERE grant_id = %(grant)s ORDER BY id;
ANALYZE {kind}_funds_grantedperson;
"""
BATCH = """
WITH taken AS MATERIALIZED (
    SELECT id, person_id FROM {kind}_funds_grantedperson WHERE grant_id = %(grant)s AND state = 'waiting'
     ORDER BY id LIMIT %(most)s
), tallied AS (
    INSERT INTO {kind}_funds_benefittally (rule_id, person_id, period, amount_fen, count, created_at, updated_at)
    SELECT %(rule)s, person_id, '2026', %(amount)s, 1, now(), now() FROM taken RETURNING id, person_id
), used AS (
    INSERT INTO {kind}_funds_benefituse (person_id, union_id, category, festival, amount_fen, given_on, occasion, tallies,
                                         created_at, updated_at)
    SELECT person_id, %(union)s, 'festival', '', %(amount)s, current_date, 'grant:1', ARRAY[id], now(), now() FROM tallied
), purse AS (
    INSERT INTO {kind}_ledger_account (ledger, kind, name, union_id, person_id, within_id, expires_at, limited, debits_pending,
                                       debits_posted, credits_pending, credits_posted, created_at, updated_at)
    SELECT 2, 'points', 'grant:1', %(union)s, person_id, %(issue)s, %(expires)s, 'debits', 0, 0, 0, 0, now(), now()
      FROM taken RETURNING id
), moved AS (
    INSERT INTO {kind}_ledger_transfer (id, kind, ledger, debit_id, credit_id, amount, released, code, subject)
    SELECT gen_random_uuid(), 'posted', 2, %(issue)s, id, %(points)s, 0, 'grant_points', 'grant:1' FROM purse
     UNION ALL
    SELECT gen_random_uuid(), 'posted', 1, %(commitment)s, %(backing)s, count(*) * %(amount)s, 0, 'back_points', 'grant:1'
      FROM purse
)
UPDATE {kind}_funds_grantedperson r SET state = 'granted', updated_at = now() FROM taken WHERE r.id = taken.id
"""
# A row made and changed by one statement keeps its first form: the totals follow in statements of their own.
TOTALS = """
UPDATE {kind}_ledger_account SET credits_posted = credits_posted + %(points)s
 WHERE id > (SELECT max(id) FROM {kind}_ledger_account) - %(given)s AND kind = 'points';
UPDATE {kind}_ledger_account SET debits_posted = debits_posted + %(given)s * %(points)s WHERE id = %(issue)s;
UPDATE {kind}_ledger_account SET debits_posted = debits_posted + %(given)s * %(amount)s WHERE id = %(commitment)s;
UPDATE {kind}_ledger_account SET credits_posted = credits_posted + %(given)s * %(amount)s WHERE id = %(backing)s;
UPDATE {kind}_funds_pointgrant SET granted = granted + %(given)s WHERE id = %(grant)s;
"""
# Afterwards: one purse a member with what was given and no more, the fen behind them, every ledger even.
BOOKS = """
SELECT (SELECT count(*) = %(people)s AND count(DISTINCT person_id) = %(people)s AND bool_and(credits_posted = %(points)s)
          FROM ledger_account WHERE kind = 'points' AND union_id = %(union)s)
   AND (SELECT credits_posted - debits_posted FROM ledger_account WHERE id = %(backing)s) = %(people)s::bigint * %(amount)s
   AND NOT EXISTS (SELECT FROM ledger_account GROUP BY ledger HAVING sum(debits_posted) <> sum(credits_posted))
"""
LAST = """
INSERT INTO {kind}_notices_delivery (send_id, person_id, created_at, updated_at)
SELECT (SELECT max(id) FROM notices_send), person_id, now(), now() FROM {kind}_funds_grantedperson
 WHERE grant_id = %(grant)s AND state = 'granted';
UPDATE {kind}_funds_pointgrant SET state = 'granted' WHERE id = %(grant)s;
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
    times, plain = (seen["ours_s"] / seen[f"{kind}_s"] for kind in (KEYED, PLAIN))
    books = "books agree" if seen["books_agree"] else "BOOKS DIFFER"
    good = times <= TIMES_MAX and seen["growth_mb"] <= GROWTH_MAX_MB and seen["books_agree"]
    return [
        Row(f"points: a grant to {people:,} members", f"{people / seen['ours_s']:,.0f}/s", good=good,
            note=f"{times:.2f} × bare SQL with the tables' keys and checks, wanted ≤ {TIMES_MAX}; {plain:.2f} × without"
                 f" any; {seen['ours_s']:.0f} s, memory +{seen['growth_mb']:.0f} MB after the first batches; {books}"),
    ]  # fmt: skip


# --- in a process of its own --------------------------------------------------------------------------------


def measure(people: int) -> dict[str, Any]:
    grant, facts = checked_grant(people)
    for kind in (KEYED, PLAIN):
        copy_tables(kind, facts)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE funds_grantedperson; ANALYZE members_person")
    seen = in_turns(grant, facts)
    with connection.cursor() as cursor:
        cursor.execute(BOOKS, facts | {"people": people})
        return seen | {"books_agree": cursor.fetchone()[0]}


def copy_tables(kind: str, facts: dict[str, Any]) -> None:
    checks = "INCLUDING CONSTRAINTS" if kind == KEYED else ""
    with connection.cursor() as cursor:
        for table in COPIED:
            cursor.execute(COPY.format(kind=kind, table=table, checks=checks))
        for table in COPIED if kind == KEYED else ():
            cursor.execute(FOREIGN_KEYS, [table])
            for name, text in cursor.fetchall():
                own = re.sub(
                    r"REFERENCES (ledger_account|funds_pointgrant)\b", rf"REFERENCES {kind}_\1", text
                )
                cursor.execute(f"ALTER TABLE {kind}_{table} ADD CONSTRAINT {name} {own}")
        for statement in PREPARED.format(kind=kind).split(";\n"):
            cursor.execute(statement, facts)


def in_turns(grant, facts: dict[str, Any]) -> dict[str, float]:
    """Batch by batch, ours and bare: a slow moment strikes all. At the end the grant is finished and its send settled."""
    from gonghui.funds.actions import grants
    from gonghui.kit.actors import Actor

    actor, spent, early_kb, batches = Actor.system("bench"), dict.fromkeys(("ours", KEYED, PLAIN), 0.0), 0, 0
    while given := clocked(spent, "ours", lambda: grants.give_batch(actor, grant_id=grant.pk)):
        for kind in (KEYED, PLAIN):
            clocked(spent, kind, lambda kind=kind: bare(kind, BATCH + ";" + TOTALS, facts | {"given": given}))
        batches += 1
        early_kb = peak_kb() if batches == EARLY else early_kb
    last_kb = peak_kb()
    clocked(spent, "ours", lambda: grants.finish_grant(actor, grant_id=grant.pk))
    for kind in (KEYED, PLAIN):
        clocked(spent, kind, lambda kind=kind: bare(kind, LAST, facts))
    growth_mb = (max(last_kb, peak_kb()) - (early_kb or last_kb)) / 1024
    return {
        **{f"{who}_s": took for who, took in spent.items()},
        "growth_mb": growth_mb,
        "peak_mb": peak_kb() / 1024,
    }


def clocked(spent: dict[str, float], who: str, work: Callable[[], Any]) -> Any:
    started = time.perf_counter()
    done = work()
    spent[who] += time.perf_counter() - started
    return done


def bare(kind: str, text: str, facts: dict[str, Any]) -> None:
    """In one transaction, as ours is."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in text.format(kind=kind).strip().removesuffix(";").split(";\n"):
            cursor.execute(statement, facts)


def peak_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def checked_grant(people: int):
    """A union of its own with its crowd, its money and a rule; the grant is checked and running. And what bare SQL needs."""
    from gonghui.config.actors import actor_of
    from gonghui.funds.actions import budgets, grants, sources
    from gonghui.funds.models import BenefitRule, PointGrant
    from gonghui.kit import clock
    from gonghui.kit.actors import Actor
    from gonghui.orgs.models import Region

    union = new_crowd(people)
    maker, finance = (actor_of(staff(role, union)) for role in ("org_admin", "finance_officer"))
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
        expense_class="activity",
    )
    budget = budgets.write_budget(maker, union=union, terms=terms, source_id=source.pk)
    budgets.submit_budget(maker, budget_id=budget.pk)
    budget = budgets.approve_budget(finance, budget_id=budget.pk)
    grant = grants.draft_grant(
        maker, union=union, budget=budget, title="bench", category="festival", festival="chunjie", per_head=PER_HEAD,
        roster_on=today, expires_on=today + dt.timedelta(days=90),
    )  # fmt: skip
    grants.submit_grant(maker, point_grant_id=grant.pk)
    grants.screen_grant(Actor.system("bench"), grant_id=grant.pk)
    grants.check_grant(finance, point_grant_id=grant.pk)
    grants.screen_grant(Actor.system("bench"), grant_id=grant.pk)
    grants.run_grant(maker, point_grant_id=grant.pk)
    grant = PointGrant.objects.unscoped("bench").select_related("union", "budget__union").get(pk=grant.pk)
    facts = {"union": union.pk, "rule": rule.pk, "amount": PER_HEAD * 100}
    return grant, grants.batch_facts(grant) | facts


def new_crowd(people: int):
    """A union with so many members."""
    from gonghui.orgs.models import Union

    union = Union(name="测算工会", kind="province", path=f"bench-{uuid4()}")
    union.save()
    union.path = f"{union.pk}."
    union.save()
    with connection.cursor() as cursor:
        cursor.execute(CROWD, [people, union.pk])
    return union


def staff(role: str, union):
    from gonghui.accounts.models import User
    from gonghui.orgs.models import Grant

    user = User(login=f"bench-{role}-{union.pk}", is_staff=True, display_name=role)
    user.set_unusable_password()
    user.save()
    Grant.objects.create(user=user, role=role, union=union, starts_on=dt.date(2024, 1, 1))
    return user


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(measure(int(sys.argv[1]))))
