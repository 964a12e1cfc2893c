"""The front page's own statement names the ticket that 我的票 names first, in the same words."""

from __future__ import annotations

import pytest

from gonghui.activities.models import Session
from gonghui.benefits.models import Pool, Voucher
from gonghui.kit.templatetags.kit import cn_when
from gonghui.kit.tests.shelves import forget_kept
from gonghui.members.actions.transfers import open_transfer
from gonghui.members.models import Membership
from gonghui.portal.queries.glance import glance_of
from gonghui.portal.queries.mine import standing, tickets_ahead
from gonghui.portal.tests.programme import DAY, HOUR, MINUTE, new_activity, new_release
from gonghui.portal.tests.test_home import text_of
from gonghui.portal.tests.test_tickets import win
from gonghui.portal.tests.till import coupon_of, opened
from gonghui.portal.tickets import ticket_of

OVER = "活动已结束"
# Each ticket of mei's: when it starts, what became of it.
SITUATIONS = {
    "none": [],
    "one": [(2 * DAY, "confirmed")],
    "sooner comes first": [(3 * DAY, "confirmed"), (2 * DAY, "confirmed")],
    "same time": [(2 * DAY, "confirmed"), (2 * DAY, "confirmed")],
    "to be confirmed comes first": [(2 * DAY, "confirmed"), (3 * DAY, "held")],
    "exchanged": [(2 * DAY, "exchanged"), (3 * DAY, "confirmed")],
    "just over": [(-150 * MINUTE, "confirmed"), (2 * DAY, "confirmed")],
    "long over": [(-5 * HOUR, "confirmed"), (2 * DAY, "confirmed")],
    "used": [(2 * DAY, "redeemed"), (3 * DAY, "confirmed")],
    "given back": [(2 * DAY, "returned")],
    "without a session": [(2 * DAY, "sessionless"), (3 * DAY, "confirmed")],
}


def hold(cast, start, fate: str) -> Voucher:
    terms = {"confirm_within_s": 1800} if fate == "held" else {}
    made = new_release(new_activity(cast.unions["city"]), starts=[start], store=cast.store, **terms)
    if fate == "sessionless":
        Session.objects.unscoped("test").filter(pk=made.sessions[0].pk).delete()
    voucher = win(cast, made)
    if fate in ("exchanged", "redeemed", "returned"):
        Voucher.objects.unscoped("test").filter(pk=voucher.pk).update(state=fate)
    return voucher


@pytest.mark.parametrize("tickets", SITUATIONS.values(), ids=SITUATIONS)
def test_glance_shows_the_first_of_the_tickets_ahead(cast, tickets):
    for start, fate in tickets:
        hold(cast, start, fate)
    actor = cast.actor("mei")
    shown, first = glance_of(actor, None).ticket, tickets_ahead(actor).first()
    assert (shown is None) == (first is None)
    if first is not None:
        ticket = ticket_of(first)
        names = ("code", "seats", "title", "starts_at", "good_until", "place", "url", "state", "state_label")
        assert {n: shown[n] for n in names} == {n: getattr(ticket, n) for n in names}


def test_situations_show_what_they_are_called(cast):
    found = [hold(cast, *ticket) for ticket in SITUATIONS["to be confirmed comes first"]]
    assert [v.state for v in found] == ["confirmed", "held"]
    assert glance_of(cast.actor("mei"), None).ticket["code"] == found[1].code


def test_ticket_of_what_is_over_is_said_to_be_over_on_both_pages(client, cast):
    hold(cast, -150 * MINUTE, "confirmed")
    cast.sign_in(client, "mei")
    for page in ("/", "/tickets"):
        text = text_of(client, page)
        assert OVER in text
        assert "出示</span>" not in text


def test_coupon_says_until_when_it_is_good_on_both_pages(client, cast):
    opened(cast)
    voucher = coupon_of(cast)
    until = voucher.pool.valid_until
    assert glance_of(cast.actor("mei"), None).ticket["good_until"] == until
    cast.sign_in(client, "mei")
    for page in ("/", "/tickets"):
        text = text_of(client, page)
        assert f"{cn_when(until)} 前到店出示" in text
    Pool.objects.unscoped("test").filter(pk=voucher.pool_id).update(valid_until=None)
    forget_kept()
    for page in ("/", "/tickets"):
        assert "到店结账时出示" in text_of(client, page)


@pytest.mark.parametrize("status", [*Membership.LIVE, "exited"])
def test_glance_and_standing_know_the_same_members(cast, status):
    mine = Membership.objects.unscoped("test").filter(person=cast.people["mei"])
    if status == "transferring":
        open_transfer(cast.actor("mei"), to_union_id=cast.unions["riders"].pk)
    else:
        mine.update(status=status)
    actor = cast.actor("mei")
    assert glance_of(actor, None).standing == standing(actor)
    assert glance_of(actor, None).standing.is_member == (status in Membership.LIVE)
