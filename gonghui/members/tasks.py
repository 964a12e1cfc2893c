"""Jobs about people."""

from __future__ import annotations

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.jobs import job, periodic, sweep
from gonghui.members import retention
from gonghui.members.actions import exports, forget, headcounts, roster_runs
from gonghui.members.actions.transfers import answer_silence
from gonghui.members.models.transfers import OPEN, Silence, TransferRequest


@job(queue="rosters")
def check_roster(roster_id: int) -> None:
    roster_runs.check_roster(roster_id)


@job(queue="rosters")
def apply_roster(roster_id: int) -> None:
    roster_runs.apply_roster(roster_id)


@periodic("25 * * * *")
def answer_silent_transfers(timestamp: int) -> None:
    """Every hour whatever was due on a day that has passed: a night that was missed is made up for."""
    late = TransferRequest.objects.unscoped("its own job").filter(state__in=OPEN, due_on__lt=clock.today())
    due = late.exclude(silence=Silence.WAIT).order_by("due_on", "id")
    with sweep() as each:
        for pk in list(due.values_list("pk", flat=True)):
            each(answer_silence, Actor.system("the days of a transfer"), transfer_id=pk)


@periodic("7 * * * *")
def forget_who_is_due(timestamp: int) -> None:
    """Every hour; each person is one transaction, so that a killed run has forgotten whole people only."""
    for farewell_id in forget.due_farewells():
        forget_person.defer(farewell_id=farewell_id)


@job
def forget_person(farewell_id: int) -> None:
    forget.carry_out(Actor.system("本人申请注销"), farewell_id=farewell_id)


@job(queue="rosters")
def make_export(export_id: int) -> None:
    exports.make_export(export_id)


@periodic("47 18 * * *")
def remove_what_is_over(timestamp: int) -> None:
    """02:47 in China, every night."""
    actor = Actor.system("nightly end of what was kept long enough")
    exports.drop_exports(actor)
    retention.remove_what_is_over(actor)


@periodic("* * * * *")
def fold_headcounts(timestamp: int) -> None:
    headcounts.fold_headcounts(Actor.system("counts of members follow"))


@periodic("25 19 * * *")
def mend_headcounts(timestamp: int) -> None:
    """03:25 in China."""
    headcounts.mend_headcounts(Actor.system("counts of members compared"))
