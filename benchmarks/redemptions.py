"""A coupon redeemed at a till, beside bare psycopg: the very statements one sale of ours makes, replayed for another worker.

`python -m benchmarks.redemptions BILLS` does the work in a database of a run and prints what it measured. What is replayed is
recorded from a sale of that run, so that it stays the same work whatever the product becomes.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4, uuid5

import psycopg

from benchmarks.table import Row

SHARE = 0.5
WARM_UP = 5
POINTS, PER_HEAD = 3, 5
# Ids far apart and unlike any amount: a statement is rewritten for another worker by its numbers.
SPREAD = (
    "members_person", "benefits_voucher", "ledger_account", "members_membercard", "bills_bill", "bills_billline",
)  # fmt: skip
APART = 10**9
NUMBER = re.compile(r"\d{10,}")
KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
RETURNING = re.compile(r'^INSERT INTO "(bills_bill|bills_billline)"')
CROWD = """
WITH people AS (
    INSERT INTO members_person (token, name, pinyin, grams, id_type, gender, groups, verification, verified_at, verified_by,
                                id_index)
    SELECT gen_random_uuid(), '会员' || n, '', '{}', 'resident_id', '', '{}', 'verified', now(), 'roster',
           decode(md5('bench' || n), 'hex')
      FROM generate_series(1, %s) n RETURNING id
)
INSERT INTO members_membership (person_id, union_id, status, source)
SELECT id, %s, 'active', 'batch' FROM people
"""
CARDS = "INSERT INTO members_membercard (person_id, code) SELECT id, benefits_new_code() FROM members_person WHERE id > %s"
WORKERS = """
SELECT p.id, c.id, c.code, v.id, v.code, lot.id, own.id FROM members_person p
  JOIN members_membercard c ON c.person_id = p.id JOIN benefits_voucher v ON v.person_id = p.id
  JOIN ledger_account lot ON lot.person_id = p.id AND lot.kind = 'points'
  JOIN ledger_account own ON own.person_id = p.id AND own.kind = 'paid'
 WHERE p.id > %s ORDER BY p.id
"""


def redemption_rows(env: dict[str, str], *, bills: int) -> list[Row]:
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.redemptions", str(bills)],
        env=env,
        stdout=subprocess.PIPE,
        check=True,
    )
    seen = json.loads(made.stdout.splitlines()[-1])
    share = seen["bare_s"] / seen["ours_s"]
    row = Row("bill: a coupon redeemed at a till, committed", f"{bills / seen['ours_s']:,.0f}/s", good=share >= SHARE,
              note=f"{share:.2f} × bare psycopg with the same {seen['statements']} statements, wanted ≥ {SHARE}")  # fmt: skip
    row.p50, row.p99 = (f"{seen[name]:.1f} ms" for name in ("p50_ms", "p99_ms"))
    return [row]


# --- in a process of its own --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Worker:
    person_id: int
    card_id: int
    card: str
    voucher_id: int
    voucher: str
    lot_id: int
    paid_id: int


@dataclass(frozen=True)
class Statement:
    sql: str
    params: Any


def measure(bills: int) -> dict[str, Any]:
    from django.db import connection

    shop, workers = stage(2 * bills + WARM_UP + 1)
    till = till_of(shop)
    for worker in workers[:WARM_UP]:
        till(worker)
    model, *others = workers[WARM_UP:]
    said: list[Statement] = []
    with connection.execute_wrapper(recorder(said)):
        bill = till(model)
    made = {"bills_bill": [bill.pk], "bills_billline": list(bill.lines.values_list("pk", flat=True))}
    spent: dict[str, list[float]] = {"ours": [], "bare": []}
    settings = connection.settings_dict
    address = connection.get_connection_params() | {"cursor_factory": psycopg.ClientCursor}
    address.pop("context", None)
    with psycopg.connect(**address) as plain:
        plain.execute(f"SET TIME ZONE '{settings['TIME_ZONE'] or 'UTC'}'")
        plain.commit()
        for n in range(bills):
            clocked(spent["ours"], lambda n=n: till(others[2 * n]))
            mine = [rewritten(one, names_of(model, others[2 * n + 1])) for one in said]
            clocked(spent["bare"], lambda mine=mine: replay(plain, mine, made))
    require_same_books()
    ours = sorted(spent["ours"])
    return {
        "ours_s": sum(ours), "bare_s": sum(spent["bare"]), "statements": len(said), "p50_ms": ours[len(ours) // 2] * 1000,
        "p99_ms": ours[len(ours) * 99 // 100] * 1000, "sql": [one.sql[:100] for one in said],
    }  # fmt: skip


def clocked(spent: list[float], work: Callable[[], object]) -> None:
    started = time.perf_counter()
    work()
    spent.append(time.perf_counter() - started)


def recorder(said: list[Statement]) -> Callable[..., Any]:
    def record(execute, sql, params, many, context):
        said.append(Statement(sql, params))
        return execute(sql, params, many, context)

    return record


def names_of(model: Worker, other: Worker) -> dict[Any, Any]:
    return {getattr(model, name): getattr(other, name) for name in Worker.__dataclass_fields__}


def rewritten(one: Statement, names: Mapping[Any, Any]) -> Statement:
    run = uuid5(UUID(int=names[next(iter(names))]), "replay")
    return Statement(one.sql, renamed(one.params, names, run))


def renamed(fact: Any, names: Mapping[Any, Any], run: UUID) -> Any:
    if isinstance(fact, list | tuple):
        return [renamed(one, names, run) for one in fact]
    if isinstance(fact, UUID):
        return uuid5(run, str(fact))
    if isinstance(fact, str):
        text = NUMBER.sub(lambda found: str(names.get(int(found[0]), found[0])), names.get(fact, fact))
        return KEY.sub(lambda found: str(uuid5(run, found[0])), text)
    return names.get(fact, fact) if type(fact) is int else fact


def replay(plain: psycopg.Connection, statements: list[Statement], made: Mapping[str, list[int]]) -> None:
    """In one transaction; rows made on the way are named in what follows."""
    names: dict[Any, Any] = {}
    with plain.transaction():
        for one in statements:
            params = with_new_rows(one.params, names) if names else one.params
            cursor = plain.execute(one.sql, params)
            rows = cursor.fetchall() if cursor.description else []
            if table := RETURNING.match(one.sql):
                names |= dict(zip(made[table[1]], (row[0] for row in rows), strict=True))
    assert names.keys() == {pk for pks in made.values() for pk in pks}


def with_new_rows(fact: Any, names: Mapping[Any, Any]) -> Any:
    if isinstance(fact, list | tuple):
        return [with_new_rows(one, names) for one in fact]
    if isinstance(fact, str):
        return NUMBER.sub(lambda found: str(names.get(int(found[0]), found[0])), fact)
    return names.get(fact, fact) if type(fact) is int else fact


def require_same_books() -> None:
    """Ours and the replayed ones are bills alike: nobody got away with less work."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT (list_fen, due_fen, points, method, state)),"
            " (SELECT count(DISTINCT n) FROM (SELECT count(*) n FROM ledger_transfer WHERE subject LIKE 'bill:%'"
            " GROUP BY subject) s) FROM bills_bill"
        )
        count, kinds, lengths = cursor.fetchone()
    assert (kinds, lengths) == (1, 1), (count, kinds, lengths)


def till_of(shop) -> Callable[[Worker], Any]:
    from gonghui.bills.actions.selling import sell
    from gonghui.bills.selling import Sale, typed_line
    from gonghui.kit import clock, tokens

    clerk, store_id, lines = shop.actor("clerk"), shop.store.pk, (typed_line("合计", 10_000),)

    def sold(worker: Worker):
        code = tokens.pay_text(tokens.PayCode(worker.card, tokens.minute_of(clock.now())))
        sale = Sale(uuid4(), store_id, code, lines, points=POINTS, shown_due_fen=8_000 - POINTS * 100)
        return sell(clerk, sale=sale)

    return sold


def stage(people: int) -> tuple[Any, list[Worker]]:
    """A shop with a coupon of merchant and union, and people who each have one, some points and a pay code."""
    from django.db import connection

    from gonghui.benefits.engine import Claim, settle_claims
    from gonghui.bills.flows import tills_of
    from gonghui.bills.tests.priced import MERCHANT, published, released, union_share
    from gonghui.bills.tests.stage import open_shop
    from gonghui.funds.tests.stage import build_money
    from tests.cast import new_cast

    shop = open_shop(new_cast())
    money = build_money(shop)
    with connection.cursor() as cursor:
        for nth, table in enumerate(SPREAD, 1):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {nth * APART})")
        cursor.execute(CROWD, [people, shop.unions["factory"].pk])
        cursor.execute(CARDS, [APART])
        cursor.execute("SELECT id FROM members_person WHERE id > %s ORDER BY id", [APART])
        ids = [row[0] for row in cursor.fetchall()]
    give_points(money)
    terms = published(shop, needs_voucher=True, shares=[union_share(money.province, 500), MERCHANT])
    pool = released(terms, capacity=people, fen=people * 1_000)
    for some in in_lots(ids, 500):
        settle_claims(pool.pk, [Claim(person_id=pk, key=uuid4()) for pk in some], issue=True)
    partner = shop.store.partner
    for pk in ids:
        tills_of(union_id=partner.union_id, partner_id=partner.pk, person_id=pk)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute(WORKERS, [APART])
        return shop, [Worker(*row) for row in cursor.fetchall()]


def give_points(money: Any) -> None:
    """To everybody; what a job does of it is done here."""
    from gonghui.funds.actions import grants
    from gonghui.funds.tests.granting import drafted
    from gonghui.kit.actors import Actor

    system, grant = Actor.system("bench"), drafted(money, per_head=PER_HEAD)
    grants.submit_grant(money.actor("city_admin"), point_grant_id=grant.pk)
    grants.screen_grant(system, grant_id=grant.pk)
    grants.check_grant(money.actor("city_finance"), point_grant_id=grant.pk)
    grants.screen_grant(system, grant_id=grant.pk)
    grants.run_grant(money.actor("city_admin"), point_grant_id=grant.pk)
    grants.give_grant(system, grant_id=grant.pk)


def in_lots(ids: list[int], size: int) -> Iterator[list[int]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(measure(int(sys.argv[1]))))
