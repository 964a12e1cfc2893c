"""Money is set aside before anybody is promised it, exactly as much as can be asked for, and what is left goes home."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from gonghui.benefits.actions import releases
from gonghui.benefits.models import Release
from gonghui.benefits.tests.plans import fresh, refused
from gonghui.bills import plans, pricing, purses
from gonghui.bills.actions import terms
from gonghui.bills.models import Purse
from gonghui.bills.pricing import Form, Payer, Share, WhenEmpty
from gonghui.bills.tests import prices
from gonghui.bills.tests.priced import given_voucher
from gonghui.bills.tests.written import (
    REST,
    by_union,
    purses_of,
    put_up,
    release_of,
    reviewed,
    reviewed_release,
)
from gonghui.funds.models import Commitment
from gonghui.funds.queries import budget_figures
from gonghui.funds.tests.stage import build_money, trial
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.partners.tests.stage import new_partner, new_store, standing_agreement

SYSTEM = Actor.system("test")


@pytest.fixture
def money(cast):
    standing_agreement(cast.store.partner)
    return build_money(cast)


def available(money) -> int:
    return budget_figures(fresh(money.city)).available


@given(price=prices.terms(top=900), shares=prices.shares(), fen=st.integers(0, 3000))
def test_no_bill_asks_a_share_for_more_than_its_most(price, shares, fen):
    greatest = plans.greatest_discount(price)
    fen = fen if greatest is None else min(fen, greatest)
    given_fen = pricing.split_discount(fen, shares).fens
    most = plans.most_of_shares(price, shares)
    assert all(limit is None or gives <= limit for gives, limit in zip(given_fen, most, strict=True))


def test_most_of_shares_is_exact():
    off = pricing.Terms(Form.THRESHOLD_OFF, threshold_fen=20_000, off_fen=3_000, repeat_max=2)
    third, rest = Share(Payer.UNION, 1, permille=333), Share(Payer.MERCHANT, takes_rest=True)
    shares = [third, Share(Payer.EMPLOYER, 2, fixed_fen=500), rest]
    assert plans.most_of_shares(off, shares) == [1998, 500, 3502]
    assert plans.most_of_shares(replace(off, cap_fen=3_000), shares) == [999, 500, 1501]
    assert plans.most_of_shares(replace(off, repeat_max=0), shares) == [None, 500, None]
    capped = [
        Share(Payer.UNION, 1, permille=500, max_fen=700, when_empty=WhenEmpty.NEXT),
        Share(Payer.UNION, 2),
        rest,
    ]
    assert plans.most_of_shares(off, capped) == [700, 2300, 3000]


@pytest.mark.django_db
def test_offer_without_vouchers_sets_money_aside_when_it_goes_up(cast, money):
    share = by_union(money.city, permille=500, set_aside_fen=100_000)
    before = available(money)
    made = reviewed(cast, share, REST, needs_voucher=False)
    assert available(money) == before
    terms.publish_terms(cast.actor("city_admin"), terms_id=made.pk)
    assert (purses_of(made=made), before - available(money)) == ([100_000], 100_000)
    assert Commitment.objects.unscoped("test").get().purpose == f"offer:{made.pk}:1"


@pytest.mark.django_db
def test_budget_that_is_short_is_named_with_its_figures_and_nothing_moves(cast, money):
    share = by_union(money.city, permille=500, set_aside_fen=9_000_000)
    made = reviewed(cast, share, REST, needs_voucher=False)
    with pytest.raises(DomainError) as caught:
        terms.publish_terms(cast.actor("city_admin"), terms_id=made.pk)
    assert (caught.value.code, "30,000" in caught.value.message, "90,000" in caught.value.message) == (
        "budget_short",
        True,
        True,
    )
    assert (fresh(made).state, purses_of(made=made)) == ("reviewed", [])


@pytest.mark.django_db
def test_release_sets_aside_places_times_the_most_of_each_share(cast, money):
    made = put_up(cast, by_union(money.city, permille=500), REST)
    before = available(money)
    release = reviewed_release(made, cast, 20, 5)
    assert (purses_of(release), before - available(money)) == ([25 * 1500], 37_500)
    assert trial() == 0


@pytest.mark.django_db
def test_release_sent_back_gives_the_money_back_and_may_be_reviewed_again(cast, money):
    made = put_up(cast, by_union(money.city, permille=500), REST)
    before, checker = available(money), cast.actor("province_admin")
    release = reviewed_release(made, cast, 10)
    releases.send_back_release(checker, release_id=release.pk, reason="改名额")
    assert (purses_of(release), available(money)) == ([], before)
    releases.review_release(checker, release_id=release.pk)
    assert (purses_of(release), before - available(money)) == ([15_000], 15_000)
    purposes = Commitment.objects.unscoped("test").order_by("id").values_list("purpose", flat=True)
    assert list(purposes) == [f"release:{release.pk}:1", f"release:{release.pk}:1:2"]


@pytest.mark.django_db
def test_release_of_a_priced_offer_needs_terms_that_are_up_and_an_end(cast, money):
    review, checker = releases.review_release, cast.actor("province_admin")
    waiting = reviewed(cast, by_union(money.city, permille=500), REST)
    early = release_of(waiting, cast, 10)
    assert refused(review, checker, release_id=early.pk) == "offer_terms_not_up"
    free = put_up(cast, REST, needs_voucher=False)
    assert refused(review, checker, release_id=release_of(free, cast, 10).pk) == "offer_not_by_voucher"
    made = put_up(cast, by_union(money.city, permille=500), REST)
    endless, elsewhere = release_of(made, cast, 10), release_of(made, cast, 10)
    endless.pools.update(valid_until=None)
    elsewhere.pools.update(store=new_store(new_partner(cast, "好味食堂")))
    assert refused(review, checker, release_id=endless.pk) == "offer_pool_without_end"
    assert refused(review, checker, release_id=elsewhere.pk) == "offer_pool_store_not_in"
    crowd = release_of(made, cast, 10, party_max=2)
    assert refused(review, checker, release_id=crowd.pk) == "offer_one_a_claim"
    assert (fresh(early).state, Purse.objects.unscoped("test").count()) == ("draft", 0)


@pytest.mark.django_db
def test_store_without_agreement_gets_no_new_release(cast, money):
    made = put_up(cast)
    release = release_of(made, cast, 10)
    release.pools.update(store=cast.store)
    cast.store.partner.agreements.update(state="terminated")
    checker = cast.actor("province_admin")
    assert refused(releases.review_release, checker, release_id=release.pk) == "no_agreement_in_force"


@pytest.mark.django_db
def test_enlarging_is_refused_in_words(cast, money):
    made = put_up(cast, by_union(money.city, permille=500), REST)
    release = reviewed_release(made, cast, 10)
    asked = {"pool_id": release.pools.get().pk, "capacity": 11, "reason": "加名额"}
    assert (
        refused(releases.change_capacity, cast.actor("city_admin"), **asked) == "offer_release_not_enlarged"
    )
    assert release.pools.get().capacity == 10
    releases.change_capacity(cast.actor("city_admin"), **(asked | {"capacity": 8}))


@pytest.mark.django_db
def test_money_of_the_province_is_not_set_aside_by_the_city(cast, money):
    own = reviewed(cast, by_union(money.province, permille=500, set_aside_fen=100), REST, needs_voucher=False)
    assert refused(terms.publish_terms, cast.actor("city_admin"), terms_id=own.pk) == "offer_budget_of_others"
    assert (fresh(own).state, purses_of(made=own)) == ("reviewed", [])


@pytest.mark.django_db
def test_what_is_left_goes_home_when_its_vouchers_are_over(cast, money):
    made = put_up(cast, by_union(money.city, permille=500), REST)
    before = available(money)
    release = reviewed_release(made, cast, 10, days=30)
    releases.announce_release(cast.actor("city_admin"), release_id=release.pk)
    given_voucher(release.pools.get(), cast.people["mei"].pk)
    assert purses.sweep_purses(SYSTEM) == 0
    with time_machine.travel(clock.now() + dt.timedelta(days=29), tick=False):
        Release.objects.unscoped("test").filter(pk=release.pk).update(state="closed")
        assert purses.sweep_purses(SYSTEM) == 0
    with time_machine.travel(clock.now() + dt.timedelta(days=31), tick=False):
        assert purses.sweep_purses(SYSTEM) == 15_000
        assert purses.sweep_purses(SYSTEM) == 0
    assert available(money) == before


@pytest.mark.django_db
def test_cancelled_release_gives_its_money_back_when_nobody_holds_a_voucher(cast, money):
    made = put_up(cast, by_union(money.city, permille=500), REST)
    before, admin = available(money), cast.actor("city_admin")
    release = reviewed_release(made, cast, 10)
    releases.announce_release(admin, release_id=release.pk)
    voucher = given_voucher(release.pools.get(), cast.people["mei"].pk)
    releases.cancel_release(admin, release_id=release.pk, reason="商户停业")
    assert purses.sweep_purses(SYSTEM) == 0
    type(voucher).objects.unscoped("test").filter(pk=voucher.pk).update(state="voided")
    assert (purses.sweep_purses(SYSTEM), available(money)) == (15_000, before)


@pytest.mark.django_db
def test_paused_release_keeps_its_money_set_aside(cast, money):
    made = put_up(cast, by_union(money.city, permille=500), REST)
    release = reviewed_release(made, cast, 10)
    before = available(money)
    Release.objects.unscoped("test").filter(pk=release.pk).update(state="paused", pause_reason="检修")
    assert purses.sweep_purses(SYSTEM) == 0
    assert (available(money), purses_of(release)) == (before, [15_000])


@pytest.mark.django_db
def test_ended_offer_gives_its_money_back(cast, money):
    before = available(money)
    made = put_up(cast, by_union(money.city, permille=500, set_aside_fen=100_000), REST, needs_voucher=False)
    assert purses.sweep_purses(SYSTEM) == 0
    terms.end_terms(cast.actor("city_admin"), terms_id=made.pk, reason="结束")
    assert (purses.sweep_purses(SYSTEM), purses.sweep_purses(SYSTEM)) == (100_000, 0)
    assert (available(money), trial()) == (before, 0)
