"""Who moves to another union keeps what is theirs: points and coupons hang on the person, and work the day after as before."""

from __future__ import annotations

import pytest
from django.test import Client

from gonghui.benefits.models import Voucher
from gonghui.bills.models import Bill
from gonghui.bills.tests.priced import MERCHANT, given_voucher, published, released, union_share
from gonghui.bills.tests.stage import fresh, open_shop, sold, with_points
from gonghui.funds.points import balance_of
from gonghui.funds.tests.stage import build_money, trial
from gonghui.ledger.models import LedgerAccount, Transfer
from gonghui.members.actions.transfers import accept_transfer, release_transfer
from gonghui.members.tests.transferring import accepted, memberships, opened

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(cast):
    """A hundred points and a coupon of 60 off 200, both paid by the city that Mei is about to leave."""
    open_shop(cast)
    money = build_money(cast)
    with_points(money, 100)
    terms = published(
        cast, title="满200减60", threshold_fen=20000, off_fen=6000, needs_voucher=True, stack_class="coupon",
        shares=[union_share(money.city, 900), MERCHANT],
    )  # fmt: skip
    return given_voucher(released(terms), cast.people["mei"].pk)


def rows(voucher) -> tuple:
    """Balance by balance and the coupon, column by column."""
    accounts = LedgerAccount.objects.unscoped("test").order_by("id")
    balances = list(accounts.values_list("id", "person", "credits_posted", "debits_posted", "debits_pending"))
    kept = Voucher.objects.unscoped("test").filter(pk=voucher.pk).values().get()
    return balances, kept, Transfer.objects.unscoped("test").count()


def test_points_and_coupon_are_untouched_while_the_transfer_goes_and_when_it_is_done(cast, held):
    mei, before = cast.people["mei"].pk, rows(held)
    assert balance_of(mei) == 100
    row = opened(cast)
    assert rows(held) == before
    release_transfer(cast.actor("city_admin"), transfer_id=row.pk)
    accept_transfer(cast.actor("sister_admin"), transfer_id=row.pk)
    assert (rows(held), balance_of(mei)) == (before, 100)
    assert memberships(cast) == [("factory", "ended"), ("riders", "active")]


def test_points_and_coupon_pay_at_the_till_after_the_transfer(cast, held):
    accepted(cast)
    bill: Bill = sold(cast, ("宴席", 20_000, 1), points=30)
    assert (bill.state, bill.points, bill.due_fen) == ("settled", 30, 20_000 - 6_000 - 3_000)
    assert (fresh(held).state, balance_of(cast.people["mei"].pk), trial()) == ("redeemed", 70, 0)


def test_points_and_coupon_pay_while_the_transfer_is_open(cast, held):
    opened(cast)
    bill = sold(cast, ("宴席", 20_000, 1), points=100)
    assert (bill.state, balance_of(cast.people["mei"].pk), trial()) == ("settled", 0, 0)


def test_pages_show_the_same_points_and_tickets_before_and_after(cast, held):
    client = cast.sign_in(Client(), "mei")
    before = [client.get(path).status_code for path in ("/tickets", f"/tickets/{held.code}")]
    accepted(cast)
    assert (
        [client.get(path).status_code for path in ("/tickets", f"/tickets/{held.code}")]
        == before
        == [200, 200]
    )
    assert ">100<" in client.get("/me/card").content.decode()
