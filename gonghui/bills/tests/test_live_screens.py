"""A store's screen says what holds there, to everybody, and names nobody."""

from __future__ import annotations

import datetime as dt

import pytest

from gonghui.bills.screens import ScreenOffer, screen_of
from gonghui.bills.tests.priced import MERCHANT, given_voucher, published, released
from gonghui.kit.clock import CHINA
from gonghui.kit.tests.browser import *  # noqa: F403
from gonghui.kit.tests.browser import PHONE, axe_findings, keep_picture
from gonghui.partners.tests.stage import new_partner, new_store

NOON = dt.datetime(2026, 9, 16, 13, 30, tzinfo=CHINA)
LUNCH = {"from_time": dt.time(13), "to_time": dt.time(14), "groups": ["food_rider"]}
SEVEN = {"form": "percent", "rate_permille": 700, "off_fen": 0, "threshold_fen": 0}


@pytest.mark.django_db
def test_screen_says_what_holds_here_open_ones_first(cast):
    published(cast, title="周末满减", windows=[{"weekdays": [6, 7]}])
    published(cast, title="骑手特惠", windows=[LUNCH], needs_voucher=True, **SEVEN)
    published(cast, title="过期的", windows=[{"ends_on": dt.date(2026, 9, 1)}])
    published(cast, title="别家的", stores=[new_store(new_partner(cast, "好味食堂"))])
    assert screen_of(cast.store.pk, NOON) == [
        ScreenOffer("骑手特惠", ("外卖配送员 13:00–14:00 七折",), True, True),
        ScreenOffer("周末满减", ("周六、周日 满100元减20元",), False, False),
    ]


@pytest.mark.django_db
def test_windows_of_other_stores_are_left_out(cast):
    other = new_store(cast.store.partner, "二店")
    windows = [LUNCH | {"store_ids": [other.pk]}, {"from_time": dt.time(17), "to_time": dt.time(18)}]
    published(cast, stores=[cast.store, other], windows=windows, **SEVEN)
    assert [one.lines for one in screen_of(cast.store.pk, NOON)] == [("17:00–18:00 七折",)]
    assert screen_of(other.pk, NOON)[0].is_open


@pytest.mark.django_db
def test_page_is_public_renews_itself_and_names_nobody(cast, client, django_assert_max_num_queries):
    held = published(cast, title="满减", needs_voucher=True)
    given_voucher(released(held), cast.people["mei"].pk)
    with django_assert_max_num_queries(5):
        answer = client.get(f"/s/{cast.store.pk}/screen")
    text = answer.content.decode()
    assert ('http-equiv="refresh"' in text, "满100元减20元" in text, "陈小梅" in text) == (True, True, False)
    assert "public" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    cast.store.partner.state = "suspended"
    cast.store.partner.save()
    assert client.get(f"/s/{cast.store.pk}/screen").status_code == 404


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", [PHONE, (1920, 1080)])
def test_screen_is_read_from_across_the_room(cast, open_page, size):
    path = f"/s/{cast.store.pk}/screen"
    page = open_page("/offline", size=size)
    page.clock.install()
    page.goto(path)
    page.complaints.clear()
    assert (axe_findings(page), page.complaints) == ([], [])
    for n in range(4):
        published(cast, title=f"骑手友好商圈错峰就餐优惠第 {n} 期", windows=[LUNCH], **SEVEN)
    published(cast, title="随时可用的满减优惠", shares=(MERCHANT,))
    page.clock.run_for(61_000)
    page.get_by_text("随时可用的满减优惠").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert (axe_findings(page), page.complaints) == ([], [])
    keep_picture(page, "screen")
