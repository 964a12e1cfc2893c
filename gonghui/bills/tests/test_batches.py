"""Domain N13 with S1-07 and S1-09: 7,000 free film coupons, 20,000 for sports, the annual card at half price: all of it set
aside, a coupon given once, and what nobody claimed or used goes home."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import uuid4

import pytest
import time_machine

from gonghui.benefits.actions import releases
from gonghui.benefits.engine import Answer, Claim, settle_claims
from gonghui.benefits.models import Pool, Voucher
from gonghui.benefits.tests.crowd import counts, new_crowd
from gonghui.benefits.tests.plans import fresh, refused
from gonghui.bills import pricing, purses
from gonghui.bills.tests.stage import SYSTEM, YUAN, by_payer, counted, open_shop, sold
from gonghui.bills.tests.written import by_union, purses_of, put_up, release_of, reviewed_release
from gonghui.funds.queries import budget_figures
from gonghui.funds.tests.stage import approved, build_money, funded_source, trial
from gonghui.kit import clock

pytestmark = pytest.mark.django_db
CLAIMED = 500
"""Of each batch; the others stay where they are, and their money goes home with that of the unused."""


@dataclass(frozen=True)
class Batch:
    """`most_yuan`: of the union for one coupon; `goods`: (what is bought, its price, what the worker pays), in yuan."""

    title: str
    places: int
    price: pricing.Terms
    most_yuan: int
    goods: tuple[str, int, int]


BATCHES = {
    "film": Batch(
        "新春观影券", 7_000, pricing.Terms(pricing.Form.FREE, cap_fen=50 * YUAN, family=True), 50, ("电影票", 45, 0)
    ),
    "sports": Batch(
        "健身惠民券", 20_000, pricing.Terms(pricing.Form.THRESHOLD_OFF, threshold_fen=50 * YUAN, off_fen=20 * YUAN),
        20, ("游泳票", 60, 40),
    ),
    "annual card": Batch(
        "风景区年卡五折", 3_000, pricing.Terms(pricing.Form.PERCENT, rate_permille=500, cap_fen=60 * YUAN, family=True),
        60, ("年卡", 120, 60),
    ),
}  # fmt: skip


@pytest.fixture(params=BATCHES)
def batch(request) -> Batch:
    return BATCHES[request.param]


@pytest.fixture
def budget(cast, batch):
    """Of the city, as much as the batch costs at the most."""
    build_money(open_shop(cast))
    yuan = batch.places * batch.most_yuan
    above = approved(cast, "province", source=funded_source(cast, "province", yuan=yuan), yuan=yuan)
    return approved(cast, "city", parent=above, yuan=yuan)


@pytest.fixture
def made(cast, batch, budget):
    return put_up(cast, by_union(budget, takes_rest=True), title=batch.title, price=batch.price)


def left_yuan(budget) -> int:
    return budget_figures(fresh(budget)).available // YUAN


def claimed(pool: Pool, people: list[int]) -> list[Answer]:
    return settle_claims(pool.pk, [Claim(one, uuid4()) for one in people], issue=True)


def test_batch_is_set_aside_whole_and_one_coupon_more_is_refused(cast, batch, budget, made):
    release = reviewed_release(made, cast, batch.places)
    assert (purses_of(release), left_yuan(budget)) == ([batch.places * batch.most_yuan * YUAN], 0)
    more = release_of(made, cast, 1)
    assert (
        refused(releases.review_release, cast.actor("province_admin"), release_id=more.pk) == "budget_short"
    )
    assert (purses_of(more), left_yuan(budget), trial()) == ([], 0, 0)


def test_coupon_of_a_batch_is_given_once_and_what_nobody_claimed_or_used_goes_home(cast, batch, budget, made):
    release = reviewed_release(made, cast, batch.places)
    (pool,), mei = release.pools.all(), cast.people["mei"].pk
    given = claimed(pool, [mei, *new_crowd(CLAIMED - 1)])
    assert ({answer.answer for answer in given}, counts(pool)) == ({"won"}, (CLAIMED, batch.places - CLAIMED))
    assert ([answer.answer for answer in claimed(pool, [mei])], counts(pool)[0]) == (["already"], CLAIMED)
    what, list_yuan, due_yuan = batch.goods
    voucher = Voucher.objects.unscoped("test").get(pool=pool, person_id=mei)
    asked = {"customer": voucher.code, "is_family": True}
    if not batch.price.family:
        before = counted()
        assert refused(sold, cast, (what, list_yuan * YUAN), **asked) == "offer_not_for_family"
        assert counted() == before
        asked["is_family"] = False
    bill, union = sold(cast, (what, list_yuan * YUAN), **asked), (list_yuan - due_yuan) * YUAN
    assert {payer: fen for payer, fen in by_payer(bill).items() if fen} == {"union": union} | (
        {"worker": due_yuan * YUAN} if due_yuan else {}
    )
    assert (bill.due_fen, fresh(voucher).state, purses.sweep_purses(SYSTEM)) == (
        due_yuan * YUAN,
        "redeemed",
        0,
    )
    home = batch.places * batch.most_yuan * YUAN - union
    with time_machine.travel(clock.now() + dt.timedelta(days=31), tick=False):
        assert (purses.sweep_purses(SYSTEM), purses.sweep_purses(SYSTEM)) == (home, 0)
    assert (budget_figures(fresh(budget)).available, purses_of(release), trial()) == (home, [0], 0)
