"""kill -9 the job worker in the middle of its work: what it held is done by the next, once for everybody."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time

import pytest
from django.db import connection, transaction

from gonghui.benefits.actions import releases
from gonghui.benefits.actions.grants import BATCH
from gonghui.benefits.models import GrantRun, Release
from gonghui.benefits.tests.crowd import counts
from gonghui.benefits.tests.plans import SYSTEM, announced, in_minutes, pool_of
from gonghui.benefits.tests.servers import environment
from gonghui.benefits.tests.test_grants import holders, with_members
from gonghui.kit import tasks
from gonghui.members.models import Person
from gonghui.notices.models import Message

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

PEOPLE = 5 * BATCH
PATIENCE_S = 100  # news is swept up once a minute


def start_worker() -> subprocess.Popen:
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([sys.executable, "-m", "gonghui", "worker"], env=environment(), **silent)


def wait_until(happened, what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def run() -> GrantRun | None:
    return GrantRun.objects.unscoped("test").first()


def test_killed_worker_loses_no_job_and_nobody_gets_two(cast):
    crowd = with_members(cast, PEOPLE)
    release = announced(cast, mode="grant", places=PEOPLE + 100)
    Release.objects.unscoped("test").filter(pk=release.pk).update(
        announce_at=in_minutes(-60), opens_at=in_minutes(-1)
    )
    releases.open_release(SYSTEM, release_id=release.pk)
    kill_in_the_second_batch(of_it=crowd[BATCH + 100])
    standing = holders()
    assert len(standing) == BATCH
    assert "gonghui.benefits.tasks.grant_release" in held()
    silence_for(tasks.SILENT_S + 1)
    worker = start_worker()
    try:
        wait_until(lambda: run().finished_at is not None, "the grant was not taken up again")
        everybody = sorted([*crowd, cast.people["mei"].pk, cast.people["lan"].pk])
        wait_until(lambda: told() == len(everybody), "not everybody was told")
    finally:
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
        worker.wait()
    assert holders() == everybody
    assert set(standing) <= set(holders())
    assert (run().granted, run().left_out) == (len(everybody), 0)
    assert counts(pool_of(release)) == (len(everybody), PEOPLE + 100 - len(everybody))


def kill_in_the_second_batch(of_it: int) -> None:
    """This test holds the row of one person of that batch, whose voucher waits for it, until the worker is dead."""
    with transaction.atomic():
        Person.objects.unscoped("test").select_for_update().get(pk=of_it)
        worker = start_worker()
        try:
            wait_until(lambda: (found := run()) and found.granted == BATCH, "the grant did not start")
            wait_until(waiting, "the second batch did not start")
        finally:
            worker.kill()
            worker.wait()
        end_what_waits()


def waiting() -> list[int]:
    """The sessions of the database that wait for this one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
        return [pid for (pid,) in cursor.fetchall()]


def end_what_waits() -> None:
    """A session whose client is dead hears of it when it answers next: what it was told last, a commit too, it would still do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s) AS pid", [waiting()])
    wait_until(lambda: not waiting(), "the sessions of the dead are still there")


def told() -> int:
    """People, each with one message about their voucher."""
    messages = Message.objects.unscoped("test").filter(person__in=holders())
    people = messages.values_list("person_id", flat=True)
    assert len(people) == len(set(people))
    return len(people)


def held() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name FROM procrastinate_jobs WHERE status = 'doing'")
        return [name for (name,) in cursor.fetchall()]


def silence_for(seconds: int) -> None:
    """As long as it takes for the dead to be known as dead; and the rescue's minute has come."""
    with connection.cursor() as cursor:
        beat = "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - make_interval(secs => %s)"
        cursor.execute(beat, [seconds])
    from gonghui.kit.jobs import app

    app.configure_task("gonghui.kit.tasks.rescue_jobs").defer(timestamp=0)
