"""Coupons a provider gives out for us, and the budget they come out of. The provider's news come late, twice, in any order."""

from __future__ import annotations

from datetime import timedelta
from uuid import NAMESPACE_OID, uuid5

from gonghui.bills.actions.external_claims import take_back_unused
from gonghui.bills.models import ExternalUse, Programme, StockFunding
from gonghui.bills.models.external import USE_VERBS
from gonghui.funds.actions.commitments import release_commitment, reserve
from gonghui.funds.models import Budget
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.locks import lock_name
from gonghui.kit.states import move
from gonghui.ledger.engine import Opening, Order, id_of, open_account, transfer_all
from gonghui.ledger.models import LedgerAccount
from gonghui.payments.actions.coupons import order_stock
from gonghui.payments.events import ExternalCouponReturned, ExternalCouponUsed
from gonghui.payments.ports.coupons import StockOrder

GRACE = timedelta(days=30)
"""After a stock's end: the provider's last news and its last file are in by then."""
State = ExternalUse.State


@action
def order_funded_stock(
    actor: Actor, *, budget_id: int, order: StockOrder, programme_id: int | None = None
) -> StockFunding:
    """Ordered and covered in one transaction; the same key again is the same stock."""
    budget = Budget.objects.visible_to(actor).filter(pk=budget_id).first()
    require(budget, NOT_FOUND)
    if programme_id is not None:
        require(Programme.objects.filter(pk=programme_id).exists(), NOT_FOUND)
    stock = order_stock(actor, union_id=budget.union_id, order=order)
    commitment = reserve(
        actor, budget_id=budget.pk, amount_fen=stock.face_fen * stock.total, purpose=purpose_of(stock.pk)
    )
    made, _is_new = StockFunding.objects.unscoped("the same key again").get_or_create(
        stock=stock, defaults={"budget": budget, "commitment": commitment, "programme_id": programme_id}
    )
    return made


def purpose_of(stock_pk: int) -> str:
    return f"external:{stock_pk}"


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
            transfer_all([_order(use, "use_external")])
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
    move(use, USE_VERBS, "come_back")
    if was_posted and use.off_fen:
        transfer_all([_order(use, "return_external")])
    return use


@action
def cover_uses(actor: Actor) -> int:
    """The daily second try of those that were not covered. Returns how many are now."""
    waiting = ExternalUse.objects.unscoped("the daily sweep").filter(state=State.UNCOVERED)
    locked = waiting.select_related("funding__stock", "funding__commitment").order_by("id")
    return sum(post_use(use) for use in locked.select_for_update(of=("self",), skip_locked=True))


def release_over_stocks(actor: Actor) -> int:
    """What stocks past their end and grace did not use goes back to the budget. Returns fen."""
    over = StockFunding.objects.unscoped("the daily sweep").filter(
        stock__ends_at__lt=clock.now() - GRACE, commitment__state="reserved"
    )
    return sum(_release(actor, stock) for stock in over.values_list("stock", flat=True))


@action
def _release(actor: Actor, stock_pk: int) -> int:
    """The tallies of the rulebook first, then accounts: so a till takes them."""
    take_back_unused(stock_pk)
    return release_commitment(actor, purpose=purpose_of(stock_pk))


def _funding(provider: str, stock_id: str, use_id: str) -> StockFunding | None:
    """News of one use come one after the other."""
    lock_name("external-use", f"{provider}:{stock_id}:{use_id}")
    found = StockFunding.objects.unscoped("news of the provider").select_related("stock", "commitment")
    return found.filter(stock__provider=provider, stock__stock_id=stock_id).first()


def _uses(funding: StockFunding):
    found = ExternalUse.objects.unscoped("news of the provider").filter(funding=funding)
    return found.select_related("funding__stock", "funding__commitment")


def _order(use: ExternalUse, code: str) -> Order:
    """`use_external`: commitment → what the provider took of our money there; `return_external` the other way."""
    funding = use.funding
    stock = funding.stock
    taken = open_account(
        Opening("provider", stock.union_id, stock.provider, limited=LedgerAccount.Limit.NONE)
    )
    ends = (funding.commitment.account_id, taken.pk)
    debit, credit = ends if code == "use_external" else ends[::-1]
    key = uuid5(NAMESPACE_OID, f"external-use/{use.pk}")
    return Order(id_of(key, code), code, use.off_fen, debit, credit, subject=f"external:{use.pk}")
