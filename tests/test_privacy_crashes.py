"""kill -9 in the middle of each long job about personal data: the next run ends it right, nothing twice, nothing lost."""

from __future__ import annotations

import datetime as dt
import io
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import openpyxl
import pytest
from django.db import connection, transaction
from django.test import Client

from gonghui.benefits.tests.servers import environment
from gonghui.kit import clock, resealing
from gonghui.kit.actors import Actor
from gonghui.kit.crypto import get_keyring
from gonghui.kit.models import AuditEntry, Resealing
from gonghui.kit.tests.racing import WAITING
from gonghui.kit.tests.test_resealing import use
from gonghui.members import retention
from gonghui.members.actions import exports, forget
from gonghui.members.models import (
    ExportFile,
    ExportRequest,
    Farewell,
    Forgotten,
    Membership,
    Person,
    RetentionRule,
    VerificationTry,
)
from gonghui.portal.queries.account import SECTIONS
from tests.cast import IDS, person_of

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

SYSTEM = Actor.system("test")
PATIENCE_S = 60
SETUP = "import django; django.setup(); "
KIND = "verification_tries"


def waiting() -> bool:
    """Somebody waits for a lock this very connection holds."""
    with connection.cursor() as cursor:
        return bool(cursor.execute(WAITING).fetchone()[0])


def until(happened: Callable[[], object], process: subprocess.Popen) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert process.poll() is None, "it ended by itself"
        assert time.monotonic() < deadline, "it did not come so far"
        time.sleep(0.005)


@contextmanager
def killed(code: str, **variables: str) -> Iterator[subprocess.Popen]:
    """A process of its own that runs this, and dies of signal nine when the block ends."""
    process = subprocess.Popen([sys.executable, "-c", SETUP + code], env={**environment(), **variables})
    try:
        yield process
    finally:
        process.kill()
        assert process.wait() == -9


def crowd(count: int) -> list[Person]:
    """Further people, sealed each with a secret of their own."""
    made = [
        person_of(f"众{n}", f"44010119850107{n:04d}", f"139{n:08d}", verified=False) for n in range(count)
    ]
    return Person._base_manager.bulk_create(made)


def numbers() -> dict[int, tuple]:
    return {p.pk: (p.name, p.id_no, p.phone) for p in Person.objects.unscoped("test")}


def test_rotation_killed_in_the_second_batch_goes_on_and_every_number_opens(cast, monkeypatch):
    people = crowd(2 * resealing.BATCH_ROWS + 50)
    before = numbers()
    ring = get_keyring().rotated("seal").rotated("index")
    with transaction.atomic():
        # The batch after the first waits for this row until its process is dead.
        Person.objects.unscoped("test").select_for_update().get(pk=people[resealing.BATCH_ROWS + 20].pk)
        code = "from gonghui.kit.resealing import reseal_all; reseal_all()"
        with killed(code, GONGHUI_KEYS=ring.to_json()) as process:
            until(waiting, process)
    run = Resealing.objects.unscoped("test").get(table="members_person")
    assert (run.finished_at, run.rows_done) == (None, resealing.BATCH_ROWS)
    use(ring, monkeypatch)
    assert numbers() == before  # under both keys at once
    assert resealing.reseal_all()
    run.refresh_from_db()
    assert run.finished_at is not None
    assert (run.rows_done, run.rows_refused) == (len(before), 0)
    assert numbers() == before
    for old in ("seal", "index"):
        assert resealing.still_needed(old, get_keyring().current_id(old) - 1) == {}


def test_retention_killed_between_batches_removes_the_rest_and_counts_each_once(cast):
    user, count = cast.users["mei"], 8 * retention.BATCH_ROWS
    old = clock.now() - dt.timedelta(days=400)
    tries = [VerificationTry(user=user, on=old.date(), provider="", outcome="asked") for _ in range(count)]
    VerificationTry.objects.bulk_create(tries)
    every = VerificationTry.objects.unscoped("test")
    every.update(created_at=old)
    kept = VerificationTry.objects.create(user=user, on=clock.today(), provider="", outcome="asked")
    retention.rules()
    rule = RetentionRule.objects.filter(kind=KIND)
    code = (
        "from gonghui.members import retention; from gonghui.kit.actors import Actor;"
        " retention.remove_what_is_over(Actor.system('killed'))"
    )
    with killed(code) as process:
        until(lambda: rule.get().removed, process)
        with transaction.atomic():  # its next batch waits here for the count of what it removed
            rule.select_for_update().get()
            until(waiting, process)
            process.kill()
            process.wait()
    removed = rule.get().removed
    assert 0 < removed < count and removed % retention.BATCH_ROWS == 0
    assert every.count() == count - removed + 1
    retention.remove_what_is_over(SYSTEM)
    assert (rule.get().removed, list(every.values_list("pk", flat=True))) == (count, [kept.pk])


def test_forgetting_killed_half_way_has_done_nothing_and_the_next_run_does_all(cast):
    farewell = Farewell.objects.create(
        user=cast.users["mei"], person=cast.people["mei"], due_at=clock.now() - dt.timedelta(hours=1)
    )
    before = numbers()
    with transaction.atomic():
        # Rows of theirs are gone already when it comes to the membership, and waits.
        Membership.objects.unscoped("test").select_for_update().get(person=cast.people["mei"])
        code = f"from gonghui.members.tasks import forget_person; forget_person(farewell_id={farewell.pk})"
        with killed(code) as process:
            until(waiting, process)
    assert numbers() == before
    assert Farewell.objects.unscoped("test").get().state == "cooling"
    assert not Forgotten.objects.unscoped("test").exists()
    assert forget.due_farewells() == [farewell.pk]
    assert forget.carry_out(SYSTEM, farewell_id=farewell.pk)
    assert not forget.carry_out(SYSTEM, farewell_id=farewell.pk)
    assert numbers()[cast.people["mei"].pk] == (f"已注销会员{cast.people['mei'].pk}", None, None)
    assert Forgotten.objects.unscoped("test").count() == 1


def test_export_killed_between_batches_is_made_anew_with_each_row_once(cast):
    people = crowd(2 * exports.BATCH_ROWS)
    Membership._base_manager.bulk_create(
        Membership(person=one, union=cast.unions["factory"], joined_on=dt.date(2024, 1, 1)) for one in people
    )
    terms = exports.ExportTerms("members.Person", "职工", "核对体检名单")
    ids = [one.pk for one in people]
    export = exports.ask_export(cast.actor("city_admin"), terms=terms, row_ids=ids)
    exports.approve_export(cast.actor("province_admin"), export_id=export.pk)
    found = ExportRequest.objects.unscoped("test").filter(pk=export.pk)
    with transaction.atomic():
        # The batch after tells of its progress in this row, and waits.
        code = f"from gonghui.members.tasks import make_export; make_export(export_id={export.pk})"
        with killed(code) as process:
            until(lambda: found.get().rows_done, process)
            found.select_for_update().get()
            until(waiting, process)
            process.kill()
            process.wait()
    left = found.get()
    assert (left.state, left.rows_done % exports.BATCH_ROWS) == ("approved", 0)
    assert not ExportFile.objects.unscoped("test").exists()
    exports.make_export(export.pk)
    exports.make_export(export.pk)
    content = ExportFile.objects.unscoped("test").get().content
    names = [row[0].value for row in openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]][1:]
    assert sorted(re.match(r"众\d+", name)[0] for name in names) == sorted(one.name for one in people)
    assert found.get().rows_done == len(people)


def test_own_copy_killed_half_way_leaves_nothing_but_its_line_and_comes_whole_the_next_time(cast):
    reads = AuditEntry.objects.unscoped("test").filter(op="UNMASK")
    code = (
        "from django.test import Client; from gonghui.accounts.models import User; c = Client();"
        f" c.force_login(User.objects.unscoped('t').get(pk={cast.users['mei'].pk})); c.post('/me/data/download.xlsx')"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE complaints_complaint IN ACCESS EXCLUSIVE MODE")
        with killed(code) as process:
            until(waiting, process)
    assert reads.count() == 1
    client: Client = cast.sign_in(Client(), "mei")
    book = openpyxl.load_workbook(io.BytesIO(client.post("/me/data/download.xlsx").content))
    assert book.sheetnames == [str(section.title) for section in SECTIONS]
    assert IDS["mei"][1] in {cell.value for sheet in book for row in sheet.iter_rows() for cell in row}
    assert reads.count() == 2
