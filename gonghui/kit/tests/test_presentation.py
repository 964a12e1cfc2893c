"""How money, time, codes and names look in pages."""

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.template import Context, Template
from django.test import RequestFactory

from gonghui.kit.clock import CHINA
from gonghui.kit.covers import cover_path
from gonghui.kit.templatetags import kit

NOW = datetime(2026, 9, 30, 12, 0, tzinfo=CHINA)


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOW, tick=False):
        yield


def render(source: str, request=None, **context) -> str:
    return Template("{% load kit %}" + source).render(Context({"request": request, **context}))


@pytest.mark.parametrize(
    ("amount_fen", "said"),
    [(0, "0"), (5, "0.05"), (1250, "12.50"), (125_000, "1,250"), (-3000, "-30"), (None, "—")],
)
def test_yuan_from_fen(amount_fen, said):
    assert kit.yuan(amount_fen) == said


def test_price_of_nothing_is_said_as_free():
    assert [kit.price(0), kit.price(None), kit.price(3000)] == ["免费", "免费", "30 元"]


@pytest.mark.parametrize(
    ("number", "said"), [(8200, "8,200"), (43_000, "4.3 万"), (140_000, "14 万"), (None, "—")]
)
def test_wan(number, said):
    assert kit.wan(number) == said


@pytest.mark.parametrize(("share", "said"), [(0.991, "99.1%"), (1, "100%"), (0, "0%"), (None, "—")])
def test_percent(share, said):
    assert kit.percent(share) == said


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (NOW.replace(hour=20), "今天 20:00"),
        (NOW + timedelta(days=1), "明天 12:00"),
        (NOW - timedelta(days=1), "昨天 12:00"),
        (NOW + timedelta(days=4), "10月4日 周日 12:00"),
        (datetime(2027, 1, 1, 0, 5, tzinfo=CHINA), "2027年1月1日 周五 00:05"),
        (None, "—"),
    ],
)
def test_cn_when(moment, said):
    assert kit.cn_when(moment) == said


def test_cn_day_takes_a_date_too():
    assert kit.cn_day(date(2026, 10, 1)) == "10月1日 周四"


def test_cn_span_names_the_second_day_only_past_midnight():
    start = datetime(2026, 10, 1, 22, 0, tzinfo=CHINA)
    assert kit.cn_span(start, start + timedelta(hours=1)) == "10月1日 周四 22:00–23:00"
    assert kit.cn_span(start, start + timedelta(hours=3)) == "10月1日 周四 22:00 – 10月2日 周五 01:00"
    assert kit.cn_span(start, None) == "10月1日 周四 22:00"


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=20), "刚刚"),
        (timedelta(minutes=5), "5 分钟前"),
        (timedelta(hours=3), "3 小时前"),
        (timedelta(days=1), "昨天 12:00"),
        (timedelta(hours=-1), "今天 13:00"),
    ],
)
def test_ago(passed, said):
    assert kit.ago(NOW - passed) == said


def test_short_code_is_grouped_by_four():
    assert kit.short_code("7KQ2M9XW") == "7KQ2 M9XW"


def test_stars_are_drawn_to_the_half_and_said_in_words():
    drawn = kit.stars(3.5)
    assert drawn.count('class="icon full"') == 3
    assert drawn.count("#star-half") == 1
    assert 'aria-label="3.5 分，满分 5 分"' in drawn
    assert kit.stars(None) == '<span class="muted">还没有评分</span>'


def test_key_of_a_scene_wins_over_the_kind_and_nothing_breaks():
    assert [cover_path("leisure", "river"), cover_path("film"), cover_path("?", "?")] == [
        "kit/covers/river.svg",
        "kit/covers/film.svg",
        "kit/covers/culture.svg",
    ]


def test_countdown_says_the_time_where_scripts_are_off():
    at = NOW + timedelta(hours=8)
    drawn = kit.countdown(at)
    assert f'data-countdown="{round(at.timestamp() * 1000)}"' in drawn
    assert ">今天 20:00</time>" in drawn


def test_data_block_cannot_be_closed_early():
    assert "</script><b>" not in kit.data_block({"a": "</script><b>"}, "x")


def test_shell_carries_elder_mode_and_wechat():
    request = RequestFactory(headers={"user-agent": "Mozilla/5.0 MicroMessenger/8.0"}).get("/")
    request.COOKIES["elder"] = "1"
    assert render("<html{% elder_attr %}{% wechat_attr %}>", request) == "<html data-elder data-wechat>"
    assert render("<html{% elder_attr %}{% wechat_attr %}>", RequestFactory().get("/")) == "<html>"
    assert render("<html{% elder_attr %}{% wechat_attr %}>") == "<html>"


def test_names_and_labels_are_escaped():
    assert "<b>" not in render("{% icon 'x' label %}{{ name|initial }}", label="<b>", name="<b>")


def test_avatar_keeps_its_tone():
    assert {kit.tone("张伟") for _ in range(3)} == {kit.tone("张伟")}
    assert kit.initial("") == "·"
