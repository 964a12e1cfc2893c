"""异议与调整: disputed by the merchant, answered by the union; an amount is put right by two people and a transfer."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from gonghui.funds.accounts import merchant_account
from gonghui.funds.actions.commitments import require_covered
from gonghui.funds.actions.decisions import Road
from gonghui.funds.actions.homewards import orders_home, way_home
from gonghui.funds.actions.quorum import Question, agree, note_effect, withdraw
from gonghui.funds.models import Budget, Decision, Matter
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import BAD_INPUT, NOT_FOUND, require
from gonghui.kit.states import move, target
from gonghui.ledger.engine import Order, id_of, open_account, transfer_all
from gonghui.partners.interests import refuse_own_merchant
from gonghui.settlement import errors
from gonghui.settlement.actions.statements import locked_statement, tell_merchant
from gonghui.settlement.models import Adjustment, Dispute, Statement, StatementLine
from gonghui.settlement.models.disputes import ADJUSTMENT_VERBS, DISPUTE_VERBS
from gonghui.settlement.models.statements import STATEMENT_VERBS


@action
def dispute_line(actor: Actor, *, line_id: int, reason: str) -> Dispute:
    """By the merchant, while it is asked; the statement waits until every dispute is answered."""
    line = StatementLine.objects.visible_to(actor).filter(pk=line_id).first()
    require(line is not None, NOT_FOUND)
    row = locked_statement(actor, line.statement_id)
    require(row.partner_id in actor.owns("partner") and row.state != "draft", NOT_FOUND)
    require(row.state in ("sent", "disputed"), errors.NOT_ASKED, state=row.get_state_display())
    require(reason.strip(), BAD_INPUT, detail=_("请写明哪里不对。"))
    require(not line.disputes.filter(state="open").exists(), errors.DISPUTED_ALREADY)
    made = Dispute.objects.create(line=line, reason=reason.strip()[:300], maker_id=actor.user_id)
    move(row, STATEMENT_VERBS, "dispute")
    return made


@action
def answer_dispute(actor: Actor, *, dispute_id: int, answer: str, outcome: str = "stands") -> Dispute:
    """`outcome`: stands, or adjusted where an adjustment of that line has been approved."""
    found = Dispute.objects.visible_to(actor).select_related("line").filter(pk=dispute_id)
    dispute = found.select_for_update(of=("self",), no_key=True).first()
    require(dispute is not None, NOT_FOUND)
    row = locked_statement(actor, dispute.line.statement_id)
    require(actor.may("settlements.write", row.union.path))
    require(dispute.state == "open", errors.DISPUTE_ANSWERED)
    require(answer.strip(), BAD_INPUT, detail=_("请写明答复。"))
    facts = {"answer": answer.strip()[:300], "answerer_id": actor.user_id, "answered_at": clock.now()}
    if outcome == "adjusted":
        done = row.adjustments.filter(state="approved", line=dispute.line).order_by("-pk").first()
        require(done is not None, errors.NOT_YET_ADJUSTED)
        facts["adjustment_id"] = done.pk
    move(dispute, DISPUTE_VERBS, "adjust" if outcome == "adjusted" else "stand", **facts)
    said = _("{period}的结算单有一条异议已经答复，请查看。")
    tell_merchant(actor, row, f"answer{dispute.pk}", _("您的异议有答复了"), said)
    return dispute


@dataclass(frozen=True, slots=True)
class Amends:
    """More than zero is added out of the budget, less is taken back into it. `line_id`: of the line that was wrong."""

    budget_id: int
    amount_fen: int
    reason: str
    line_id: int | None = None

    def of(self, made: Adjustment) -> bool:
        there = (made.budget_id, made.amount_fen, made.reason, made.line_id)
        return there == (self.budget_id, self.amount_fen, self.reason.strip()[:300], self.line_id)


@action
def propose_adjustment(actor: Actor, *, statement_id: int, key: UUID, amends: Amends) -> Adjustment:
    """Nothing moves before another approves. The same key again is the same proposal; with other facts it is refused."""
    row = locked_statement(actor, statement_id)
    require(actor.may("settlements.write", row.union.path))
    known = Adjustment.objects.unscoped("the same key again").filter(key=key).first()
    if known:
        require(known.statement_id == row.pk and amends.of(known), errors.ADJUSTMENT_KEY_TAKEN)
        return known
    _require_sound(row, amends)
    return Adjustment.objects.create(
        key=key,
        statement=row,
        line_id=amends.line_id,
        budget_id=amends.budget_id,
        amount_fen=amends.amount_fen,
        reason=amends.reason.strip()[:300],
        maker_id=actor.user_id,
    )


def _require_sound(row: Statement, amends: Amends) -> None:
    require(row.state == "disputed", errors.NOT_DISPUTED, state=row.get_state_display())
    require(amends.amount_fen, errors.ADJUSTMENT_SUM)
    require(amends.reason.strip(), BAD_INPUT, detail=_("请写明原因。"))
    require(amends.line_id is None or row.lines.filter(pk=amends.line_id).exists(), NOT_FOUND)
    budget = Budget.objects.unscoped("checked against the statement's union").select_related("union")
    found = budget.filter(pk=amends.budget_id, account__isnull=False).first()
    require(found and found.union.path.startswith(row.union.path), errors.BUDGET_ELSEWHERE)


def _adjustment(actor: Actor, adjustment_id: int) -> tuple[Adjustment, Statement]:
    found = Adjustment.objects.visible_to(actor).filter(pk=adjustment_id).first()
    require(found is not None, NOT_FOUND)
    row = locked_statement(actor, found.statement_id)
    require(actor.may("settlements.approve", row.union.path))
    require(actor.user_id and actor.user_id != found.maker_id, errors.OWN_WORK)
    refuse_own_merchant(actor, [row.partner_id])
    return found, row


@action
def approve_adjustment(actor: Actor, *, adjustment_id: int) -> Adjustment:
    """Moves the money and writes the line, with the last of those who have to agree."""
    found, row = _adjustment(actor, adjustment_id)
    _require_open(found, row)
    # The sum is one merchant's own matter: it is not published.
    asked = Question(
        Matter.ADJUSTMENT, found.pk, f"{row.partner} {row.number}"[:200], _("结算调整"), row.union,
        abs(found.amount_fen), False,
    )  # fmt: skip
    if agree(actor, asked):
        _approve(found, row, checker_id=actor.user_id)
    return found


def _require_open(found: Adjustment, row: Statement) -> None:
    require(row.state == "disputed", errors.NOT_DISPUTED, state=row.get_state_display())
    target(found, ADJUSTMENT_VERBS, "approve")


def _approve(found: Adjustment, row: Statement, *, checker_id: int) -> None:
    move(found, ADJUSTMENT_VERBS, "approve", checker_id=checker_id)
    line = found.line
    account_id = line.account_id if line else _own_payable(row)
    _move_money(found, account_id)
    StatementLine.objects.create(
        statement=row,
        kind="adjustment",
        adjustment=found,
        partner_id=line.partner_id if line else row.partner_id,
        store_id=line.store_id if line else None,
        account_id=account_id,
        at=clock.now(),
        adjusted_fen=found.amount_fen,
        owed_fen=found.amount_fen,
    )
    note_effect(Matter.ADJUSTMENT, found.pk)


def _held(adjustment_id: int) -> tuple[Adjustment, Statement]:
    """Its statement locked first, as everybody does who decides about it."""
    rows = Adjustment.objects.unscoped("a decision about it")
    row = locked_statement(
        Actor.system("a decision about an adjustment"), rows.get(pk=adjustment_id).statement_id
    )
    return rows.select_related("line").select_for_update(of=("self",), no_key=True).get(pk=adjustment_id), row


def _effect_adjustment(_actor: Actor, decision: Decision) -> None:
    found, row = _held(decision.subject)
    _require_open(found, row)
    _approve(found, row, checker_id=decision.decided_by_id)


def _stay(_actor: Actor, _decision: Decision) -> None:
    """It is proposed still: agreed to anew, or rejected, where it is."""


ADJUSTMENT_ROAD = Road(_held, _effect_adjustment, _stay)


def _own_payable(row: Statement) -> int:
    opening = merchant_account("payable", union_id=row.partner.union_id, partner_id=row.partner_id)
    return open_account(opening).pk


def _move_money(found: Adjustment, payable_id: int) -> None:
    budget = (
        Budget.objects.unscoped("of an adjustment held")
        .select_related("union", "source")
        .get(pk=found.budget_id)
    )
    purse_id, amount, subject = budget.account_id, abs(found.amount_fen), f"adjustment:{found.pk}"
    if found.amount_fen > 0:
        require_covered(budget.name, purse_id, amount, to_id=payable_id)
        transfer_all([Order(_id(found), "adjust", amount, purse_id, payable_id, subject=subject)])
        return
    back = Order(_id(found), "adjust_back", amount, payable_id, purse_id, subject=subject)
    transfer_all([back, *orders_home(way_home(budget), amount, found.key)])


def _id(found: Adjustment) -> UUID:
    return id_of(found.key, "adjust")


@action
def reject_adjustment(actor: Actor, *, adjustment_id: int) -> Adjustment:
    found, _row = _adjustment(actor, adjustment_id)
    move(found, ADJUSTMENT_VERBS, "reject", checker_id=actor.user_id)
    withdraw(Matter.ADJUSTMENT, found.pk, _("没有同意"))
    return found
