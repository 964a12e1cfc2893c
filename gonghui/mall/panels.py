"""商城: the supplier's tab, beside its money and its stores."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from gonghui.kit.actors import Actor
from gonghui.mall import queries
from gonghui.partners.panels import MerchantPanel, register_panel

SHOWN = 100


def mall(actor: Actor) -> dict[str, Any]:
    """What is to be done, and what is on the shelf."""
    return {
        "shops": list(queries.own_shops(actor)),
        "orders": list(queries.orders_to_do(actor)[:SHOWN]),
        "under_way": list(queries.orders_under_way(actor)[:SHOWN]),
        "after_sales": list(queries.after_sales_to_do(actor)[:SHOWN]),
        "products": list(queries.own_products(actor)[:SHOWN]),
    }


def register_panels() -> None:
    register_panel(MerchantPanel("mall", _("商城"), "mall/merchant/panel.html", mall))
