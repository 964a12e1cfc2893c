"""Who funds a discount, to the fen, and what happens when somebody cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonghui.bills.pricing import Payer, Share, WhenEmpty, split_discount, wrong_shares
from gonghui.bills.tests.prices import CITY, HALVES, MERCHANT_REST, TOWN, amounts, purses, shares


def test_share_that_takes_the_rest_gets_the_last_fen():
    assert split_discount(3001, HALVES).fens == (1500, 1501)


def test_earlier_share_gives_first_where_fixed_parts_exceed_the_discount():
    three = (Share(Payer.UNION, CITY, fixed_fen=800), Share(Payer.UNION, TOWN, fixed_fen=800), MERCHANT_REST)
    assert split_discount(1000, three).fens == (800, 200, 0)


@pytest.mark.parametrize(
    ("when", "fens", "is_refused"),
    [
        (WhenEmpty.REFUSE, (0, 0, 0), True),
        (WhenEmpty.SHRINK, (700, 0, 1000), False),
        (WhenEmpty.NEXT, (700, 300, 1000), False),
    ],
)
def test_short_budget_follows_its_stated_policy(when, fens, is_refused):
    three = (
        Share(Payer.UNION, CITY, permille=500, when_empty=when),
        Share(Payer.UNION, TOWN),
        MERCHANT_REST,
    )
    split = split_discount(2000, three, {CITY: 700})
    assert (split.fens, split.given_fen, split.is_refused) == (fens, sum(fens), is_refused)
    assert split.short == three[0]


def test_nobody_behind_the_last_short_funder_refuses():
    last = (MERCHANT_REST, Share(Payer.UNION, CITY, permille=500, max_fen=10, when_empty=WhenEmpty.NEXT))
    assert split_discount(2000, last).is_refused


def test_one_budget_named_twice_is_not_spent_twice():
    twice = (
        Share(Payer.UNION, CITY, permille=500, when_empty=WhenEmpty.SHRINK),
        Share(Payer.UNION, CITY, takes_rest=True, when_empty=WhenEmpty.SHRINK),
    )
    assert split_discount(2000, twice, {CITY: 1500}).fens == (1000, 500)


@given(amounts, shares(limited=False))
def test_parts_of_a_discount_add_up_to_it(discount, by):
    split = split_discount(discount, by)
    assert sum(split.fens) == split.given_fen == discount
    assert min(split.fens) >= 0 and not split.is_refused


@given(amounts, shares(), purses)
def test_no_funder_gives_more_than_it_has_or_may(discount, by, left):
    split = split_discount(discount, by, left)
    assert sum(split.fens) == split.given_fen <= discount
    for share, fen in zip(by, split.fens, strict=True):
        assert fen >= 0 and (share.max_fen is None or fen <= share.max_fen)
    for funder, fen in left.items():
        assert sum(f for s, f in zip(by, split.fens, strict=True) if s.funder == funder) <= fen
    assert split == split_discount(discount, by, left)


@pytest.mark.parametrize(
    ("when", "fens"),
    [(WhenEmpty.REFUSE, (0, 0)), (WhenEmpty.SHRINK, (700, 1000)), (WhenEmpty.NEXT, (700, 1300))],
)
def test_cap_follows_the_policy_of_the_share_it_meets(when, fens):
    two = (Share(Payer.UNION, CITY, permille=500, when_empty=when), MERCHANT_REST)
    assert split_discount(2000, two, {CITY: 5_000}, 700).fens == fens


def test_what_is_handed_on_stays_under_the_same_cap():
    two = (
        Share(Payer.UNION, CITY, permille=500, max_fen=300, when_empty=WhenEmpty.NEXT),
        Share(Payer.EMPLOYER, TOWN, takes_rest=True, when_empty=WhenEmpty.SHRINK),
    )
    assert split_discount(2000, two, cap_fen=700).fens == (300, 400)


@given(amounts, shares(), purses, st.integers(0, 30_000))
def test_funders_never_give_more_than_their_cap_and_plenty_changes_nothing(discount, by, left, cap):
    split = split_discount(discount, by, left, cap)
    assert sum(f for s, f in zip(by, split.fens, strict=True) if s.payer != Payer.MERCHANT) <= cap
    assert sum(split.fens) == split.given_fen <= discount
    assert split_discount(discount, by, left, discount) == split_discount(discount, by, left)


def test_wrong_shares_are_named_for_the_form():
    assert wrong_shares(HALVES) == []
    assert len(wrong_shares((Share(Payer.UNION, permille=600, when_empty=WhenEmpty.NEXT),))) == 3
    both = (
        Share(Payer.MERCHANT, permille=600, fixed_fen=5),
        Share(Payer.MERCHANT, permille=500),
        MERCHANT_REST,
    )
    assert len(wrong_shares(both)) == 2


@pytest.mark.parametrize(
    "facts",
    [
        {"permille": 1001},
        {"fixed_fen": -1},
        {"max_fen": -1},
        {"payer": Payer.WORKER},
        {"payer": Payer.POINTS},
    ],
)
def test_impossible_share_is_refused(facts):
    with pytest.raises(ValueError):
        Share(**{"payer": Payer.UNION, **facts})
