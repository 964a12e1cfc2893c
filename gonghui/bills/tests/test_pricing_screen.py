"""What the store's screen says."""

from datetime import date, time

import pytest

from gonghui.bills.pricing import Form, Holidays, Terms, Window, says, says_terms
from gonghui.bills.pricing.screen import says_rate, says_weekdays

SEVENTY = Terms(Form.PERCENT, rate_permille=700)
NAMES = {"rider": "骑手", "guard": "保安"}
NOON = {"from_time": time(13), "to_time": time(14)}


@pytest.mark.parametrize(
    ("permille", "said"),
    [
        (700, "七折"),
        (750, "七五折"),
        (880, "八八折"),
        (500, "五折"),
        (985, "九八五折"),
        (805, "八〇五折"),
        (50, "0.5折"),
        (0, "免费"),
        (1000, "原价"),
    ],
)
def test_rates_are_said_as_china_says_them(permille, said):
    assert says_rate(permille) == said


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ({1, 2, 3, 4, 5}, "周一至周五"),
        ({6, 7}, "周六、周日"),
        ({1, 3}, "周一、周三"),
        ({1, 2, 3, 5}, "周一至周三、周五"),
        (set(range(1, 8)), ""),
    ],
)
def test_weekdays_are_joined(days, said):
    assert says_weekdays(days) == said


def test_riders_at_one():
    assert says([Window(groups=frozenset({"rider"}), **NOON)], SEVENTY, NAMES) == "骑手 13:00–14:00 七折"


def test_several_windows_are_folded():
    week = frozenset(range(1, 6))
    windows = [
        Window(groups=frozenset({"rider"}), weekdays=week, **NOON),
        Window(groups=frozenset({"rider"}), weekdays=week, from_time=time(10), to_time=time(11)),
        Window(groups=frozenset({"rider"}), weekdays=frozenset({6}), from_time=time(22), to_time=time(2)),
        Window(groups=frozenset({"guard"}), from_time=time(22), to_time=time(0), holidays=Holidays.EXCLUDED),
    ]
    assert says(windows, SEVENTY, NAMES).split("\n") == [
        "骑手 周一至周五 10:00–11:00、13:00–14:00，周六 22:00–次日02:00 七折",
        "保安 节假日除外 22:00–24:00 七折",
    ]


def test_window_for_some_stores_says_which_to_who_stands_in_none():
    riders = {"groups": frozenset({"rider"}), "store_ids": frozenset({7, 3}), "capacity": 50}
    stores = {3: "天河店", 7: "海珠店", 9: "越秀店"}
    window = Window(**riders, **NOON)
    assert says([window], SEVENTY, NAMES, stores) == "限天河店、海珠店 骑手 13:00–14:00 七折，每天 50 个名额"
    assert says([window], SEVENTY, NAMES) == "骑手 13:00–14:00 七折，每天 50 个名额"
    later = Window(**riders, from_time=time(17), to_time=time(18))
    assert says([window, later], SEVENTY, NAMES, stores) == (
        "限天河店、海珠店 骑手 13:00–14:00、17:00–18:00 七折，每个时段每天 50 个名额"
    )
    many = Window(store_ids=frozenset(range(5)))
    assert says([many], SEVENTY, None, {n: f"{n}店" for n in range(5)}) == "限0店、1店、2店等 5 家门店 七折"


def test_weekdays_of_the_same_hours_are_one():
    windows = [Window(weekdays=frozenset({day}), **NOON) for day in (1, 2, 3)]
    assert says(windows, SEVENTY) == "周一至周三 13:00–14:00 七折"


def test_dates_and_no_window_at_all():
    feast = Window(starts_on=date(2026, 10, 1), ends_on=date(2026, 10, 7))
    assert says([feast], SEVENTY) == "10月1日至10月7日 七折"
    assert says([], SEVENTY) == "七折"


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (Terms(Form.THRESHOLD_OFF, threshold_fen=20_000, off_fen=3_000), "满200元减30元"),
        (
            Terms(Form.THRESHOLD_OFF, threshold_fen=10_000, off_fen=1_050, repeat_max=3),
            "每满100元减10.50元，最多3次",
        ),
        (Terms(Form.THRESHOLD_OFF, off_fen=500), "立减5元"),
        (Terms(Form.PERCENT, rate_permille=750, cap_fen=2_000), "七五折（最多减20元）"),
        (Terms(Form.PERCENT, rate_permille=800, threshold_fen=10_000), "满100元八折"),
        (Terms(Form.AGREEMENT_PRICE, price_fen=19_900), "协议价199元"),
        (Terms(Form.GIFT, gift="毛巾"), "赠毛巾"),
        (Terms(Form.FREE), "免费"),
        (
            Terms(Form.PERCENT, rate_permille=800, bill_cap_fen=5_000, bill_offers_max=2),
            "八折（整单优惠最多50元）（一单最多2项优惠）",
        ),
    ],
)
def test_terms_are_said_in_words(terms, said):
    assert says_terms(terms) == said
