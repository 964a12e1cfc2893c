"""Before a coupon is promised: may this person have what the unions put in; does its reviewer own a shop it is for."""

from __future__ import annotations

from gonghui.benefits.models import Pool, Release
from gonghui.bills import plans
from gonghui.bills.errors import RULE_REFUSES_COUPON
from gonghui.bills.models import FundingShare, OfferStore, OfferTerms
from gonghui.bills.rule_checks import category_of
from gonghui.funds import rulebook
from gonghui.funds.rulebook import Giving
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.partners.interests import refuse_own_merchant

WHY = "what is promised with a coupon"


def over_a_cap(pool: Pool, person_id: int) -> DomainError | None:
    """Refuses with the clause a coupon that could not be used as things stand: the till asks again, of what it takes off then."""
    if not pool.release.offer.is_priced:
        return None
    terms = OfferTerms.objects.unscoped(WHY).filter(offer_id=pool.release.offer_id).first()
    if terms is None:
        return None
    shares = list(terms.shares.select_related("budget__union", "budget__source").order_by("nth"))
    planned = [plans.SharePlan(**{name: getattr(one, name) for name in plans.SHARE_FACTS}) for one in shares]
    least = plans.least_of_shares(plans.price_of(terms), [one.as_share for one in planned])
    for share, fen in zip(shares, least, strict=True):
        if share.payer != FundingShare.Payer.UNION or not share.budget_id:
            continue
        for verdict in rulebook.would_fit(_giving(terms, share, fen, pool, person_id)):
            if verdict.rule is not None:
                words = {"title": terms.offer.title, "says": verdict.reason, "clause": verdict.rule.clause}
                return DomainError(RULE_REFUSES_COUPON, **words)
    return None


def _giving(terms: OfferTerms, share: FundingShare, fen: int, pool: Pool, person_id: int) -> Giving:
    budget = share.budget
    return Giving(
        person_ids=[person_id],
        union=budget.union,
        source_kind=budget.source.kind,
        source_level=budget.source.level,
        category=category_of(terms.category),
        festival=terms.festival,
        amount_fen=fen,
        on=clock.today(),
        occasion=f"claim:{pool.pk}:{share.pk}",
    )


def refuse_own_stores(actor: Actor, release: Release) -> None:
    """Who has a hand in a merchant reviews no release its stores redeem."""
    named = OfferStore.objects.unscoped(WHY).filter(terms__offer_id=release.offer_id)
    partners = {pool.store.partner_id for pool in release.pools.select_related("store") if pool.store}
    refuse_own_merchant(actor, partners | set(named.values_list("store__partner_id", flat=True)))
