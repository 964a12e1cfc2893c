"""Jobs of joining: what nobody confirmed is not kept."""

from __future__ import annotations

from datetime import timedelta

from gonghui.joining.actions.on_site import drop_old_draft
from gonghui.joining.models import JoinApplication
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.jobs import periodic, sweep

KEPT = timedelta(hours=24)
AT_ONCE = 500
CALENDAR = Actor.system("a draft nobody confirmed")


@periodic("40 17 * * *")
def drop_old_drafts(timestamp: int) -> None:
    """01:40 in China: entered on the spot a day ago and never confirmed by the worker."""
    old = JoinApplication.objects.unscoped("its own job").filter(
        state="draft", confirmed_at__lt=clock.now() - KEPT
    )
    with sweep() as each:
        for pk in old.order_by("id").values_list("pk", flat=True)[:AT_ONCE]:
            each(drop_old_draft, CALENDAR, application_id=pk)
