"""A bundle of merchants (充电 + 洗车 + 体检): claimed once, each part used at its own merchant, paid from its own purse."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from gonghui.accounts.models import User
from gonghui.benefits.actions import releases
from gonghui.benefits.models import Redemption, Release, Voucher
from gonghui.benefits.tests.plans import refused
from gonghui.bills.actions import packs
from gonghui.bills.models import Bill
from gonghui.bills.tests.priced import given_voucher
from gonghui.bills.tests.stage import YUAN, balances, by_payer, counted, moved, pay_code, refunded, sold
from gonghui.bills.tests.test_terms_packs import held, reviewed
from gonghui.bills.tests.written import REST, by_union, purses_of, put_up, release_of
from gonghui.funds.tests.stage import build_money, trial
from gonghui.kit.actors import Actor
from gonghui.partners.models import Clerk, Store
from gonghui.partners.tests.stage import new_partner, new_store, standing_agreement

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")
PARTS = {"充电": 500, "洗车": 300, "体检": 800}
"""Permille of the 30 yuan off 200 that the union gives; the merchant gives the rest."""


@dataclass
class Shop:
    """One merchant of the bundle, with its clerk and the release that holds its part."""

    store: Store
    release: Release
    clerk: str


def merchant(cast, money, name: str, permille: int, nth: int) -> Shop:
    partner = new_partner(cast, f"{name}公司")
    standing_agreement(partner)
    store, clerk = new_store(partner, f"{name}一店"), f"{name}店员"
    cast.users[clerk] = User.objects.create(phone=f"1380000006{nth}", display_name=clerk)
    Clerk.objects.create(user=cast.users[clerk], store=store)
    made = put_up(cast, by_union(money.city, permille=permille), REST, title=name, store_ids=(store.pk,))
    release = release_of(made, cast, 10, mode="pack", per_person=3)
    releases.review_release(cast.actor("province_admin"), release_id=release.pk)
    return Shop(store, release, clerk)


@pytest.fixture
def bundle(cast):
    money = build_money(cast)
    shops = {
        name: merchant(cast, money, name, permille, nth)
        for nth, (name, permille) in enumerate(PARTS.items(), 1)
    }
    pack = reviewed(cast, *[(shop.release.pools.get(), 1) for shop in shops.values()])
    given_voucher(pack.pools.get(), cast.people["mei"].pk)
    packs.open_packs(SYSTEM)
    return shops


def voucher_of(cast, shop: Shop) -> Voucher:
    return Voucher.objects.unscoped("test").get(release=shop.release, person=cast.people["mei"])


def sold_at(cast, shop: Shop, customer: str) -> Bill:
    return sold(cast, 200 * YUAN, clerk=shop.clerk, store_id=shop.store.pk, customer=customer)


def test_bundle_of_three_merchants_is_claimed_once_and_used_at_each(cast, bundle):
    mei = cast.people["mei"].pk
    left = {"出行礼包": "redeemed"} | dict.fromkeys(PARTS, "confirmed")
    assert held(mei) == sorted(left.items())
    for name, permille in PARTS.items():
        shop, voucher, before = bundle[name], voucher_of(cast, bundle[name]), balances()
        union = 3 * permille
        bill = sold_at(cast, shop, voucher.code)
        assert (bill.due_fen, bill.partner_id) == (170 * YUAN, shop.store.partner_id)
        assert by_payer(bill) == {"union": union, "merchant": 3_000 - union, "worker": 170 * YUAN}
        purse = shop.release.purses.get(share__payer="union").commitment.account.name
        partner = f"partner:{shop.store.partner_id}"
        assert moved(before, balances()) == {
            ("commitment", purse, None): -union,
            ("payable", partner, None): union,
            ("concession", partner, None): union - 3_000,
            ("counter", partner, None): 20_000 - union,
            ("paid", "own", mei): -170 * YUAN,
        }
        assert Redemption.objects.unscoped("test").get(voucher=voucher).store_id == shop.store.pk
        left[name] = "redeemed"
        assert held(mei) == sorted(left.items())  # the others stay
        for other, given in PARTS.items():
            used = 3 * given if left[other] == "redeemed" else 0
            assert purses_of(bundle[other].release) == [10 * 3 * given - used]
    assert trial() == 0


@pytest.mark.parametrize("name", PARTS)
def test_part_of_a_bundle_is_worth_nothing_at_the_other_merchants(cast, bundle, name):
    voucher, seen = voucher_of(cast, bundle[name]), held(cast.people["mei"].pk)
    before, books = counted(), balances()
    for other in PARTS.keys() - {name}:
        assert refused(sold_at, cast, bundle[other], voucher.code) == "unknown_code"
    assert (counted(), balances(), held(cast.people["mei"].pk)) == (before, books, seen)


def test_pay_code_uses_the_part_of_the_merchant_where_it_is_shown(cast, bundle):
    bill = sold_at(cast, bundle["洗车"], pay_code(cast))
    assert (bill.due_fen, voucher_of(cast, bundle["洗车"]).state) == (170 * YUAN, "redeemed")
    again = sold_at(cast, bundle["洗车"], pay_code(cast, ahead=1))
    assert by_payer(again) == {"worker": 200 * YUAN}
    assert {voucher_of(cast, bundle[name]).state for name in ("充电", "体检")} == {"confirmed"}


def test_part_of_a_bundle_that_was_given_back_is_whole_again_and_the_bundle_stays_claimed(cast, bundle):
    before, shop = balances(), bundle["体检"]
    bill = sold_at(cast, shop, voucher_of(cast, shop).code)
    refunded(cast, bill, by=shop.clerk)
    assert (voucher_of(cast, shop).state, moved(before, balances())) == ("confirmed", {})
    assert held(cast.people["mei"].pk) == sorted(
        ({"出行礼包": "redeemed"} | dict.fromkeys(PARTS, "confirmed")).items()
    )
    assert sold_at(cast, shop, voucher_of(cast, shop).code).due_fen == 170 * YUAN
