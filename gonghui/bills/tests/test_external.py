"""Coupons of a provider: covered when ordered, paid out once per use, whatever order the news come in."""

import datetime as dt
from itertools import permutations
from uuid import uuid4

import pytest

from gonghui.bills.actions import external
from gonghui.bills.actions.external import (
    GRACE,
    note_return,
    note_use,
    order_funded_stock,
    release_over_stocks,
)
from gonghui.bills.models import ExternalUse, StockFunding
from gonghui.funds.models import Commitment
from gonghui.funds.tests.stage import balance, build_money, trial
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.payments.actions.coupons import note_stock
from gonghui.payments.events import ExternalCouponReturned, ExternalCouponUsed
from gonghui.payments.models import ExternalStock
from gonghui.payments.ports.coupons import StockOrder

pytestmark = pytest.mark.django_db
PROVIDER = Actor.system("test")
FACE, TOTAL = 500, 3


def order_of(total=TOTAL):
    now = clock.now()
    return StockOrder(uuid4().hex, "满30减5", FACE, 3000, total, now, now + dt.timedelta(days=30))


@pytest.fixture
def money(cast):
    return build_money(cast)


@pytest.fixture
def funding(cast, money):
    made = order_funded_stock(money.actor("city_finance"), budget_id=money.city.pk, order=order_of())
    note_stock(PROVIDER, pk=made.stock_id, stock_id="s1")
    return made


def used(use="u1", off=FACE):
    return ExternalCouponUsed("wechat", "s1", "c1", use, off, 2500)


def returned(use="u1"):
    return ExternalCouponReturned("wechat", "s1", "c1", use)


def left(funding):
    return balance(funding.commitment.account_id)


def test_stock_is_covered_when_it_is_ordered(money, funding):
    assert left(funding) == FACE * TOTAL
    assert balance(money.city.account_id) == 30_000_00 - FACE * TOTAL


def test_stock_nobody_can_cover_is_not_ordered(money):
    with pytest.raises(DomainError) as refused:
        order_funded_stock(
            money.actor("city_finance"), budget_id=money.city.pk, order=order_of(total=10_000_000)
        )
    assert refused.value.code == "budget_short"
    assert not ExternalStock.objects.unscoped("test").exists()
    assert not StockFunding.objects.unscoped("test").exists()


def test_same_order_again_is_the_same_stock(money):
    order = order_of()
    made = [
        order_funded_stock(money.actor("city_finance"), budget_id=money.city.pk, order=order)
        for _ in range(2)
    ]
    assert made[0] == made[1]
    assert Commitment.objects.unscoped("test").count() == 1


@pytest.mark.parametrize("heard", sorted(set(permutations(["used", "used", "returned", "returned"]))))
def test_use_and_return_in_any_order_leave_what_was_there(funding, heard):
    for news in heard:
        if news == "used":
            note_use(PROVIDER, news=used())
        else:
            note_return(PROVIDER, news=returned())
    assert left(funding) == FACE * TOTAL
    assert ExternalUse.objects.unscoped("test").get().state == "returned"
    assert trial() == 0


def test_use_told_twice_is_paid_once(funding):
    for _ in range(3):
        note_use(PROVIDER, news=used())
    assert left(funding) == FACE * (TOTAL - 1)
    assert ExternalUse.objects.unscoped("test").get().state == "posted"


def test_use_nothing_covers_waits_on_the_list(funding):
    for n in range(TOTAL + 1):
        note_use(PROVIDER, news=used(f"u{n}"))
    states = ExternalUse.objects.unscoped("test").order_by("id").values_list("state", flat=True)
    assert list(states) == ["posted"] * TOTAL + ["uncovered"]
    assert left(funding) == 0
    note_return(PROVIDER, news=returned("u0"))
    assert external.cover_uses(PROVIDER) == 1
    assert left(funding) == 0


def test_coupons_no_union_pays_for_move_nothing(funding):
    assert note_use(PROVIDER, news=ExternalCouponUsed("wechat", "other", "c", "u", 500, 0)) is None
    assert left(funding) == FACE * TOTAL


def test_what_was_not_used_goes_home_after_the_grace(money, funding, time_machine):
    note_use(PROVIDER, news=used())
    assert release_over_stocks(PROVIDER) == 0
    time_machine.move_to(funding.stock.ends_at + GRACE + dt.timedelta(hours=1), tick=False)
    assert release_over_stocks(PROVIDER) == FACE * (TOTAL - 1)
    assert release_over_stocks(PROVIDER) == 0
    assert balance(money.city.account_id) == 30_000_00 - FACE
