"""kill -9 in the midst of a rebuild, and of news: whoever came or left is noted once, and nobody is forgotten."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from gonghui.audiences import actions
from gonghui.audiences.actions import look_at_news, rebuild_waiting, rebuilding
from gonghui.audiences.actions.rebuilding import SILENT
from gonghui.audiences.models import Audience, AudienceMove, AudienceNews, AudienceRun, AudienceTally
from gonghui.audiences.passes import hold_slices
from gonghui.audiences.predicates.set_query import SLICE
from gonghui.audiences.tests.stage import VERIFIED, far_person, names_in, saved
from gonghui.benefits.tests.servers import environment
from gonghui.kit import clock
from gonghui.kit.tests.racing import WAITING, WRITING, wait_for
from gonghui.members.models import Person

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
WORK = """
import django; django.setup()
from gonghui.audiences import passes
from gonghui.audiences.actions import {work}
passes.SMALL = 0
{work}()
"""


def verify(*people: int) -> None:
    Person.objects.unscoped("test").filter(pk__in=people).update(
        verification="verified", verified_at=clock.now()
    )


def killed_when_it_waits(work: str, hold: Callable[[], object]) -> None:
    """`hold`: what this test holds, at which the worker waits until it is dead."""
    with transaction.atomic():
        hold()
        worker = subprocess.Popen([sys.executable, "-c", WORK.format(work=work)], env=environment())
        try:
            wait_for(WAITING, 1)
        finally:
            worker.kill()
            worker.wait()
    wait_for(WRITING, 0)


def noted(audience: Audience) -> list[int]:
    return sorted(
        AudienceMove.objects.unscoped("test").filter(audience=audience).values_list("person_id", flat=True)
    )


def test_killed_in_the_midst_of_a_rebuild_everybody_comes_once(cast, monkeypatch):
    monkeypatch.setattr("gonghui.audiences.passes.SMALL", 0)
    far, hua = far_person(cast), cast.people["hua"].pk
    one = saved(cast, VERIFIED)
    verify(hua, far)
    actions.ask_rebuild(cast.actor("city_admin"), audience_id=one.pk)
    killed_when_it_waits("rebuild_waiting", lambda: hold_slices([far // SLICE]))
    assert noted(one) == [hua]  # the first range is written, the last was not begun
    said: list[object] = []
    monkeypatch.setattr(rebuilding, "emit", said.append)
    assert rebuild_waiting() == 0  # it may be alive still
    silent = clock.now() - SILENT - dt.timedelta(seconds=1)
    AudienceRun.objects.unscoped("test").filter(state="running").update(beat_at=silent)
    assert rebuild_waiting() == 1
    assert (names_in(cast, one), noted(one)) == (["hua", "lan", "mei"], [hua, far])
    run = one.runs.latest("id")
    assert (run.state, run.people, run.entered, run.left) == ("done", 4, 2, 0)
    assert [event.run_id for event in said] == [run.pk]


def test_killed_while_it_looks_at_news_it_is_looked_at_again_and_noted_once(cast):
    one = saved(cast, VERIFIED, {"none": [{"kind": "did", "what": "read", "times": 1, "days": 30}]})
    mei = cast.people["mei"].pk
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notices_message (person_id, kind, title, body, link, read_at)"
            " VALUES (%s, 'notice', '', '', '/', now())",
            [mei],
        )
    # Slice and move are written; the count waits for this row.
    tally = AudienceTally.objects.unscoped("test").filter(audience=one)
    killed_when_it_waits("look_at_news", lambda: tally.select_for_update(no_key=True).get())
    assert (names_in(cast, one), noted(one), AudienceNews.objects.unscoped("test").count()) == (
        ["lan", "mei"],
        [],
        1,
    )
    assert look_at_news() == 1
    assert (names_in(cast, one), noted(one), tally.get().count) == (["lan"], [mei], 1)
    assert look_at_news() == 0
