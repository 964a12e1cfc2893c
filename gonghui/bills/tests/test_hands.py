"""Several hands and cooling-off for what gives most money away: releases of coupons and a provider's stocks."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from gonghui.benefits.actions import releases
from gonghui.benefits.models import Release
from gonghui.bills.actions.external import approve_funded_stock, draft_funded_stock, reject_funded_stock
from gonghui.bills.tests.stage import open_shop
from gonghui.bills.tests.test_external import FACE, TOTAL, order_of
from gonghui.bills.tests.written import REST, by_union, put_up, release_of
from gonghui.funds.actions.decisions import object_to_decision
from gonghui.funds.models import Commitment, Decision, QuorumRule
from gonghui.funds.tasks import take_due_effects
from gonghui.funds.tests.stage import balance, build_money, new_staff
from gonghui.kit import clock
from gonghui.kit.errors import DomainError

pytestmark = pytest.mark.django_db


@pytest.fixture
def money(cast):
    open_shop(cast)
    new_staff(cast, "city_second", "org_admin", "city")
    new_staff(cast, "city_third", "org_admin", "city")
    return build_money(cast)


def ruled(cast, matter: str, *, hands: int = 2, cooling_h: int = 0) -> None:
    union = cast.unions["city"]
    QuorumRule.objects.create(union=union, matter=matter, hands=hands, cooling_h=cooling_h, above_fen=100)


def fresh(row):
    return type(row).objects.unscoped("test").get(pk=row.pk)


def aside() -> int:
    found = Commitment.objects.unscoped("test").filter(purpose__regex="^(release|stock):")
    return sum(balance(pk) for pk in found.values_list("account_id", flat=True))


def agreed(cast, release: Release, *who: str) -> str:
    for name in who:
        releases.review_release(cast.actor(name), release_id=release.pk)
    return fresh(release).state


def decided() -> Decision:
    return Decision.objects.unscoped("test").latest("pk")


@pytest.fixture
def release(cast, money) -> Release:
    """Ten coupons; the union gives half of 30 yuan of each."""
    return release_of(put_up(cast, by_union(money.city, permille=500), REST), cast, 10)


WORTH = 10 * 15_00


def test_release_waits_for_its_second_hand_and_sets_its_money_aside_then(cast, release):
    ruled(cast, "release")
    assert (agreed(cast, release, "city_second"), aside()) == ("draft", 0)
    with pytest.raises(DomainError) as refused:
        agreed(cast, release, "city_second")
    assert refused.value.code == "agreed_already"
    assert (agreed(cast, release, "city_third"), aside()) == ("reviewed", WORTH)
    one = decided()
    assert (one.matter, one.amount_fen, one.given, one.state) == ("release", WORTH, 2, "effective")
    assert (one.words, one.is_sum_public) == ("投放券：10 张", True)


def test_release_that_was_changed_needs_everybody_anew(cast, release):
    ruled(cast, "release")
    agreed(cast, release, "city_second")
    pool = release.pools.get()
    releases.change_capacity(cast.actor("city_admin"), pool_id=pool.pk, capacity=11, reason="多一张")
    assert agreed(cast, release, "city_third") == "draft"
    assert (agreed(cast, release, "city_second"), aside()) == ("reviewed", 11 * 15_00)


def test_release_cools_off_and_goes_out_or_is_objected_to(cast, money, release):
    ruled(cast, "release", hands=1, cooling_h=24)
    assert (agreed(cast, release, "city_second"), aside(), decided().is_cooling) == ("draft", 0, True)
    object_to_decision(cast.actor("auditor"), decision_id=decided().pk, reason="预算用途不符")
    assert (fresh(release).state, decided().state, aside()) == ("draft", "back", 0)
    agreed(cast, release, "city_second")
    Release.objects.unscoped("test").update(
        announce_at=clock.now() + dt.timedelta(days=2), opens_at=clock.now() + dt.timedelta(days=3)
    )
    with time_machine.travel(clock.now() + dt.timedelta(hours=25), tick=False):
        take_due_effects(0)
    assert (fresh(release).state, fresh(release).checker_id) == ("reviewed", cast.users["city_second"].pk)
    assert (decided().state, aside()) == ("effective", WORTH)


def test_release_without_union_money_needs_its_one_reviewer_and_leaves_no_record(cast, money):
    ruled(cast, "release")
    before = Decision.objects.unscoped("test").count()
    assert agreed(cast, release_of(put_up(cast, REST), cast, 10), "city_second") == "reviewed"
    assert Decision.objects.unscoped("test").count() == before


def test_stock_waits_for_its_second_hand_and_is_ordered_then(cast, money):
    ruled(cast, "stock")
    draft = draft_funded_stock(money.actor("city_finance"), budget_id=money.city.pk, order=order_of())
    approve_funded_stock(cast.actor("city_second"), funding_id=draft.pk)
    assert (fresh(draft).commitment_id, fresh(draft.stock).state, aside()) == (None, "draft", 0)
    approve_funded_stock(cast.actor("city_third"), funding_id=draft.pk)
    assert (fresh(draft.stock).state, aside()) == ("pending", FACE * TOTAL)
    assert (decided().matter, decided().given, decided().is_sum_public) == ("stock", 2, False)


def test_stock_cools_off_and_is_ordered_by_the_clock_or_rejected(cast, money):
    ruled(cast, "stock", hands=1, cooling_h=24)
    drafts = [
        draft_funded_stock(money.actor("city_finance"), budget_id=money.city.pk, order=order_of())
        for _ in range(2)
    ]
    for draft in drafts:
        approve_funded_stock(cast.actor("city_second"), funding_id=draft.pk)
    reject_funded_stock(cast.actor("city_third"), funding_id=drafts[1].pk)
    with time_machine.travel(clock.now() + dt.timedelta(hours=25), tick=False):
        take_due_effects(0)
    assert [fresh(draft.stock).state for draft in drafts] == ["pending", "rejected"]
    assert fresh(drafts[0].stock).checker_id == cast.users["city_second"].pk
    assert aside() == FACE * TOTAL
