"""How much each form takes off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonghui.bills.pricing import Basis, Form, Terms, discount_of
from gonghui.bills.pricing.discounts import line_discounts
from gonghui.bills.tests.prices import FEN_MAX, amounts, lines, terms

FUEL = Terms(Form.THRESHOLD_OFF, threshold_fen=20_000, off_fen=3_000)  # 满200减30
TAXI = Terms(Form.PERCENT, rate_permille=750, cap_fen=2_000)


@pytest.mark.parametrize(
    ("of", "amount", "off"),
    [
        (FUEL, 19_999, 0),
        (FUEL, 20_000, 3_000),
        (FUEL, 60_000, 3_000),
        (Terms(Form.THRESHOLD_OFF, threshold_fen=20_000, off_fen=3_000, repeat_max=2), 60_000, 6_000),
        (Terms(Form.THRESHOLD_OFF, threshold_fen=20_000, off_fen=3_000, repeat_max=0), 60_000, 9_000),
        (Terms(Form.THRESHOLD_OFF, off_fen=3_000), 2_000, 2_000),
        (TAXI, 4_000, 1_000),
        (TAXI, 40_000, 2_000),
        (Terms(Form.PERCENT, rate_permille=750), 1, 1),
        (Terms(Form.PERCENT, rate_permille=750), 333, 84),
        (Terms(Form.FIXED_PRICE, price_fen=1_990), 4_500, 2_510),
        (Terms(Form.FIXED_PRICE, price_fen=5_000), 4_500, 0),
        (Terms(Form.AGREEMENT_PRICE, price_fen=19_900), 29_900, 10_000),
        (Terms(Form.FREE), 3_500, 3_500),
        (Terms(Form.FREE, cap_fen=3_000), 3_500, 3_000),
        (Terms(Form.GIFT, price_fen=900), 3_500, 0),
    ],
)
def test_each_form_takes_off_what_it_says(of, amount, off):
    assert discount_of(of, amount) == off


def test_fixed_price_is_of_so_many_units_dearest_first():
    two = Terms(Form.FIXED_PRICE, price_fen=1_000, units_max=2)
    assert line_discounts(two, [(6_000, 6_000, 3), (3_000, 3_000, 1)]) == [1_000, 2_000]


@pytest.mark.parametrize(("basis", "off"), [(Basis.INITIAL, 3_000), (Basis.BEFORE, 0), (Basis.AFTER, 0)])
def test_threshold_counts_the_basis_it_names(basis, off):
    of = Terms(Form.THRESHOLD_OFF, threshold_fen=20_000, off_fen=3_000, basis=basis)
    assert line_discounts(of, [(20_000, 19_000, 1)]) == [off]


@given(amounts, st.integers(0, 1000))
def test_worker_part_of_a_percentage_is_rounded_down_to_the_fen(amount, rate):
    paid = amount - discount_of(Terms(Form.PERCENT, rate_permille=rate), amount)
    assert paid * 1000 <= amount * rate < (paid + 1) * 1000


@given(terms(top=FEN_MAX), st.lists(lines, min_size=1, max_size=4), st.data())
def test_discount_is_never_more_than_is_left_nor_than_its_cap(of, on, data):
    touched = [(x.list_fen, data.draw(st.integers(0, x.list_fen)), x.quantity) for x in on]
    off = line_discounts(of, touched)
    assert all(0 <= fen <= left for fen, (_, left, _) in zip(off, touched, strict=True))
    assert of.cap_fen is None or sum(off) <= of.cap_fen


@pytest.mark.parametrize(
    "facts", [{"off_fen": -1}, {"rate_permille": 1001}, {"cap_fen": -1}, {"units_max": -1}]
)
def test_impossible_terms_are_refused(facts):
    with pytest.raises(ValueError):
        Terms(Form.PERCENT, **facts)
