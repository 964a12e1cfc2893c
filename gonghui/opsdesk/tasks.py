"""Jobs of this app: broadcasts on their way, and days that have passed."""

from __future__ import annotations

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.jobs import job, periodic, sweep
from gonghui.opsdesk.actions import close_silent, let_rest, remind_recipients
from gonghui.opsdesk.actions.broadcasts import defer_delivery, deliver_batch
from gonghui.opsdesk.actions.digest_days import remind_of_digest, unions_of_digests
from gonghui.opsdesk.models import Broadcast, BroadcastRecipient, Question

CALENDAR = Actor.system("the days of the desk")
AT_ONCE = 500


@job
def deliver_broadcast(broadcast_id: int) -> None:
    """Batch after batch; run it twice, at once, or after a crash: all the same."""
    while deliver_batch(Actor.system("delivery of a broadcast"), broadcast_id=broadcast_id):
        pass


@periodic("*/10 * * * *")
def resume_broadcasts(timestamp: int) -> None:
    """A killed worker leaves one half told."""
    untold = BroadcastRecipient.objects.unscoped("its own job").filter(told_at=None)
    for broadcast_id in untold.order_by().values_list("broadcast_id", flat=True).distinct():
        defer_delivery(broadcast_id)


@periodic("40 16 * * *")
def pass_questions_on(timestamp: int) -> None:
    """00:40 in China: what was due yesterday."""
    late = Question.objects.unscoped("its own job").filter(due_on__lt=clock.today())
    with sweep() as each:
        for state, verb in (("answered", let_rest), ("asked_back", close_silent)):
            for pk in late.filter(state=state).order_by("id").values_list("pk", flat=True)[:AT_ONCE]:
                each(verb, CALENDAR, question_id=pk)


@periodic("30 1 * * *")
def remind_on_the_last_day(timestamp: int) -> None:
    """09:30 in China: whoever has not acknowledged what is wanted today."""
    wanted = Broadcast.objects.unscoped("its own job").filter(wanted_by=clock.today(), correction=None)
    with sweep() as each:
        for pk in wanted.order_by("id").values_list("pk", flat=True):
            each(remind_recipients, CALENDAR, broadcast_id=pk)


@periodic("0 1 * * *")
def remind_of_digests(timestamp: int) -> None:
    """09:00 in China: the editors of issues that are due."""
    with sweep() as each:
        for pk in unions_of_digests().values_list("pk", flat=True):
            each(remind_of_digest, CALENDAR, union_id=pk)
