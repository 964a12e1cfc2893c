"""预留: money set aside for one purpose. Whoever spends moves it out of the commitment's own account."""

from __future__ import annotations

from uuid import UUID, uuid5

from gonghui.funds import accounts, errors
from gonghui.funds.actions.homewards import orders_home, way_home
from gonghui.funds.models import Budget, Commitment
from gonghui.funds.models.budgets import COMMITMENT_VERBS
from gonghui.funds.queries import budget_words
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.states import move
from gonghui.kit.templatetags.kit import yuan
from gonghui.ledger import engine
from gonghui.ledger.engine import Order, id_of

COMMITMENTS = UUID("6f3f2f7e-5a0c-4d38-9a55-0f6a5d1c2b01")
"""Namespace of their transfers' ids."""
SETTING_ASIDE = (
    "budgets.write",
    "points.write",
    "points.check",
    "releases.write",
    "releases.review",
    "bills.refund",
    "payments.write",
    "health.write",
    "health.review",
)
"""Verbs over the budget's union, one of which lets its money be set aside and given back; the action above asked for its own."""


@action
def reserve(actor: Actor, *, budget_id: int, amount_fen: int, purpose: str) -> Commitment:
    """Of a budget open today. The same purpose again is the same commitment, if the amount is the same."""
    budget = _budget(actor, budget_id)
    require(amount_fen > 0, errors.BAD_FEN)
    known = budget.commitments.filter(purpose=purpose).first()
    if known is not None:
        require(known.state == Commitment.State.RESERVED, errors.COMMITMENT_RELEASED)
        facts = {"before": yuan(known.amount_fen), "needed": yuan(amount_fen)}
        require(known.amount_fen == amount_fen, errors.COMMITMENT_DIFFERS, **facts)
        return known
    today = clock.today()
    require(budget.is_open_on(today), errors.BUDGET_NOT_OPEN, **budget_words(budget, today))
    purse = engine.open_account(accounts.commitment_of(budget, purpose))
    require_covered(budget.name, budget.account_id, amount_fen, to_id=purse.pk)
    made = Commitment.objects.create(budget=budget, purpose=purpose, amount_fen=amount_fen, account=purse)
    order = Order(_id(made, "commit"), "commit", amount_fen, budget.account_id, purse.pk, subject=purpose)
    engine.transfer_all([order])
    return made


def require_covered(name: str, account_id: int, amount_fen: int, *, to_id: int) -> None:
    """In words with the figures; the ledger refuses it anyway. Both accounts stay locked until the transaction ends."""
    left = accounts.lock_accounts(account_id, to_id)[account_id].available
    facts = {"name": name, "left": yuan(left), "needed": yuan(amount_fen)}
    require(left >= amount_fen, errors.BUDGET_SHORT, **facts)


def _budget(actor: Actor, budget_id: int) -> Budget:
    """Locked, so that commitments and the closing of one budget come one after the other."""
    found = Budget.objects.unscoped("who may set its money aside is asked here").select_related("union")
    budget = found.filter(pk=budget_id).select_for_update(of=("self",), no_key=True).first()
    require(budget and _may_set_aside(actor, budget), NOT_FOUND)
    return budget


def _may_set_aside(actor: Actor, budget: Budget) -> bool:
    return any(actor.may(verb, budget.union.path) for verb in SETTING_ASIDE)


@action
def release_commitment(actor: Actor, *, purpose: str) -> int:
    """What is left of it goes back where it came from, in fen; what comes in later goes back the next time."""
    found = Commitment.objects.unscoped("by its purpose").select_related("budget__union", "budget__source")
    found = found.filter(purpose=purpose).order_by("budget_id")
    locked = list(found.select_for_update(of=("self", "budget"), no_key=True))
    require(all(_may_set_aside(actor, commitment.budget) for commitment in locked))
    return sum(_release(commitment) for commitment in locked)


def _release(commitment: Commitment) -> int:
    """To the budget; from a closed budget on, level by level, to the nearest above that is open, or to the source."""
    budget = commitment.budget
    hops = way_home(budget)
    purse = accounts.lock_accounts(commitment.account_id, budget.account_id, *(hop.to_id for hop in hops))[
        commitment.account_id
    ]
    if commitment.state == Commitment.State.RESERVED:
        move(commitment, COMMITMENT_VERBS, "release")
    left = purse.available
    if left:
        key = _id(commitment, "release", purse.debits_posted)
        first = Order(
            id_of(key, 0), "uncommit", left, purse.pk, budget.account_id, subject=commitment.purpose
        )
        engine.transfer_all([first, *orders_home(hops, left, key)])
    return left


def _id(commitment: Commitment, *parts: object) -> UUID:
    return id_of(uuid5(COMMITMENTS, str(commitment.pk)), *parts)
