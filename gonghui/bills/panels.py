"""评价, 商品价格 and 离线核对: what members say of a merchant's stores, what its goods cost, and what its tills sold without
network and could not be taken."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from gonghui.benefits.counter_days import offline_exceptions
from gonghui.bills.actions.ratings import SUBJECT
from gonghui.bills.price_history import LOOK_BACK, SHOWN_MAX, goods_prices
from gonghui.feedback.queries import latest_comments, satisfaction_of, score_counts, summed
from gonghui.kit.actors import Actor
from gonghui.partners.panels import MerchantPanel, register_panel
from gonghui.partners.queries import own_stores

STORES_MAX = 200
COMMENTS_SHOWN = 30
EXCEPTIONS_SHOWN = 100


def ratings(actor: Actor) -> dict[str, Any]:
    """Five queries, however many stores."""
    stores = {store.pk: store for store in own_stores(actor)[:STORES_MAX]}
    shares, said = satisfaction_of(SUBJECT, stores), latest_comments(SUBJECT, stores, limit=COMMENTS_SHOWN)
    scores = score_counts(SUBJECT, stores)
    return {
        "whole": summed(shares.values()),
        "by_store": [(store, shares[pk]) for pk, store in stores.items()],
        "scores": sorted(scores.items(), reverse=True),
        "most": max(scores.values(), default=0),
        "comments": sorted(
            ((stores[pk], one) for pk, rows in said.items() for one in rows),
            key=lambda pair: pair[1].at,
            reverse=True,
        ),
    }


def prices(actor: Actor) -> dict[str, Any]:
    """Before anything is off; two queries."""
    store_ids = own_stores(actor).values_list("pk", flat=True)[:STORES_MAX]
    return {"goods": goods_prices(store_ids), "days": LOOK_BACK.days, "most": SHOWN_MAX}


def offline(actor: Actor) -> dict[str, Any]:
    """Of one's stores, the newest first; one query, one more for the count."""
    found = offline_exceptions(actor).filter(store_id__in=own_stores(actor).values("pk"))
    return {"exceptions": found[:EXCEPTIONS_SHOWN], "open": found.filter(settled_at=None).count()}


def register_panels() -> None:
    register_panel(MerchantPanel("offline", _("离线核对"), "bills/merchant/offline.html", offline))
    register_panel(MerchantPanel("ratings", _("评价"), "bills/merchant/ratings.html", ratings))
    register_panel(MerchantPanel("prices", _("商品价格"), "bills/merchant/prices.html", prices))
