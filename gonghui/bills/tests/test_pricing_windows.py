"""When an offer holds: midnight, weekdays, groups, stores, holidays, capacity."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonghui.bills.pricing import Asker, Holidays, Visit, Window, is_open, next_opening, open_windows
from gonghui.bills.pricing.windows import day_of
from gonghui.kit.clock import CHINA

WEDNESDAY = date(2026, 9, 16)
NIGHT = Window(1, weekdays=frozenset({3}), from_time=time(22), to_time=time(2))
LUNCH = Window(2, from_time=time(13), to_time=time(14), groups=frozenset({"rider"}), store_ids=frozenset({3}))
RIDER = Asker(1, frozenset({"rider"}))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 9, day, hour, minute, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("when", "day"),
    [
        (at(16, 21, 59), None),
        (at(16, 22), WEDNESDAY),
        (at(17, 1, 59), WEDNESDAY),
        (at(17, 2), None),
        (at(16, 1), None),  # Tuesday's night
    ],
)
def test_hours_after_midnight_belong_to_the_day_on_which_it_began(when, day):
    assert day_of(NIGHT, when) == day


def test_until_midnight_ends_at_midnight():
    late = Window(from_time=time(22), to_time=time(0))
    assert is_open(late, at(16, 23, 59)) and not is_open(late, at(17, 0))


def test_last_night_runs_on_after_the_last_day():
    last = Window(ends_on=WEDNESDAY, from_time=time(22), to_time=time(2))
    assert is_open(last, at(17, 1)) and not is_open(last, at(17, 22))


def test_window_is_for_its_group_and_store():
    assert is_open(LUNCH, at(16, 13), groups={"rider"}, store_id=3)
    assert not is_open(LUNCH, at(16, 13), groups={"guard"}, store_id=3)
    assert not is_open(LUNCH, at(16, 13), groups={"rider"}, store_id=4)
    assert not is_open(LUNCH, at(16, 14), groups={"rider"}, store_id=3)


def test_windows_may_overlap():
    both = [LUNCH, Window(9)]
    assert [w.id for w, _ in open_windows(both, RIDER, Visit(3, at(16, 13)))] == [2, 9]


@pytest.mark.parametrize(
    ("holidays", "on_one", "on_another"),
    [(Holidays.ANY, True, True), (Holidays.EXCLUDED, False, True), (Holidays.ONLY, True, False)],
)
def test_holidays_are_left_out_or_alone(holidays, on_one, on_another):
    window = Window(holidays=holidays)
    assert is_open(window, at(16, 12), holidays={WEDNESDAY}) == on_one
    assert is_open(window, at(17, 12), holidays={WEDNESDAY}) == on_another


def test_next_opening_passes_over_full_and_closed_days():
    weekly = Window(5, weekdays=frozenset({3, 4}), from_time=time(13), to_time=time(14), capacity=2)
    now = Visit(3, at(16, 14), window_uses={(5, date(2026, 9, 17)): 2})
    assert next_opening([weekly], RIDER, now) == at(23, 13)
    assert next_opening([Window(ends_on=date(2026, 9, 1))], RIDER, now) is None
    assert next_opening([LUNCH], Asker(1), now) is None


def test_utc_moments_are_read_in_chinas_time():
    assert is_open(LUNCH, datetime.fromisoformat("2026-09-16T05:00:00+00:00"), groups={"rider"}, store_id=3)


def test_window_needs_both_times_and_real_weekdays():
    with pytest.raises(ValueError):
        Window(from_time=time(1))
    with pytest.raises(ValueError):
        Window(weekdays=frozenset({0}))
    with pytest.raises(ValueError):
        Visit(1, datetime(2026, 1, 1))


times = st.times().map(lambda t: t.replace(second=0, microsecond=0))


@given(st.frozensets(st.integers(1, 7)), times, times, st.integers(0, 20_000))
def test_day_of_agrees_with_walking_every_beginning(weekdays, first, last, minutes):
    window = Window(weekdays=weekdays, from_time=first, to_time=last)
    when = at(1, 0) + timedelta(minutes=minutes)
    days = [WEDNESDAY + timedelta(days=n) for n in range(-20, 20)]
    held = []
    for day in days:
        begins = datetime.combine(day, first, CHINA)
        ends = datetime.combine(day + timedelta(days=last <= first), last, CHINA)
        if (not weekdays or day.isoweekday() in weekdays) and begins <= when < ends:
            held.append(day)
    # A window as long as a day touches its own next beginning; the newer one holds.
    assert day_of(window, when) == (held[-1] if held else None)


@given(st.frozensets(st.integers(1, 7)), times, times, st.integers(0, 20_000))
def test_next_opening_is_open_and_nothing_opens_before(weekdays, first, last, minutes):
    window = Window(weekdays=weekdays, from_time=first, to_time=last)
    now = at(1, 0) + timedelta(minutes=minutes)
    opens = next_opening([window], RIDER, Visit(3, now))
    assert opens > now and day_of(window, opens) == opens.date()
    assert opens - now <= timedelta(days=7)
