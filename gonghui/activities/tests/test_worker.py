"""The real worker on the real queue: what an action deferred happens, across the storeys."""

import time
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now
from procrastinate.contrib.django.models import ProcrastinateJob

from gonghui.activities import actions
from gonghui.activities.tests import stage
from gonghui.activities.tests.stage import announced, fresh
from gonghui.benefits import engine
from gonghui.benefits.engine import Claim
from gonghui.benefits.models import Release, Voucher
from gonghui.feedback.models import Survey
from gonghui.kit.tests.racing import at_once
from gonghui.notices.models import Message

pytestmark = pytest.mark.django_db(transaction=True)
WORK_S = 60
ANNOUNCE = "gonghui.benefits.tasks.announce_release"
OPEN = "gonghui.benefits.tasks.open_release"


def work() -> None:
    """Until nothing is due; nothing may have failed, not even to be tried again later.

    More than once, because one shot ends beside a job that is about to defer another.
    """
    due = ProcrastinateJob.objects.filter(status="todo").exclude(scheduled_at__gt=Now())
    deadline = time.monotonic() + WORK_S
    while due.exists():
        assert time.monotonic() < deadline, list(due.values_list("task_name", flat=True))
        call_command("procrastinate", "worker", "--one-shot", "--concurrency=2")
    retried = Q(status="todo", attempts__gt=0)
    failed = ProcrastinateJob.objects.filter(Q(status="failed") | retried)
    assert list(failed.values_list("task_name", flat=True)) == []


def make_due(task_name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE task_name = %s", [task_name])


def test_worker_opens_what_was_announced(cast):
    """The kind's survey is published, the release opens, its session takes bookings, the activity is open."""
    activity, session, release = announced(cast)
    Release.objects.unscoped("test").filter(pk=release.pk).update(
        announce_at=stage.in_minutes(-2), opens_at=stage.in_minutes(-1)
    )
    make_due(OPEN)
    work()
    assert Survey.objects.unscoped("test").get().state == "published"
    assert (fresh(release).state, fresh(session).state, fresh(activity).state) == ("open", "released", "open")


def test_activity_is_announced_with_the_first_of_its_releases(cast):
    """The hour of announcing that stands on the plan is kept without anybody's hand."""
    activity, _session, release = stage.reviewed(cast)
    Release.objects.unscoped("test").filter(pk=release.pk).update(announce_at=stage.in_minutes(-1))
    make_due(ANNOUNCE)
    work()
    assert (fresh(release).state, fresh(activity).state) == ("announced", "announced")
    assert fresh(activity).announced_at is not None
    assert Survey.objects.unscoped("test").get().state == "published"


def test_activity_opened_from_several_sides_at_once_refuses_nobody(cast):
    """The first of its releases opens while the sweep of the minute looks, and another release opens as well."""
    activity, _session, _release = announced(cast)
    answers = at_once(*[lambda: actions.open_activity(stage.SYSTEM, activity_id=activity.pk)] * 6)
    assert {getattr(answer, "state", answer) for answer in answers} == {"open"}


def test_worker_voids_the_tickets_of_a_cancelled_session(cast):
    _activity, session, release = announced(cast)
    stage.open_at_once(release)
    engine.settle_claims(session.pool_id, [Claim(cast.people["mei"].pk, key=uuid4())])
    actions.cancel_session(cast.actor("city_admin"), session_id=session.pk, reason="台风")
    work()
    assert Voucher.objects.unscoped("test").get().state == "voided"
    assert "台风" in Message.objects.unscoped("test").get(title="场次取消，票已作废").body
