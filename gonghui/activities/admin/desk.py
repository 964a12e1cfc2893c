"""What the console's first page says of activities: what opens, who came today, what waits for my review."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from django.contrib import admin
from django.db.models import Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from gonghui.activities.admin.page import page_address
from gonghui.activities.models import Activity, Session
from gonghui.benefits.models import DrawVoid, OfflineException, Redemption, Release
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.console import Coming, Figure, figure, upcoming, waiting

AHEAD_ROWS = 8


def listed(model, **asked: str) -> str:
    opts = model._meta
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist") + (f"?{query}" if query else "")


def within(model, actor: Actor, *verbs: str):
    return admin.site.get_model_admin(model).within(actor, *verbs)


@figure(needs="activities.view", order=10)
def activities_on(actor: Actor) -> Figure:
    found = within(Activity, actor).order_by()
    on = found.filter(state__in=("announced", "open")).count()
    drafts = found.filter(state__in=("draft", "reviewed")).count()
    note = _("另有 %s 个在准备") % drafts if drafts else ""
    return Figure(_("在办活动"), on, "festival", listed(Activity), note)


@figure(needs="vouchers.view", order=20)
def come_today(actor: Actor) -> Figure:
    midnight = datetime.combine(clock.today(), time(0), clock.CHINA)
    found = within(Redemption, actor).order_by().filter(at__gte=midnight)
    people = found.aggregate(n=Sum("arrived"))["n"] or 0
    note = _("核销 %s 张票") % f"{found.count():,}"
    return Figure(_("今天到场"), people, "how_to_reg", listed(Redemption), note)


@upcoming(needs="releases.view", order=10)
def releases_to_open(actor: Actor) -> Iterator[Coming]:
    found = (
        within(Release, actor)
        .filter(state__in=("reviewed", "announced"), opens_at__gt=clock.now())
        .select_related("offer__activity")
        .annotate(places=Sum("pools__capacity"))
        .order_by("opens_at")
    )
    for release in found[:AHEAD_ROWS]:
        note = _("%(mode)s · %(places)s 个名额") % {
            "mode": release.get_mode_display(),
            "places": f"{release.places or 0:,}",
        }
        activity = getattr(release.offer, "activity", None)
        yield Coming(
            release.opens_at, _("开放：%s") % release.title, note, page_address(activity) if activity else ""
        )


@upcoming(needs="activities.view", order=20)
def sessions_to_start(actor: Actor) -> Iterator[Coming]:
    soon = clock.now() + timedelta(hours=36)
    found = within(Session, actor).filter(starts_at__range=(clock.now(), soon)).exclude(state="cancelled")
    for session in found.select_related("activity", "pool", "store", "hall__store").order_by("starts_at")[
        :AHEAD_ROWS
    ]:
        taken = session.pool.capacity - session.pool.remaining if session.pool else 0
        note = _("%(place)s · 已约 %(taken)s / %(seats)s") % {
            "place": session.place,
            "taken": taken,
            "seats": session.seats,
        }
        yield Coming(
            session.starts_at, _("开场：%s") % session.activity.title, note, page_address(session.activity)
        )


@waiting(needs="activities.review", order=10)
def activities_to_review(actor: Actor) -> Figure:
    found = within(Activity, actor, "activities.review").filter(state="draft").exclude(maker_id=actor.user_id)
    return Figure(_("活动待复核"), found.count(), "fact_check", listed(Activity, state__exact="draft"))


@waiting(needs="activities.announce", order=20)
def activities_to_announce(actor: Actor) -> Figure:
    found = within(Activity, actor, "activities.announce").filter(state="reviewed")
    return Figure(_("活动待预告"), found.count(), "campaign", listed(Activity, state__exact="reviewed"))


@waiting(needs="activities.announce", order=30)
def activities_to_evaluate(actor: Actor) -> Figure:
    found = within(Activity, actor, "activities.announce").filter(state="ended")
    return Figure(_("活动待评估"), found.count(), "rate_review", listed(Activity, state__exact="ended"))


@waiting(needs="activities.announce", order=35)
def activities_to_judge(actor: Actor) -> Figure:
    found = within(Activity, actor, "activities.announce").filter(state="evaluated")
    return Figure(_("活动待定去留"), found.count(), "rule", listed(Activity, state__exact="evaluated"))


@waiting(needs="draws.void", order=40)
def draws_to_void(actor: Actor) -> Figure:
    found = (
        within(DrawVoid, actor, "draws.void").filter(state="proposed").exclude(proposed_by_id=actor.user_id)
    )
    return Figure(_("抽签作废待批准"), found.count(), "gavel", listed(DrawVoid, state__exact="proposed"))


@waiting(needs="vouchers.void", order=50)
def exceptions_to_settle(actor: Actor) -> Figure:
    found = within(OfflineException, actor, "vouchers.void").filter(settled_at=None)
    return Figure(_("离线核销例外"), found.count(), "cloud_off", listed(OfflineException, settled="no"))
