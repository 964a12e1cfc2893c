"""The demo world: as many as the sources count, and never stale for whoever comes back."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models import F, Sum

from gonghui.activities.models import Activity
from gonghui.benefits.models import Pool, Release
from gonghui.config.world.build import build_world, is_empty
from gonghui.config.world.programme import ITEMS, is_stale, renew_programme
from gonghui.kit import clock
from gonghui.members.models import Person
from gonghui.orgs.models import Union
from gonghui.partners.models import Hall, Partner

pytestmark = pytest.mark.django_db
MEMBERS, SEED = 1000, 2017


class Silent:
    def start(self, title: str, total: int) -> None: ...

    def advance(self, count: int) -> None: ...


@pytest.fixture
def world(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    build_world(MEMBERS, SEED, Silent())


def test_world_is_as_large_as_the_sources_say(world):
    unions = Union.objects.unscoped("test")
    kinds = {kind: unions.filter(kind=kind).count() for kind in ("province", "city", "district")}
    assert kinds == {"province": 1, "city": 21, "district": 124}
    assert Person.objects.unscoped("test").count() == MEMBERS
    assert Partner.objects.unscoped("test").count() == 35
    cinema = Hall.objects.unscoped("test").filter(store__name="市二宫影城")
    assert cinema.aggregate(seats=Sum("seats")) == {"seats": 600}
    pools = Pool.objects.unscoped("test")
    cruise = pools.filter(release__title="珠江夜游").values_list("capacity", flat=True)
    wetland = pools.filter(release__title="南沙湿地公园会员日")
    assert set(cruise) == {380}
    assert set(wetland.values_list("capacity", "honour_by")) == {(1000, Pool.HonourBy.EXCHANGE)}
    now = clock.now()
    soon = Release.objects.unscoped("test").filter(
        mode="grab", opens_at__gt=now, opens_at__lt=now + dt.timedelta(minutes=5)
    )
    assert soon.count() >= 3
    assert is_empty() is False


def test_programme_that_is_over_is_held_again_and_the_old_one_stays(world):
    assert is_stale() is False
    before = set(Activity.objects.unscoped("test").values_list("pk", flat=True))
    days = dt.timedelta(days=30)
    past = {name: F(name) - days for name in ("announce_at", "opens_at", "closes_at", "cancel_until")}
    Release.objects.unscoped("test").update(**past)
    assert is_stale() is True
    renew_programme(Silent())
    assert is_stale() is False
    after = set(Activity.objects.unscoped("test").values_list("pk", flat=True))
    assert before < after
    assert len(after - before) == len(ITEMS)
