"""A million members, twenty audiences: made the first time, made again after a day's changes, and one member's news.

`python -m benchmarks.audiences PEOPLE` works in a database of its own and prints what it measured.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.pages import run, world_environment
from benchmarks.table import Row

DATABASE = "audiences"
REBUILD_MAX_S, NEWS_MAX_S = 60, 1
NEWS = 200
RUSH_PEOPLE = 500  # a batch of the gate
CHANGED = 100  # one of so many members changes within the day
BASE = 0  # the id before the first
SMALL_PEOPLE = 10  # the world ten times smaller is measured first, for the growth

# Half of them have an account; a fifth never gave a birth date; three in four are verified.
PEOPLE = """
INSERT INTO members_person (id, token, name, pinyin, grams, id_type, id_index, id_no, phone, phone_index, gender, birth_date,
                            groups, verification, verified_at, verified_by, row_secret)
SELECT n, gen_random_uuid(), '会员' || n, 'hui yuan', '{{会,员,会员}}', 'resident_id', sha256(int8send(n)),
       decode(repeat('00', 60), 'hex'), decode(repeat('00', 50), 'hex'), sha256(int8send(-n)),
       (ARRAY['male', 'female', ''])[1 + n %% 3],
       CASE WHEN n %% 5 > 0 THEN date '1960-01-01' + (n * 7919 %% 17000)::int END,
       CASE n %% 12 WHEN 0 THEN '{{food_rider}}' WHEN 1 THEN '{{courier}}' WHEN 2 THEN '{{truck_driver}}'
            ELSE '{{}}' END::varchar[],
       CASE WHEN n %% 4 > 0 THEN 'verified' ELSE 'none' END, CASE WHEN n %% 4 > 0 THEN now() END, '',
       decode(repeat('00', 60), 'hex')
  FROM generate_series({first}::bigint, {last}) n
"""
MEMBERSHIPS = """
INSERT INTO members_membership (person_id, union_id, status, joined_on, source)
SELECT n, (%(unions)s::bigint[])[1 + n * 31 %% cardinality(%(unions)s::bigint[])],
       CASE WHEN n %% 50 = 0 THEN 'retained' WHEN n %% 97 = 0 THEN 'exited' ELSE 'active' END,
       current_date - (n %% 3000)::int, 'batch'
  FROM generate_series({first}::bigint, {last}) n
"""
MESSAGES = """
INSERT INTO notices_message (person_id, kind, title, body, link, read_at, created_at)
SELECT {base} + 1 + (n * 7919 %% {count}), 'notice', '', '', '/',
       CASE WHEN n %% 3 > 0 THEN now() - (n %% 200) * interval '1 day' END, now()
  FROM generate_series(1::bigint, {count} * 2) n
"""
RATINGS = """
INSERT INTO feedback_rating (union_id, subject_type, subject_id, person_id, bill_id, score, comment, state, hidden_reason,
                             created_at)
SELECT (%(unions)s::bigint[])[1], 'store', 1, {base} + 1 + (n * 6007 %% {count}), n, 5, '', 'shown', '',
       now() - (n %% 300) * interval '1 day'
  FROM generate_series(1::bigint, {count} / 2) n
"""
TAGS = """
INSERT INTO members_persontag (person_id, kind, source, evidence, since, ended_reason)
SELECT n, (ARRAY['model_worker', 'craftsman', 'hardship'])[1 + n %% 3], 'org', '证', current_date - 100, ''
  FROM generate_series({first}::bigint, {last}, 40) n
"""

CONSENTS = """
INSERT INTO accounts_user (id, login, password, is_staff, is_active, display_name, totp_last_step)
SELECT 10000000 + n, 'bench-' || n, '', FALSE, TRUE, '', 0 FROM generate_series({first}::bigint, {last}, 2) n;
UPDATE members_person SET user_id = 10000000 + id WHERE id %% 2 = {first} %% 2 AND id BETWEEN {first} AND {last};
INSERT INTO members_consent (user_id, purpose, version, given_at, withdrawn_at)
SELECT 10000000 + n, 'messages', '1', now(), CASE WHEN n %% 7 = 0 THEN now() END
  FROM generate_series({first}::bigint, {last}, 2) n
"""

RUSH = """
INSERT INTO feedback_rating (union_id, subject_type, subject_id, person_id, bill_id, score, comment, state, hidden_reason)
SELECT (SELECT min(union_id) FROM feedback_rating), 'store', 2, %s + 1 + n * 7919 %% %s, 1000000000 + n, 5, '', 'shown', ''
  FROM generate_series(1::bigint, %s) n
"""
DAY = """
UPDATE members_person SET verification = CASE verification WHEN 'none' THEN 'verified' ELSE 'none' END, verified_at = now()
 WHERE id %% %s = 0 AND id BETWEEN %s AND %s
"""


def audience_rows(postgres_folder: Path, keys: str, *, people: int) -> list[Row]:
    env = world_environment(postgres_folder, keys, DATABASE)
    run(env, "gonghui", "migrate")
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.audiences", str(people)],
        env=env,
        stdout=subprocess.PIPE,
        check=True,
    )
    small, large = json.loads(made.stdout.splitlines()[-1])
    grows = large["again_s"] / small["again_s"]
    note = (
        f"first build {large['first_s']:.0f} s, again after 1 % changed {large['again_s']:.0f} s; {large['slices']:,} slices,"
        f" {large['stored_mb']:.0f} MB; {grows:.1f} × the time of {small['people']:,} members; wanted < {REBUILD_MAX_S} s"
    )
    slowest = max(large["first_s"], large["again_s"])
    slower = large["news_p50_ms"] / small["news_p50_ms"]
    news = f"answered alone, committed; {slower:.1f} × that at {small['people']:,}; wanted < {NEWS_MAX_S} s"
    rush = f"wanted < {NEWS_MAX_S} s, written, told and followed"
    rate = f"{people * large['audiences'] / slowest:,.0f}/s"
    return [
        Row(f"audiences: {large['audiences']} over {people:,} members made anew", rate, note=note,
            good=slowest < REBUILD_MAX_S and large["is_right"]),
        Row("audiences: one member's news", f"{1000 / large['news_p50_ms']:,.0f}/s", f"{large['news_p50_ms']:.1f} ms",
            f"{large['news_p99_ms']:.1f} ms", note=news, good=large["news_p99_ms"] < NEWS_MAX_S * 1000),
        Row(f"audiences: what {RUSH_PEOPLE} members did at once", f"{RUSH_PEOPLE / large['told_s']:,.0f}/s", note=rush,
            good=large["told_s"] < NEWS_MAX_S),
    ]  # fmt: skip


# --- in a process of its own --------------------------------------------------------------------------------


def measure(people: int) -> list[dict[str, Any]]:
    """In a world a tenth as large first; then the rest of the people come to it."""
    city = new_city()
    small = people // SMALL_PEOPLE
    settle(city, 1, small)
    audiences = write_audiences(city)
    first = measured(city, audiences, small)
    settle(city, small + 1, people)
    forget(audiences)
    return [first, measured(city, audiences, people)]


def new_city() -> list[Any]:
    """A city, ten districts, a thousand unions below them; the city first."""
    from gonghui.orgs.models import Union

    def made(name: str, kind: str, parent=None):
        union = Union.objects.create(name=name, kind=kind, parent=parent, path=f"bench:{name}")
        Union.objects.unscoped("bench").filter(pk=union.pk).update(
            path=f"{parent.path if parent else ''}{union.pk}."
        )
        union.refresh_from_db()
        return union

    city = made("测算市总工会", "city")
    districts = [made(f"测算 {n} 区", "district", city) for n in range(10)]
    return [city, *districts, *(made(f"测算 {n} 厂", "enterprise", districts[n % 10]) for n in range(1000))]


def settle(unions: list[Any], first: int, last: int) -> None:
    from django.db import connection, transaction

    facts = {"unions": [union.pk for union in unions]}
    count, first, last = last, BASE + first, BASE + last
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for text in (PEOPLE, MEMBERSHIPS, TAGS):
            cursor.execute(text.format(first=first, last=last, base=BASE, count=count), facts)
        cursor.execute("DELETE FROM notices_message; DELETE FROM feedback_rating")
        for text in (MESSAGES, RATINGS):
            cursor.execute(text.format(first=first, last=last, base=BASE, count=count), facts)
        cursor.execute(CONSENTS.format(first=first, last=last), {})
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('members_person', 'id'), %s)", [last])
        for table in (
            "members_person",
            "members_membership",
            "notices_message",
            "feedback_rating",
            "members_persontag",
            "members_consent",
        ):
            cursor.execute(f"VACUUM ANALYZE {table}")


def leaf(kind: str, **facts: Any) -> dict[str, Any]:
    return {"kind": kind, **facts}


def wordings(unions: list[Any]) -> list[list[dict[str, Any]]]:
    """As a city would write them; the last two ask the first."""
    verified, riders = (
        leaf("verified", **{"is": True}),
        leaf("group", codes=["food_rider", "courier", "truck_driver"]),
    )
    read30 = leaf("did", what="read", times=1, days=30)
    return [
        [riders, verified],
        [leaf("birthday", span="month")],
        [verified, {"none": [read30]}],
        [leaf("joined", days=30)],
        [leaf("verified", **{"is": False})],
        [leaf("tag", kinds=["model_worker", "craftsman"])],
        [leaf("age", **{"from": 55, "to": None}), leaf("status", **{"is": ["active"]})],
        [leaf("share", **{"from": 0, "to": 90})],
        [leaf("union", ids=[unions[1].pk, unions[2].pk]), verified],
        [leaf("gender", **{"is": "female"}), leaf("age", **{"from": 18, "to": 45})],
        [leaf("consent", to="messages"), verified],
        [leaf("did", what="read", times=2, days=90)],
        [leaf("did", what="rated", times=1, days=180)],
        [{"any": [leaf("did", what="rated", times=1, days=30), read30]}],
        [riders, {"none": [leaf("did", what="rated", times=1, days=None)]}],
        [leaf("tag", kinds=["hardship"])],
        [leaf("birthday", span="next", days=7), leaf("consent", to="messages")],
        [],
        [leaf("audience", id=0), leaf("share", **{"from": 0, "to": 50})],
        [{"none": [leaf("audience", id=0)]}, verified, leaf("joined", days=365)],
    ]


def write_audiences(unions: list[Any]) -> list[Any]:
    from gonghui.audiences.actions import Wording, save_audience
    from gonghui.kit.actors import Actor

    actor, made = Actor.system("bench"), []
    for place, parts in enumerate(wordings(unions)):
        text = json.dumps({"version": 1, "tree": {"all": parts}})
        predicate = text.replace('"id": 0', f'"id": {made[0].pk if made else 0}')
        made.append(save_audience(actor, wording=Wording(unions[0].pk, f"测算 {place}", predicate)))
    return made


def forget(audiences: list[Any]) -> None:
    """As if never made: the larger world's first build."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE audiences_audienceslice; TRUNCATE audiences_audiencemove")
        cursor.execute("UPDATE audiences_audiencetally SET made_at = NULL, version_id = NULL, count = 0")
    ask(audiences)


def ask(audiences: list[Any]) -> None:
    from gonghui.audiences.actions import ask_rebuild
    from gonghui.kit.actors import Actor

    for audience in audiences:
        ask_rebuild(Actor.system("bench"), audience_id=audience.pk)


def measured(unions: list[Any], audiences: list[Any], people: int) -> dict[str, Any]:
    from django.db import connection

    from gonghui.audiences.actions import rebuild_waiting

    first_s = clocked(rebuild_waiting)
    with connection.cursor() as cursor:  # a day: some are verified, some lose it
        cursor.execute(DAY, [CHANGED, BASE, BASE + people])
    ask(audiences)
    again_s = clocked(rebuild_waiting)
    waits = sorted(news(people))
    told_s = clocked(lambda: told(people))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), pg_total_relation_size('audiences_audienceslice') / 1e6 FROM audiences_audienceslice"
        )
        slices, stored_mb = cursor.fetchone()
    return {
        "people": people, "audiences": len(audiences), "first_s": first_s, "again_s": again_s, "slices": slices,
        "stored_mb": float(stored_mb), "told_s": told_s, "is_right": is_right(audiences),
        "news_p50_ms": waits[len(waits) // 2] * 1000, "news_p99_ms": waits[len(waits) * 99 // 100] * 1000,
    }  # fmt: skip


def clocked(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def news(people: int) -> list[float]:
    """From the fact's commit to its audiences' commit; a worker adds the few milliseconds in which it hears of the job."""
    from gonghui.audiences.actions import reconsider
    from gonghui.members.models import Person

    waits = []
    for pk in random.Random(7).sample(range(BASE + 1, BASE + people), NEWS):
        person = Person.objects.unscoped("bench").filter(pk=pk)
        was = person.values_list("verification", flat=True).get()
        person.update(
            verification="none" if was == "verified" else "verified", verified_at=dt.datetime.now(dt.UTC)
        )
        waits.append(clocked(lambda pk=pk: reconsider(pk)))
    return waits


def told(people: int) -> None:
    """A rush: so many members rate something in one statement, whose table tells, and the job looks."""
    from django.db import connection

    from gonghui.audiences.actions import look_at_news

    with connection.cursor() as cursor:
        cursor.execute(RUSH, [BASE, people, RUSH_PEOPLE])
    look_at_news()


def is_right(audiences: list[Any]) -> bool:
    """Every audience holds whom the set evaluator finds now."""
    from gonghui.audiences.engine import Ground, count_people, version_in_force
    from gonghui.audiences.models import Audience
    from gonghui.audiences.predicates import tree_of

    for audience in (
        Audience.objects.unscoped("bench")
        .filter(pk__in=[one.pk for one in audiences])
        .select_related("union", "tally")
    ):
        tree = tree_of(version_in_force(audience).predicate)
        counted = count_people(tree, Ground.of(audience), within_ms=600_000)
        if counted.people != audience.tally.count:
            return False
    return True


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(measure(int(sys.argv[1]))))
