"""Jobs of this app: days that have passed."""

from __future__ import annotations

from gonghui.complaints.actions import escalate_unanswered, let_rest
from gonghui.complaints.models import Complaint
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.jobs import periodic, sweep

CALENDAR = Actor.system("the days of a complaint")
AT_ONCE = 500


@periodic("20 16 * * *")
def pass_complaints_on(timestamp: int) -> None:
    """00:20 in China: what was due yesterday."""
    late = Complaint.objects.unscoped("its own job").filter(due_on__lt=clock.today())
    with sweep() as each:
        for state, verb in (("open", escalate_unanswered), ("answered", let_rest)):
            for pk in late.filter(state=state).order_by("id").values_list("pk", flat=True)[:AT_ONCE]:
                each(verb, CALENDAR, complaint_id=pk)
