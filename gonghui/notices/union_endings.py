"""When a union ends: what it has sent, and is sending, goes on to whom it was meant for."""

from __future__ import annotations

from gonghui.notices.models import Send
from gonghui.orgs.models import Union

UNDER_WAY = ("proposed", "waiting", "sending", "paused")


def sends_under_way(union: Union) -> int:
    found = Send.objects.unscoped("of a union that ends").filter(union=union, state__in=UNDER_WAY)
    return found.count()
