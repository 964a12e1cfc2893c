"""Who has how long. Working days, so that nobody loses time to a holiday."""

from __future__ import annotations

from datetime import date, timedelta

from gonghui.bills.models import Bill
from gonghui.kit import clock
from gonghui.kit.workdays import working_days_after

COMPLAIN_WITHIN = timedelta(days=30)
"""From the payment: long enough for what shows only in use, short enough that the till's people still remember."""
ANSWER_DAYS = 3
"""The merchant's: whoever says nothing for three working days has had the word; the union takes it up by itself."""
THINK_DAYS = 5
"""The member's, to accept an answer or to ask the union; afterwards the matter rests."""
RULING_DAYS = 10
"""The union's, from the day it is asked."""
DAYS_IN = {"open": ANSWER_DAYS, "answered": THINK_DAYS, "escalated": RULING_DAYS}


def due_of(state: str) -> date | None:
    """The last day of whoever has the next word; None where nobody has."""
    days = DAYS_IN.get(state)
    return working_days_after(clock.today(), days) if days else None


SOLD = (Bill.State.SETTLED, Bill.State.REFUNDED)


def is_in_time(bill: Bill) -> bool:
    return clock.now() <= bill.settled_at + COMPLAIN_WITHIN


def may_complain(bill: Bill) -> bool:
    return bill.state in SOLD and is_in_time(bill)
