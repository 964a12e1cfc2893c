"""Where a store stands: who may say so, and what no place can be."""

from decimal import Decimal

import pytest

from gonghui.config.actors import actor_of
from gonghui.kit.errors import DomainError
from gonghui.partners import actions
from gonghui.partners.models import Clerk, Store
from gonghui.partners.tests.stage import new_owner, new_partner, new_store, new_user

pytestmark = pytest.mark.django_db
PLACE = {"latitude": Decimal("23.1065004"), "longitude": Decimal("113.3245")}


@pytest.fixture
def store(cast) -> Store:
    return new_store(new_partner(cast, "好味食堂"))


def place_of(store: Store) -> tuple:
    store.refresh_from_db()
    return store.latitude, store.longitude


def test_union_and_whoever_runs_it_may_say_where_it_stands(cast, store):
    owner = actor_of(new_owner(store.partner, "13800000051"))
    manager = actor_of(new_owner(store.partner, "13800000052", "manager", store))
    for actor in (cast.actor("city_admin"), cast.actor("province_admin"), owner, manager):
        Store.objects.unscoped("test").filter(pk=store.pk).update(latitude=None, longitude=None)
        actions.locate_store(actor, store_id=store.pk, **PLACE)
        assert place_of(store) == (Decimal("23.106500"), Decimal("113.324500"))


def test_nobody_else_moves_a_store(cast, store):
    clerk = new_user("13800000053")
    Clerk.objects.create(user=clerk, store=store)
    sister = actor_of(new_owner(new_partner(cast, "别家"), "13800000054"))
    everybody = [
        cast.actor(who)
        for who in ("sister_admin", "finance_officer", "judge", "mei", "stranger", "anonymous")
    ]
    for actor in (*everybody, actor_of(clerk), sister):
        with pytest.raises(DomainError) as refused:
            actions.locate_store(actor, store_id=store.pk, **PLACE)
        assert refused.value.status in (401, 403, 404)
        assert place_of(store) == (None, None)


@pytest.mark.parametrize(
    ("latitude", "longitude", "code"),
    [("113.3", "23.1", "place_turned_round"), ("40.7", "-74", "place_far_off"), ("0", "0", "place_far_off")],
)
def test_place_that_cannot_be_is_refused(cast, store, latitude, longitude, code):
    with pytest.raises(DomainError) as refused:
        actions.locate_store(
            cast.actor("city_admin"),
            store_id=store.pk,
            latitude=Decimal(latitude),
            longitude=Decimal(longitude),
        )
    assert refused.value.code == code
    assert place_of(store) == (None, None)
