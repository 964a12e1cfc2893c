"""Offers written, reviewed and put up by people, for the tests of their verbs."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from gonghui.benefits.actions import releases
from gonghui.benefits.actions.releases import PoolPlan, ReleaseTerms
from gonghui.benefits.models import Release
from gonghui.bills import pricing
from gonghui.bills.actions import terms
from gonghui.bills.models import OfferTerms, Purse
from gonghui.bills.plans import SharePlan, TermsPlan
from gonghui.funds.models import Budget
from gonghui.kit import clock

REST = SharePlan("merchant", takes_rest=True)
OFF = pricing.Terms(pricing.Form.THRESHOLD_OFF, threshold_fen=20_000, off_fen=3_000)


def by_union(budget: Budget, **facts: Any) -> SharePlan:
    return SharePlan("union", budget_id=budget.pk, **facts)


def plan(cast, *shares: SharePlan, **facts: Any) -> TermsPlan:
    """满 200 减 30 at the pier, all of it the merchant's, unless said otherwise."""
    known = TermsPlan("满减", "food", OFF, shares or (REST,), store_ids=(cast.store.pk,))
    return replace(known, **facts)


def drafted(cast, *shares: SharePlan, by: str = "city_admin", **facts: Any) -> OfferTerms:
    return terms.write_terms(
        cast.actor(by), union_id=cast.unions["city"].pk, plan=plan(cast, *shares, **facts)
    )


def reviewed(cast, *shares: SharePlan, **facts: Any) -> OfferTerms:
    made = drafted(cast, *shares, **facts)
    return terms.review_terms(cast.actor("province_admin"), terms_id=made.pk)


def put_up(cast, *shares: SharePlan, **facts: Any) -> OfferTerms:
    made = reviewed(cast, *shares, **facts)
    return terms.publish_terms(cast.actor("city_admin"), terms_id=made.pk)


def release_of(made: OfferTerms, cast, *places: int, days: int = 30, **facts: Any) -> Release:
    """A draft; its pools are good for `days`."""
    now = clock.now()
    times = {
        "announce_at": now,
        "opens_at": now + dt.timedelta(minutes=10),
        "closes_at": now + dt.timedelta(days=5),
    }
    pools = [
        PoolPlan(f"第 {nth} 批", count, valid_until=now + dt.timedelta(days=days))
        for nth, count in enumerate(places, 1)
    ]
    return releases.draft_release(
        cast.actor("city_admin"),
        offer_id=made.offer_id,
        terms=ReleaseTerms("十月发券", **(times | facts)),
        pools=pools,
    )


def reviewed_release(made: OfferTerms, cast, *places: int, **facts: Any) -> Release:
    release = release_of(made, cast, *places, **facts)
    return releases.review_release(cast.actor("province_admin"), release_id=release.pk)


def purses_of(release: Release | None = None, made: OfferTerms | None = None) -> list[int]:
    """What each holds, in fen, in the order of the shares."""
    of = {"release": release} if release else {"share__terms": made, "release": None}
    found = Purse.objects.unscoped("test").filter(**of).select_related("commitment__account")
    return [purse.commitment.account.available for purse in found.order_by("share__nth")]
