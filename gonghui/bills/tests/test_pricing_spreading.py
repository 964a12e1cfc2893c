"""Dividing fen: nothing lost, nothing negative, whatever the numbers."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gonghui.bills.pricing.spreading import returned_of, spread, spread_matrix
from gonghui.bills.tests.prices import amounts

rows = st.lists(amounts, min_size=1, max_size=8)


def test_spread_gives_the_last_fen_to_the_largest_remainder_then_the_earlier():
    assert spread(100, [1, 1, 1]) == [34, 33, 33]
    assert spread(10, [1, 3, 3]) == [2, 4, 4]
    assert spread(5, [0, 0]) == [0, 0]


@given(rows, st.data())
def test_spread_sums_and_stays_within_its_weights(weights, data):
    amount = data.draw(st.integers(0, sum(weights)))
    parts = spread(amount, weights)
    assert sum(parts) == amount
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


@given(rows, rows)
def test_matrix_of_lines_and_funders_sums_both_ways(across, weights):
    columns = spread(sum(across), weights)
    columns[0] += sum(across) - sum(columns)
    matrix = spread_matrix(across, columns)
    assert [sum(row) for row in matrix] == across
    assert [sum(column) for column in zip(*matrix, strict=True)] == columns
    assert min(min(row) for row in matrix) >= 0


@given(rows, st.data())
def test_more_returned_never_means_less_for_anybody(parts, data):
    more = data.draw(st.integers(0, sum(parts)))
    less = data.draw(st.integers(0, more))
    first, second = returned_of(parts, less), returned_of(parts, more)
    assert (sum(first), sum(second)) == (less, more)
    assert all(0 <= a <= b <= part for a, b, part in zip(first, second, parts, strict=True))
    assert returned_of(parts, sum(parts)) == parts


@given(st.lists(st.integers(0, 12), min_size=1, max_size=6))
def test_returning_fen_by_fen_never_takes_a_fen_back(parts):
    steps = [returned_of(parts, amount) for amount in range(sum(parts) + 1)]
    for before, after in pairwise(steps):
        assert sorted(b - a for a, b in zip(before, after, strict=True)) == [0] * (len(parts) - 1) + [1]
