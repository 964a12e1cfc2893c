"""Coupons a provider gives out for us, and the budget they come out of. The provider's news come late, twice, in any order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import NamedTuple
from uuid import NAMESPACE_OID, uuid5

import structlog
from django.db import DatabaseError
from django.db.models import F, Q
from django.utils.translation import gettext as _

from gonghui.bills.actions.external_claims import take_back_unused
from gonghui.bills.models import ExternalUse, Programme, StockFunding
from gonghui.bills.models.external import USE_VERBS
from gonghui.funds.accounts import lock_accounts
from gonghui.funds.actions.commitments import release_commitment, reserve
from gonghui.funds.actions.decisions import Road
from gonghui.funds.actions.quorum import FEW, Question, agree, note_effect, withdraw
from gonghui.funds.models import Budget, Decision, Matter
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.locks import lock_name
from gonghui.kit.states import move, target
from gonghui.ledger.engine import Opening, Order, id_of, open_account, transfer_all
from gonghui.ledger.models import LedgerAccount
from gonghui.payments.actions.coupons import draft_stock, order_stock, reject_stock
from gonghui.payments.errors import STOCK_KEY_TAKEN, STOCK_MAKER_IS_CHECKER
from gonghui.payments.events import ExternalCouponReturned, ExternalCouponUsed
from gonghui.payments.models.coupons import STOCK_VERBS
from gonghui.payments.ports.coupons import StockOrder

GRACE = timedelta(days=30)
"""After a stock's end: the provider's last news and its last file are in by then."""
BATCH = 5000
"""Uses in one transaction of the sweep."""
State = ExternalUse.State
log = structlog.get_logger("gonghui.bills")


class Ends(NamedTuple):
    """The accounts a stock's uses move money between."""

    commitment_id: int
    provider_id: int


@action
def draft_funded_stock(
    actor: Actor, *, budget_id: int, order: StockOrder, programme_id: int | None = None
) -> StockFunding:
    """Nothing is set aside or ordered before another approves; the same key again is the same draft."""
    budget = Budget.objects.visible_to(actor).filter(pk=budget_id).first()
    require(budget, NOT_FOUND)
    if programme_id is not None:
        require(Programme.objects.filter(pk=programme_id).exists(), NOT_FOUND)
    stock = draft_stock(actor, union_id=budget.union_id, order=order)
    made, _is_new = StockFunding.objects.unscoped("the same key again").get_or_create(
        stock=stock, defaults={"budget": budget, "programme_id": programme_id}
    )
    require((made.budget_id, made.programme_id) == (budget.pk, programme_id), STOCK_KEY_TAKEN)
    return made


@action
def approve_funded_stock(actor: Actor, *, funding_id: int) -> StockFunding:
    """By another than who drafted it, by as many as the sum asks for: covered and ordered in one transaction, or neither."""
    funding = _drafted(actor, funding_id)
    if agree(actor, _question_of(funding)):
        _order_covered(actor, funding, checker_id=actor.user_id)
    return funding


def worth_of(funding: StockFunding) -> int:
    """Every coupon at its face, in fen."""
    return funding.stock.face_fen * funding.stock.total


def _question_of(funding: StockFunding) -> Question:
    """Names are typed, so they are not published."""
    stock = funding.stock
    is_of_few = stock.total < FEW
    words = _("订外部券") if is_of_few else _("订外部券：{n} 张").format(n=f"{stock.total:,}")
    return Question(
        Matter.STOCK, funding.pk, stock.name, words, stock.union, worth_of(funding), not is_of_few
    )


def _order_covered(actor: Actor, funding: StockFunding, *, checker_id: int) -> None:
    funding.commitment = reserve(
        actor,
        budget_id=funding.budget_id,
        amount_fen=worth_of(funding),
        purpose=purpose_of(funding.stock_id),
    )
    funding.save(update_fields=["commitment", "updated_at"])
    funding.stock = order_stock(actor, stock_pk=funding.stock_id, checker_id=checker_id)
    note_effect(Matter.STOCK, funding.pk)


def _lock_funding(funding_id: int) -> StockFunding:
    found = StockFunding.objects.unscoped("a decision about it").select_related("stock__union")
    return found.select_for_update(of=("self",), no_key=True).get(pk=funding_id)


def _effect_stock(actor: Actor, decision: Decision) -> None:
    funding = _lock_funding(decision.subject)
    target(funding.stock, STOCK_VERBS, "approve")
    _order_covered(actor, funding, checker_id=decision.decided_by_id)


def _stay(_actor: Actor, _decision: Decision) -> None:
    """It is a draft still: agreed to anew, or rejected, where it is."""


STOCK_ROAD = Road(_lock_funding, _effect_stock, _stay)


@action
def reject_funded_stock(actor: Actor, *, funding_id: int) -> StockFunding:
    funding = _drafted(actor, funding_id)
    funding.stock = reject_stock(actor, stock_pk=funding.stock_id)
    withdraw(Matter.STOCK, funding.pk, _("没有批准"))
    return funding


def _drafted(actor: Actor, funding_id: int) -> StockFunding:
    """Locked; refused for whoever drafted it, before anything is set aside."""
    found = StockFunding.objects.visible_to(actor).select_related("stock__union").filter(pk=funding_id)
    funding = found.select_for_update(of=("self",), no_key=True).first()
    require(funding is not None, NOT_FOUND)
    require(actor.may("settlements.approve", funding.stock.union.path))
    require(actor.user_id != funding.stock.maker_id, STOCK_MAKER_IS_CHECKER)
    target(funding.stock, STOCK_VERBS, "approve")
    return funding


def purpose_of(stock_pk: int) -> str:
    """Another word than that of a use: what is set aside for stock 5 is not about use 5."""
    return f"stock:{stock_pk}"


@action
def note_use(actor: Actor, *, news: ExternalCouponUsed) -> ExternalUse | None:
    """Paid out of the commitment, once; not at all where the return was heard first. None: no union's money is in it."""
    funding = _funding(news.provider, news.stock_id, news.use_id)
    if funding is None:
        return None
    facts = {"code": news.code, "off_fen": news.off_fen, "paid_fen": news.paid_fen, "state": State.UNCOVERED}
    use, _is_new = _uses(funding).get_or_create(use_id=news.use_id, defaults={"funding": funding, **facts})
    if use.state == State.UNCOVERED:
        post_use(use)
    return use


def post_use(use: ExternalUse) -> bool:
    """False where what was set aside does not cover it: it stays on the list and is tried again."""
    if use.off_fen:
        try:
            transfer_all([use_order(use.pk, use.off_fen, ends_of(use.funding))])
        except DomainError:
            return False
    move(use, USE_VERBS, "post")
    return True


@action
def note_return(actor: Actor, *, news: ExternalCouponReturned) -> ExternalUse | None:
    """What the use took is back in the commitment, once; heard before the use, the use will take nothing."""
    funding = _funding(news.provider, news.stock_id, news.use_id)
    if funding is None:
        return None
    use = _uses(funding).filter(use_id=news.use_id).first()
    if use is None:
        return ExternalUse.objects.create(
            funding=funding, use_id=news.use_id, code=news.code, state=State.RETURNED
        )
    if use.state == State.RETURNED:
        return use
    was_posted = use.state == State.POSTED
    if was_posted and use.off_fen:
        transfer_all([return_order(use.pk, use.off_fen, ends_of(use.funding))])
    move(use, USE_VERBS, "come_back", returned_at=clock.now() if was_posted else None)
    return use


def cover_uses(actor: Actor) -> int:
    """The daily second try of those that were not covered. What is wrong with one stock stops no other. Returns how many
    are covered now."""
    waiting = ExternalUse.objects.unscoped("the daily sweep").filter(state=State.UNCOVERED)
    fundings = waiting.order_by("funding").values_list("funding", flat=True).distinct()
    return sum(_cover_stock(actor, pk) for pk in list(fundings))


def _cover_stock(actor: Actor, funding_id: int) -> int:
    """Batch by batch, each in its own transaction: killed half-way, run it again."""
    covered, after = 0, 0
    try:
        while after is not None:
            now_covered, after = cover_batch(actor, funding_id=funding_id, after=after)
            covered += now_covered
    except (DomainError, DatabaseError):
        log.exception("external_stock_not_covered", funding=funding_id)
    return covered


@action
def cover_batch(actor: Actor, *, funding_id: int, after: int) -> tuple[int, int | None]:
    """Of the uses behind `after`, in the order they were heard, each that what is still set aside covers; what others work at
    is left to them. Returns how many, and the last that was looked at (None: there are no more)."""
    found = StockFunding.objects.unscoped("the daily sweep").select_related("stock", "commitment")
    funding = found.get(pk=funding_id)
    ends = ends_of(funding)
    left = lock_accounts(*ends)[ends.commitment_id].available
    waiting = ExternalUse.objects.unscoped("the daily sweep").filter(
        funding=funding, state=State.UNCOVERED, pk__gt=after, off_fen__lte=left
    )
    locked = waiting.order_by("pk").values_list("pk", "off_fen").select_for_update(skip_locked=True)
    looked_at = list(locked[:BATCH])
    fitting = dict(_fitting(looked_at, left))
    transfer_all([use_order(pk, fen, ends) for pk, fen in fitting.items() if fen])
    ExternalUse.objects.unscoped("locked above").filter(pk__in=list(fitting)).update(state=State.POSTED)
    return len(fitting), looked_at[-1][0] if len(looked_at) == BATCH else None


def _fitting(uses: Iterable[tuple[int, int]], left: int) -> Iterator[tuple[int, int]]:
    for pk, fen in uses:
        if fen <= left:
            left -= fen
            yield pk, fen


def release_over_stocks(actor: Actor) -> int:
    """What stocks past their end and grace did not use goes back to the budget, and what returns brought since. Returns fen."""
    account = "commitment__account__"
    has_left = Q(commitment__state="reserved") | Q(
        **{f"{account}credits_posted__gt": F(f"{account}debits_posted") + F(f"{account}debits_pending")}
    )
    over = StockFunding.objects.unscoped("the daily sweep").filter(
        has_left, stock__ends_at__lt=clock.now() - GRACE
    )
    return sum(_release_stock(actor, pk) for pk in list(over.order_by("pk").values_list("stock", flat=True)))


def _release_stock(actor: Actor, stock_pk: int) -> int:
    try:
        return _release(actor, stock_pk)
    except (DomainError, DatabaseError):
        log.exception("external_stock_not_released", stock=stock_pk)
        return 0


@action
def _release(actor: Actor, stock_pk: int) -> int:
    """The tallies of the rulebook first, then accounts: so a till takes them."""
    take_back_unused(stock_pk)
    funding = (
        StockFunding.objects.unscoped("the daily sweep").select_related("commitment").get(stock=stock_pk)
    )
    return release_commitment(actor, purpose=funding.commitment.purpose)


def _funding(provider: str, stock_id: str, use_id: str) -> StockFunding | None:
    """News of one use come one after the other."""
    lock_name("external-use", f"{provider}:{stock_id}:{use_id}")
    found = StockFunding.objects.unscoped("news of the provider").select_related("stock", "commitment")
    return found.filter(stock__provider=provider, stock__stock_id=stock_id).first()


def _uses(funding: StockFunding):
    """Locked as they are read: the use's row first, then the accounts, as everybody does who waits for both."""
    found = ExternalUse.objects.unscoped("news of the provider").filter(funding=funding)
    return found.select_related("funding__stock", "funding__commitment").select_for_update(of=("self",))


def ends_of(funding: StockFunding) -> Ends:
    stock = funding.stock
    taken = Opening("provider", stock.union_id, stock.provider, limited=LedgerAccount.Limit.NONE)
    return Ends(funding.commitment.account_id, open_account(taken).pk)


def use_order(use_pk: int, fen: int, ends: Ends) -> Order:
    """Commitment → what the provider took of our money there."""
    return _order(use_pk, "use_external", fen, ends)


def return_order(use_pk: int, fen: int, ends: Ends) -> Order:
    return _order(use_pk, "return_external", fen, ends[::-1])


def _order(use_pk: int, code: str, fen: int, way: tuple[int, int]) -> Order:
    key = uuid5(NAMESPACE_OID, f"external-use/{use_pk}")
    return Order(id_of(key, code), code, fen, *way, subject=f"external:{use_pk}")
