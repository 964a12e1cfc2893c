"""The chosen set is the best one the rules allow."""

from itertools import chain, combinations

from hypothesis import given, settings

from gonghui.bills.pricing import Basis, Form, Stacking
from gonghui.bills.pricing.choosing import Combination, best_combination, taken_together
from gonghui.bills.pricing.fitting import Candidate, fit
from gonghui.bills.pricing.quoting import judged_alone
from gonghui.bills.tests.prices import (
    MERCHANT_REST,
    WORKER,
    basket,
    baskets,
    offer,
    offer_lists,
    purses,
    visit,
)

BY_SHOP = (MERCHANT_REST,)
THREE_HUNDRED = basket(30_000)


def candidates_of(offers, of, left):
    here = visit(left_fen=left)
    fitting = [one for offer in offers if isinstance(one := fit(offer, of, WORKER, here), Candidate)]
    return [one for c in fitting if isinstance(one := judged_alone(c, of, here), Candidate)]


def is_allowed(chosen) -> bool:
    terms = [candidate.offer.terms for candidate in chosen]
    if any(of.stacking == Stacking.NEVER for of in terms) and len(terms) > 1:
        return False
    classes = [of.stack_class for of in terms if of.stacking == Stacking.ONCE]
    return len(classes) == len(set(classes))


def best_of_every_set(candidates, lines, left):
    sets = chain.from_iterable(combinations(candidates, n) for n in range(len(candidates) + 1))
    found = [taken_together(chosen, lines, left) for chosen in sets if is_allowed(chosen)]
    return min((one for one in found if one is not None), key=lambda one: one.rank, default=Combination())


@given(offer_lists(), baskets, purses)
@settings(max_examples=400, deadline=None)
def test_chosen_set_is_the_best_of_every_set_the_rules_allow(offers, of, left):
    candidates = candidates_of(offers, of, left)
    best, is_best = best_combination(candidates, of.lines, left)
    assert is_best
    assert best.rank == best_of_every_set(candidates, of.lines, left).rank
    assert is_allowed([one.candidate for one in best.given])
    said = [one.candidate.offer.terms for one in best.given]
    off_fen = sum(sum(one.fens) for one in best.given)
    assert all(of.bill_cap_fen is None or off_fen <= of.bill_cap_fen for of in said)
    assert all(of.bill_offers_max is None or len(said) <= of.bill_offers_max for of in said)


@given(offer_lists(9), baskets, purses)
@settings(deadline=None)
def test_order_in_which_offers_come_does_not_matter(offers, of, left):
    there = candidates_of(offers, of, left)
    first, whole = best_combination(there, of.lines, left)
    second, _ = best_combination(there[::-1], of.lines, left)
    assert not whole or first.rank == second.rank


def chosen_of(*offers):
    best, _ = best_combination(candidates_of(offers, THREE_HUNDRED, {}), THREE_HUNDRED.lines, {})
    return [one.candidate.offer.id for one in best.given], [one.split.given_fen for one in best.given]


def test_one_of_a_class_and_all_that_go_with_everything():
    classed = [offer(n, off_fen=n * 1_000, stack_class="a", shares=BY_SHOP) for n in (1, 2)]
    always = offer(3, Form.PERCENT, rate_permille=900, stacking=Stacking.ALWAYS, order=1, shares=BY_SHOP)
    assert chosen_of(*classed, always) == ([3, 2], [3_000, 2_000])


def test_bill_has_no_more_off_and_no_more_offers_than_one_of_them_allows():
    """What a cap of the whole bill leaves is the last one's; who allows no company may be better left out."""
    facts = {"stacking": Stacking.ALWAYS, "shares": BY_SHOP}
    first, second = offer(1, off_fen=3_000, **facts), offer(2, off_fen=2_000, **facts)
    assert chosen_of(first, second) == ([1, 2], [3_000, 2_000])
    assert chosen_of(first, offer(2, off_fen=2_000, bill_cap_fen=4_000, **facts)) == ([1, 2], [3_000, 1_000])
    assert chosen_of(first, offer(2, off_fen=2_000, bill_cap_fen=2_500, **facts)) == ([1], [3_000])
    assert chosen_of(offer(1, off_fen=3_000, bill_cap_fen=1_000, **facts)) == ([1], [1_000])
    third = offer(3, off_fen=500, bill_offers_max=2, **facts)
    assert chosen_of(first, second, third) == ([1, 2], [3_000, 2_000])
    assert chosen_of(first, third) == ([1, 3], [3_000, 500])


def test_never_stacked_wins_only_when_it_beats_the_rest_together():
    rest = [offer(n, off_fen=2_000, stacking=Stacking.ALWAYS, shares=BY_SHOP) for n in (1, 2)]
    assert chosen_of(*rest, offer(3, off_fen=3_999, stacking=Stacking.NEVER, shares=BY_SHOP))[0] == [1, 2]
    assert chosen_of(*rest, offer(3, off_fen=4_001, stacking=Stacking.NEVER, shares=BY_SHOP))[0] == [3]


def test_small_offer_is_left_out_where_it_would_break_a_larger_threshold():
    small = offer(1, off_fen=100, stacking=Stacking.ALWAYS, order=1, shares=BY_SHOP)
    large = offer(2, threshold_fen=30_000, off_fen=3_000, stacking=Stacking.ALWAYS, order=2, shares=BY_SHOP)
    assert chosen_of(small, large) == ([2], [3_000])


def test_threshold_of_what_is_paid_holds_at_the_end():
    paid = offer(
        1, threshold_fen=29_000, off_fen=900, basis=Basis.AFTER, stacking=Stacking.ALWAYS, shares=BY_SHOP
    )
    more = offer(2, off_fen=500, stacking=Stacking.ALWAYS, order=200, shares=BY_SHOP)
    assert chosen_of(paid, more) == ([1], [900])


def test_too_many_offers_for_every_set_still_give_one_and_say_so():
    many = [
        offer(
            n,
            threshold_fen=10_000 + 517 * n,
            off_fen=400 + 31 * n,
            stacking=Stacking.ALWAYS,
            order=n,
            shares=BY_SHOP,
        )
        for n in range(40)
    ]
    best, is_best = best_combination(candidates_of(many, THREE_HUNDRED, {}), THREE_HUNDRED.lines, {})
    assert best.given and not is_best
