"""付款: approved statements into one file for the bank; what the bank answers is recorded, and only then posted."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from django.db import connection
from django.utils.translation import gettext as _

from gonghui.funds.accounts import bank_of
from gonghui.funds.actions.decisions import Road
from gonghui.funds.actions.quorum import Question, agree, note_effect, withdraw
from gonghui.funds.models import Decision, Matter
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.console.exporting import record_export
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.states import move, target
from gonghui.ledger.engine import Order, id_of, open_account, transfer_all
from gonghui.orgs.models import Union
from gonghui.partners.interests import refuse_own_merchant
from gonghui.settlement import errors
from gonghui.settlement.actions.statements import locked_statement, tell_merchant
from gonghui.settlement.bank_file import PayoutRow, bank_file, packed, sha256_of, unpacked
from gonghui.settlement.models import Payout, PayoutBatch, Statement
from gonghui.settlement.models.payouts import BATCH_VERBS, PAYOUT_VERBS
from gonghui.settlement.models.statements import STATEMENT_VERBS
from gonghui.settlement.queries import approved_unpaid

BATCH_MAX = 2_000
FEW_MERCHANTS = 3
"""Of fewer merchants neither number nor sum is published: it would be what one of them earns."""


def payable_statements(union: Union) -> Sequence[Statement]:
    """Approved, owed, and in no living batch."""
    free = approved_unpaid().filter(union=union).select_related("partner", "agreement", "period")
    return [row for row in free.order_by("pk") if row.total_fen > 0]


@action
def make_payout_batch(actor: Actor, *, union_id: int) -> PayoutBatch:
    """Everything of this union that is approved and not yet paid, in one file."""
    union = (
        Union.objects.unscoped("asked for below").filter(pk=union_id).select_for_update(no_key=True).first()
    )
    require(union is not None and actor.may("settlements.write", union.path), NOT_FOUND)
    rows = payable_statements(union)[:BATCH_MAX]
    require(rows, errors.NOTHING_TO_PAY)
    for row in rows:
        require(row.agreement.payout_account, errors.NO_PAYOUT_ACCOUNT, partner=row.partner.name)
    # The file names the payouts, so their numbers are drawn before any of them is written.
    batch_id, *payout_ids = _next_ids(len(rows))
    payouts = [
        Payout(
            pk=pk,
            key=uuid4(),
            batch_id=batch_id,
            statement=row,
            amount_fen=row.total_fen,
            account=row.agreement.payout_account,
            account_shown=row.agreement.payout_shown,
        )
        for pk, row in zip(payout_ids, rows, strict=True)
    ]
    content = bank_file([_row_of(payout) for payout in payouts])
    batch = PayoutBatch.objects.create(
        pk=batch_id,
        key=uuid4(),
        union=union,
        amount_fen=sum(payout.amount_fen for payout in payouts),
        count=len(payouts),
        file=packed(content),
        sha256=sha256_of(content),
        maker_id=actor.user_id,
    )
    Payout.objects.unscoped("written by this action").bulk_create(payouts)
    return batch


def _next_ids(payouts: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('settlement_payoutbatch', 'id'))")
        batch_id = cursor.fetchone()[0]
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('settlement_payout', 'id')) FROM generate_series(1, %s)",
            [payouts],
        )
        return [batch_id, *(row[0] for row in cursor.fetchall())]


def _row_of(payout: Payout) -> PayoutRow:
    payee, bank, number = [*payout.account.split("\n"), "", ""][:3]
    purpose = _("工会普惠结算 {number}").format(number=payout.statement.number)
    return PayoutRow(payout.number, payee, bank, number, payout.amount_fen, purpose)


def _batch(actor: Actor, batch_id: int, verb: str) -> PayoutBatch:
    found = PayoutBatch.objects.visible_to(actor).select_related("union").filter(pk=batch_id)
    row = found.select_for_update(of=("self",), no_key=True).first()
    require(row is not None, NOT_FOUND)
    require(actor.may(verb, row.union.path))
    return row


@action
def approve_batch(actor: Actor, *, batch_id: int) -> PayoutBatch:
    """By another than its maker; from now on its file may be taken to the bank."""
    row = _batch(actor, batch_id, "settlements.approve")
    require(actor.user_id and actor.user_id != row.maker_id, errors.OWN_WORK)
    refuse_own_merchant(actor, row.payouts.values_list("statement__partner_id", flat=True))
    target(row, BATCH_VERBS, "approve")
    partners = row.payouts.values("statement__partner_id").distinct().count()
    said = _("付款给 {n} 家商户").format(n=partners) if partners >= FEW_MERCHANTS else _("付款给商户")
    asked = Question(
        Matter.PAYOUT, row.pk, row.number, said, row.union, row.amount_fen, partners >= FEW_MERCHANTS
    )
    if agree(actor, asked):
        _approve(row, checker_id=actor.user_id)
    return row


def _approve(row: PayoutBatch, *, checker_id: int) -> None:
    move(row, BATCH_VERBS, "approve", checker_id=checker_id, approved_at=clock.now())
    row.payouts.filter(state="made").update(state="sent", updated_at=clock.now())
    note_effect(Matter.PAYOUT, row.pk)


def _lock_batch(batch_id: int) -> PayoutBatch:
    found = PayoutBatch.objects.unscoped("a decision about it").select_related("union")
    return found.select_for_update(of=("self",), no_key=True).get(pk=batch_id)


def _effect_batch(_actor: Actor, decision: Decision) -> None:
    row = _lock_batch(decision.subject)
    target(row, BATCH_VERBS, "approve")
    _approve(row, checker_id=decision.decided_by_id)


def _stay(_actor: Actor, _decision: Decision) -> None:
    """It is approved anew, or made void, where it is."""


PAYOUT_ROAD = Road(_lock_batch, _effect_batch, _stay)


@action
def cancel_batch(actor: Actor, *, batch_id: int) -> PayoutBatch:
    """Before it is approved; its statements wait for another batch."""
    row = _batch(actor, batch_id, "settlements.write")
    move(row, BATCH_VERBS, "cancel")
    row.payouts.filter(state="made").update(state="cancelled", updated_at=clock.now())
    withdraw(Matter.PAYOUT, row.pk, _("批次作废"))
    return row


@action
def download_batch(actor: Actor, *, batch_id: int) -> tuple[PayoutBatch, bytes]:
    """The very bytes that were hashed; each download is recorded."""
    row = _batch(actor, batch_id, "settlements.write")
    require(row.state in ("approved", "done"), errors.BATCH_NOT_APPROVED)
    record_export(
        actor, table="settlement_payoutbatch", count=row.count, asked={"batch": row.pk, "sha256": row.sha256}
    )
    return row, unpacked(row.file)


@action
def record_payout(
    actor: Actor, *, payout_id: int, result: str, bank_number: str = "", note: str = ""
) -> Payout:
    """`result`: paid (posts pay_out) or bounced; what bounced after it was posted is posted back, and is owed again.

    It is paid by another batch, or, where its period was closed since, with the merchant's next statement.
    """
    found = Payout.objects.visible_to(actor).filter(pk=payout_id).first()
    require(found is not None, NOT_FOUND)
    batch = _batch(actor, found.batch_id, "settlements.write")
    statement = locked_statement(actor, found.statement_id)
    payout = Payout.objects.visible_to(actor).select_for_update(no_key=True, of=("self",)).get(pk=payout_id)
    if result == "paid":
        _note_paid(actor, payout, statement, bank_number=bank_number, note=note)
    else:
        _note_bounced(actor, payout, statement, note=note)
    _end_batch(batch)
    return payout


def _note_paid(actor: Actor, payout: Payout, statement: Statement, *, bank_number: str, note: str) -> None:
    require(bank_number.strip(), errors.BANK_NUMBER_NEEDED)
    facts = {"bank_number": bank_number.strip()[:64], "note": note.strip()[:200], "ended_at": clock.now()}
    move(payout, PAYOUT_VERBS, "pay", **facts)
    transfer_all(_pay_out(payout, statement))
    move(statement, STATEMENT_VERBS, "pay")
    said = _("{period}的结算款 {fen} 元已付出，请查收。")
    tell_merchant(actor, statement, f"paid{payout.pk}", _("结算款已付出"), said)


def _note_bounced(actor: Actor, payout: Payout, statement: Statement, *, note: str) -> None:
    require(note.strip(), errors.BOUNCE_REASON_NEEDED)
    target(payout, PAYOUT_VERBS, "bounce")
    closed = statement.state == Statement.State.CLOSED
    if payout.state == "paid":
        if not closed:
            move(statement, STATEMENT_VERBS, "unpay")
        transfer_all(_pay_back(payout, statement))
    move(payout, PAYOUT_VERBS, "bounce", note=note.strip()[:200], ended_at=clock.now())
    said = (
        _(
            "{period}的结算款 {fen} 元被银行退回。这一期已经关账，这笔钱并入您的下一张结算单再付，请核对收款账户。"
        )
        if closed
        else _("{period}的结算款 {fen} 元被银行退回，请核对收款账户，工会会重新付款。")
    )
    tell_merchant(actor, statement, f"bounced{payout.pk}", _("结算款被银行退回"), said)


def _end_batch(batch: PayoutBatch) -> None:
    waiting = batch.payouts.filter(state="sent").exists()
    if not waiting and batch.state == "approved":
        move(batch, BATCH_VERBS, "finish")


def _parts(payout: Payout, statement: Statement) -> list[tuple[str, int, int, int]]:
    """(code, from, to, fen): accounts that owe are evened out by those that are owed; what is left is paid."""
    accounts = list(statement.accounts.order_by("account_id"))
    owed = {part.account_id: part.total_fen for part in accounts if part.total_fen > 0}
    moves = []
    for part in accounts:
        short = -min(part.total_fen, 0)
        for account_id in owed:
            if fen := min(short, owed[account_id]):
                moves.append(("offset_payable", account_id, part.account_id, fen))
                owed[account_id] -= fen
                short -= fen
    bank_id = open_account(bank_of(statement.union_id)).pk
    moves += [("pay_out", account_id, bank_id, fen) for account_id, fen in owed.items() if fen]
    return moves


def _pay_out(payout: Payout, statement: Statement) -> list[Order]:
    subject = f"payout:{payout.pk}"
    return [
        Order(id_of(payout.key, code, debit, credit), code, fen, debit, credit, subject=subject)
        for code, debit, credit, fen in _parts(payout, statement)
    ]


def _pay_back(payout: Payout, statement: Statement) -> list[Order]:
    """Every transfer of `_pay_out` the other way round."""
    subject = f"payout:{payout.pk}"
    return [
        Order(
            id_of(payout.key, "back", code, debit, credit), _back(code), fen, credit, debit, subject=subject
        )
        for code, debit, credit, fen in _parts(payout, statement)
    ]


def _back(code: str) -> str:
    return "pay_out_back" if code == "pay_out" else code
