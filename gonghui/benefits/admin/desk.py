"""What the console's first page says of releases: those that stand still, how long, why, and the way to let them go on."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from gonghui.benefits.models import Release
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.console import Figure, waiting

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 24 * 3600


@waiting(needs="releases.pause", order=45)
def releases_paused(actor: Actor) -> Figure | None:
    """The one that stands still the longest in words; with several, all of them in the list."""
    found: QuerySet[Release] = admin.site.get_model_admin(Release).within(actor, "releases.pause")
    paused = list(
        found.filter(state="paused").order_by("paused_at", "pk").only("title", "paused_at", "pause_reason")
    )
    if not paused:
        return None
    first = paused[0]
    facts = {"title": first.title, "long": how_long(first), "why": first.pause_reason}
    if len(paused) == 1:
        address = reverse("admin:benefits_release_change", args=[first.pk])
    else:
        address = reverse("admin:benefits_release_changelist") + "?state__exact=paused"
    note = _("“%(title)s”已暂停%(long)s：%(why)s") % facts
    if len(paused) > 1:
        note = _("最久的是%s") % note
    return Figure(_("暂停的投放，可以恢复"), len(paused), "pause_circle", address, note)


def how_long(release: Release) -> str:
    passed_s = max(int((clock.now() - release.paused_at).total_seconds()), 0)
    if passed_s >= DAY_S:
        return _(" %d 天") % (passed_s // DAY_S)
    if passed_s >= HOUR_S:
        return _(" %d 小时") % (passed_s // HOUR_S)
    return _(" %d 分钟") % (passed_s // MINUTE_S) if passed_s >= MINUTE_S else _("不到 1 分钟")
