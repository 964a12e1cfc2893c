"""Offers nearest first: where the reader stands is said in a header, used once and kept nowhere."""

import re
from types import SimpleNamespace

import pytest

from gonghui.bills.tests.priced import published
from gonghui.bills.tests.stage import counted
from gonghui.partners.models import Store
from gonghui.partners.tests.stage import new_partner, new_store
from gonghui.portal.distances import Place, metres_to, place_of, said_distance
from gonghui.portal.tests.test_offers import titles
from gonghui.portal.tests.till import opened, text

TOWER, STATION = Place(23.1065, 113.3245), (23.1490, 113.2574)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("23.1065,113.3245", TOWER),
        ("-0.5, 0", Place(-0.5, 0)),
        ("", None),
        ("23.1", None),
        ("23.1,113.2,7", None),
        ("nan,113", None),
        ("91,0", None),
        ("0,inf", None),
        ("a,b", None),
    ],
)
def test_place_is_read_from_the_header_or_not_at_all(said, found):
    assert place_of(SimpleNamespace(headers={"X-Near": said})) == found


def test_distance_is_as_the_crow_flies():
    latitude, longitude = STATION
    assert round(metres_to(Store(latitude=latitude, longitude=longitude), TOWER), -2) == 8300
    assert metres_to(Store(latitude=TOWER.latitude, longitude=TOWER.longitude), TOWER) == 0
    assert metres_to(Store(), TOWER) is None
    assert metres_to(Store(latitude=latitude, longitude=longitude), None) is None


@pytest.mark.parametrize(
    ("metres", "said"), [(3, "50 米"), (130, "150 米"), (1240, "1.2 公里"), (23400, "23 公里")]
)
def test_distance_is_said_as_well_as_a_phone_knows_it(metres, said):
    assert said_distance(metres) == said


@pytest.fixture
def shops(cast):
    """The pier has no place on the map; 乙 is at the tower, 甲 at the station."""
    opened(cast)
    partner = new_partner(cast, "好味食堂")
    for name, (latitude, longitude) in (("甲店", STATION), ("乙店", TOWER)):
        store = new_store(partner, name)
        store.latitude, store.longitude = latitude, longitude
        store.save()
        published(cast, title=f"{name}优惠", stores=[store, *([cast.store] if name == "乙店" else [])])
    return cast


def near(client, place: str = "23.1065,113.3245", path: str = "/offers?view=all"):
    return client.get(path, headers={"x-near": place} if place else {})


@pytest.mark.django_db
def test_nearest_comes_first_with_its_distance_and_stores_without_a_place_last(shops, client):
    page = text(near(client))
    assert titles(page) == ["乙店优惠", "甲店优惠", "满减"]
    assert re.sub(r"<[^>]+>", "", page).count("8.3 公里") == 1 and "50 米" in page
    assert page.index("乙店 <span") < page.index(shops.store.name)
    assert "位置只用这一次，不保存" in page
    assert titles(text(near(client, "23.1490,113.2574"))) == ["甲店优惠", "乙店优惠", "满减"]


@pytest.mark.django_db
@pytest.mark.parametrize("place", ["", "north pole"])
def test_without_a_place_the_order_is_as_ever_and_stores_stand_by_name(shops, client, place):
    page = text(near(client, place))
    assert titles(page) == ["满减", "甲店优惠", "乙店优惠"]
    assert "公里" not in page and "data-near " in page


@pytest.mark.django_db
def test_place_is_kept_nowhere(shops, client):
    shops.sign_in(client, "mei").get("/offers")
    before = counted()
    answer = near(client)
    assert counted() == before
    assert "no-store" in answer["Cache-Control"]
    assert "23.1065" not in text(answer) and not answer.cookies.get("near")
    assert dict(client.session).keys() == {
        "_auth_user_id",
        "_auth_user_backend",
        "_auth_user_hash",
        "seen_at",
    }
