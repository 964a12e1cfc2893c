"""What the activity's own page shows beside its columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.activities.models import Activity, Session
from gonghui.activities.queries import releases_of, sessions_of
from gonghui.activities.reports import VISITS
from gonghui.benefits.models import Redemption, Release, WaitEntry
from gonghui.kit.actors import Actor

TONES = {
    "draft": "info", "reviewed": "warning", "announced": "info", "open": "success",
    "ended": "info", "evaluated": "warning", "kept": "success", "retired": "danger",
}  # fmt: skip
SESSION_TONES = {
    "scheduled": "info", "released": "success", "sold_out": "warning", "closed": "info",
    "running": "success", "done": "info", "cancelled": "danger",
}  # fmt: skip
STEPS = (
    ("draft", gettext_lazy("草稿")), ("reviewed", gettext_lazy("复核")), ("announced", gettext_lazy("预告")),
    ("open", gettext_lazy("开放")), ("ended", gettext_lazy("结束")), ("evaluated", gettext_lazy("评估")),
)  # fmt: skip
PLACE_OF = {"kept": 6, "retired": 6} | {state: n for n, (state, _said) in enumerate(STEPS)}


@dataclass(frozen=True, slots=True)
class SessionLine:
    session: Session
    waiting: int
    came: int

    @property
    def remaining(self) -> int | None:
        return self.session.pool.remaining if self.session.pool else None

    @property
    def taken(self) -> int:
        pool = self.session.pool
        return pool.capacity - pool.remaining if pool else 0

    @property
    def tone(self) -> str:
        return SESSION_TONES[self.session.state]


def page_address(activity: Activity) -> str:
    return reverse("admin:activities_activity_change", args=[activity.pk])


def session_lines(actor: Actor, activity: Activity) -> list[SessionLine]:
    """Remaining, waiting and come, as the database has them now; three queries for any number of sessions."""
    sessions = sessions_of(actor, activity)
    pools = [session.pool_id for session in sessions if session.pool_id]
    waiting = dict(
        WaitEntry.objects.unscoped("counts without persons")
        .filter(pool__in=pools, state="waiting")
        .order_by()
        .values_list("pool")
        .annotate(n=Sum("seats"))
    )
    came = dict(
        Redemption.objects.unscoped("counts without persons")
        .filter(VISITS, voucher__pool__in=pools)
        .order_by()
        .values_list("voucher__pool")
        .annotate(n=Sum("arrived"))
    )
    return [SessionLine(s, waiting.get(s.pool_id, 0) or 0, came.get(s.pool_id, 0) or 0) for s in sessions]


def activity_facts(request: HttpRequest, activity: Activity) -> dict[str, Any]:
    lines = session_lines(request.actor, activity)
    releases = releases_of(request.actor, activity)
    live = [line for line in lines if line.session.state != "cancelled"]
    return {
        "activity": activity,
        "tone": TONES[activity.state],
        "steps": steps_of(activity),
        "sessions": lines,
        "releases": [(release, release_buttons(request, release, activity)) for release in releases],
        "places": sum(line.session.seats for line in live),
        "taken": sum(line.taken for line in live),
        "waiting": sum(line.waiting for line in live),
        "came": sum(line.came for line in live),
        "details": details_of(activity),
        "split": split_of(activity),
        "note": next_step(request.actor, activity),
        "may_write": request.actor.may("activities.write", activity.union.path),
        "may_report": request.actor.may("reports.view", activity.union.path),
        "live_address": reverse("admin:activity_live", args=[activity.pk]),
    }


def steps_of(activity: Activity) -> list[dict[str, Any]]:
    here = PLACE_OF[activity.state]
    steps = [
        {"name": name, "is_past": n < here, "is_now": n == here, "at": moment_of(activity, state)}
        for n, (state, name) in enumerate(STEPS)
    ]
    verdict = {"kept": _("保留"), "retired": _("退出")}.get(activity.state, _("保留或退出"))
    return [*steps, {"name": verdict, "is_past": False, "is_now": here == len(STEPS), "at": None}]


def moment_of(activity: Activity, state: str) -> datetime | None:
    return {"draft": activity.created_at, "announced": activity.announced_at}.get(state)


def details_of(activity: Activity) -> list[tuple[str, Any]]:
    """The kind's own fields by their names."""
    names = {field["code"]: field["name"] for field in activity.kind.fields}
    said = {True: _("是"), False: _("否")}
    return [
        (names.get(code, code), said[value] if isinstance(value, bool) else value)
        for code, value in activity.details.items()
    ]


def split_of(activity: Activity) -> list[tuple[str, int]]:
    offer = activity.offer
    names = ("merchant_fen", "union_fen", "employer_fen", "points_fen", "worker_fen")
    found = [
        (str(offer._meta.get_field(n).verbose_name).removesuffix("（分）"), getattr(offer, n)) for n in names
    ]
    return [(name, fen) for name, fen in found if fen]


def next_step(actor: Actor, activity: Activity) -> str:
    """What is to be done now, and by whom; a maker never checks their own work."""
    path, state = activity.union.path, activity.state
    if state == Activity.State.DRAFT:
        if actor.user_id == activity.maker_id and actor.may("activities.review", path):
            return _("您是经办人，不能复核自己写的内容。请由另一位有复核权限的同事复核。")
        if actor.may("activities.review", path):
            return _("请核对内容、场次和名额安排，无误后点“复核通过”，有问题点“退回”并写明要改什么。")
        return _("草稿已保存，等待复核。")
    if state == Activity.State.REVIEWED:
        return _("已复核。预告后会员就能看到，名额会在各自的开放时间自动放出。")
    if state == Activity.State.ENDED:
        return _("活动已结束。看过报表后请点“评估”，把这次的数字和结论存档。")
    if state == Activity.State.EVALUATED:
        return _("已评估。请决定这个项目保留还是退出。")
    if activity.verdict_reason:
        return activity.verdict_reason
    return ""


LIVE_STATES = ("draft", "reviewed", "announced", "open")
RELEASE_BUTTONS = ("open", "pause", "resume", "close", "cancel")


def release_buttons(request: HttpRequest, release: Release, activity: Activity) -> list[dict[str, str]]:
    """The release's own verbs that are ready now, coming back to this page afterwards; none once all is over."""
    if activity.state not in LIVE_STATES:
        return []
    screen = admin.site.get_model_admin(Release)
    may = request.actor.may
    back = f"?back={request.path}"
    return [
        {
            "label": str(screen._verbs[name].label),
            "address": reverse(f"admin:benefits_release_{name}", args=[release.pk]) + back,
        }
        for name in RELEASE_BUTTONS
        if screen._verbs[name].when(release) and may(screen._verbs[name].needs, activity.union.path)
    ]
