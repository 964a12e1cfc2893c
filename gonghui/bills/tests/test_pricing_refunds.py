"""A refund reverses what each funder gave, for any partition."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonghui.bills.pricing import Part, Payer, quote, refund_amount, refund_parts
from gonghui.bills.tests.prices import askers, baskets, line_parts, offer_lists, visit


def keyed(parts):
    found = Counter()
    for part in parts:
        found[part.payer, part.funder, part.offer_id] += part.fen
    return +found


def cut(data, whole):
    """`whole` in pieces of at least one."""
    pieces = []
    while whole:
        pieces.append(data.draw(st.integers(1, whole) if len(pieces) < 6 else st.just(whole)))
        whole -= pieces[-1]
    return pieces


@given(line_parts(), st.integers(1, 60), st.data())
def test_sum_of_refunds_per_funder_is_what_was_funded_for_any_partition_of_units(parts, quantity, data):
    back, waited, already = [], 0, 0
    for k in cut(data, quantity):
        refund = refund_parts(parts, quantity, already, k)
        assert min(part.fen for part in refund.parts) >= 0
        assert refund.fen == refund.list_fen + waited - refund.waiting_fen
        already, waited = already + k, refund.waiting_fen
        back += refund.parts
    assert waited == 0
    assert keyed(back) == keyed(parts)


@given(line_parts(), st.data())
def test_sum_of_refunds_per_funder_is_what_was_funded_for_any_partition_of_an_amount(parts, data):
    back, already = [], 0
    for fen in cut(data, sum(part.fen for part in parts)):
        refund = refund_amount(parts, already, fen)
        assert min(part.fen for part in refund.parts) >= 0
        already += fen
        back += refund.parts
        assert all(a <= keyed(parts)[key] for key, a in keyed(back).items())
    assert keyed(back) == keyed(parts)


@given(line_parts(points=False), st.integers(1, 60), st.data())
def test_each_partial_refund_adds_up_to_the_list_price_of_what_went_back(parts, quantity, data):
    already = data.draw(st.integers(0, quantity - 1))
    refund = refund_parts(parts, quantity, already, data.draw(st.integers(1, quantity - already)))
    assert (refund.fen, refund.waiting_fen) == (refund.list_fen, 0)


@given(line_parts(), st.integers(2, 60), st.data())
def test_discount_never_grows_after_a_refund(parts, quantity, data):
    """Vendure #4811: what is kept of every funder's part only falls, and never under its part of what is kept."""
    kept, already = keyed(parts), 0
    for k in cut(data, quantity):
        refund = refund_parts(parts, quantity, already, k)
        now = kept.copy()
        now.subtract(keyed(refund.parts))
        assert all(0 <= now[key] <= kept[key] for key in now)
        kept, already = now, already + k


@given(line_parts(), st.integers(1, 60), st.data())
def test_points_go_back_whole(parts, quantity, data):
    already = data.draw(st.integers(0, quantity - 1))
    refund = refund_parts(parts, quantity, already, data.draw(st.integers(1, quantity - already)))
    assert all(part.fen % 100 == 0 for part in refund.parts if part.payer == Payer.POINTS)
    lots = sum(part.payer == Payer.POINTS for part in parts)
    assert 0 <= refund.waiting_fen < 100 * max(lots, 1)


def test_fen_of_a_broken_point_wait_for_the_next_refund():
    parts = (Part(Payer.POINTS, 700, 5),)
    first, second = refund_parts(parts, 2, 0, 1), refund_parts(parts, 2, 1, 1)
    assert (first.fen, first.list_fen, first.waiting_fen) == (300, 350, 50)
    assert (second.fen, second.list_fen, second.waiting_fen) == (400, 350, 0)


@given(offer_lists(4), baskets, askers, st.integers(0, 400), st.data())
def test_whole_bill_goes_back_as_it_came_line_by_line(offers, of, asker, points, data):
    bill = quote(offers, of, asker, visit(), points=points)
    for line in bill.lines:
        back, already = [], 0
        for k in cut(data, line.quantity):
            back += refund_parts(line.parts, line.quantity, already, k).parts
            already += k
        assert keyed(back) == keyed(line.parts)


@pytest.mark.parametrize(("already", "k"), [(-1, 1), (0, 0), (2, 2), (3, 1), (0, 4)])
def test_more_than_there_is_cannot_go_back(already, k):
    parts = (Part(Payer.WORKER, 300),)
    with pytest.raises(ValueError):
        refund_parts(parts, 3, already, k)
    with pytest.raises(ValueError):
        refund_amount(parts, already * 100, k * 100)
