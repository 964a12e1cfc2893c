"""Several hands at once, on real connections: one complaint of a line, one ruling, nothing back twice."""

from __future__ import annotations

from collections import Counter
from functools import partial
from uuid import uuid4

import pytest

from gonghui.bills.actions.refunds import refund_bill
from gonghui.bills.models import BillRefund
from gonghui.bills.selling import Back
from gonghui.bills.tests.stage import fresh
from gonghui.complaints import actions
from gonghui.complaints.models import Complaint
from gonghui.complaints.tests.stage import again, asked, build_stage, lines_of, opened, thread
from gonghui.funds.tests.stage import trial
from gonghui.kit.errors import DomainError
from gonghui.kit.tests.racing import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def codes(said: list) -> Counter:
    return Counter(one.code if isinstance(one, DomainError) else type(one).__name__ for one in said)


def escalated(stage) -> Complaint:
    row = opened(stage)
    actions.answer_complaint(stage.actor("owner"), complaint_id=row.pk, words="不是我们的")
    return actions.escalate_complaint(stage.actor("mei"), complaint_id=row.pk)


def test_two_officers_at_once_make_one_ruling(cast):
    stage = build_stage(cast)
    row = escalated(stage)
    noodles, tea = lines_of(row.bill)
    facts = {"complaint_id": row.pk, "is_upheld": True}
    calls = [
        partial(actions.rule_complaint, stage.actor(who), line_ids=ids, reason=who, **facts)
        for who, ids in (("reviewer", [noodles]), ("city_admin", [tea]), ("province_admin", [noodles, tea]))
    ]
    assert codes(at_once(*calls)) == {"Complaint": 1, "illegal_move": 2}
    done = again(row)
    assert len(thread(done)) == 4
    assert BillRefund.objects.unscoped("test").get().pk == done.refund_id
    assert (fresh(row.bill).refunded_fen, trial()) == (done.refund.list_fen, 0)


def test_ruling_giving_in_and_the_counter_at_once_give_back_once(cast):
    stage = build_stage(cast)
    row = escalated(stage)
    noodles, tea = lines_of(row.bill)
    calls = [
        partial(
            actions.rule_complaint, stage.actor("reviewer"), complaint_id=row.pk, is_upheld=True, line_ids=[noodles, tea],
            reason="属实",
        ),
        partial(actions.agree_to_complaint, stage.actor("owner"), complaint_id=row.pk),
        partial(
            refund_bill, stage.actor("clerk"), bill_id=row.bill_id, key=uuid4(), back=[Back(noodles, 2), Back(tea, 1)],
            reason="柜台退",
        ),
    ]  # fmt: skip
    said = codes(at_once(*calls))
    assert said["Complaint"] == 1 and said["illegal_move"] == 1, said
    assert (fresh(row.bill).state, BillRefund.objects.unscoped("test").count(), trial()) == ("refunded", 1, 0)


def test_same_tap_and_another_from_eight_sides_are_one_complaint(cast):
    stage = build_stage(cast)
    bill, mei, key = stage.bought(), stage.actor("mei"), uuid4()
    same = partial(actions.open_complaint, mei, bill_id=bill.pk, key=key, asked=asked(bill))
    others = [
        partial(actions.open_complaint, mei, bill_id=bill.pk, key=uuid4(), asked=asked(bill, 1))
        for _n in range(4)
    ]
    said = codes(at_once(*[same] * 4, *others))
    assert said in (
        {"Complaint": 4, "complaint_line_in_another": 4},
        {"Complaint": 1, "complaint_line_in_another": 7},
    )
    assert Complaint.objects.unscoped("test").count() == 1
