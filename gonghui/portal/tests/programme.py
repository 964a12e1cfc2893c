"""Activities with sessions and places, for the tests of the members' pages. Written straight into the tables."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from gonghui.accounts.models import User
from gonghui.activities.models import Activity, ActivityKind, HolidayPeriod, Session
from gonghui.benefits.models import Offer, Pool, Release
from gonghui.orgs.models import Union
from gonghui.partners.models import Store

MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


@dataclass
class Made:
    activity: Activity
    release: Release
    pools: list[Pool]
    sessions: list[Session] = field(default_factory=list)

    @property
    def pool(self) -> Pool:
        return self.pools[0]


def staff_pair(union: Union) -> tuple[User, User]:
    users = User.objects.unscoped("test")
    names = (f"maker-{union.pk}", f"checker-{union.pk}")
    found = [users.get_or_create(login=name, defaults={"is_staff": True})[0] for name in names]
    return found[0], found[1]


def new_activity(
    union: Union,
    *,
    title: str = "国庆珠岛夜游",
    kind: str = "leisure",
    state: str = "open",
    holiday: HolidayPeriod | None = None,
    **more: Any,
) -> Activity:
    """Announced yesterday; `more` goes to the activity, but for the price."""
    maker, checker = staff_pair(union)
    price = {"list_price_fen": more.pop("list_price_fen", 0)}
    price |= {
        "union_fen": price["list_price_fen"] - (worker := more.pop("worker_fen", 0)),
        "worker_fen": worker,
    }
    offer = Offer.objects.create(union=union, title=title, kind=kind, **price)
    facts = {"announced_at": timezone.now() - DAY, "maker": maker, "checker": checker, "state": state} | more
    return Activity.objects.create(
        union=union,
        offer=offer,
        title=title,
        kind=ActivityKind.objects.get(code=kind),
        holiday=holiday,
        **facts,
    )


def new_release(
    activity: Activity,
    *,
    opens_in: dt.timedelta = -MINUTE,
    starts: list[dt.timedelta] | None = None,
    capacity: int = 380,
    store: Store | None = None,
    pool: dict | None = None,
    **terms: Any,
) -> Made:
    """One session and pool for each of `starts` (from now), two hours long; `terms` go to the release."""
    now = timezone.now()
    opens_at = now + opens_in
    facts = {
        "title": activity.title,
        "state": "open" if opens_in <= dt.timedelta(0) else "announced",
        "announce_at": min(now, opens_at) - DAY,
        "opens_at": opens_at,
        "closes_at": max(now, opens_at) + 20 * DAY,
        "maker": activity.maker,
        "checker": activity.checker,
    } | terms
    release = Release.objects.create(offer=activity.offer, union=activity.union, **facts)
    made = Made(activity, release, [])
    for start in starts or [9 * DAY]:
        _add_session(made, now + start, capacity, store, pool or {})
    return made


def _add_session(made: Made, starts_at: dt.datetime, capacity: int, store: Store | None, facts: dict) -> None:
    starts_at = starts_at.replace(second=0, microsecond=0)
    label = f"{timezone.localtime(starts_at):%-m月%-d日 %H:%M} {len(made.pools) + 1}"
    ends_at = starts_at + 2 * HOUR
    pool = Pool.objects.create(
        release=made.release,
        label=label,
        capacity=capacity,
        store=store,
        valid_from=starts_at - 12 * HOUR,
        valid_until=ends_at,
        **facts,
    )
    made.pools.append(pool)
    made.sessions.append(
        Session.objects.create(
            activity=made.activity, store=store, label=label, starts_at=starts_at, ends_at=ends_at, seats=capacity,
            pool=pool, state="released" if made.release.state == "open" else "scheduled",
        )
    )  # fmt: skip
