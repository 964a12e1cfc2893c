"""The union's ruling, by somebody without a hand in the merchant or in the purchase; and what happens when a day has passed."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext as _

from gonghui.complaints import errors
from gonghui.complaints.actions.telling import RULE
from gonghui.complaints.actions.thread import WHY, give_back, is_said, locked_complaint, take, word
from gonghui.complaints.models import VERBS, Complaint, ComplaintEntry, ComplaintLine
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import STATE_CHANGED, DomainError, require
from gonghui.kit.states import target
from gonghui.members.models import Person
from gonghui.partners.errors import OWN_MERCHANT
from gonghui.partners.interests import refuse_being_one_of, refuse_own_merchant

UNION, CLOCK = ComplaintEntry.By.UNION, ComplaintEntry.By.CLOCK


@action
def rule_complaint(
    actor: Actor, *, complaint_id: int, is_upheld: bool, line_ids: Collection[int], reason: str
) -> Complaint:
    """Upheld lines go back at once, to every funder its own. The same ruling of the same hand again is that ruling."""
    row = locked_complaint(complaint_id)
    require(actor.user_id and actor.may(RULE, row.bill.union.path))
    refuse_interested(actor, row)
    said = word(UNION, actor, reason)
    verb = verb_of(row, is_upheld, set(line_ids))
    if is_said(row, verb, said):
        return row
    target(row, VERBS, verb)
    _note_lines(row, set(line_ids), is_upheld)
    made = give_back(actor, row, line_ids, _("投诉 %s：工会裁定") % row.number) if line_ids else None
    return take(actor, row, verb, said, refund=made, arbiter_id=actor.user_id)


def refuse_interested(actor: Actor, row: Complaint) -> None:
    """Neither the merchant's people, nor who stood at the till, nor the member themselves."""
    refuse_own_merchant(actor, [row.bill.partner_id])
    refuse_being_one_of(actor, filter(None, [row.bill.clerk_id]))
    member = Person.objects.unscoped(WHY).filter(pk=row.bill.person_id, user__isnull=False)
    try:
        refuse_being_one_of(actor, member.values_list("user_id", flat=True))
    except DomainError as refused:
        raise DomainError(
            errors.OWN_COMPLAINT if refused.reason is OWN_MERCHANT else refused.reason
        ) from None


def verb_of(row: Complaint, is_upheld: bool, line_ids: set[int]) -> str:
    asked = set(row.lines.values_list("line_id", flat=True))
    is_refund = row.wanted == Complaint.Wanted.REFUND
    require(line_ids <= asked, errors.NOT_ITS_LINE)
    if not is_upheld:
        require(not line_ids, errors.RULING_LINES)
        return "reject"
    require(line_ids or not is_refund, errors.RULING_LINES)
    return "uphold_part" if is_refund and line_ids < asked else "uphold"


def _note_lines(row: Complaint, line_ids: set[int], is_upheld: bool) -> None:
    """A ruling in words upholds every line."""
    lines = ComplaintLine.objects.unscoped(WHY).filter(complaint=row)
    upheld = lines.filter(line_id__in=line_ids) if line_ids else lines if is_upheld else lines.none()
    ids = list(upheld.values_list("pk", flat=True))
    lines.filter(pk__in=ids).update(is_upheld=True, updated_at=clock.now())
    lines.exclude(pk__in=ids).update(is_upheld=False, updated_at=clock.now())


# --- days that pass -----------------------------------------------------------------------------------------


@action
def escalate_unanswered(actor: Actor, *, complaint_id: int) -> Complaint:
    """The merchant said nothing in its days."""
    return _let_pass(actor, complaint_id, "overdue", _("商家到期没有答复，自动转工会裁定。"))


@action
def let_rest(actor: Actor, *, complaint_id: int) -> Complaint:
    """The member neither accepted the answer nor asked the union."""
    return _let_pass(actor, complaint_id, "lapse", _("答复以后没有再提，按答复了结。"))


def _let_pass(actor: Actor, complaint_id: int, verb: str, words: str) -> Complaint:
    row = locked_complaint(complaint_id)
    require(actor.is_system and row.is_overdue, STATE_CHANGED)
    return take(actor, row, verb, word(CLOCK, actor, words))
