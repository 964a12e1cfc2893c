"""周转库: who waits in a transit pool gets what is online, by every door, until a union of their own takes them in (M6)."""

from __future__ import annotations

from uuid import uuid4

import pytest

from gonghui.benefits import queries
from gonghui.benefits.actions.claims import claim
from gonghui.benefits.actions.draws import enter_draw
from gonghui.benefits.actions.grants import grant_release
from gonghui.benefits.actions.passes import issue_pass
from gonghui.benefits.gate.passes import binding_of
from gonghui.benefits.models import DrawEntry, DrawPage, Offer, Pool, Release, Voucher, WaitEntry
from gonghui.benefits.tests.plans import SYSTEM, opened, pool_of, refused
from gonghui.benefits.tests.test_draws import taking_entries
from gonghui.members.actions.transfers import accept_transfer, open_transfer, release_transfer
from gonghui.members.models import Membership
from gonghui.members.tests.transferring import new_home
from tests.cast import new_union

pytestmark = pytest.mark.django_db
BINDING = binding_of("session")


@pytest.fixture
def waiting(cast):
    """Mei, in the pool of her city; Lan is still in the factory."""
    cast.unions["pool"] = new_union("东江市周转库", "pool", cast.unions["city"])
    mine = Membership.objects.unscoped("test").filter(person=cast.people["mei"])
    mine.update(union=cast.unions["pool"])
    return cast


def online(release: Release) -> Release:
    """Used nowhere: it comes by telephone."""
    Pool.objects.unscoped("test").filter(release=release).update(store=None, place="")
    return release


def refusal(cast, release: Release, who: str = "mei") -> str | None:
    found = queries.entitlement(cast.actor(who), pool_of(release).pk)
    return found.refusal and found.refusal.code


def given() -> tuple[int, int, int]:
    found = (Voucher, WaitEntry, DrawEntry)
    return tuple(model.objects.unscoped("test").count() for model in found)  # type: ignore[return-value]


def holders(release: Release) -> list[str]:
    found = Voucher.objects.unscoped("test").filter(release=release)
    return sorted(found.values_list("person__name", flat=True))


def test_member_of_a_pool_is_refused_what_is_used_at_a_place_by_every_door(waiting):
    mei, at_the_pier, drawn = waiting.actor("mei"), opened(waiting), taking_entries(waiting)
    pool_id = pool_of(at_the_pier).pk
    assert refused(issue_pass, mei, pool_id=pool_id, seats=1, binding=BINDING) == "in_transit"
    assert refused(claim, mei, pool_id=pool_id, key=uuid4()) == "in_transit"
    assert refused(enter_draw, mei, pool_id=pool_of(drawn).pk) == "in_transit"
    assert given() == (0, 0, 0)
    assert [refusal(waiting, one, "lan") for one in (at_the_pier, drawn)] == [None, None]


@pytest.mark.parametrize("facts", [{"place": "人民公园东门"}, {"is_priced": True}])
def test_place_in_words_and_a_coupon_for_the_till_are_places_too(waiting, facts):
    release = online(opened(waiting))
    if place := facts.get("place"):
        Pool.objects.unscoped("test").filter(release=release).update(place=place)
    Offer.objects.unscoped("test").filter(pk=release.offer_id).update(is_priced=facts.get("is_priced", False))
    assert (refusal(waiting, release), refusal(waiting, release, "lan")) == ("in_transit", None)


def test_what_is_online_is_theirs_by_every_door(waiting):
    mei, release = waiting.actor("mei"), online(opened(waiting))
    assert issue_pass(mei, pool_id=pool_of(release).pk, seats=1, binding=BINDING)
    assert claim(mei, pool_id=pool_of(release).pk, key=uuid4()).answer == "won"
    enter_draw(mei, pool_id=pool_of(online(taking_entries(waiting))).pk)
    assert given() == (1, 0, 1)


def test_promise_of_a_draw_says_whom_it_leaves_out(waiting):
    pool, terms = waiting.unions["pool"].pk, []
    for facts in ({}, {"audience_union_id": pool}):
        page = DrawPage.objects.get(draw__release=taking_entries(waiting, **facts))
        terms.append("会籍在周转库的除外" in page.announced["terms"]["conditions"])
    assert terms == [True, False]


def test_pool_that_is_meant_itself_gives_its_members_anything(waiting):
    release = opened(waiting, audience_union_id=waiting.unions["pool"].pk)
    assert (refusal(waiting, release), refusal(waiting, release, "lan")) == (None, "not_in_audience")


def test_grant_used_at_a_place_leaves_them_out_and_one_that_is_online_does_not(waiting):
    at_a_place, by_phone = opened(waiting, mode="grant"), online(opened(waiting, mode="grant"))
    assert [grant_release(SYSTEM, release_id=one.pk).granted for one in (at_a_place, by_phone)] == [1, 2]
    assert (holders(at_a_place), holders(by_phone)) == (["黄玉兰"], ["陈小梅", "黄玉兰"])


def test_whoever_is_taken_in_by_a_union_gets_all_from_then_on(waiting):
    release, admin = opened(waiting), waiting.actor("city_admin")
    there = waiting.unions[new_home(waiting, "district")]
    row = open_transfer(waiting.actor("mei"), to_union_id=there.pk)
    assert refusal(waiting, release) == "in_transit"
    release_transfer(admin, transfer_id=row.pk)
    accept_transfer(admin, transfer_id=row.pk)
    assert refusal(waiting, release) is None
