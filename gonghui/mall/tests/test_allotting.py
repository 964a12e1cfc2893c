"""A month's subsidy over the sections, worked out: nothing lost, nothing by noise, no group behind."""

from __future__ import annotations

from dataclasses import asdict, replace

from hypothesis import given
from hypothesis import strategies as st

from gonghui.mall.allotting import CALM, Demand, allotted, allotted_again

COUNTS = st.integers(0, 5_000)


@st.composite
def demands(draw) -> list[Demand]:
    found = []
    for n in range(draw(st.integers(1, 10))):
        people = draw(st.integers(10, 5_000))
        buyers, priority = draw(st.integers(0, people)), draw(st.integers(0, people))
        found.append(Demand(f"s{n}", people, buyers, draw(COUNTS), priority, draw(st.integers(0, 10**7))))
    return found


def plain(**facts) -> Demand:
    return replace(Demand("a", 1_000, 500, 1_000, 100, 100_000), **facts)


def fens(*given_: Demand, total: int = 200_000) -> dict[str, tuple[int, str]]:
    return {one.code: (one.fen, one.why) for one in allotted(given_, total)}


@given(demands(), st.integers(1, 10**9))
def test_all_is_given_and_not_a_fen_more(some, total):
    found = allotted(some, total)
    assert sum(one.fen for one in found) == total
    assert all(one.fen >= 0 for one in found) and [one.code for one in found] == [one.code for one in some]


@given(demands(), st.integers(1, 10**9))
def test_stored_figures_give_the_same_answer_again(some, total):
    assert allotted_again([asdict(one) for one in some], total) == [
        asdict(one) for one in allotted(some, total)
    ]


def test_first_month_goes_by_interest_and_by_what_was_not_bought():
    """As many people; in the second nearly nobody found what to buy."""
    found = fens(plain(was_fen=0, buyers=900), plain(code="b", was_fen=0, buyers=100))
    assert found["b"][0] > found["a"][0] and {why for _fen, why in found.values()} == {"new"}


def test_small_change_is_none():
    found = fens(plain(people=1_040), plain(code="b", people=960))
    assert found == {"a": (100_000, "calm"), "b": (100_000, "calm")}


def test_growth_of_few_is_noise_and_of_many_is_not():
    """Twice the people of the month before: of twelve it is nothing yet, of four thousand it moves the money."""
    small = {"people": 12, "buyers": 6, "priority": 0}
    few = [
        plain(before=6, was_fen=100_000, **small), plain(code="b", before=12, was_fen=200_000, **small)
    ]  # fmt: skip
    many = [
        replace(one, people=one.people * 300, buyers=one.buyers * 300, before=one.before * 300) for one in few
    ]
    assert fens(*few, total=300_000) == {"a": (100_000, "calm"), "b": (200_000, "calm")}
    assert fens(*many, total=300_000)["a"][0] > 100_000 * (1 + CALM)


def test_section_of_those_in_worker_groups_is_not_cut():
    falling = plain(people=200, buyers=100, before=1_000)
    rest = plain(code="b", people=3_000, buyers=1_500, priority=100)
    cut, kept = fens(replace(falling, priority=0), rest), fens(replace(falling, priority=150), rest)
    assert cut["a"][0] < 100_000 and cut["a"][1] == "demand"
    assert kept["a"] == (100_000, "floor") and kept["b"][0] == 100_000


def test_new_section_is_paid_by_those_that_change():
    found = fens(
        plain(), plain(code="b", people=400, buyers=200, before=900, priority=0), plain(code="c", was_fen=0)
    )
    assert sum(fen for fen, _why in found.values()) == 200_000
    assert found["c"][0] > 0 and found["c"][1] == "new" and found["b"][0] < 100_000
