"""Offers, baskets and funders for the tests of prices: some with names, some drawn."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from gonghui.bills.pricing import (
    Asker,
    Basis,
    Basket,
    Form,
    Line,
    LiveOffer,
    Part,
    Payer,
    PointLot,
    Share,
    Stacking,
    Terms,
    Visit,
    WhenEmpty,
)
from gonghui.kit.clock import CHINA

FEN_MAX = 10**9
NOON = datetime(2026, 9, 16, 12, 0, tzinfo=CHINA)  # a Wednesday
CITY, TOWN = 7, 8  # budgets
MERCHANT_REST = Share(Payer.MERCHANT, takes_rest=True)
HALVES = (Share(Payer.UNION, CITY, permille=500), MERCHANT_REST)
WORKER = Asker(1, frozenset({"rider"}), "1.2.", is_verified=True)


def visit(at: datetime = NOON, **facts: Any) -> Visit:
    return Visit(3, at, **facts)


def offer(n: int = 1, form: Form = Form.THRESHOLD_OFF, **facts: Any) -> LiveOffer:
    """Facts of the terms and of the offer, told apart by their names."""
    of_terms = {name: facts.pop(name) for name in list(facts) if name in Terms.__slots__}
    shares = facts.pop("shares", HALVES)
    return LiveOffer(n, facts.pop("title", f"优惠{n}"), Terms(form, **of_terms), shares, **facts)


def basket(*prices: int) -> Basket:
    return Basket(tuple(Line(f"第{n}样", fen) for n, fen in enumerate(prices, 1)))


amounts = st.integers(0, FEN_MAX)
payers = st.sampled_from([Payer.MERCHANT, Payer.UNION, Payer.EMPLOYER])


@st.composite
def shares(draw: st.DrawFn, *, limited: bool = True) -> tuple[Share, ...]:
    count = draw(st.integers(1, 5))
    rest, left, found = draw(st.integers(0, count - 1)), 1000, []
    for n in range(count):
        permille = draw(st.integers(0, left)) if n != rest else 0
        left -= permille
        fixed = draw(st.integers(0, 5_000)) if n != rest and not permille else 0
        top = draw(st.none() | st.integers(0, 20_000)) if limited else None
        when = draw(st.sampled_from(WhenEmpty)) if limited else WhenEmpty.REFUSE
        found.append(Share(draw(payers), draw(st.integers(1, 4)), permille, fixed, top, when, n == rest))
    return tuple(found)


@st.composite
def terms(draw: st.DrawFn, *, top: int = 30_000) -> Terms:
    return Terms(
        draw(st.sampled_from(Form)),
        threshold_fen=draw(st.sampled_from([0, 0, 1, top // 3, top])),
        off_fen=draw(st.integers(0, top // 2)),
        repeat_max=draw(st.integers(0, 3)),
        rate_permille=draw(st.integers(0, 1000)),
        cap_fen=draw(st.none() | st.integers(0, top)),
        price_fen=draw(st.integers(0, top)),
        units_max=draw(st.integers(0, 3)),
        gift="毛巾",
        basis=draw(st.sampled_from(Basis)),
        stacking=draw(st.sampled_from(Stacking)),
        stack_class=draw(st.sampled_from(["", "a"])),
        order=draw(st.integers(1, 3)),
        bill_cap_fen=draw(st.none() | st.integers(1, top)),
        bill_offers_max=draw(st.none() | st.integers(1, 3)),
    )


lines = st.builds(
    Line,
    st.just("米"),
    st.integers(0, 30_000),
    st.integers(1, 4),
    st.sampled_from(["", "farm", "gift"]),
)
baskets = st.builds(Basket, st.lists(lines, min_size=1, max_size=4).map(tuple))
section_sets = st.sampled_from([frozenset(), frozenset({"farm"}), frozenset({"", "gift"})])


@st.composite
def offer_lists(draw: st.DrawFn, most: int = 6) -> list[LiveOffer]:
    count = draw(st.integers(0, most))
    return [
        LiveOffer(n, f"优惠{n}", draw(terms()), draw(shares()), sections=draw(section_sets))
        for n in range(count)
    ]


lots = st.lists(st.builds(PointLot, st.integers(), st.integers(0, 300), section_sets), max_size=4)
askers = st.builds(
    lambda of: Asker(1, lots=tuple(PointLot(n, lot.points, lot.sections) for n, lot in enumerate(of))), lots
)
purses = st.dictionaries(st.integers(1, 4), st.integers(0, 30_000))


@st.composite
def line_parts(draw: st.DrawFn, *, top: int = FEN_MAX, points: bool = True) -> tuple[Part, ...]:
    found = [Part(draw(payers), draw(st.integers(0, top)), n, n % 2) for n in range(draw(st.integers(0, 5)))]
    if points:
        found += [
            Part(Payer.POINTS, 100 * draw(st.integers(0, 50)), n) for n in range(draw(st.integers(0, 2)))
        ]
    return (*found, Part(Payer.WORKER, draw(st.integers(1, top))))
