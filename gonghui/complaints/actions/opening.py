"""The member's: opened on a bill of one's own, an answer accepted or taken to the union, withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from gonghui.bills.models import Bill, BillLine
from gonghui.complaints import errors
from gonghui.complaints.actions.telling import tell
from gonghui.complaints.actions.thread import (
    WHY,
    is_said,
    locked_bill,
    locked_complaint,
    take,
    word,
    write_word,
)
from gonghui.complaints.deadlines import COMPLAIN_WITHIN, SOLD, due_of, is_in_time
from gonghui.complaints.models import RULED, Complaint, ComplaintEntry, ComplaintLine
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require

MEMBER = ComplaintEntry.By.MEMBER


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wrong with which lines, in the member's words, and what they would have."""

    kind: str
    wanted: str
    line_ids: frozenset[int]
    words: str


@action
def open_complaint(actor: Actor, *, bill_id: int, key: UUID, asked: Asked) -> Complaint:
    """The same key again is the same complaint."""
    own = Bill.objects.visible_to(actor).filter(pk=bill_id, person_id=actor.person_id)
    require(actor.person_id and own.exists(), NOT_FOUND)
    bill = locked_bill(bill_id)
    said = word(MEMBER, actor, asked.words)
    known = Complaint.objects.unscoped(WHY).filter(key=key).first()
    if known:
        require(is_same(known, bill_id, asked, said.words), errors.KEY_TAKEN)
        return known
    require_sound(bill, asked)
    row = Complaint.objects.create(
        key=key, bill_id=bill_id, kind=asked.kind, wanted=asked.wanted, due_on=due_of(Complaint.State.OPEN)
    )
    ComplaintLine.objects.bulk_create(
        ComplaintLine(complaint=row, line_id=line_id) for line_id in sorted(asked.line_ids)
    )
    write_word(row, said)
    tell(actor, row, said.words)
    return row


def is_same(known: Complaint, bill_id: int, asked: Asked, words: str) -> bool:
    lines = set(known.lines.values_list("line_id", flat=True))
    first = known.entries.order_by("id").first()
    there = (known.bill_id, known.kind, known.wanted, lines, first.words if first else "")
    return there == (bill_id, asked.kind, asked.wanted, asked.line_ids, words)


def require_sound(bill: Bill, asked: Asked) -> None:
    require(asked.kind in Complaint.Kind.values and asked.wanted in Complaint.Wanted.values, NOT_FOUND)
    require(bill.state in SOLD, errors.NOT_SOLD, state=bill.get_state_display())
    require(is_in_time(bill), errors.TOO_LATE, days=COMPLAIN_WITHIN.days)
    require(asked.line_ids, errors.LINES_MISSING)
    lines = list(BillLine.objects.unscoped(WHY).filter(bill=bill, pk__in=asked.line_ids))
    require(len(lines) == len(asked.line_ids), errors.NOT_ITS_LINE)
    before = ComplaintLine.objects.unscoped(WHY).filter(line__in=lines).select_related("complaint", "line")
    for one in before:
        require(not one.is_open, errors.LINE_IN_ANOTHER, name=one.line.name)
        require(one.complaint.state not in RULED, errors.RULED_ALREADY, name=one.line.name)
    is_refund = asked.wanted == Complaint.Wanted.REFUND
    require(not is_refund or any(one.refunded_fen < one.list_fen for one in lines), errors.NOTHING_LEFT)


def _own(actor: Actor, complaint_id: int) -> Complaint:
    row = locked_complaint(complaint_id)
    require(actor.person_id is not None and row.bill.person_id == actor.person_id, NOT_FOUND)
    return row


@action
def accept_answer(actor: Actor, *, complaint_id: int) -> Complaint:
    return _say(actor, complaint_id, "accept", "")


@action
def escalate_complaint(actor: Actor, *, complaint_id: int, words: str = "") -> Complaint:
    """To the union that has the agreement with the merchant."""
    return _say(actor, complaint_id, "escalate", words)


@action
def withdraw_complaint(actor: Actor, *, complaint_id: int) -> Complaint:
    return _say(actor, complaint_id, "withdraw", "")


def _say(actor: Actor, complaint_id: int, verb: str, words: str) -> Complaint:
    row, said = _own(actor, complaint_id), word(MEMBER, actor, words, is_needed=False)
    return row if is_said(row, verb, said) else take(actor, row, verb, said)
