"""What becomes of a complaint: who may say what, when, and which fen go back."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
import time_machine
from django.db import connection, transaction
from django.db.utils import IntegrityError

from gonghui.benefits.tests.plans import refused
from gonghui.bills.actions.refunds import refund_bill
from gonghui.bills.selling import Back
from gonghui.bills.tests.stage import fresh, refunded, transfers
from gonghui.complaints import actions
from gonghui.complaints.models import VERBS, Complaint, ComplaintEntry
from gonghui.complaints.tasks import pass_complaints_on
from gonghui.complaints.tests.stage import SYSTEM, again, asked, counted, lines_of, opened, thread
from gonghui.funds.tests.stage import trial
from gonghui.kit import clock
from gonghui.kit.workdays import working_days_after
from gonghui.ledger.models import Transfer
from gonghui.notices.models import Message
from gonghui.partners.models import Clerk

pytestmark = pytest.mark.django_db
NO = "厨房录像里没有，顾客吃完才说"


def days_later(count: int):
    return time_machine.travel(clock.now() + dt.timedelta(days=count), tick=False)


def escalated(stage, *nths: int, bill=None, **facts) -> Complaint:
    row = opened(stage, bill, *nths, **facts)
    actions.answer_complaint(stage.actor("owner"), complaint_id=row.pk, words=NO)
    return actions.escalate_complaint(stage.actor("mei"), complaint_id=row.pk, words="我当场就说了")


def ruled(
    stage, row, *nths: int, is_upheld: bool = True, by: str = "reviewer", reason: str = "录像与会员说法一致"
):
    ids = lines_of(row.bill)
    line_ids = {ids[nth - 1] for nth in nths}
    return actions.rule_complaint(
        stage.actor(by), complaint_id=row.pk, is_upheld=is_upheld, line_ids=line_ids, reason=reason
    )


def told(who: str, stage) -> list[str]:
    person = stage.cast.people.get(who)
    found = Message.objects.unscoped("test").filter(link__contains="complaint")
    own = found.filter(person=person) if person else found.filter(user=stage.cast.users[who])
    return list(own.order_by("id").values_list("body", flat=True))


def test_merchant_agrees_and_the_lines_go_back_in_the_same_moment(stage):
    bill = stage.bought()
    row = opened(stage, bill, 1)
    done = actions.agree_to_complaint(stage.actor("owner"), complaint_id=row.pk, words="对不起")
    assert (done.state, done.refund.list_fen, done.refund.worker_fen) == ("agreed", 10_000, 8_333)
    # 20 off 120, half each: of the noodles' 100 the city gave 8.34, the merchant 8.33, Mei 83.33.
    assert sorted(code for code, *_rest in transfers(f"bill_refund:{done.refund_id}")) == [
        "refund_concede",
        "refund_pay_counter",
        "refund_subsidise",
    ]
    assert thread(row) == [("member", "open"), ("merchant", "agreed")]
    assert (fresh(bill).refunded_fen, trial()) == (10_000, 0)
    assert told("mei", stage)[-1] == "商家同意了。退给您 83.33 元，现金到门店领取。"


def test_refused_answer_goes_to_the_union_and_some_lines_are_upheld(stage):
    row = escalated(stage)
    done = ruled(stage, row, 2)
    assert (done.state, done.refund.list_fen, done.arbiter_id) == (
        "partly",
        2_000,
        stage.cast.users["reviewer"].pk,
    )
    assert thread(row) == [
        ("member", "open"),
        ("merchant", "answered"),
        ("member", "escalated"),
        ("union", "partly"),
    ]
    assert dict(row.lines.values_list("line__name", "is_upheld")) == {"面": False, "茶": True}
    assert row.lines.filter(is_open=True).count() == 0
    assert trial() == 0
    assert "工会裁定部分支持您：录像与会员说法一致。退给您" in told("mei", stage)[-1]
    assert "工会裁定支持会员，理由：录像与会员说法一致。" in told("owner", stage)[-1]
    assert len(told("reviewer", stage)) == 1


def test_all_lines_upheld_refund_the_bill_and_none_moves_nothing(stage):
    row = escalated(stage)
    before = Transfer.objects.unscoped("test").count()
    done = ruled(stage, row, is_upheld=False, reason="吃完才说，无法核实")
    assert (done.state, done.refund, Transfer.objects.unscoped("test").count()) == ("rejected", None, before)
    assert refused(opened, stage, row.bill, 2) == "complaint_ruled_already"
    other = escalated(stage)
    done = ruled(stage, other, 1, 2)
    assert (done.state, fresh(other.bill).state, trial()) == ("upheld", "refunded", 0)


def test_answer_in_words_is_accepted(stage):
    row = opened(stage, wanted="explanation", kind="manner")
    actions.answer_complaint(stage.actor("owner"), complaint_id=row.pk, words="新来的店员，已经培训")
    done = actions.accept_answer(stage.actor("mei"), complaint_id=row.pk)
    assert (done.state, done.due_on, done.refund, fresh(row.bill).refunded_fen) == ("accepted", None, None, 0)


def test_ruling_in_words_only_upholds_without_money(stage):
    row = escalated(stage, wanted="apology", kind="manner")
    done = ruled(stage, row, reason="请商家书面道歉")
    assert (done.state, done.refund, set(done.lines.values_list("is_upheld", flat=True))) == (
        "upheld",
        None,
        {True},
    )


def test_same_tap_again_is_the_same_complaint_answer_and_ruling(stage):
    bill, key = stage.bought(), uuid4()
    row = opened(stage, bill, 1, key=key)
    assert opened(stage, bill, 1, key=key).pk == row.pk
    assert refused(opened, stage, bill, 2, key=key) == "complaint_key_taken"
    owner, mei = stage.actor("owner"), stage.actor("mei")
    for _twice in range(2):
        actions.answer_complaint(owner, complaint_id=row.pk, words=NO)
    for _twice in range(2):
        actions.escalate_complaint(mei, complaint_id=row.pk, words="不同意")
    for _twice in range(2):
        ruled(stage, row, 1)
    assert len(thread(row)) == 4
    assert fresh(bill).refunds.count() == 1
    assert refused(ruled, stage, row, 1, by="city_admin") == "illegal_move"
    assert len(told("mei", stage)) == 4


def test_one_open_complaint_of_a_line_and_another_of_another(stage):
    bill = stage.bought()
    first = opened(stage, bill, 1)
    before = counted()
    assert refused(opened, stage, bill) == "complaint_line_in_another"
    assert counted() == before
    assert opened(stage, bill, 2).pk != first.pk
    actions.withdraw_complaint(stage.actor("mei"), complaint_id=first.pk)
    assert opened(stage, bill, 1).state == "open"


def test_what_cannot_be_complained_about_is_refused_in_words(stage):
    bill, other = stage.bought(), stage.bought(who="lan")
    before = counted()
    mei = stage.actor("mei")
    foreign = asked(other, 1)
    for wrong, code in (
        (asked(bill, words=" "), "complaint_words_missing"),
        (actions.Asked("quality", "refund", frozenset(), "x"), "complaint_lines_missing"),
        (actions.Asked("quality", "refund", foreign.line_ids, "x"), "complaint_foreign_line"),
        (asked(bill, kind="nothing"), "not_found"),
        (asked(bill, wanted="gold"), "not_found"),
    ):
        assert refused(actions.open_complaint, mei, bill_id=bill.pk, key=uuid4(), asked=wrong) == code
    for who in ("lan", "stranger", "city_admin", "owner", "clerk"):
        facts = {"bill_id": bill.pk, "key": uuid4(), "asked": asked(bill)}
        assert refused(actions.open_complaint, stage.actor(who), **facts) == "not_found"
    with days_later(31):
        assert refused(opened, stage, bill) == "complaint_too_late"
    with days_later(29):
        assert opened(stage, bill, 1).state == "open"
    refunded(stage.cast, bill, (2, 1))
    assert refused(opened, stage, bill, 2) == "complaint_nothing_left"
    assert opened(stage, bill, 2, wanted="apology").state == "open"
    assert before[2] < counted()[2]  # the refund alone


def test_only_the_right_hand_moves_it(stage):
    row = opened(stage)
    before = counted()
    for who in ("mei", "lan", "clerk", "city_admin", "sister_admin", "stranger"):
        for verb in (actions.agree_to_complaint, actions.answer_complaint):
            assert refused(verb, stage.actor(who), complaint_id=row.pk, words="不") == "not_found"
    for who in ("lan", "owner", "clerk", "city_admin", "stranger"):
        for verb in (actions.accept_answer, actions.escalate_complaint, actions.withdraw_complaint):
            assert refused(verb, stage.actor(who), complaint_id=row.pk) == "not_found"
    assert refused(ruled, stage, row, 1) == "illegal_move"
    assert refused(actions.escalate_complaint, stage.actor("mei"), complaint_id=row.pk) == "illegal_move"
    assert counted() == before
    row = escalated(stage)
    before = counted()
    for who in ("mei", "owner", "clerk", "sister_admin", "finance_officer", "judge"):
        assert refused(ruled, stage, row, 1, by=who) == "not_allowed"
    assert refused(ruled, stage, row) == "complaint_ruling_lines"
    assert refused(ruled, stage, row, 1, is_upheld=False) == "complaint_ruling_lines"
    assert refused(ruled, stage, row, 1, reason=" ") == "complaint_words_missing"
    assert counted() == before


def test_nobody_rules_about_their_own_merchant_till_or_purchase(stage):
    post = Clerk.objects.create(user=stage.cast.users["reviewer"], store=stage.cast.store)
    row = escalated(stage, bill=stage.bought(clerk="reviewer"))
    before = counted()
    assert refused(ruled, stage, row, 1) == "own_merchant"
    Clerk.objects.unscoped("test").filter(pk=post.pk).update(ended_at=clock.now())
    assert refused(ruled, stage, row, 1) == "own_merchant"  # they took the money that day
    admin = stage.cast.users["city_admin"]
    admin.contact_phone = stage.cast.users["mei"].phone
    admin.save()
    assert refused(ruled, stage, row, 1, by="city_admin") == "complaint_own"
    assert counted() == before
    assert ruled(stage, row, 1, by="province_admin").state == "partly"


def test_ruling_passes_over_the_clerks_day_but_not_over_the_bill(stage):
    row = escalated(stage)
    with days_later(8):
        assert refused(refunded, stage.cast, row.bill, (1, 1)) == "bill_refund_another_day"
        assert ruled(stage, row, 1).refund.list_fen == 10_000
    assert trial() == 0


def test_refund_elsewhere_meanwhile_is_not_refunded_twice(stage):
    row = escalated(stage)
    refunded(stage.cast, row.bill, (1, 1))  # one of the two noodles at the counter
    done = ruled(stage, row, 1, 2)
    assert (done.refund.list_fen, fresh(row.bill).state) == (7_000, "refunded")
    other = opened(stage)
    refunded(stage.cast, other.bill)
    before = Transfer.objects.unscoped("test").count()
    done = actions.agree_to_complaint(stage.actor("owner"), complaint_id=other.pk)
    assert (done.state, done.refund, Transfer.objects.unscoped("test").count()) == ("agreed", None, before)
    assert trial() == 0


def test_line_begun_by_amount_goes_back_by_the_rest(stage):
    bill = stage.bought(10_000)
    back = [Back(lines_of(bill)[0], list_fen=3_000)]
    refund_bill(stage.actor("clerk"), bill_id=bill.pk, key=uuid4(), back=back, reason="少退")
    row = opened(stage, bill)
    done = actions.agree_to_complaint(stage.actor("owner"), complaint_id=row.pk)
    assert (done.refund.list_fen, fresh(bill).state, trial()) == (7_000, "refunded", 0)


def test_unanswered_complaint_escalates_by_itself_and_an_answer_rests_after_its_days(stage):
    row, said = opened(stage), opened(stage)
    actions.answer_complaint(stage.actor("owner"), complaint_id=said.pk, words=NO)
    assert row.due_on == working_days_after(clock.today(), 3)
    assert refused(actions.escalate_unanswered, SYSTEM, complaint_id=row.pk) == "state_changed"
    pass_complaints_on(0)
    assert (again(row).state, again(said).state) == ("open", "answered")
    with time_machine.travel(
        dt.datetime.combine(row.due_on + dt.timedelta(days=1), dt.time(0, 20), clock.CHINA), tick=False
    ):
        pass_complaints_on(0)
        pass_complaints_on(0)
    assert (again(row).state, again(said).state) == ("escalated", "answered")
    assert thread(row) == [("member", "open"), ("clock", "escalated")]
    late = again(row)
    with days_later(30):
        pass_complaints_on(0)
        assert again(late).is_overdue  # the union's own delay ends nothing
        assert actions.agree_to_complaint(stage.actor("owner"), complaint_id=row.pk).state == "agreed"
    assert (again(said).state, again(said).refund) == ("lapsed", None)


@pytest.mark.parametrize(
    ("day", "count", "due"),
    [
        ("2026-09-24", 1, "2026-09-28"),  # Thursday before 中秋
        ("2026-09-30", 3, "2026-10-10"),  # 国庆 to the 7th, Saturday the 10th is worked
        ("2026-11-20", 3, "2026-11-25"),
    ],
)
def test_days_are_working_days(db, day, count, due):
    assert working_days_after(dt.date.fromisoformat(day), count) == dt.date.fromisoformat(due)


# --- the database -------------------------------------------------------------------------------------------


def test_database_knows_the_same_moves(stage):
    moves = {(old, new) for table in VERBS.values() for old, new in table.items()}
    states = Complaint.State.values
    rows = {state: reached(stage, state) for state in states}
    for old in states:
        for new in states:
            if new == old:
                continue
            is_open = new in ("open", "answered", "escalated")
            facts = {
                "state": new,
                "due_on": clock.today() if is_open else None,
                "closed_at": None if is_open else clock.now(),
                "arbiter": stage.cast.users["reviewer"] if new in ("upheld", "partly", "rejected") else None,
                "refund": None,
            }
            with pytest.raises(Undone if (old, new) in moves else IntegrityError), transaction.atomic():
                Complaint.objects.unscoped("test").filter(pk=rows[old].pk).update(**facts)
                raise Undone


class Undone(Exception):
    """The move was let through; nothing of it stays."""


def reached(stage, state: str) -> Complaint:
    row = opened(stage)
    owner, mei = stage.actor("owner"), stage.actor("mei")
    if state == "agreed":
        return actions.agree_to_complaint(owner, complaint_id=row.pk)
    if state == "withdrawn":
        return actions.withdraw_complaint(mei, complaint_id=row.pk)
    if state != "open":
        row = actions.answer_complaint(owner, complaint_id=row.pk, words=NO)
    if state == "accepted":
        return actions.accept_answer(mei, complaint_id=row.pk)
    if state == "lapsed":
        with days_later(30):
            return actions.let_rest(SYSTEM, complaint_id=row.pk)
    if state in ("escalated", "upheld", "partly", "rejected"):
        row = actions.escalate_complaint(mei, complaint_id=row.pk)
    if state == "rejected":
        return ruled(stage, row, is_upheld=False)
    if state in ("upheld", "partly"):
        return ruled(stage, row, *((1, 2) if state == "upheld" else (1,)))
    return row


def test_database_lets_nothing_move_without_a_word_and_no_word_change(stage):
    row = opened(stage)
    rows = Complaint.objects.unscoped("test").filter(pk=row.pk)
    with pytest.raises(IntegrityError, match="moves with a word"), transaction.atomic():
        rows.update(state="answered")
        check_now()
    entries = ComplaintEntry.objects.unscoped("test").filter(complaint=row)
    for wrong in ({"words": "别的"}, {"by": "union"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            entries.update(**wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        entries.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(kind="other")
    with pytest.raises(IntegrityError), transaction.atomic():
        row.lines.update(is_open=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        ComplaintEntry.objects.create(
            complaint=row, at=clock.now(), by="clock", state="escalated", words="没有发生"
        )


def check_now() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
