"""评价: the member says of a bill how it was, once, and whether the offer helped."""

from __future__ import annotations

from gonghui.bills import errors
from gonghui.bills.models import Bill
from gonghui.feedback.actions import Occasion, record_rating
from gonghui.feedback.models import Rating
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, SIGN_IN_FIRST, require

SUBJECT = "store"
RATED_STATES = (Bill.State.SETTLED, Bill.State.REFUNDED)
"""What was bought, also if it went back."""


@action
def rate_bill(actor: Actor, *, bill_id: int, score: int, comment: str = "") -> Rating:
    """One's own bill, once it is settled; once, and said for good."""
    require(actor.person_id, SIGN_IN_FIRST)
    found = Bill.objects.visible_to(actor).filter(pk=bill_id, person_id=actor.person_id)
    bill = found.first()
    require(bill, NOT_FOUND)
    require(bill.state in RATED_STATES, errors.NOT_RATED_YET, state=bill.get_state_display())
    occasion = Occasion(SUBJECT, bill.store_id, bill.union_id, bill_id=bill.pk)
    return record_rating(actor, occasion=occasion, score=score, comment=comment)
