"""A ruling after the month was stated and paid: it is a refund of the day it was made, in the next statement, to the fen."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from gonghui.complaints import actions
from gonghui.complaints.tests.stage import lines_of, opened
from gonghui.funds.tests.stage import trial
from gonghui.kit import clock
from gonghui.settlement.actions import make_statements
from gonghui.settlement.reconciling import reconcile
from gonghui.settlement.tests.stage import SYSTEM, Shop, period, statement_of
from gonghui.settlement.tests.test_payouts import approved, batched, paid

pytestmark = pytest.mark.django_db


def first_of_month(after: dt.date) -> dt.date:
    return (after.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def at(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(10), clock.CHINA)


def test_ruling_after_the_payout_stands_on_the_next_statement_to_the_fen(cast, stage):
    this = clock.today().replace(day=1)
    following = first_of_month(this)
    last = following - dt.timedelta(days=1)
    shop = Shop(cast, stage.money, cast.store.partner, [cast.store], stage.agreement, 0)
    with time_machine.travel(dt.datetime.combine(last, dt.time(19), clock.CHINA), tick=False):
        bill = stage.bought()
        row = opened(stage, bill)
        actions.answer_complaint(stage.actor("owner"), complaint_id=row.pk, words="不是我们的")
        actions.escalate_complaint(stage.actor("mei"), complaint_id=row.pk)
    with time_machine.travel(at(following + dt.timedelta(days=1)), tick=False):
        before = period(cast, this, following)
        approved(shop, before)
        paid(shop, batched(shop).payouts.get())
        first = statement_of(shop, before)
        assert (first.state, first.union_fen, first.total_fen) == ("paid", 1_000, 1_000)
        noodles, _tea = lines_of(bill)
        facts = {"is_upheld": True, "line_ids": [noodles], "reason": "属实"}
        done = actions.rule_complaint(stage.actor("reviewer"), complaint_id=row.pk, **facts)
        back = done.refund
    after = first_of_month(following)
    with time_machine.travel(at(after), tick=False):
        now = period(cast, following, after)
        make_statements(SYSTEM, period_id=now.pk)
        second = statement_of(shop, now)
        line = second.lines.get()
        assert (line.kind, line.refund_id) == ("refund", back.pk)
        given = sum(
            part.fen for one in back.lines.all() for part in one.parts.all() if part.part.payer == "union"
        )
        assert given == 834
        assert (second.union_fen, second.returned_fen, second.owed_fen) == (-given, given, -given)
        assert reconcile(second).is_equal
        assert reconcile(statement_of(shop, before)).is_equal
    assert trial() == 0
