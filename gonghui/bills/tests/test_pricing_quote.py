"""`quote`: every offer applied or refused with its reason, every line adding up to the fen."""

from datetime import date, time
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonghui.bills.pricing import (
    Asker,
    Basis,
    Basket,
    Form,
    Limit,
    Line,
    Payer,
    Per,
    PointLot,
    Share,
    Stacking,
    WhenEmpty,
    Window,
    quote,
)
from gonghui.bills.tests.prices import (
    CITY,
    MERCHANT_REST,
    NOON,
    WORKER,
    askers,
    basket,
    baskets,
    offer,
    offer_lists,
    purses,
    visit,
)

LUNCH = Window(1, from_time=time(13), to_time=time(14))
LAST_YEAR = Window(2, ends_on=date(2025, 12, 31))
POSTED = visit(group_names={"guard": "保安"})
BROKE = visit(left_fen={CITY: 0})
FULL = visit(window_uses={(3, NOON.date()): 5})


@given(offer_lists(), baskets, askers, purses, st.integers(0, 400))
@settings(max_examples=300, deadline=None)
def test_parts_of_every_line_add_up_to_its_list_price(offers, of, asker, left, points):
    bill = quote(offers, of, asker, visit(left_fen=left), points=points)
    for line in bill.lines:
        assert sum(part.fen for part in line.parts) == line.list_fen
        assert all(part.fen > 0 for part in line.parts)
    assert (
        sum(bill.fen_of(payer) for payer in Payer)
        == bill.list_fen
        == sum(line.list_fen for line in bill.lines)
    )
    assert bill.list_fen == bill.discount_fen + bill.points_fen + bill.due_fen
    assert bill.fen_of(Payer.WORKER) == bill.due_fen
    assert bill.fen_of(Payer.POINTS) == bill.points_fen


@given(offer_lists(), baskets, askers, purses)
@settings(deadline=None)
def test_parts_of_every_offer_add_up_over_lines_and_funders(offers, of, asker, left):
    bill = quote(offers, of, asker, visit(left_fen=left))
    for applied in bill.applied:
        assert sum(part.fen for part in applied.parts) == applied.discount_fen
        on_lines = [part for line in bill.lines for part in line.parts if part.offer_id == applied.offer_id]
        assert sum(part.fen for part in on_lines) == applied.discount_fen
    for funder, fen in left.items():
        spent = [part.fen for a in bill.applied for part in a.parts if part.funder == funder]
        assert sum(spent) <= fen


@given(offer_lists(), baskets, askers, purses, st.integers(0, 400), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_every_offer_is_answered_once_and_alike_in_whatever_order(
    offers, of, asker, left, points, shuffler: Random
):
    here = visit(left_fen=left)
    bill = quote(offers, of, asker, here, points=points)
    answered = [a.offer_id for a in bill.applied] + [r.offer_id for r in bill.refused]
    assert sorted(answered) == [one.id for one in offers]
    assert all(r.sentence and "{" not in r.sentence + r.advice for r in bill.refused)
    other = quote(shuffler.sample(offers, len(offers)), of, asker, here, points=points)
    assert (other.applied, other.lines, other.due_fen, other.trace) == (
        bill.applied,
        bill.lines,
        bill.due_fen,
        bill.trace,
    )


@given(baskets, askers, st.integers(0, 2_000))
def test_points_are_whole_and_never_more_than_due_or_held(of, asker, points):
    bill = quote([], of, asker, visit(), points=points)
    assert bill.points == min(points, bill.points_most)
    assert bill.points_fen <= of.list_fen
    for lot in asker.lots:
        paid = [
            (line, p)
            for line in bill.lines
            for p in line.parts
            if p.payer == Payer.POINTS and p.funder == lot.id
        ]
        assert sum(p.fen for _, p in paid) <= 100 * lot.points
        assert all(p.fen % 100 == 0 for _, p in paid)
        assert all(not lot.sections or line.section in lot.sections for line, _ in paid)


@pytest.mark.parametrize(
    ("facts", "asker", "here", "code"),
    [
        ({"store_ids": frozenset({4})}, WORKER, visit(), "offer_not_this_store"),
        ({"windows": (Window(store_ids=frozenset({4})),)}, WORKER, visit(), "offer_not_this_store"),
        ({"verified_only": True}, Asker(), visit(), "sign_in_first"),
        ({"verified_only": True}, Asker(1), visit(), "not_verified"),
        ({"audience_path": "1.3.", "audience_name": "市南区总工会"}, WORKER, visit(), "not_in_audience"),
        ({"groups": frozenset({"guard"})}, WORKER, visit(), "not_in_groups"),
        ({"windows": (Window(groups=frozenset({"guard"})),)}, WORKER, POSTED, "offer_group_not_served"),
        ({}, Asker(1, is_family=True), visit(), "offer_not_for_family"),
        ({"needs_voucher": True}, WORKER, visit(), "offer_no_voucher"),
        ({"limits": (Limit(Per.PERSON_MONTH, 1, 1),)}, WORKER, visit(), "offer_limit_used"),
        ({"sections": frozenset({"farm"})}, WORKER, visit(), "offer_section_not_allowed"),
        ({"codes": frozenset({"wash"})}, WORKER, visit(), "offer_section_not_allowed"),
        ({"windows": (LUNCH,)}, WORKER, visit(), "offer_window_closed"),
        ({"windows": (LAST_YEAR,)}, WORKER, visit(), "offer_windows_over"),
        ({"windows": (Window(3, capacity=5),)}, WORKER, FULL, "offer_window_full"),
        ({"windows": (Window(3, capacity=5, ends_on=NOON.date()),)}, WORKER, FULL, "offer_window_last_full"),
        ({"threshold_fen": 31_250}, WORKER, visit(), "offer_under_threshold"),
        ({"threshold_fen": 29_001, "basis": Basis.AFTER}, WORKER, visit(), "offer_under_threshold"),
        ({}, WORKER, BROKE, "offer_budget_empty"),
        ({"form": Form.FIXED_PRICE, "price_fen": 30_000}, WORKER, visit(), "offer_nothing_off"),
        ({"form": Form.GIFT, "price_fen": 900}, WORKER, BROKE, "offer_budget_empty"),
    ],
)
def test_refusal_names_its_reason(facts, asker, here, code):
    bill = quote([offer(1, **{"off_fen": 1_000, **facts})], basket(30_000), asker, here)
    assert [refused.code for refused in bill.refused] == [code]
    assert (bill.applied, bill.due_fen) == ((), 30_000)


def refusal_of(one, *, here=None, of=None):
    return quote([one], of or basket(30_000), WORKER, here or visit()).refused[0]


def test_upsell_says_how_much_is_lacking():
    said = refusal_of(offer(threshold_fen=31_250, off_fen=3_000))
    assert said.missing_fen == 1_250
    assert said.sentence == "还差 12.50 元到 312.50 元，才能享受这项优惠。"
    assert said.advice == "再买 12.50 元，可以享受“满312.50元减30元”。"


def test_closed_window_says_when_it_opens():
    assert refusal_of(offer(off_fen=1, windows=(LUNCH,))).advice == "下次开始：今天 13:00。"
    assert (
        refusal_of(offer(off_fen=1, windows=(Window(3, capacity=5),)), here=FULL).advice
        == "下次开始：明天 00:00。"
    )


def test_group_is_called_by_its_name():
    one = offer(off_fen=1, windows=(Window(groups=frozenset({"guard"})),))
    assert refusal_of(one, here=POSTED).sentence == "这项优惠在这里只面向保安。"


def test_beaten_offer_says_by_which_and_what_it_would_take_off():
    two = [offer(1, off_fen=1_000, title="小券"), offer(2, off_fen=2_000, title="大券")]
    beaten = quote(two, basket(30_000), WORKER, visit()).refused[0]
    assert beaten.error.code == "offer_beaten_in_class"
    assert beaten.sentence == "与“大券”同类，只能用一项；“大券”更合算。"
    assert beaten.advice == "单独用这项优惠可以减 10 元。"
    alone = [two[0], offer(3, off_fen=2_000, stacking=Stacking.NEVER)]
    assert quote(alone, basket(30_000), WORKER, visit()).refused[0].code == "offer_beaten"


def test_open_window_with_room_is_the_one_used():
    windows = (Window(3, capacity=5), Window(4, capacity=5))
    applied = quote([offer(off_fen=1, windows=windows)], basket(30_000), WORKER, FULL).applied[0]
    assert (applied.window_id, applied.window_day) == (4, NOON.date())


def test_short_funder_shrinks_the_discount_and_the_trace_says_so():
    short = (Share(Payer.UNION, CITY, fixed_fen=2_000, when_empty=WhenEmpty.SHRINK), MERCHANT_REST)
    one = offer(threshold_fen=20_000, off_fen=3_000, title="加油券", shares=short)
    bill = quote([one], basket(30_000), WORKER, visit(left_fen={CITY: 500}))
    assert bill.applied[0].shrunk_fen == 1_500
    assert bill.trace == (
        "原价 300 元。",
        "“加油券”（满200元减30元）：减 15 元，其中工会补贴 5 元、商家让利 10 元。",
        "因出资额度不足，少减 15 元。",
        "职工应付 285 元。",
    )


def test_gift_with_a_worth_is_a_line_of_its_own():
    towel = offer(form=Form.GIFT, gift="毛巾", price_fen=900)
    bill = quote([towel], basket(30_000), WORKER, visit())
    gift = bill.lines[1]
    assert (gift.name, gift.list_fen, gift.gift_of) == ("毛巾", 900, 1)
    assert [(part.payer, part.fen) for part in gift.parts] == [(Payer.UNION, 450), (Payer.MERCHANT, 450)]
    assert (bill.list_fen, bill.due_fen, bill.applied[0].gift) == (30_900, 30_000, "毛巾")


def test_gift_without_a_worth_moves_no_money():
    bill = quote([offer(form=Form.GIFT, gift="毛巾")], basket(30_000), WORKER, BROKE)
    assert (len(bill.lines), bill.list_fen, bill.applied[0].gift) == (1, 30_000, "毛巾")
    assert bill.trace[1] == "“优惠1”（赠毛巾）。"


def test_five_payers_share_one_bill():
    """商家让一点、工会贴一点、职工付一点."""
    by = (
        Share(Payer.UNION, CITY, permille=333),
        Share(Payer.EMPLOYER, 9, permille=333),
        MERCHANT_REST,
    )
    asker = Asker(1, lots=(PointLot(5, 30),))
    bill = quote(
        [offer(form=Form.PERCENT, rate_permille=750, shares=by)], basket(10_001), asker, visit(), points=50
    )
    parts = {payer: bill.fen_of(payer) for payer in Payer}
    assert parts == {"merchant": 837, "union": 832, "employer": 832, "points": 3_000, "worker": 4_500}
    assert bill.trace[-2:] == ("想用 50 个福豆，这一单最多可用 30 个。", "职工应付 45 元。")


def test_lot_pays_first_for_what_later_lots_cannot_reach():
    of = Basket((Line("苹果", 1_000, section="farm"), Line("茶杯", 1_000)))
    asker = Asker(1, lots=(PointLot(1, 10), PointLot(2, 10, frozenset({"farm"}))))
    bill = quote([], of, asker, visit(), points=20)
    assert (bill.points, bill.due_fen) == (20, 0)
    assert [(line.name, part.funder) for line in bill.lines for part in line.parts] == [
        ("苹果", 2),
        ("茶杯", 1),
    ]


def test_family_may_use_an_agreement_price_that_says_so():
    hotel = offer(
        form=Form.AGREEMENT_PRICE, price_fen=19_900, family=True, units_max=0, shares=(MERCHANT_REST,)
    )
    nights = Basket((Line("标准间", 29_900, 2),))
    assert quote([hotel], nights, Asker(1, is_family=True), visit()).due_fen == 39_800


def test_same_offer_twice_or_points_below_zero_are_refused():
    with pytest.raises(ValueError):
        quote([offer(), offer()], basket(1), WORKER, visit())
    with pytest.raises(ValueError):
        quote([], basket(1), WORKER, visit(), points=-1)
