"""评价: what members say of a merchant's stores, after they bought there."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from gonghui.bills.actions.ratings import SUBJECT
from gonghui.feedback.queries import latest_comments, satisfaction_of, score_counts, summed
from gonghui.kit.actors import Actor
from gonghui.partners.panels import MerchantPanel, register_panel
from gonghui.partners.queries import own_stores

STORES_MAX = 200
COMMENTS_SHOWN = 30


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


def register_panels() -> None:
    register_panel(MerchantPanel("ratings", _("评价"), "bills/merchant/ratings.html", ratings))
