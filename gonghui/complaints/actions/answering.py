"""The merchant's: it gives the lines back at once, or says why not. Who may see the store's money answers, no clerk."""

from __future__ import annotations

from django.utils.translation import gettext as _

from gonghui.complaints.actions.thread import give_back, is_said, locked_complaint, take, word
from gonghui.complaints.models import VERBS, Complaint, ComplaintEntry
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.states import target

MERCHANT = ComplaintEntry.By.MERCHANT


def _theirs(actor: Actor, complaint_id: int) -> Complaint:
    row = locked_complaint(complaint_id)
    require(row.bill.store_id in actor.owns("books"), NOT_FOUND)
    return row


@action
def agree_to_complaint(actor: Actor, *, complaint_id: int, words: str = "") -> Complaint:
    """What is left of the lines goes back in the same transaction."""
    row, said = _theirs(actor, complaint_id), word(MERCHANT, actor, words, is_needed=False)
    if is_said(row, "agree", said):
        return row
    target(row, VERBS, "agree")
    lines = row.lines.values_list("line_id", flat=True)
    made = give_back(actor, row, lines, _("投诉 %s：商家同意") % row.number)
    return take(actor, row, "agree", said, refund=made)


@action
def answer_complaint(actor: Actor, *, complaint_id: int, words: str) -> Complaint:
    """In words only: a refusal, an explanation, an apology. The member accepts it or asks the union."""
    row, said = _theirs(actor, complaint_id), word(MERCHANT, actor, words)
    return row if is_said(row, "answer", said) else take(actor, row, "answer", said)
