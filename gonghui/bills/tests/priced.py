"""Offers with a price, as rows, for tests that do not ask how they came about."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

from gonghui.benefits.engine import Claim, settle_claims
from gonghui.benefits.models import Offer, Pool, Release, Voucher
from gonghui.benefits.tests.crowd import new_pool, new_release
from gonghui.bills.models import (
    FundingShare,
    OfferLimit,
    OfferStore,
    OfferTerms,
    OfferWindow,
    Purse,
)
from gonghui.funds.actions.commitments import reserve
from gonghui.kit.actors import Actor
from gonghui.kit.tests.stages import kept

SYSTEM = Actor.system("test")
MERCHANT = {"payer": "merchant", "takes_rest": True}


def union_share(budget, permille: int = 500, **facts: Any) -> dict[str, Any]:
    return {"payer": "union", "budget": budget, "permille": permille, "set_aside_fen": 100_000} | facts


@kept
def published(
    cast, *, shares=(MERCHANT,), windows=(), limits=(), caps=(), stores=None, **facts: Any
) -> OfferTerms:
    """满 100 减 20 of the city at the pier, without a voucher, unless said otherwise."""
    offer = Offer.objects.create(
        union=cast.unions["city"], title=facts.pop("title", "满减"), kind="food", is_priced=True
    )
    known = {"form": "threshold_off", "threshold_fen": 10_000, "off_fen": 2_000, "needs_voucher": False}
    users = {"maker": cast.users["city_admin"], "checker": cast.users["province_admin"]}
    terms = OfferTerms.objects.create(offer=offer, **(known | users | facts))
    rows = [FundingShare.objects.create(terms=terms, nth=nth, **share) for nth, share in enumerate(shares, 1)]
    for window in windows:
        OfferWindow.objects.create(terms=terms, **window)
    for per, most in limits:
        OfferLimit.objects.create(terms=terms, per=per, most=most)
    for per, fen in caps:
        OfferLimit.objects.create(terms=terms, per=per, most_fen=fen)
    for store in stores or [cast.store]:
        OfferStore.objects.create(terms=terms, store=store)
    found = OfferTerms.objects.unscoped("test").filter(pk=terms.pk)
    found.update(state="reviewed")
    found.update(state="published")
    if not terms.needs_voucher:
        for row in rows:
            fill_purse(row, row.set_aside_fen)
    return found.get()


def fill_purse(share: FundingShare, fen: int, release: Release | None = None) -> None:
    if share.payer != "merchant":
        purpose = f"release:{release.pk}:{share.nth}" if release else f"offer:{share.terms_id}:{share.nth}"
        commitment = reserve(SYSTEM, budget_id=share.budget_id, amount_fen=fen, purpose=purpose)
        Purse.objects.create(share=share, release=release, commitment=commitment)


@kept
def released(terms: OfferTerms, *, fen: int = 100_000, **facts: Any) -> Pool:
    """A release of its vouchers, paid for, with ten places good for a week."""
    release = new_release(terms.offer.union)
    release.offer = terms.offer
    release.save()
    week = {"valid_until": dt.datetime.now(dt.UTC) + dt.timedelta(days=7)}
    pool = new_pool(release, **({"capacity": 10} | week | facts))
    for share in terms.shares.all():
        fill_purse(share, fen, release)
    return pool


def given_voucher(pool: Pool, person_id: int) -> Voucher:
    (answer,) = settle_claims(pool.pk, [Claim(person_id=person_id, key=uuid4())], issue=True)
    return Voucher.objects.unscoped("test").get(pk=answer.voucher_id)
