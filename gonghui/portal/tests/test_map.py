"""惠工地图: which stores stand on it for whom, in what order, and what of it is printed, sent to the map and to other apps."""

import datetime as dt
import re

import pytest
import time_machine

from gonghui.benefits.models import Offer
from gonghui.bills import offers_live
from gonghui.bills.models import FundingShare, OfferStore, OfferTerms
from gonghui.bills.tests.priced import published
from gonghui.bills.tests.stage import counted
from gonghui.kit.clock import CHINA
from gonghui.partners.models import Partner, Store
from gonghui.partners.tests.stage import new_partner, new_store
from gonghui.portal.distances import Place
from gonghui.portal.queries.stores import Wanted, kinds_of, stores_now
from gonghui.portal.tests.asking import asker
from gonghui.portal.tests.till import coupon_of, opened, text

pytestmark = pytest.mark.django_db
TOWER, STATION = (23.1065, 113.3245), (23.1490, 113.2574)
AT_TOWER = {"x-near": "23.1065,113.3245"}
SATURDAY_NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=CHINA)
HOUR = {"from_time": "13:00", "to_time": "14:00"}


@pytest.fixture
def shops(cast):
    """The pier has no place; the canteen at the station gives riders an hour, the barber at the tower gives families a price."""
    opened(cast)
    cast.canteen = placed(new_partner(cast, "邻里食堂"), "食堂", STATION)
    barber = new_partner(cast, "阿强理发")
    Partner.objects.unscoped("test").filter(pk=barber.pk).update(kind="living")
    cast.barber = placed(barber, "理发店", TOWER)
    published(
        cast, title="骑手特惠时段", form="percent", threshold_fen=0, off_fen=0, rate_permille=700, stores=[cast.canteen],
        groups=["food_rider"], windows=[HOUR],
    )  # fmt: skip
    price = {"form": "agreement_price", "threshold_fen": 0, "off_fen": 0, "price_fen": 2500, "family": True}
    published(cast, title="会员价", stores=[cast.barber], **price)
    return cast


def placed(partner: Partner, name: str, at: tuple[float, float]) -> Store:
    store = new_store(partner, name)
    store.latitude, store.longitude = at
    store.save()
    return store


def names(page: str) -> list[str]:
    return re.findall(r"data-store-link=[^>]+>([^<]+)<", page)


def pins(client, query: str = "", headers=None) -> list[str]:
    return [row[5] for row in client.get(f"/map/pins.json{query}", headers=headers or {}).json()["pins"]]


# --- who stands on it ---------------------------------------------------------------------------------------


def test_stranger_sees_every_store_that_gives_something_by_name_where_the_place_is_unknown(shops, client):
    page = text(client.get("/map"))
    assert names(page)[:2] == [shops.store.name, "理发店"] or names(page)[:2] == ["理发店", shops.store.name]
    assert names(page)[2] == "食堂" and "3 家门店有优惠" in page
    assert "协议价25元" in page and "家属同享" in page and "13:00–14:00" in page
    assert "适合我" not in page and "公里" not in re.sub(r"<[^>]+>", "", page.split('id="words"')[0])


def written(shops, state: str) -> None:
    """The barber's price never went up."""
    row = OfferTerms.objects.unscoped("test").get(offer__title="会员价")
    OfferTerms.objects.unscoped("test").filter(pk=row.pk).update(state="ended")
    facts = {"form": "free", "maker": row.maker, "checker": row.checker}
    offer = Offer.objects.create(union=shops.unions["city"], title="还没上线", kind="living", is_priced=True)
    draft = OfferTerms.objects.create(offer=offer, **facts)
    FundingShare.objects.create(terms=draft, nth=1, payer="merchant", takes_rest=True)
    OfferStore.objects.create(terms=draft, store=shops.barber)
    OfferTerms.objects.unscoped("test").filter(pk=draft.pk).update(state=state)


@pytest.mark.parametrize("state", ["draft", "reviewed", "paused", "ended"])
def test_offer_that_is_not_up_is_on_nobodys_map(shops, client, state):
    """Nor on that of a clerk or the staff, who see the row in their own screens."""
    if state in ("paused", "ended"):
        OfferTerms.objects.unscoped("test").filter(offer__title="会员价").update(state=state)
    else:
        written(shops, state)
    for who in ("anonymous", "mei", "clerk", "city_admin"):
        shops.sign_in(client, who)
        assert "理发店" not in names(text(client.get("/map"))), who
        assert pins(client) == ["食堂"], who
        assert client.get(f"/map/stores/{shops.barber.pk}").status_code == 404, who


@pytest.mark.parametrize("state", ["suspended", "exited"])
def test_store_of_a_partner_that_does_not_stand_has_left_the_map(shops, client, state):
    found = Partner.objects.unscoped("test").filter(name="阿强理发")
    found.update(state=state, honours_until=dt.date(2026, 1, 1) if state == "exited" else None)
    assert pins(client) == ["食堂"]
    assert client.get(f"/map/stores/{shops.barber.pk}").status_code == 404


def test_store_without_an_offer_is_not_on_it(shops, client):
    silent = placed(Partner.objects.unscoped("test").get(name="阿强理发"), "分店", TOWER)
    assert "分店" not in names(text(client.get("/map")))
    assert client.get(f"/map/stores/{silent.pk}").status_code == 404


def test_window_for_chosen_stores_gives_nothing_at_the_others(shops, client):
    window = HOUR | {"store_ids": [shops.barber.pk]}
    published(shops, title="限一家", windows=[window], stores=[shops.barber, shops.canteen])
    given = {one.store.name: [g.shown.title for g in one.given] for one in stores_now(shops.actor("mei"))}
    assert "限一家" in given["理发店"] and "限一家" not in given["食堂"]
    page = text(client.get(f"/map/stores/{shops.barber.pk}"))
    assert "限理发店" not in page and "13:00–14:00" in page


# --- filters ------------------------------------------------------------------------------------------------


def found(shops, who: str, **wanted) -> list[str]:
    return sorted(one.store.name for one in stores_now(shops.actor(who), Wanted(**wanted)))


def test_what_can_be_used_now_follows_the_clock(shops):
    with time_machine.travel(SATURDAY_NOON, tick=False):
        assert found(shops, "anonymous", now=True) == sorted(["理发店", shops.store.name])
    with time_machine.travel(SATURDAY_NOON + dt.timedelta(minutes=90), tick=False):
        assert "食堂" in found(shops, "anonymous", now=True)
        assert "食堂" not in found(shops, "mei", now=True)


def test_offer_for_riders_suits_riders_alone(shops):
    assert "食堂" not in found(shops, "mei", mine=True)
    mei = shops.people["mei"]
    mei.groups = ["food_rider"]
    mei.save(update_fields=["groups"])
    assert "食堂" in found(shops, "mei", mine=True)


def test_what_families_may_use_and_one_kind(shops, client):
    assert found(shops, "mei", family=True) == ["理发店"]
    assert found(shops, "mei", kind="living") == ["理发店"]
    assert found(shops, "mei", kind="living", now=True, family=True, mine=True) == ["理发店"]
    assert found(shops, "mei", kind="car") == []
    page = text(client.get("/map?kind=living&family=1"))
    assert names(page) == ["理发店"] and 'data-pins="/map/pins.json?kind=living&amp;family=1"' in page
    assert pins(client, "?kind=living") == ["理发店"] and pins(client, "?kind=car") == []


def test_filters_keep_each_other_and_turn_over(shops, client):
    page = text(shops.sign_in(client, "mei").get("/map?kind=living&now=1"))
    links = dict(re.findall(r'<a href="(/map[^"]*)"[^>]*>([^<]+?)\s*<', page))
    assert links["/map?kind=living"] == "现在可用"
    assert links["/map?kind=living&amp;now=1&amp;mine=1"] == "适合我"
    assert links["/map?now=1"] == "全部"


def test_nothing_left_says_how_to_see_more(shops, client):
    page = text(client.get("/map?kind=car"))
    assert "没有这样的门店" in page and 'href="/map"' in page and "汽车服务" in page
    assert client.get("/map?kind=nonsense&now=yes&page=99").status_code == 200


def test_empty_house_says_what_will_stand_here(cast, client):
    page = text(client.get("/map"))
    assert "还没有门店参加优惠" in page and "data-map " not in page


def test_kinds_are_counted_in_the_order_of_the_glossary(shops):
    everything = stores_now(shops.actor("mei"))
    assert [code for code, _label, _n in kinds_of(everything)][-1] == "living"
    assert sum(n for _code, _label, n in kinds_of(everything)) == 3


# --- nearness -----------------------------------------------------------------------------------------------


def test_nearest_comes_first_and_stores_without_a_place_last(shops, client):
    page = text(client.get("/map", headers=AT_TOWER))
    assert names(page) == ["理发店", "食堂", shops.store.name]
    assert "50 米" in page and "8.3 公里" in page and "还没有标位置" in page
    assert "位置只用这一次，不保存" in page
    assert pins(client, headers=AT_TOWER) == ["理发店", "食堂"]


def test_place_is_in_no_address_and_kept_nowhere(shops, client):
    shops.sign_in(client, "mei").get("/map")
    before = counted()
    for path in ("/map", "/map/pins.json", f"/map/stores/{shops.barber.pk}"):
        answer = client.get(path, headers=AT_TOWER)
        assert "no-store" in answer["Cache-Control"], path
        assert "x-near" not in text(answer) and "near=" not in text(answer), path
    assert counted() == before


def test_coupon_in_hand_makes_a_store_usable_for_its_holder_alone(shops):
    voucher = coupon_of(shops)
    assert voucher
    (mine,) = (one for one in stores_now(shops.actor("mei")) if one.store == shops.store)
    (other,) = (one for one in stores_now(shops.actor("lan")) if one.store == shops.store)
    usable = [[g.shown.title for g in one.given if g.is_usable] for one in (mine, other)]
    assert "满200减60" in usable[0] and "满200减60" not in usable[1]


# --- no script, pages, size ---------------------------------------------------------------------------------


def test_list_stands_by_itself_without_a_script(shops, client):
    page = text(client.get("/map", headers=AT_TOWER))
    barber = page.split(f'data-store-row="{shops.barber.pk}"')[1].split("</article>")[0]
    assert re.search(r'href="geo:23\.106500,113\.324500\?q=', barber)
    assert "data-copy" not in barber, "no address, nothing to copy"
    for part in ("https://", "http://", ' style="', "<script>"):
        assert part not in page.replace("http://www.w3.org", ""), part


def test_page_of_one_store_says_all_it_gives_with_the_way_there(shops, client):
    for n in range(4):
        published(shops, title=f"第{n}项", stores=[shops.barber], stack_class=str(n))
    Store.objects.unscoped("test").filter(pk=shops.barber.pk).update(
        address="阅江西路 1 号", phone="020-61230011"
    )
    row = text(client.get("/map", headers=AT_TOWER)).split("</article>")[0]
    assert "另有 2 项优惠" in row
    page = text(client.get(f"/map/stores/{shops.barber.pk}", headers=AT_TOWER))
    assert page.count('class="given"') == 5 and "阅江西路 1 号" in page and "tel:020-61230011" in page
    assert f"/offers/quote?store={shops.barber.pk}" in page


def test_pages_are_bounded_and_pins_too(shops, client, monkeypatch):
    many(shops, 45)
    monkeypatch.setattr("gonghui.portal.views.stores.PINS_MAX", 30)
    page = text(client.get("/map", headers=AT_TOWER))
    assert len(names(page)) == 20 and "第 1–20 项，共 48 项" in page
    nearest = pins(client, headers=AT_TOWER)
    assert len(nearest) == 30 and nearest[0] == "理发店" and "食堂" not in nearest
    assert names(text(client.get("/map?page=3", headers=AT_TOWER)))[-1] == shops.store.name


def many(shops, count: int, begin: int = 0) -> None:
    partner = Partner.objects.unscoped("test").get(name="邻里食堂")
    places = ((TOWER[0] + 0.0002 * n, TOWER[1]) for n in range(begin + 1, begin + count + 1))
    stores = [
        Store(partner=partner, name=f"{n}号店", latitude=latitude, longitude=longitude)
        for n, (latitude, longitude) in enumerate(places, begin + 1)
    ]
    Store.objects.bulk_create(stores)
    published(shops, title=f"{begin}起都有", stores=stores)


def test_queries_are_as_many_for_sixty_stores_as_for_three(shops, django_assert_num_queries):
    actor, at = shops.actor("mei"), Place(*TOWER)

    def asked(count: int) -> None:
        offers_live._kept.clear()
        with django_assert_num_queries(6):
            assert len(stores_now(actor, near=at)) == count

    coupon_of(shops)
    asked(3)
    many(shops, 57)
    asked(60)


# --- for other apps -----------------------------------------------------------------------------------------


def test_other_apps_are_told_the_same(shops, client):
    ask = asker(shops, client)
    answer = ask("anonymous", "get", "/stores").json()
    assert answer["count"] == 3 and {one["metres"] for one in answer["items"]} == {None}
    answer = client.get("/api/v1/stores?family=true", headers=AT_TOWER).json()
    (barber,) = answer["items"]
    assert (barber["name"], barber["kind"], barber["metres"], barber["is_usable"]) == (
        "理发店",
        "living",
        0,
        True,
    )
    (given,) = barber["offers"]
    assert (given["says"], given["when"], given["family"], given["opens_at"]) == (
        "协议价25元",
        [],
        True,
        None,
    )
    assert [one["name"] for one in ask("mei", "get", "/stores?mine=true&kind=food").json()["items"]] == []
    assert ask("mei", "get", "/stores?kind=pirate").status_code == 422


def test_offer_page_shows_its_own_stores_on_a_small_map(shops, client):
    row = OfferTerms.objects.unscoped("test").get(offer__title="会员价")
    page = text(client.get(f"/offers/{row.offer_id}"))
    assert 'id="offer-pins"' in page and "理发店" in page.split('id="offer-pins"')[1].split("</script>")[0]
    there = OfferTerms.objects.unscoped("test").get(offer__title="满减")
    assert "data-map " not in text(client.get(f"/offers/{there.offer_id}")), "the pier has no place"


def test_ways_in_stand_on_the_home_page_and_among_the_offers(shops, client):
    assert 'href="/map"' in text(client.get("/")) and 'href="/map"' in text(client.get("/offers"))
