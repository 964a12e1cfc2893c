"""SM-07: written by one, approved by another of the union that gives; adjusted by two; closed when nothing hangs on it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from django.utils.translation import gettext as _

from gonghui.funds import accounts, errors
from gonghui.funds.actions.commitments import require_covered
from gonghui.funds.actions.decisions import Road
from gonghui.funds.actions.homewards import orders_home, parent_locked, way_home
from gonghui.funds.actions.informing import tell_auditors
from gonghui.funds.actions.quorum import Question, agree, note_effect, withdraw
from gonghui.funds.models import Budget, BudgetChange, Commitment, Decision, FundSource, Matter
from gonghui.funds.models.budgets import BUDGET_VERBS, CHANGE_VERBS, ExpenseClass
from gonghui.funds.queries import budget_figures, budget_words
from gonghui.funds.worth import POINT_FEN
from gonghui.kit import clock
from gonghui.kit.actions import action, name_actor
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.states import move, target
from gonghui.kit.templatetags.kit import yuan
from gonghui.ledger import engine
from gonghui.ledger.engine import Order, id_of
from gonghui.orgs.models import Union

BUDGETS = UUID("0d9f3a52-4f0e-4c3c-8f55-2b6f1a7e9c02")
"""Namespace of their transfers' ids."""


@dataclass(frozen=True, slots=True)
class BudgetTerms:
    name: str
    category: str
    amount_fen: int
    starts_on: date
    ends_on: date
    resolution: str = ""
    expense_class: str = ""


@dataclass(frozen=True, slots=True)
class Giver:
    """Where a budget's money comes from: the budget above it, or its source."""

    name: str
    union: Union
    account_id: int
    code: str


# --- Written ------------------------------------------------------------------------------------------------


@action
def write_budget(
    actor: Actor,
    *,
    union: Union,
    terms: BudgetTerms,
    source_id: int | None = None,
    parent_id: int | None = None,
) -> Budget:
    """A draft. Below another budget its source is that one's; without one the source is named."""
    require(actor.may("budgets.write", union.path))
    require(actor.user_id, errors.NEEDS_A_PERSON)
    require(terms.amount_fen > 0, errors.BAD_FEN)
    parent = _named(Budget, parent_id) if parent_id else None
    source = parent.source if parent else _named(FundSource, source_id)
    budget = Budget(union=union, parent=parent, source=source, maker_id=actor.user_id, **asdict(terms))
    _require_above(budget)
    budget.save()
    return budget


def _named(model: type[Budget] | type[FundSource], pk: int | None) -> Any:
    """Of a union above it may be one the writer cannot see; who gives is asked at the approval."""
    related = ("union", "source__union") if model is Budget else ("union",)
    found = model.objects.unscoped("named in the form").select_related(*related).filter(pk=pk).first()
    require(found, NOT_FOUND)
    return found


def _require_above(budget: Budget) -> None:
    """A union takes from its own path only, within the dates of what it takes from."""
    above = budget.parent or budget.source
    facts = {"name": above.name, "union": above.union.name}
    require(budget.union.path.startswith(above.union.path), errors.PARENT_NOT_ABOVE, **facts)
    require(budget.source.closed_at is None, errors.SOURCE_CLOSED, name=budget.source.name)
    parent = budget.parent
    if parent is not None:
        inside = parent.starts_on <= budget.starts_on and budget.ends_on <= parent.ends_on
        dates = {"name": parent.name, "starts_on": parent.starts_on, "ends_on": parent.ends_on}
        require(inside, errors.OUTSIDE_PARENT_DATES, **dates)


@action
def change_budget(actor: Actor, *, budget_id: int, terms: BudgetTerms) -> Budget:
    """Drafts only; the maker is who wrote last."""
    budget = budget_for(actor, budget_id, "budgets.write")
    facts = {"name": budget.name, "state": budget.get_state_display()}
    require(budget.state == Budget.State.DRAFT, errors.BUDGET_NOT_DRAFT, **facts)
    require(actor.user_id, errors.NEEDS_A_PERSON)
    require(terms.amount_fen > 0, errors.BAD_FEN)
    for name, value in asdict(terms).items():
        setattr(budget, name, value)
    budget.maker_id = actor.user_id
    _require_above(budget)
    budget.save()
    return budget


@action
def submit_budget(actor: Actor, *, budget_id: int) -> Budget:
    budget = budget_for(actor, budget_id, "budgets.write")
    require(budget.resolution.strip(), errors.RESOLUTION_MISSING)
    require(budget.expense_class in ExpenseClass.values, errors.EXPENSE_CLASS_MISSING)
    move(budget, BUDGET_VERBS, "submit")
    return budget


@action
def classify_budget(actor: Actor, *, budget_id: int, expense_class: str) -> Budget:
    """Once, of a budget from before its class was asked; no money moves."""
    budget = budget_for(actor, budget_id, "budgets.write")
    require(not budget.expense_class, errors.EXPENSE_CLASS_SET, name=budget.class_name)
    require(expense_class in ExpenseClass.values, errors.EXPENSE_CLASS_MISSING)
    budget.expense_class = expense_class
    budget.save(update_fields=["expense_class", "updated_at"])
    return budget


@action
def send_back_budget(actor: Actor, *, budget_id: int, reason: str) -> Budget:
    """By whoever could have approved it."""
    budget = budget_for(actor, budget_id, "budgets.view")
    _require_giver(actor, giver_of(budget, budget.parent))
    name_actor(actor.because(reason))
    move(budget, BUDGET_VERBS, "send_back")
    withdraw(Matter.BUDGET, budget.pk, reason)
    return budget


def budget_for(actor: Actor, budget_id: int, verb: str) -> Budget:
    """Fetched, allowed and locked; budgets are locked upwards, each before the one above it."""
    found = Budget.objects.visible_to(actor).select_related("union", "source__union", "parent__union")
    budget = found.filter(pk=budget_id).select_for_update(of=("self",), no_key=True).first()
    require(budget, NOT_FOUND)
    require(actor.may(verb, budget.union.path))
    return budget


# --- Approved -----------------------------------------------------------------------------------------------


@action
def approve_budget(actor: Actor, *, budget_id: int) -> Budget:
    """By finance officers of the union that gives, never by the maker. The money moves with the last who has to agree, or after
    the cooling-off that follows."""
    budget = budget_for(actor, budget_id, "budgets.view")
    parent = parent_locked(budget)
    giver = giver_of(budget, parent)
    _require_giver(actor, giver)
    target(budget, BUDGET_VERBS, "approve")
    require(actor.user_id and actor.user_id != budget.maker_id, errors.BUDGET_MAKER_IS_CHECKER)
    _require_ready(budget, parent)
    asked = Question(Matter.BUDGET, budget.pk, budget.name, words_of(budget), giver.union, budget.amount_fen)
    if agree(actor, asked):
        _approve(actor, budget, giver, checker_id=actor.user_id)
    return budget


def _require_ready(budget: Budget, parent: Budget | None) -> None:
    require(budget.resolution.strip(), errors.RESOLUTION_MISSING)
    _require_open_above(budget, parent)


def _approve(actor: Actor, budget: Budget, giver: Giver, *, checker_id: int) -> None:
    purse = engine.open_account(accounts.purse_of(budget, within_id=giver.account_id))
    require_covered(giver.name, giver.account_id, budget.amount_fen, to_id=purse.pk)
    move(budget, BUDGET_VERBS, "approve", checker_id=checker_id, account_id=purse.pk)
    _give(budget, giver, budget.amount_fen, key=_key(budget, "approve"))
    note_effect(Matter.BUDGET, budget.pk)
    tell_auditors(actor, budget, occasion="approve")


def words_of(budget: Budget) -> str:
    """As it is published: names are typed and may be of persons, so they are not."""
    return _("{year} 年预算：{what}").format(year=budget.starts_on.year, what=budget.get_category_display())


def _effect_budget(actor: Actor, decision: Decision) -> None:
    budget = budget_for(actor, decision.subject, "budgets.view")
    parent = parent_locked(budget)
    target(budget, BUDGET_VERBS, "approve")
    _require_ready(budget, parent)
    _approve(actor, budget, giver_of(budget, parent), checker_id=decision.decided_by_id)


def _put_budget_back(actor: Actor, decision: Decision) -> None:
    budget = budget_for(Actor.system("a decision goes back"), decision.subject, "budgets.view")
    if budget.state == Budget.State.SUBMITTED:
        move(budget, BUDGET_VERBS, "send_back")


def _lock_budget(budget_id: int) -> None:
    Budget.objects.unscoped("a decision about it").select_for_update(no_key=True).get(pk=budget_id)


def giver_of(budget: Budget, parent: Budget | None) -> Giver:
    if parent is not None:
        return Giver(parent.name, parent.union, parent.account_id, "allot")
    source = budget.source
    return Giver(source.name, source.union, source.account_id, "appropriate")


def _require_giver(actor: Actor, giver: Giver) -> None:
    """Whoever gives agrees: the verb is asked over the union the money comes from."""
    require(actor.may("budgets.approve", giver.union.path), errors.GIVER_MUST_APPROVE, union=giver.union.name)


def _require_open_above(budget: Budget, parent: Budget | None) -> None:
    """Neither the budget nor the one above is over, and the source is in use."""
    today = clock.today()
    require(budget.source.closed_at is None, errors.SOURCE_CLOSED, name=budget.source.name)
    require(budget.ends_on >= today, errors.BUDGET_NOT_OPEN, **over_words(budget, today))
    if parent is not None:
        is_open = parent.state in (Budget.State.APPROVED, Budget.State.ADJUSTING) and parent.ends_on >= today
        require(is_open, errors.BUDGET_NOT_OPEN, **over_words(parent, today))


def over_words(budget: Budget, day: date) -> dict[str, str]:
    """As `budget_words`, for a budget that may not be approved yet."""
    words = budget_words(budget, day)
    if budget.ends_on < day:
        words["why"] = errors.PAST_ITS_DATES % {"ends": budget.ends_on}
    return words


def _give(budget: Budget, giver: Giver, amount_fen: int, *, key: UUID) -> None:
    """Down to the budget, or back up where `amount_fen` is negative."""
    way = (giver.account_id, budget.account_id)
    code, (debit, credit) = (giver.code, way) if amount_fen > 0 else ("return_unused", way[::-1])
    engine.transfer_all([Order(key, code, abs(amount_fen), debit, credit, subject=f"budget:{budget.pk}")])


def _key(budget: Budget, *parts: object) -> UUID:
    return id_of(uuid5(BUDGETS, str(budget.pk)), *parts)


# --- Adjusted -----------------------------------------------------------------------------------------------


@action
def propose_change(
    actor: Actor, *, budget_id: int, delta_fen: int, reason: str, resolution: str
) -> BudgetChange:
    """One at a time; until it is decided the budget goes on as it was."""
    budget = budget_for(actor, budget_id, "budgets.write")
    require(actor.user_id, errors.NEEDS_A_PERSON)
    require(budget.state != Budget.State.ADJUSTING, errors.CHANGE_PENDING, name=budget.name)
    target(budget, BUDGET_VERBS, "adjust")
    require(delta_fen, errors.BAD_FEN)
    require(reason.strip() and resolution.strip(), errors.RESOLUTION_MISSING)
    require(budget.amount_fen + delta_fen > 0, errors.CHANGE_BELOW_ZERO)
    move(budget, BUDGET_VERBS, "adjust")
    facts = {"delta_fen": delta_fen, "reason": reason.strip(), "resolution": resolution.strip()}
    return BudgetChange.objects.create(budget=budget, maker_id=actor.user_id, **facts)


@action
def approve_change(actor: Actor, *, change_id: int) -> BudgetChange:
    """The difference moves with the last who has to agree, or after the cooling-off: from the giver, or back to it out of what is
    unused."""
    change, budget, giver = _change_for(actor, change_id)
    _require_change_fits(change, budget, giver)
    words = _("{budget}，调整 {delta} 元").format(budget=words_of(budget), delta=_signed(change.delta_fen))
    amount_fen = abs(change.delta_fen)
    if agree(actor, Question(Matter.CHANGE, change.pk, budget.name, words, giver.union, amount_fen)):
        _change(actor, change, budget, giver, checker_id=actor.user_id)
    return change


def _signed(fen: int) -> str:
    return f"+{yuan(fen)}" if fen > 0 else yuan(fen)


def _require_change_fits(change: BudgetChange, budget: Budget, giver: Giver) -> None:
    target(change, CHANGE_VERBS, "approve")
    if change.delta_fen > 0:
        _require_open_above(budget, budget.parent)
        require_covered(giver.name, giver.account_id, change.delta_fen, to_id=budget.account_id)
    else:
        require_covered(budget.name, budget.account_id, -change.delta_fen, to_id=giver.account_id)


def _change(actor: Actor, change: BudgetChange, budget: Budget, giver: Giver, *, checker_id: int) -> None:
    move(change, CHANGE_VERBS, "approve", checker_id=checker_id)
    move(budget, BUDGET_VERBS, "settle", amount_fen=budget.amount_fen + change.delta_fen)
    _give(budget, giver, change.delta_fen, key=_key(budget, "change", change.pk))
    note_effect(Matter.CHANGE, change.pk)
    tell_auditors(actor, budget, occasion=f"change:{change.pk}", delta_fen=change.delta_fen)


def _effect_change(actor: Actor, decision: Decision) -> None:
    change, budget, giver = _change_held(actor, decision.subject)
    _require_change_fits(change, budget, giver)
    _change(actor, change, budget, giver, checker_id=decision.decided_by_id)


def _lock_change(change_id: int) -> None:
    budgets = Budget.objects.unscoped("a decision about its change").select_for_update(
        of=("self",), no_key=True
    )
    budgets.get(changes=change_id)


def _stay(_actor: Actor, _decision: Decision) -> None:
    """Nothing was done yet: it is agreed to anew where it is."""


@action
def reject_change(actor: Actor, *, change_id: int, reason: str) -> BudgetChange:
    change, budget, _giver = _change_for(actor, change_id)
    name_actor(actor.because(reason))
    move(change, CHANGE_VERBS, "reject", checker_id=actor.user_id)
    move(budget, BUDGET_VERBS, "settle")
    withdraw(Matter.CHANGE, change.pk, reason)
    return change


def _change_for(actor: Actor, change_id: int) -> tuple[BudgetChange, Budget, Giver]:
    """By somebody of the giving union who did not propose it; budget and giver locked."""
    change, budget, giver = _change_held(actor, change_id)
    _require_giver(actor, giver)
    is_open = change.state == BudgetChange.State.PROPOSED
    require(is_open, errors.CHANGE_NOT_OPEN, state=change.get_state_display())
    require(actor.user_id and actor.user_id != change.maker_id, errors.BUDGET_MAKER_IS_CHECKER)
    return change, budget, giver


def _change_held(actor: Actor, change_id: int) -> tuple[BudgetChange, Budget, Giver]:
    found = BudgetChange.objects.visible_to(actor).filter(pk=change_id).first()
    require(found, NOT_FOUND)
    budget = budget_for(actor, found.budget_id, "budgets.view")
    budget.parent = parent_locked(budget)
    found.refresh_from_db()
    return found, budget, giver_of(budget, budget.parent)


# --- Closed -------------------------------------------------------------------------------------------------


@action
def close_budget(actor: Actor, *, budget_id: int) -> int:
    """Nothing set aside and nothing open below; what is left goes back. Returns it, in fen."""
    budget = budget_for(actor, budget_id, "budgets.approve")
    target(budget, BUDGET_VERBS, "close")
    _require_nothing_hangs_on(budget)
    move(budget, BUDGET_VERBS, "close")
    hops = way_home(budget)
    purse = accounts.lock_accounts(budget.account_id, *(hop.to_id for hop in hops))[budget.account_id]
    if purse.available:
        engine.transfer_all(orders_home(hops, purse.available, _key(budget, "close")))
    return purse.available


def _require_nothing_hangs_on(budget: Budget) -> None:
    below = budget.children.filter(state__in=(Budget.State.APPROVED, Budget.State.ADJUSTING)).count()
    require(not below, errors.BUDGET_HAS_CHILDREN, name=budget.name, count=below)
    commitments = budget.commitments.filter(state=Commitment.State.RESERVED).select_related("account")
    left = [commitment.account.available for commitment in commitments]
    facts = {"name": budget.name, "count": len(left), "amount": yuan(sum(left))}
    require(not left, errors.BUDGET_HAS_COMMITMENTS, **facts)
    behind = budget_figures(budget).committed
    require(not behind, errors.BUDGET_HAS_POINTS, name=budget.name, points=f"{behind // POINT_FEN:,}")


BUDGET_ROAD = Road(_lock_budget, _effect_budget, _put_budget_back)
CHANGE_ROAD = Road(_lock_change, _effect_change, _stay)
