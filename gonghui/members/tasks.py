"""Jobs about people."""

from __future__ import annotations

from gonghui.kit.jobs import job
from gonghui.members.actions import roster_runs


@job(queue="rosters")
def check_roster(roster_id: int) -> None:
    roster_runs.check_roster(roster_id)


@job(queue="rosters")
def apply_roster(roster_id: int) -> None:
    roster_runs.apply_roster(roster_id)
