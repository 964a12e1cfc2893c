"""Jobs of settlement: periods open and are stated by the calendar; who has not answered is reminded."""

from __future__ import annotations

from gonghui.kit.actors import Actor
from gonghui.kit.jobs import periodic
from gonghui.settlement.actions.periods import make_due, open_periods
from gonghui.settlement.actions.statements import follow_silence

CALENDAR = Actor.system("the settlement calendar")


@periodic("30 18 * * *")
def settle_periods(timestamp: int) -> None:
    """02:30 in China, when yesterday's last bills are in."""
    open_periods(CALENDAR)
    make_due(CALENDAR)


@periodic("0 1 * * *")
def remind_merchants(timestamp: int) -> None:
    """09:00 in China."""
    follow_silence(CALENDAR)
