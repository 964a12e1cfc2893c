"""Jobs of the portal: waiting pages follow their releases."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q

from gonghui.benefits.models import Release
from gonghui.kit import clock
from gonghui.kit.jobs import periodic
from gonghui.portal import reactions  # noqa: F401  registers them
from gonghui.portal.waiting import render_waiting_page


@periodic("* * * * *")
def refresh_waiting_pages(timestamp: int) -> None:
    """What no event told of (a capacity raised, a session cancelled, an hour moved) is on the page within a minute."""
    soon = clock.now() + timedelta(days=2)
    on = Release.objects.unscoped("the sweeper looks at every release").filter(
        Q(state__in=("open", "paused"))
        | Q(state="announced", opens_at__lte=soon)
        | Q(state="announced", waiting_page__isnull=True)
    )
    for release_id in on.order_by("opens_at").values_list("id", flat=True):
        render_waiting_page(release_id)
