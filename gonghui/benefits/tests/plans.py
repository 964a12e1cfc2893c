"""Releases written, reviewed and announced by people, for the tests of their verbs."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from gonghui.benefits import engine
from gonghui.benefits.actions import releases
from gonghui.benefits.actions.releases import CostSplit, DrawWeights, PoolPlan, ReleaseTerms
from gonghui.benefits.engine import Claim
from gonghui.benefits.models import Pool, Release, Voucher
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError

SYSTEM = Actor.system("test")


def in_minutes(minutes: float) -> dt.datetime:
    return clock.now() + dt.timedelta(minutes=minutes)


def terms(**fields: Any) -> ReleaseTerms:
    """To be announced now, open in ten minutes, for a day."""
    facts = {
        "title": "珠岛夜游",
        "announce_at": in_minutes(0),
        "opens_at": in_minutes(10),
        "closes_at": in_minutes(24 * 60),
        "party_max": 3,
    } | fields
    return ReleaseTerms(**facts)


def drafted(
    cast, *, places: int = 3, name: str = "city_admin", weights: DrawWeights | None = None, **fields: Any
) -> Release:
    admin = cast.actor(name)
    split = CostSplit(merchant_fen=3000, union_fen=5000, worker_fen=2000)
    offer = releases.write_offer(
        admin, union=cast.unions["city"], title="珠岛夜游", kind="cruise", split=split
    )
    pool = PoolPlan("10月1日 19:30", places, valid_until=in_minutes(48 * 60), store_id=cast.store.pk)
    return releases.draft_release(
        admin, offer_id=offer.pk, terms=terms(**fields), pools=[pool], weights=weights
    )


def reviewed(cast, **fields: Any) -> Release:
    release = drafted(cast, **fields)
    releases.review_release(cast.actor("province_admin"), release_id=release.pk)
    return fresh(release)


def announced(cast, **fields: Any) -> Release:
    release = reviewed(cast, **fields)
    releases.announce_release(cast.actor("city_admin"), release_id=release.pk)
    return fresh(release)


def opened(cast, **fields: Any) -> Release:
    """Open since a minute, by the database's clock too."""
    release = announced(cast, **fields)
    Release.objects.unscoped("test").filter(pk=release.pk).update(
        announce_at=in_minutes(-60), opens_at=in_minutes(-1), state="open"
    )
    return fresh(release)


def pool_of(release: Release) -> Pool:
    return Pool.objects.unscoped("test").select_related("release").get(release=release)


def fresh(row):
    return type(row).objects.unscoped("test").get(pk=row.pk)


def won(pool: Pool, person_id: int, seats: int = 1) -> Voucher:
    (answer,) = engine.settle_claims(pool.pk, [Claim(person_id, key=uuid4(), seats=seats)])
    assert answer.answer == "won"
    return Voucher.objects.unscoped("test").select_related("release", "pool").get(pk=answer.voucher_id)


def refused(verb, /, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(DomainError) as refusal:
        verb(*args, **kwargs)
    return refusal.value.code


def jobs(name: str) -> list:
    """Waiting jobs of that name: (when, arguments)."""
    found = ProcrastinateJob.objects.filter(task_name=f"gonghui.benefits.tasks.{name}", status="todo")
    return list(found.order_by("id").values_list("scheduled_at", "args"))
