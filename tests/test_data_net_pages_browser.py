"""Pages of the one data net that no room's own browser test opens: clean for axe, none wider than the screen."""

from __future__ import annotations

import pytest

from gonghui.config.actors import actor_of
from gonghui.kit.tests.browser import DESKTOP, PHONE, chromium  # noqa: F401
from gonghui.members.actions.transfers import open_transfer, release_transfer
from gonghui.members.models import TransferRule
from tests.test_money_pages_browser import LONG, faults, open_as  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CONSOLE = (
    "devices", "password", "members/{mei}/seen-by", "members/transfers/new", "members/transferrequest/",
    "members/transferrequest/{transfer}/change/", "members/transferrequest/{transfer}/verb/refuse/",
    "members/transferrequest/?q=没有", "members/transferrule/", "members/transferrule/{rule}/change/",
    "members/membershipchange/", "members/mergecase/", "notices/send/", "notices/sendrule/", "referrals/referral/",
    "audiences/peoplelist/", "joining/joinrule/",
)  # fmt: skip
MEMBER = (
    "/me",
    "/me/membership",
    "/me/membership/transfer?q=没有",
    "/me/devices",
    "/me/consents",
    "/me/data/farewell",
)


@pytest.fixture
def world(cast):
    """Somebody on their way between unions, under a rule with long words."""
    rule = TransferRule.objects.create(union=cast.unions["city"], clause=LONG[:96])
    row = open_transfer(actor_of(cast.users["mei"]), to_union_id=cast.unions["riders"].pk, reason=LONG[:96])
    release_transfer(cast.actor("city_admin"), transfer_id=row.pk)
    return {"mei": cast.people["mei"].pk, "transfer": row.pk, "rule": rule.pk}


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_pages_of_the_data_net_are_clean_for_axe_and_fit(open_as, world, size):  # noqa: F811
    page = open_as("province_admin", size)
    own = [f"/console/{address.format(**world)}" for address in CONSOLE]
    assert faults(page, own, within="#content") == []


@pytest.mark.parametrize("elder", [False, True])
def test_members_pages_of_the_data_net_are_clean_for_axe_and_fit(open_as, world, elder):  # noqa: F811
    page = open_as("mei", PHONE, elder=elder)
    assert faults(page, MEMBER, enhanced=elder) == []
