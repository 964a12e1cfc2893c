"""What every verb does: the complaint held first, then its bill; a move is a word in the thread, and is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gonghui.bills.actions.refunds import refund_bill
from gonghui.bills.models import Bill, BillLine, BillRefund
from gonghui.bills.selling import Back
from gonghui.complaints import errors
from gonghui.complaints.actions.telling import tell
from gonghui.complaints.deadlines import due_of
from gonghui.complaints.models import OPEN, VERBS, WORDS_MAX, Complaint, ComplaintEntry
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.states import move, target
from gonghui.ledger.engine import id_of

WHY = "held by its own verb"
DEEP = ("bill__union", "bill__store", "bill__person")


def locked_complaint(complaint_id: int) -> Complaint:
    found = Complaint.objects.unscoped(WHY).select_related("bill__union", "bill__store")
    row = found.select_for_update(of=("self",), no_key=True).filter(pk=complaint_id).first()
    require(row, NOT_FOUND)
    return row


def locked_bill(bill_id: int) -> Bill:
    """Nothing goes back of it meanwhile."""
    return Bill.objects.unscoped(WHY).select_for_update(no_key=True).get(pk=bill_id)


@dataclass(frozen=True, slots=True)
class Word:
    """Said by whom, at a moment before what follows from it."""

    by: str
    author_id: int | None
    words: str
    at: datetime


def word(by: str, actor: Actor, words: str, *, is_needed: bool = True) -> Word:
    words = words.strip()[:WORDS_MAX]
    require(words or not is_needed, errors.WORDS_MISSING)
    return Word(by, None if by == ComplaintEntry.By.CLOCK else actor.user_id, words, clock.now())


def is_said(row: Complaint, verb: str, said: Word) -> bool:
    """The same hand said the same and the complaint stands where that led: a tap sent again."""
    if row.state not in VERBS[verb].values():
        return False
    last = row.entries.order_by("-id").first()
    return last is not None and (last.by, last.author_id, last.words) == (said.by, said.author_id, said.words)


def take(actor: Actor, row: Complaint, verb: str, said: Word, **changes: Any) -> Complaint:
    """Moves the complaint, with its word, and tells of it."""
    state = target(row, VERBS, verb)
    over = {} if state in OPEN else {"closed_at": clock.now()}
    move(row, VERBS, verb, due_on=due_of(state), **over, **changes)
    write_word(row, said)
    tell(actor, row, said.words)
    return row


def write_word(row: Complaint, said: Word) -> None:
    ComplaintEntry.objects.create(
        complaint=row, at=said.at, by=said.by, author_id=said.author_id, state=row.state, words=said.words
    )


def give_back(actor: Actor, row: Complaint, line_ids: Iterable[int], reason: str) -> BillRefund | None:
    """All that is left of these lines, to every funder its own; nothing where it went back elsewhere meanwhile. Decided here, so
    that the rules of the counter (whose day it is, which clerk) are passed over; the laws of the bill and the ledger are not."""
    bill = locked_bill(row.bill_id)
    lines = BillLine.objects.unscoped(WHY).filter(bill=bill, pk__in=list(line_ids)).order_by("nth")
    back = [back_of(line) for line in lines if line.refunded_fen < line.list_fen]
    if not back or bill.state != Bill.State.SETTLED:
        return None
    decided = replace(actor.because(reason), channel="system")
    return refund_bill(decided, bill_id=bill.pk, key=id_of(row.key, "refund"), back=back, reason=reason)


def back_of(line: BillLine) -> Back:
    """As it began: by the piece, or the rest of an amount."""
    if line.refunded_fen and not line.refunded_quantity:
        return Back(line.pk, list_fen=line.list_fen - line.refunded_fen)
    return Back(line.pk, line.quantity - line.refunded_quantity)
