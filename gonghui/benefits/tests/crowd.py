"""A release to grab from and a crowd to do it, for the tests of this app."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

from django.db import connection
from django.utils import timezone

from gonghui.accounts.models import User
from gonghui.benefits.models import Offer, Pool, Release
from gonghui.members.models import Person
from gonghui.orgs.models import Union


def new_release(union: Union, **fields) -> Release:
    """Open since a minute, for a day, unless said otherwise."""
    now = timezone.now()
    maker = User.objects.create(display_name="经办", phone=f"139{uuid4().int % 10**8:08}")
    checker = User.objects.create(display_name="复核", phone=f"137{uuid4().int % 10**8:08}")
    offer = Offer.objects.create(union=union, title="国庆珠岛夜游", kind="cruise")
    facts = {
        "title": "国庆珠岛夜游",
        "mode": "grab",
        "state": "open",
        "announce_at": now - dt.timedelta(days=1),
        "opens_at": now - dt.timedelta(minutes=1),
        "closes_at": now + dt.timedelta(days=1),
        "maker": maker,
        "checker": checker,
    } | fields
    return Release.objects.create(offer=offer, union=union, **facts)


def new_pool(release: Release, capacity: int = 3, label: str = "10月1日 19:30", **fields) -> Pool:
    return Pool.objects.create(release=release, capacity=capacity, label=label, **fields)


def new_crowd(size: int) -> list[int]:
    """Ids of people with nothing but a name."""
    people = Person.objects.bulk_create(Person(name=f"会员{n:06}") for n in range(size))
    return [p.pk for p in people]


def counts(pool: Pool) -> tuple[int, int]:
    """Seats out and seats left, as the database counts them; their sum is the capacity."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT coalesce(sum(seats), 0) FROM benefits_voucher v WHERE pool_id = p.id"
            " AND benefits_is_live(state)), remaining, capacity FROM benefits_pool p WHERE id = %s",
            [pool.pk],
        )
        taken, remaining, capacity = cursor.fetchone()
    assert taken + remaining == capacity
    return taken, remaining
