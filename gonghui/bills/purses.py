"""备用金: money set aside for what an offer promises, before anybody is promised it; what is left goes home when it is over."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum

from gonghui.benefits.actions.releases import require_prize
from gonghui.benefits.models import Pool, Release, Voucher
from gonghui.benefits.models.vouchers import GONE_STATES
from gonghui.bills import plans, terms_errors
from gonghui.bills.models import Bill, BillOffer, FundingShare, OfferTerms, Purse
from gonghui.funds.actions.commitments import SETTING_ASIDE, release_commitment, reserve
from gonghui.funds.models import Budget, Commitment
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError, require
from gonghui.kit.jobs import sweep
from gonghui.partners.queries import may_trade

OURS = "money of an offer, moved with it"


def fill_offer_purses(actor: Actor, terms: OfferTerms) -> None:
    """At publishing, of an offer without vouchers: what each union and employer share says."""
    if not terms.needs_voucher:
        for share in funded_shares(terms):
            _fill(actor, share, share.set_aside_fen, purpose=f"offer:{terms.pk}:{share.nth}")


def fill_release_purses(actor: Actor, release: Release) -> None:
    """At its review: for every place the most each share can give on one bill, so that every voucher out is covered."""
    if not release.offer.is_priced:
        return
    terms = _terms_of(release)
    _require_releasable(terms, release, list(release.pools.select_related("store")))
    for share, amount_fen in _needed(terms, release):
        purpose = fresh_purpose(f"release:{release.pk}:{share.nth}")
        _fill(actor, share, amount_fen, purpose=purpose, release=release)


def refuse_great_prizes(_actor: Actor, release: Release) -> None:
    """Of a draw of coupons: the most one of them takes off, where that is bounded."""
    if release.mode == Release.Mode.DRAW and release.offer.is_priced:
        most = plans.greatest_discount(plans.price_of(_terms_of(release)))
        require_prize((most or 0) * release.party_max)


def _terms_of(release: Release) -> OfferTerms:
    return OfferTerms.objects.unscoped(OURS).select_related("offer").get(offer_id=release.offer_id)


def _needed(terms: OfferTerms, release: Release) -> list[tuple[FundingShare, int]]:
    """What each share with a budget sets aside for the release: its places times the most the share gives on one bill."""
    shares = list(terms.shares.select_related("budget__union").order_by("nth"))
    most = plans.most_of_shares(
        plans.price_of(terms), [plans.SharePlan(**_facts(s)).as_share for s in shares]
    )
    places = release.pools.aggregate(n=Sum("capacity"))["n"] or 0
    return [(share, places * fen) for share, fen in zip(shares, most, strict=True) if share.budget_id and fen]


def worth_of_release(release: Release) -> int:
    if not release.offer.is_priced:
        return 0
    return sum(fen for _share, fen in _needed(_terms_of(release), release))


def require_hand_may_pay(actor: Actor, release: Release) -> None:
    """Of everybody who agrees, not of the last one alone: it could go out as it is, and its money is theirs to set aside."""
    if not release.offer.is_priced:
        return
    terms = _terms_of(release)
    _require_releasable(terms, release, list(release.pools.select_related("store")))
    for share, _fen in _needed(terms, release):
        require_may_set_aside(actor, share.budget)


def _facts(share: FundingShare) -> dict:
    return {name: getattr(share, name) for name in plans.SHARE_FACTS}


def _require_releasable(terms: OfferTerms, release: Release, pools: Iterable[Pool]) -> None:
    named = {"offer": terms.offer.title}
    require(terms.needs_voucher, terms_errors.NOT_BY_VOUCHER, **named)
    require(terms.state == OfferTerms.State.PUBLISHED, terms_errors.TERMS_NOT_UP, **named)
    require(release.party_max == 1, terms_errors.ONE_A_CLAIM)
    there = set(terms.offer_stores.values_list("store_id", flat=True))
    today = clock.today()
    for pool in pools:
        require(pool.valid_until, terms_errors.POOL_WITHOUT_END, pool=pool.label)
        if pool.store_id is None:
            continue
        require(pool.store_id in there, terms_errors.POOL_STORE_NOT_IN, store=pool.store.name, **named)
        if refused := may_trade(pool.store_id, today):
            raise refused


def funded_shares(terms: OfferTerms) -> QuerySet[FundingShare]:
    return terms.shares.filter(budget__isnull=False).select_related("budget__union").order_by("nth")


def _fill(
    actor: Actor, share: FundingShare, amount_fen: int, *, purpose: str, release: Release | None = None
) -> Purse:
    require_may_set_aside(actor, share.budget)
    made = reserve(actor, budget_id=share.budget_id, amount_fen=amount_fen, purpose=purpose)
    return Purse.objects.create(share=share, release=release, commitment=made)


def require_may_set_aside(actor: Actor, budget: Budget) -> None:
    union = budget.union
    is_theirs = any(actor.may(verb, union.path) for verb in SETTING_ASIDE)
    require(is_theirs, terms_errors.BUDGET_OF_OTHERS, name=budget.name, union=union.name)


def fresh_purpose(purpose: str) -> str:
    """A commitment that was given back is not taken up again: what is reviewed once more gets the next number."""
    before = Commitment.objects.unscoped(OURS).filter(
        Q(purpose=purpose) | Q(purpose__startswith=f"{purpose}:")
    )
    count = before.count()
    return f"{purpose}:{count + 1}" if count else purpose


def empty_release_purses(actor: Actor, release: Release) -> None:
    """A release that was sent back has promised nothing to anybody yet."""
    purses = list(Purse.objects.unscoped(OURS).filter(release=release).select_related("commitment"))
    for purse in purses:
        purse.delete()
        release_commitment(actor, purpose=purse.commitment.purpose)


def refuse_enlarging(actor: Actor, release: Release) -> None:
    """More places would need more money than was reviewed."""
    if Purse.objects.unscoped(OURS).filter(release=release).exists():
        raise DomainError(terms_errors.NOT_ENLARGED, release=release.title)


def sweep_purses(actor: Actor) -> int:
    """Daily: what is left of offers and releases that are over goes back to its budgets, and what refunds brought since."""
    with sweep() as each:
        return sum(each(_sweep, actor, purse_id=pk) or 0 for pk in over_purses().values_list("pk", flat=True))


@action
def _sweep(actor: Actor, *, purse_id: int) -> int:
    purse = over_purses().select_related("commitment").filter(pk=purse_id).first()
    return release_commitment(actor, purpose=purse.commitment.purpose) if purse else 0


def over_purses() -> QuerySet[Purse]:
    """With money to give back, of what can no longer be asked for it and waits for no payment."""
    account = "commitment__account__"
    left = Q(commitment__state=Commitment.State.RESERVED) | Q(
        **{f"{account}credits_posted__gt": F(f"{account}debits_posted") + F(f"{account}debits_pending")}
    )
    of_offer = Q(release=None, share__terms__state=OfferTerms.State.ENDED) & ~Exists(
        _held_bills(offer_id=OuterRef("share__terms__offer_id"))
    )
    of_release = (
        Q(release__isnull=False)
        & ~Exists(_usable_vouchers())
        & ~Exists(_held_bills(voucher__release_id=OuterRef("release_id")))
    )
    return (
        Purse.objects.unscoped(OURS).filter(left, of_offer | (of_release & _is_release_over())).order_by("pk")
    )


def _held_bills(**of: OuterRef) -> QuerySet[BillOffer]:
    return BillOffer.objects.unscoped(OURS).filter(bill__state=Bill.State.HELD, **of)


def _is_release_over() -> Q:
    """Nobody can get one of its vouchers any more."""
    ended = Q(release__state__in=(Release.State.CLOSED, Release.State.CANCELLED))
    still = Pool.objects.unscoped(OURS).filter(
        Q(valid_until=None) | Q(valid_until__gt=clock.now()), release_id=OuterRef("release_id")
    )
    return ended | ~Exists(still)


def _usable_vouchers() -> QuerySet[Voucher]:
    """Living ones of the release whose time is not over; of a cancelled one those not voided yet, for the used stay used."""
    living = ~Q(state__in=GONE_STATES) & ~Q(
        state=Voucher.State.REDEEMED, release__state=Release.State.CANCELLED
    )
    in_time = Q(pool__valid_until=None) | Q(pool__valid_until__gt=clock.now())
    return Voucher.objects.unscoped(OURS).filter(living & in_time, release_id=OuterRef("release_id"))
