"""Jobs of this app, by room."""

from __future__ import annotations

from gonghui.bills import external_tasks, pack_tasks, reactions, terms_tasks  # noqa: F401 - registers them
from gonghui.bills.actions.selling import bills_past_their_time, end_waiting
from gonghui.kit.actors import Actor
from gonghui.kit.jobs import periodic, sweep

CLOCK = Actor.system("a bill's time to be paid is over")


@periodic("* * * * *")
def end_waiting_bills(timestamp: int) -> None:
    with sweep() as each:
        for bill_id in bills_past_their_time():
            each(end_waiting, CLOCK, bill_id=bill_id)
