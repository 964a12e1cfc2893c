"""Reads of this app: what is announced, what opens next, where a ticket is good."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from gonghui.activities.models import PUBLIC_STATES, Activity, HolidayPeriod, Like, ReadDay, Session
from gonghui.benefits.models import Redemption, Release
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require


def announced_activities(
    actor: Actor, *, holiday_id: int | None = None, kind: str = ""
) -> QuerySet[Activity]:
    """What members see, newest announcement first, with `reads_total` and `likes_total`."""
    found = Activity.objects.visible_to(actor).filter(state__in=PUBLIC_STATES)
    if holiday_id is not None:
        found = found.filter(holiday_id=holiday_id)
    if kind:
        found = found.filter(kind__code=kind)
    return with_attention(found.select_related("kind", "holiday", "union", "partner", "offer"))


def with_attention(activities: QuerySet[Activity]) -> QuerySet[Activity]:
    days = ReadDay.objects.filter(activity=OuterRef("pk")).order_by().values("activity")
    likes = Like.objects.unscoped("counted").filter(activity=OuterRef("pk")).order_by().values("activity")
    return activities.annotate(
        reads_total=Coalesce(Subquery(days.annotate(n=Sum("readers")).values("n")), 0),
        likes_total=Coalesce(Subquery(likes.annotate(n=Count("id")).values("n")), 0),
    )


def activity_to_read(actor: Actor, activity_id: int) -> Activity:
    """One activity with everything its page names; drafts only for those who may see them."""
    found = with_attention(Activity.objects.visible_to(actor)).select_related(
        "kind", "holiday", "union", "partner", "offer"
    )
    activity = found.filter(pk=activity_id).first()
    require(activity, NOT_FOUND)
    return activity


def sessions_of(actor: Actor, activity: Activity) -> list[Session]:
    """With place, pool and release, in order of time."""
    found = Session.objects.visible_to(actor).filter(activity=activity)
    return list(found.select_related("store", "hall__store", "pool__release").order_by("starts_at", "id"))


def releases_of(actor: Actor, activity: Activity) -> list[Release]:
    """The staged openings of one activity, with `places` and `places_left` and the first and last day they are for."""
    found = (
        Release.objects.visible_to(actor)
        .filter(offer_id=activity.offer_id)
        .annotate(
            places=Sum("pools__capacity"),
            places_left=Sum("pools__remaining"),
            first_at=Min("pools__valid_from"),
            last_at=Max("pools__valid_until"),
        )
    )
    return list(found.order_by("opens_at", "id"))


def openings_ahead(actor: Actor, *, limit: int = 5) -> list[Release]:
    """What opens next, and when, for everybody; `activity` comes with `offer.activity`."""
    found = Release.objects.visible_to(actor).filter(
        state="announced", opens_at__gt=clock.now(), offer__activity__state__in=PUBLIC_STATES
    )
    return list(found.select_related("offer__activity__kind", "union").order_by("opens_at", "id")[:limit])


def open_now(actor: Actor, *, limit: int = 20) -> list[Release]:
    """Open and with places left, closing first on top."""
    found = (
        Release.objects.visible_to(actor)
        .filter(state="open", closes_at__gt=clock.now(), offer__activity__state__in=PUBLIC_STATES)
        .annotate(places_left=Sum("pools__remaining"))
        .filter(places_left__gt=0)
    )
    return list(found.select_related("offer__activity__kind", "union").order_by("closes_at", "id")[:limit])


def holidays_with_counts(actor: Actor, year: int) -> QuerySet[HolidayPeriod]:
    """The year's twelve, with `activity_count` of what is announced."""
    public = Q(activities__state__in=PUBLIC_STATES)
    return HolidayPeriod.objects.filter(year=year).annotate(activity_count=Count("activities", filter=public))


def holidays_ahead(actor: Actor, *, limit: int = 3) -> QuerySet[HolidayPeriod]:
    return HolidayPeriod.objects.filter(ends_on__gte=clock.today()).order_by("starts_on")[:limit]


def likes_it(actor: Actor, activity_id: int) -> bool:
    return Like.objects.visible_to(actor).filter(activity_id=activity_id).exists()


def sessions_of_pools(pool_ids: Iterable[int]) -> dict[int, Session]:
    """Pool → session, for pages that list tickets."""
    found = (
        Session.objects.unscoped("sessions of tickets already fetched")
        .filter(pool_id__in=list(pool_ids))
        .select_related("activity__kind", "store", "hall__store")
    )
    return {session.pool_id: session for session in found}


def people_who_came(activity: Activity) -> QuerySet:
    """Ids of those whose tickets were honoured."""
    return (
        Redemption.objects.unscoped("those who came to this activity")
        .filter(voucher__pool__session__activity=activity)
        .order_by()
        .values_list("voucher__person_id", flat=True)
        .distinct()
    )


def activities_to_open() -> list[int]:
    """Announced, with a release that is open; the reaction usually was faster."""
    opened = Release.objects.unscoped("the timer looks at every release").filter(
        offer__activity=OuterRef("pk"), state__in=("open", "paused", "closed")
    )
    found = Activity.objects.unscoped("the timer looks at every activity").filter(
        Exists(opened), state="announced"
    )
    return list(found.values_list("id", flat=True))


def activities_to_end() -> list[int]:
    """Announced or open, and every session over or called off."""
    live = Activity.objects.unscoped("the timer looks at every activity").filter(
        state__in=("announced", "open")
    )
    still_on = (
        Session.objects.unscoped("sessions still to come")
        .filter(activity=OuterRef("pk"), ends_at__gt=clock.now())
        .exclude(state="cancelled")
    )
    return list(
        live.filter(~Exists(still_on), sessions__isnull=False).distinct().values_list("id", flat=True)
    )
