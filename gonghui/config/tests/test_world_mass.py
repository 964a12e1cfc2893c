"""The mass of a large world: killed half-way it goes on, nobody comes twice, and the tables are as they were."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
import pytest
from django.db import connection, transaction

from gonghui.config.world import mass
from gonghui.config.world.build import SIZES
from gonghui.config.world.people import VERIFIED_SHARE
from gonghui.members.headcounts import headcount_below
from gonghui.members.models import Membership, Person

MEMBERS, CHUNK = 2_000, 50
CARRY_OUT = """
import os
os.cpu_count = lambda: 2
import django
django.setup()
from gonghui.config.world import mass
class Silent:
    def start(self, title, total): pass
    def advance(self, count): pass
mass.carry_out(mass.plan_left(), Silent())
"""
# A predicate read back from its own text says its casts in another way.
SCHEMA = r"""
SELECT array_agg(regexp_replace(pg_get_indexdef(indexrelid), '::(text|character varying)(\[\])?|[()]', '', 'g')
                 ORDER BY indexrelid::regclass::text) FROM pg_index
 WHERE indrelid IN ('members_person'::regclass, 'members_membership'::regclass)
UNION ALL
SELECT array_agg(conname || pg_get_constraintdef(oid) ORDER BY conname) FROM pg_constraint
 WHERE conrelid IN ('members_person'::regclass, 'members_membership'::regclass)
UNION ALL
SELECT array_agg(tgname || tgenabled::text ORDER BY tgname) FROM pg_trigger
 WHERE tgrelid IN ('members_person'::regclass, 'members_membership'::regclass) AND NOT tgisinternal
"""


def schema() -> list:
    with connection.cursor() as cursor:
        cursor.execute(SCHEMA)
        return cursor.fetchall()


def chunks_done() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM world_chunks")
        return cursor.fetchone()[0]


def worker() -> subprocess.Popen:
    target = connection.settings_dict
    url = f"postgresql:///{target['NAME']}?host={target['HOST']}&port={target['PORT']}&user={target['USER']}"
    return subprocess.Popen([sys.executable, "-c", CARRY_OUT], env=os.environ | {"DATABASE_URL": url})


def test_province_has_the_numbers_of_the_province():
    size = SIZES["province"]
    assert (size.unions, size.members) == (128_900, 14_290_000)
    assert round(size.members * VERIFIED_SHARE, -4) == 8_550_000


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_mass_killed_half_way_goes_on_and_leaves_the_tables_as_they_were(cast):
    before, there = schema(), Person.objects.unscoped("test").count()
    with transaction.atomic():
        mass.draw_plan(MEMBERS, first=20_000, seed=2017, chunk=CHUNK)
    first = worker()
    deadline = time.monotonic() + 120
    while chunks_done() < 5 and time.monotonic() < deadline and first.poll() is None:
        time.sleep(0.05)
    writers = psutil.Process(first.pid).children(recursive=True)
    first.kill()
    first.wait()
    assert len(writers) >= 2 and psutil.wait_procs(writers, timeout=60)[1] == []
    done = chunks_done()
    assert done >= 5
    assert Person.objects.unscoped("test").count() == there + done * CHUNK
    assert worker().wait(240) == 0
    assert mass.plan_left() is None
    people = Person.objects.unscoped("test")
    assert people.count() == there + MEMBERS
    assert people.values("id_index").distinct().count() == there + MEMBERS
    assert schema() == before
    live = Membership.objects.unscoped("test").filter(status__in=Membership.LIVE)
    assert headcount_below([cast.unions["province"].path]).members == live.count() == 4 + MEMBERS
