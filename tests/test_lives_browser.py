"""The day's totals and points over a life in a real browser, empty and with long names: clean for axe, and they fit."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from gonghui.funds.actions.lives import settle_lots
from gonghui.funds.models import LifeRule, LotFate
from gonghui.funds.tests.granting import granted
from gonghui.funds.tests.stage import build_money
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.tests.browser import DESKTOP, PHONE, chromium  # noqa: F401
from gonghui.ledger.days import publish_days
from gonghui.ledger.models import Transfer
from gonghui.ledger.sealing import seal_transfers
from gonghui.members.tests.test_changes import confirmed, proposed
from tests.test_money_pages_browser import LONG, faults, open_as  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SYSTEM = Actor.system("test")
CONSOLE = (
    "ledger/days", "ledger/{account}", "points/liability", "funds/lotfate/", "funds/liferule/",
    "members/membershipchange/",
)  # fmt: skip
FILLED = (
    "funds/lotfate/{fate}/change/",
    "funds/liferule/{rule}/change/",
    "members/membershipchange/{change}/change/",
)


def lived(cast, money) -> dict[str, object]:
    """Points with a long name; one member left, one died, one waits for the second hand; a day is published."""
    granted(money, title=LONG[:60], expires_on=clock.today() + dt.timedelta(days=200))
    for kind, name in (("left", "mei"), ("died", "lan")):
        settle_lots(SYSTEM, change_id=confirmed(cast, kind, name=name, reason=LONG).pk)
    change = proposed(cast, "retired", name="hua", reason=LONG, document=LONG[:40])
    rule = LifeRule.objects.create(
        union=cast.unions["city"], kind="left", treatment="return", after_days=60, clause=LONG
    )
    for _minute in range(3):
        seal_transfers(SYSTEM)
    with time_machine.travel(clock.now() + dt.timedelta(days=1), tick=True):
        assert publish_days(SYSTEM) == 1
    own = Transfer.objects.unscoped("test").get(code="grant_points", credit__person=cast.people["mei"])
    fate = LotFate.objects.unscoped("test").first()
    return {
        "account": money.city.account_id,
        "fate": fate.pk,
        "rule": rule.pk,
        "change": change.pk,
        "entry": own.pk,
    }


def of_console(facts, addresses) -> list[str]:
    return [f"/console/{address.format(**facts)}" for address in addresses]


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_pages_of_totals_and_lives_are_clean_and_fit_empty_and_full(open_as, cast, size):  # noqa: F811
    money = build_money(cast)
    empty = {"account": money.city.account_id}
    page = open_as("city_admin", size)
    assert faults(page, of_console(empty, CONSOLE), within="#content") == []
    assert faults(page, ["/ledger/days"]) == []
    facts = lived(cast, money)
    assert faults(page, of_console(facts, CONSOLE + FILLED), within="#content") == []
    page = open_as("mei", size)
    own = [
        "/ledger/days",
        "/me/points",
        f"/me/points/{facts['entry']}",
        f"/me/points/{facts['entry']}/totals",
    ]
    assert faults(page, own) == []
