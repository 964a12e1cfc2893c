"""闲时名额: places offered and taken, to the figure; across midnight, at two stores, of few people nothing."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gonghui.bills.models import BillOffer, OfferWindow
from gonghui.bills.tests.priced import published
from gonghui.kit import clock
from gonghui.settlement.seats import Seats, seats_of
from gonghui.settlement.tests.stage import refunded, sold
from gonghui.settlement.tests.test_merchant_pages import OWNER, people, plain

DAY = dt.timedelta(days=1)
NIGHT = {"from_time": dt.time(22), "to_time": dt.time(2), "capacity": 20}


@pytest.fixture(autouse=True)
def later():
    """A Monday far enough on: the audit trail knows the offers as published before the thirty days began."""
    day = clock.today() + 45 * DAY
    day += (7 - day.weekday()) % 7 * DAY
    with time_machine.travel(dt.datetime.combine(day, dt.time(12), clock.CHINA), tick=False):
        yield day


def window_at(shop, *, stores=None, **window) -> OfferWindow:
    terms = published(shop.cast, stores=stores or shop.stores, windows=[window], title="夜场")
    return OfferWindow.objects.get(terms=terms)


def took(
    shop, window: OfferWindow, day: dt.date, who, *, at: dt.time, after_midnight=False, store=0, fen=3_000
):
    """One place of the window that began on `day`."""
    moment = dt.datetime.combine(day + DAY if after_midnight else day, at, clock.CHINA)
    bill = sold(shop, ("merchant", 500), ("worker", fen - 500), at=moment, who=who, store=store)
    offer_id = window.terms.offer_id
    BillOffer.objects.create(bill=bill, offer_id=offer_id, window=window, window_day=day, discount_fen=500)
    return bill


def published_since(day: dt.date) -> None:
    """So says the trail of every offer."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE kit_audit SET at = %s WHERE table_name = 'bills_offerterms' AND after->>'state' = 'published'",
            [dt.datetime.combine(day, dt.time(9), clock.CHINA)],
        )
        cursor.execute("SET session_replication_role = origin")


def seats(shop, stores=(0, 1)) -> Seats:
    [found] = seats_of([shop.stores[nth].pk for nth in stores])
    return found


def figures(parts) -> dict:
    return {one.label: (one.offered, one.taken, one.fen) if one.is_shown else None for one in parts}


def test_hours_after_midnight_belong_to_the_evening_before(shop, later):
    """Fridays 22:00 to 02:00, twenty places: four Fridays in thirty days; 12 before midnight, 13 after."""
    window = window_at(shop, weekdays=[5], **NIGHT)
    friday = later - 3 * DAY
    crowd = people(shop.cast, 25)
    for one in crowd[:12]:
        took(shop, window, friday, one, at=dt.time(23, 59))
    for one in crowd[12:]:
        took(shop, window, friday, one, at=dt.time(0, 30), after_midnight=True, fen=4_000)
    found = seats(shop)
    assert found.says == "周五 22:00–次日02:00"
    whole = found.whole
    assert (whole.offered, whole.taken, whole.fen, whole.percent) == (80, 25, 12 * 3_000 + 13 * 4_000, "31.2")
    assert figures(found.weekdays) == {"周五": (80, 25, 88_000)}
    hours = figures(found.hours)
    assert (hours["23"], hours["00"], hours["22"]) == ((None, 12, 36_000), (None, 13, 52_000), (None, 0, 0))
    assert (found.busiest, found.is_shared) == (13, False)


def test_two_stores_share_the_places_and_a_bill_that_came_back_frees_its_own(shop, later):
    """Every day, ten places: 300 in thirty days. 江口店 15, of which one came back whole and one by a third; 河西店 11."""
    window = window_at(shop, capacity=10)
    crowd, monday = people(shop.cast, 26), later - 7 * DAY
    here = [took(shop, window, monday, one, at=dt.time(12)) for one in crowd[:15]]
    for one in crowd[15:]:
        took(shop, window, monday + DAY, one, at=dt.time(18), store=1, fen=5_000)
    refunded(shop, here[0], at=dt.datetime.combine(monday, dt.time(20), clock.CHINA))
    refunded(shop, here[1], at=dt.datetime.combine(monday, dt.time(20), clock.CHINA), share=(1, 3))
    kept = 13 * 3_000 + 3_000 - (166 + 833)
    found = seats(shop)
    assert (found.whole.offered, found.whole.taken, found.whole.fen) == (300, 25, kept + 55_000)
    assert {k: v for k, v in figures(found.weekdays).items() if v[1]} == {
        "周一": (40, 14, kept),
        "周二": (40, 11, 55_000),
    }
    first, second = seats(shop, [0]), seats(shop, [1])
    assert [(one.whole.taken, one.whole.fen, one.is_shared) for one in (first, second)] == [
        (14, kept, True),
        (11, 55_000, True),
    ]


def test_window_of_one_store_is_not_of_the_other(shop):
    window_at(shop, capacity=5, store_ids=[shop.stores[0].pk])
    assert seats(shop, [0]).is_shared is False
    assert seats_of([shop.stores[1].pk]) == []


def test_places_count_on_days_the_offer_was_published(shop, later):
    window = window_at(shop, capacity=10)
    published_since(later - 10 * DAY)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "INSERT INTO kit_audit (at, op, table_name, row_id, after) VALUES (%s, 'UPDATE', 'bills_offerterms', %s, %s)",
            [
                dt.datetime.combine(later - 3 * DAY, dt.time(9), clock.CHINA),
                window.terms_id,
                '{"state": "paused"}',
            ],
        )
        cursor.execute("SET session_replication_role = origin")
    assert seats(shop).whole.offered == 80


def test_few_people_are_no_figure_nor_what_is_left_of_a_sum(shop, later):
    window = window_at(shop, capacity=10)
    crowd, monday = people(shop.cast, 24), later - 7 * DAY
    for one in crowd[:9]:
        took(shop, window, monday, one, at=dt.time(12))
    found = seats(shop)
    assert (found.whole.is_shown, found.busiest) == (False, 0)
    assert not any(one.is_shown for one in (*found.weekdays, *found.hours) if one.taken)
    for one in crowd[9:]:
        took(shop, window, monday + DAY, one, at=dt.time(18))
    found = seats(shop)
    assert (found.whole.is_shown, found.whole.taken) == (True, 24)
    days = figures(found.weekdays)
    assert (days["周一"], days["周二"], days["周三"]) == (None, None, (40, 0, 0))


def test_merchant_and_union_read_the_same_figures_in_as_many_queries_for_three_windows(
    client, cast, shop, later
):
    window = window_at(shop, weekdays=[5], **NIGHT)
    for one in people(cast, 12):
        took(shop, window, later - 3 * DAY, one, at=dt.time(23))
    ids = [store.pk for store in shop.stores]
    with CaptureQueriesContext(connection) as few:
        seats_of(ids)
    window_at(shop, capacity=5), window_at(shop, capacity=6)
    with CaptureQueriesContext(connection) as many:
        assert len(seats_of(ids)) == 3
    assert (len(few), len(many)) == (4, 4)
    text = plain(cast.sign_in(client, OWNER).get("/merchant/panels/traffic").content.decode())
    for said in (
        "夜场",
        "周五 22:00–次日02:00，每天 20 个名额",
        "名额 80",
        "用掉 12",
        "利用率 15 %",
        "带来消费 360 元",
    ):
        assert said in text, said
    text = plain(cast.sign_in(client, "finance_officer").get("/console/settlement/seats").content.decode())
    for said in ("夜场", "周五 22:00–次日02:00", "80", "12", "15%", "360"):
        assert said in text, said
    assert (
        "夜场" not in cast.sign_in(client, "sister_admin").get("/console/settlement/seats").content.decode()
    )
    for who in ("judge", "reviewer"):
        if who in cast.users:
            assert cast.sign_in(client, who).get("/console/settlement/seats").status_code == 403
