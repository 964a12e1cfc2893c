"""A union that is suspended (SM-01): its members keep what is theirs and may leave; it takes nobody and gives nothing new."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client

from gonghui.benefits.actions.claims import claim
from gonghui.benefits.actions.releases import review_release
from gonghui.benefits.models import Release
from gonghui.benefits.tests.plans import drafted, opened, pool_of
from gonghui.bills.tests.priced import MERCHANT, given_voucher, published, released, union_share
from gonghui.bills.tests.stage import fresh, open_shop, sold, with_points
from gonghui.funds.actions.grants import check_grant, submit_grant
from gonghui.funds.models import PointGrant
from gonghui.funds.points import balance_of
from gonghui.funds.tests import granting
from gonghui.funds.tests.stage import build_money, trial
from gonghui.joining.queries import joinable_union, joinable_unions
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.members.actions.memberships import begin_membership
from gonghui.members.actions.transfers import accept_transfer, open_transfer, release_transfer
from gonghui.members.models import Membership
from gonghui.members.tests.transferring import memberships
from gonghui.members.tests.transferring import opened as asked_to_move
from gonghui.orgs.actions import NewGrant, hand_on_grant, suspend_union
from gonghui.orgs.models import Grant

pytestmark = pytest.mark.django_db


def suspend(cast, union: str = "factory") -> None:
    suspend_union(cast.actor("province_admin"), union_id=cast.unions[union].pk)


def refused(call) -> str:
    with pytest.raises(DomainError) as said, transaction.atomic():
        call()
    return said.value.code


def test_members_of_a_suspended_union_still_claim_what_their_union_and_their_city_give(cast):
    own = opened(cast, audience_union_id=cast.unions["factory"].pk, title="本厂专场")
    citys = opened(cast)
    suspend(cast)
    mei = cast.actor("mei")
    for release in (own, citys):
        assert claim(mei, pool_id=pool_of(release).pk, key=uuid4()).answer == "won"


def test_members_of_a_suspended_union_pay_by_points_and_coupon(cast):
    open_shop(cast)
    money = build_money(cast)
    with_points(money, 100)
    terms = published(
        cast, title="满200减60", threshold_fen=20000, off_fen=6000, needs_voucher=True,
        shares=[union_share(money.city, 900), MERCHANT],
    )  # fmt: skip
    voucher = given_voucher(released(terms), cast.people["mei"].pk)
    suspend(cast)
    bill = sold(cast, ("宴席", 20_000, 1), points=30)
    assert (bill.state, bill.points, bill.due_fen) == ("settled", 30, 20_000 - 6_000 - 3_000)
    assert (fresh(voucher).state, balance_of(cast.people["mei"].pk), trial()) == ("redeemed", 70, 0)


def test_members_of_a_suspended_union_read_their_pages_as_before(cast):
    client = cast.sign_in(Client(), "mei")
    pages = ("/", "/me", "/me/card", "/me/membership", "/tickets", "/messages")
    before = [client.get(page).status_code for page in pages]
    suspend(cast)
    assert [client.get(page).status_code for page in pages] == before == [200] * len(pages)
    assert "蓝海机械厂工会" in client.get("/me/membership").content.decode()


def test_member_leaves_a_suspended_union_by_the_word_of_the_level_above(cast):
    suspend(cast)
    row = asked_to_move(cast)
    release_transfer(cast.actor("city_admin"), transfer_id=row.pk)
    accept_transfer(cast.actor("sister_admin"), transfer_id=row.pk)
    assert memberships(cast) == [("factory", "ended"), ("riders", "active")]


def test_suspended_union_takes_nobody_by_any_way(cast):
    suspend(cast)
    factory = cast.unions["factory"]
    count = Membership.objects.unscoped("test").count()
    assert joinable_union(factory.pk) is None and factory not in joinable_unions("蓝海机械")
    move = lambda: open_transfer(cast.actor("qiang"), to_union_id=factory.pk)  # noqa: E731
    begin = lambda: begin_membership(cast.people["qiang"], union_id=factory.pk, source="h5")  # noqa: E731
    assert [refused(move), refused(begin)] == ["union_takes_nobody"] * 2
    assert Membership.objects.unscoped("test").count() == count


def test_suspended_union_gives_no_new_release_points_or_role(cast):
    """What was only drafted when it was suspended is reviewed and checked by nobody, not by the levels above either."""
    money = build_money(cast)
    release, points = drafted(cast), granting.drafted(money)
    sent = granting.drafted(money, title="中秋慰问", festival="zhongqiu")
    submit_grant(money.actor("city_admin"), point_grant_id=sent.pk)
    suspend(cast, "city")
    above = cast.actor("province_admin")
    new = NewGrant("operator", cast.unions["city"].pk, clock.today(), clock.today() + dt.timedelta(days=30))
    held = Grant.objects.unscoped("test").count()
    assert [
        refused(lambda: review_release(above, release_id=release.pk)),
        refused(lambda: submit_grant(above, point_grant_id=points.pk)),
        refused(lambda: check_grant(cast.actor("province_finance"), point_grant_id=sent.pk)),
        refused(lambda: hand_on_grant(above, login="judge", new=new)),
    ] == ["union_not_active"] * 4
    states = PointGrant.objects.unscoped("test").order_by("id").values_list("state", flat=True)
    assert (Release.objects.unscoped("test").get(pk=release.pk).state, list(states)) == (
        "draft",
        ["draft", "submitted"],
    )
    assert Grant.objects.unscoped("test").count() == held
