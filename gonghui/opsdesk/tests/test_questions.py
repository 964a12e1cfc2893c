"""One question from the first word to its end: whose turn, whose eyes, how often, until when."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.workdays import working_days_after
from gonghui.notices.models import Message
from gonghui.opsdesk import actions
from gonghui.opsdesk.models import DeskRule, Question, QuestionEntry
from gonghui.opsdesk.models.questions import HELD, OPEN, VERBS
from gonghui.opsdesk.queries import own_questions, waiting_questions
from gonghui.opsdesk.tasks import pass_questions_on
from gonghui.opsdesk.tests.stage import ANSWER, again, answered, asked, confirmed, escalated, said, taken

pytestmark = pytest.mark.django_db


def told(stage, who: str) -> list[str]:
    """Bodies of the messages of an account, oldest first."""
    found = Message.objects.unscoped("test").filter(user_id=stage.user(who)).order_by("id")
    return list(found.values_list("body", flat=True))


def refused(code: str, verb, actor, **facts) -> None:
    """Nothing changed."""
    before = list(
        Question.objects.unscoped("test").order_by("id").values_list("state", "due_on", "officer_id")
    )
    words = QuestionEntry.objects.unscoped("test").count()
    with pytest.raises(DomainError) as error, transaction.atomic():
        verb(actor, **facts)
    assert error.value.code == code
    assert (
        list(Question.objects.unscoped("test").order_by("id").values_list("state", "due_on", "officer_id"))
        == before
    )
    assert QuestionEntry.objects.unscoped("test").count() == words


def test_question_is_asked_taken_answered_and_confirmed(stage):
    row = asked(stage, body="三个人上个月刚入会", screen="https://x.example/console/rosters/new?page=2")
    assert (row.state, row.screen) == ("asked", "/console/rosters/new")
    assert row.due_on == working_days_after(clock.today(), 2)
    assert ["蓝海机械厂工会提问（咨询）" in body for body in told(stage, "district_admin")] == [True]
    assert told(stage, "city_admin") == []  # the nearest desk is the district's
    operator = stage.actor("operator")
    actions.take_question(operator, question_id=row.pk)
    actions.ask_back(operator, question_id=row.pk, words="是哪三行？")
    actions.reply_to_desk(stage.actor("factory_admin"), question_id=row.pk, words="第 3、7、9 行")
    actions.answer_question(operator, question_id=row.pk, words=ANSWER)
    actions.confirm_answer(stage.actor("factory_admin"), question_id=row.pk)
    assert said(row) == [
        ("ask", "asked"), ("take", "taken"), ("ask_back", "asked_back"), ("reply", "taken"), ("answer", "answered"),
        ("confirm", "confirmed"),
    ]  # fmt: skip
    done = again(row)
    assert (done.due_on, done.closed_at is None, done.officer_id) == (None, False, stage.user("operator"))
    assert len(told(stage, "factory_admin")) == 3 and ANSWER in told(stage, "factory_admin")[-1]


def test_database_knows_the_same_moves(stage):
    moves = {(old, new) for table in VERBS.values() for old, new in table.items()} - {
        ("confirmed", "digested")
    }
    rows = {state: reached(stage, state) for state in Question.State.values if state != "digested"}
    for old, row in rows.items():
        for new in Question.State.values:
            if new == old:
                continue
            facts = {
                "state": new,
                "due_on": clock.today() if new in OPEN else None,
                "closed_at": None if new in OPEN else clock.now(),
                "officer": stage.cast.users["operator"] if new in HELD else None,
                "reopened_at": clock.now() if (old, new) == ("answered", "asked") else None,
            }
            with pytest.raises(Undone if (old, new) in moves else IntegrityError), transaction.atomic():
                Question.objects.unscoped("test").filter(pk=row.pk).update(**facts)
                raise Undone


class Undone(Exception):
    """The move was let through; nothing of it stays."""


def reached(stage, state: str) -> Question:
    if state == "asked":
        return asked(stage)
    if state in ("escalated", "fixed"):
        row = escalated(stage)
        if state == "fixed":
            mending = actions.Mending("修复", "已修复", clock.today(), (row.pk,))
            key = uuid4()
            actions.publish_release(
                stage.actor("team"), key=key, union_id=stage.union("province"), mending=mending
            )
        return again(row.question)
    row = taken(stage)
    operator = stage.actor("operator")
    if state == "asked_back":
        actions.ask_back(operator, question_id=row.pk, words="哪一行？")
    elif state == "closed":
        actions.close_question(operator, question_id=row.pk, reason="与平台无关")
    elif state in ("answered", "confirmed"):
        actions.answer_question(operator, question_id=row.pk, words=ANSWER)
        if state == "confirmed":
            actions.confirm_answer(stage.actor("factory_admin"), question_id=row.pk)
    return again(row)


def test_database_lets_nothing_move_without_a_word_and_no_word_change(stage):
    row = asked(stage)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        Question.objects.unscoped("test").filter(pk=row.pk).update(
            state="taken", officer=stage.cast.users["operator"]
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError), transaction.atomic():
        QuestionEntry.objects.unscoped("test").filter(question=row).update(words="别的话")
    with pytest.raises(IntegrityError), transaction.atomic():
        Question.objects.unscoped("test").filter(pk=row.pk).update(title="别的问题")
    with pytest.raises(IntegrityError), transaction.atomic():
        QuestionEntry.objects.unscoped("test").filter(question=row).delete()


def test_same_tap_again_is_the_same_question_and_the_same_word(stage):
    key = uuid4()
    row = asked(stage, key=key)
    assert asked(stage, key=key).pk == row.pk
    refused(
        "opsdesk_key_taken", actions.ask_question, stage.actor("factory_admin"), key=key,
        union_id=stage.union("factory"), asked=actions.Asked("consult", "另一个问题"),
    )  # fmt: skip
    operator = stage.actor("operator")
    for _n in range(2):
        actions.take_question(operator, question_id=row.pk)
    for _n in range(2):
        actions.answer_question(operator, question_id=row.pk, words=ANSWER)
    for _n in range(2):
        actions.confirm_answer(stage.actor("factory_admin"), question_id=row.pk)
    assert [verb for verb, _state in said(row)] == ["ask", "take", "answer", "confirm"]
    assert len(told(stage, "factory_admin")) == 2


def test_only_the_right_hand_moves_it(stage):
    row = asked(stage)
    for who in (
        "sister_admin",
        "riders_admin",
        "reviewer",
        "judge",
        "finance_officer",
        "mei",
        "stranger",
        "anonymous",
    ):
        refused("not_found", actions.take_question, stage.actor(who), question_id=row.pk)
    refused("opsdesk_own_question", actions.take_question, stage.actor("factory_admin"), question_id=row.pk)
    actions.take_question(stage.actor("operator"), question_id=row.pk)
    second = stage.actor("second_operator")
    refused("opsdesk_taken", actions.take_question, second, question_id=row.pk)
    refused("opsdesk_taken", actions.answer_question, second, question_id=row.pk, words=ANSWER)
    actions.put_back_question(second, question_id=row.pk, reason="他今天请假")
    actions.take_question(second, question_id=row.pk)
    actions.answer_question(second, question_id=row.pk, words=ANSWER)
    for verb, facts in ((actions.confirm_answer, {}), (actions.reopen_question, {"words": "没好"})):
        for who in ("operator", "district_admin", "sister_admin", "province_admin"):
            refused("not_found", verb, stage.actor(who), question_id=row.pk, **facts)
    with pytest.raises(IntegrityError), transaction.atomic():
        Question.objects.unscoped("test").filter(pk=row.pk).update(officer=stage.cast.users["factory_admin"])


def test_asker_and_the_desks_above_see_it_and_nobody_else(stage):
    row = asked(stage)
    seen = {
        who: Question.objects.visible_to(stage.actor(who)).filter(pk=row.pk).exists()
        for who in ("factory_admin", "district_admin", "operator", "province_admin", "team", "reviewer", "sister_admin",
                    "riders_admin", "judge", "finance_officer", "mei", "clerk", "anonymous")
    }  # fmt: skip
    assert [who for who, sees in seen.items() if sees] == [
        "factory_admin", "district_admin", "operator", "province_admin", "team",
    ]  # fmt: skip
    assert list(own_questions(stage.actor("factory_admin"))) == [row]
    assert list(waiting_questions(stage.actor("factory_admin"))) == []
    assert list(waiting_questions(stage.actor("operator"))) == [row]


def test_question_is_reopened_once(stage):
    row = answered(stage)
    asker = stage.actor("factory_admin")
    actions.reopen_question(asker, question_id=row.pk, words="去掉空格还是不行")
    now = again(row)
    assert (now.state, now.officer_id, now.due_on) == ("asked", None, working_days_after(clock.today(), 2))
    actions.take_question(stage.actor("operator"), question_id=row.pk)
    actions.answer_question(stage.actor("operator"), question_id=row.pk, words="改用新模板再试")
    refused("opsdesk_reopened", actions.reopen_question, asker, question_id=row.pk, words="还是不行")
    with pytest.raises(IntegrityError), transaction.atomic():
        Question.objects.unscoped("test").filter(pk=row.pk).update(state="asked", officer=None)


def test_passing_from_hand_to_hand_gives_nobody_more_time(stage):
    row = asked(stage)
    due = row.due_on
    with time_machine.travel(clock.now() + dt.timedelta(days=3), tick=False):
        actions.take_question(stage.actor("operator"), question_id=row.pk)
        actions.put_back_question(stage.actor("operator"), question_id=row.pk, reason="不归我管")
        actions.take_question(stage.actor("second_operator"), question_id=row.pk)
        assert again(row).due_on == due


def test_days_are_those_of_the_nearest_rule(stage):
    DeskRule.objects.create(union=stage.cast.unions["province"], answer_days=9, confirm_days=1)
    DeskRule.objects.create(union=stage.cast.unions["city"], answer_days=4, confirm_days=3)
    DeskRule.objects.create(union=stage.cast.unions["sister"], answer_days=1)
    row = asked(stage)
    assert row.due_on == working_days_after(clock.today(), 4)
    assert answered(stage).due_on == working_days_after(clock.today(), 3)
    with pytest.raises(IntegrityError), transaction.atomic():
        DeskRule.objects.unscoped("test").update(answer_days=0)


def test_answer_rests_and_a_silent_asker_is_closed_after_their_days(stage):
    rested, silent, late = answered(stage), taken(stage), asked(stage)
    actions.ask_back(stage.actor("operator"), question_id=silent.pk, words="哪一行？")
    with pytest.raises(DomainError):
        actions.let_rest(stage.actor("operator"), question_id=rested.pk)
    pass_questions_on(0)
    assert (again(rested).state, again(silent).state) == ("answered", "asked_back")
    with time_machine.travel(clock.now() + dt.timedelta(days=30), tick=False):
        pass_questions_on(0)
        assert (again(rested).state, again(silent).state, again(late).state) == (
            "confirmed",
            "closed",
            "asked",
        )
        assert again(late).is_overdue
    assert again(rested).entries.order_by("-id").first().author_id is None


def test_asker_withdraws_before_the_answer_only(stage):
    row, other = asked(stage), confirmed(stage)
    actions.withdraw_question(stage.actor("factory_admin"), question_id=row.pk)
    assert again(row).state == "closed"
    refused("illegal_move", actions.withdraw_question, stage.actor("factory_admin"), question_id=other.pk)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"title": "  "}, "opsdesk_words_missing"),
        ({"title": "问" * 61}, "opsdesk_text_long"),
        ({"body": "说" * 2001}, "opsdesk_text_long"),
        ({"category": "nonsense"}, "not_found"),
        ({"union": "sister"}, "not_found"),
        ({"union": "city"}, "not_found"),
        ({"who": "judge", "union": "province"}, "not_found"),
    ],
)
def test_question_that_cannot_be_asked_is_refused_and_nothing_is_written(stage, facts, code):
    with pytest.raises(DomainError) as error:
        asked(stage, **facts)
    assert error.value.code == code
    assert not Question.objects.unscoped("test").exists()


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [("//evil.example/x", ""), ("javascript:alert(1)", ""), ("/\\evil", ""), (" /console/x ", "/console/x"),
     ("http://h/console/y?token=1", "/console/y"), ("名册页", "")],
)  # fmt: skip
def test_screen_is_a_path_of_ours_or_nothing(stage, pasted, kept):
    assert asked(stage, screen=pasted).screen == kept
