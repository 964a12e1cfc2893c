"""账款 and 流量: what settlement shows a merchant of its own money and visitors."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from gonghui.kit.actors import Actor
from gonghui.partners.panels import MerchantPanel, register_panel
from gonghui.partners.queries import own_stores
from gonghui.settlement.queries import own_statements
from gonghui.settlement.seats import seats_of
from gonghui.settlement.traffic import FEWEST, WINDOW, traffic_of

STATEMENTS_SHOWN = 60


def money(actor: Actor) -> dict[str, Any]:
    found = own_statements(actor)
    return {
        "statements": found[:STATEMENTS_SHOWN],
        "asked": found.filter(state="sent").count(),
        "sees_statements": bool(actor.owns("partner")),
    }


def visitors(actor: Actor) -> dict[str, Any]:
    stores = list(own_stores(actor)[:200])
    ids = [store.pk for store in stores]
    found = traffic_of(ids)
    return {
        "traffic": found,
        "by_store": [(store, found.stores.get(store.pk)) for store in stores],
        "seats": seats_of(ids),
        "few": FEWEST,
        "days": WINDOW.days,
    }


def register_panels() -> None:
    register_panel(MerchantPanel("money", _("账款"), "settlement/merchant/money.html", money))
    register_panel(MerchantPanel("traffic", _("客流"), "settlement/merchant/traffic.html", visitors))
