"""Several hands at once, on real connections: one officer, one issue, one acknowledgement, one reminder, nobody told twice."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from functools import partial
from uuid import uuid4

import pytest

from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.tests.racing import at_once
from gonghui.notices.models import Message
from gonghui.opsdesk import actions
from gonghui.opsdesk.models import (
    Answer,
    AnswerMark,
    Broadcast,
    DigestEntry,
    DigestIssue,
    OperatorGroup,
    Question,
    ReleaseNote,
)
from gonghui.opsdesk.tasks import deliver_broadcast
from gonghui.opsdesk.tests.stage import (
    ANSWER,
    TITLE,
    again,
    answered,
    asked,
    build_stage,
    escalated,
    five,
    opened,
    published,
    said,
    sent,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stage(cast):
    return build_stage(cast)


def codes(found: list) -> Counter:
    return Counter(one.code if isinstance(one, DomainError) else type(one).__name__ for one in found)


def test_two_officers_at_once_take_one_question(stage):
    row = asked(stage)
    officers = ("operator", "second_operator", "city_admin", "district_admin")
    calls = [partial(actions.take_question, stage.actor(who), question_id=row.pk) for who in officers]
    assert codes(at_once(*calls)) == {"Question": 1, "opsdesk_taken": 3}
    assert [verb for verb, _state in said(row)] == ["ask", "take"]


def test_same_tap_from_eight_sides_is_one_question(stage):
    key, actor = uuid4(), stage.actor("factory_admin")
    new = actions.Asked("consult", TITLE)
    call = partial(actions.ask_question, actor, key=key, union_id=stage.union("factory"), asked=new)
    assert codes(at_once(*[call] * 8)) == {"Question": 8}
    assert Question.objects.unscoped("test").count() == 1
    assert said(Question.objects.unscoped("test").get()) == [("ask", "asked")]


def test_confirming_and_reopening_at_once_is_one_of_them(stage):
    row, actor = answered(stage), stage.actor("factory_admin")
    calls = [
        partial(actions.confirm_answer, actor, question_id=row.pk),
        partial(actions.reopen_question, actor, question_id=row.pk, words="没好"),
        partial(actions.reopen_question, actor, question_id=row.pk, words="还没好"),
    ]
    found = codes(at_once(*calls))
    assert found["Question"] == 1 and sum(found.values()) == 3, found
    assert len(said(row)) == 4


def test_one_answer_is_published_once(stage):
    row = answered(stage)
    calls = [
        partial(
            actions.publish_answer, stage.actor(who), question_id=row.pk, union_id=stage.union("city"),
            said=actions.Published(TITLE, ANSWER),
        )
        for who in ("operator", "second_operator", "city_admin")
    ]  # fmt: skip
    assert codes(at_once(*calls)) == {"Answer": 1, "opsdesk_published": 2}
    assert Answer.objects.unscoped("test").count() == 1


def test_issue_is_published_once_and_told_once(stage):
    opened(stage, rule="subtree")
    row = actions.draft_digest(stage.actor("operator"), union_id=stage.union("city"))
    actions.choose_five(
        stage.actor("operator"), digestissue_id=row.pk, answer_ids=[one.pk for one in five(stage)]
    )
    actions.submit_digest(stage.actor("operator"), digestissue_id=row.pk)
    calls = [
        partial(actions.publish_digest, stage.actor(who), digestissue_id=row.pk)
        for who in ("city_admin", "second_operator", "province_admin", "city_admin")
    ]
    assert codes(at_once(*calls)) == {"DigestIssue": 1, "illegal_move": 3}
    assert Broadcast.objects.unscoped("test").count() == 1
    assert (again(row).state, row.entries.count()) == ("published", 5)


def test_returning_changing_and_publishing_at_once_leaves_five_or_a_draft(stage):
    answers = five(stage, 6)
    row = actions.draft_digest(stage.actor("operator"), union_id=stage.union("city"))
    ids = [one.pk for one in answers]
    actions.choose_five(stage.actor("operator"), digestissue_id=row.pk, answer_ids=ids[:5])
    actions.submit_digest(stage.actor("operator"), digestissue_id=row.pk)
    calls = [
        partial(actions.publish_digest, stage.actor("city_admin"), digestissue_id=row.pk),
        partial(
            actions.return_digest, stage.actor("second_operator"), digestissue_id=row.pk, reason="换一条"
        ),
        partial(actions.choose_five, stage.actor("operator"), digestissue_id=row.pk, answer_ids=ids[:3]),
        partial(actions.withdraw_answer, stage.actor("second_operator"), answer_id=ids[0]),
    ]
    at_once(*calls)
    now = again(row)
    assert now.state in ("published", "draft")
    assert row.entries.count() == 5 or now.state == "draft"


def test_two_drafts_at_once_are_one_issue(stage):
    calls = [
        partial(actions.draft_digest, stage.actor(who), union_id=stage.union("city"))
        for who in ("operator", "second_operator", "city_admin", "operator")
    ]
    found = codes(at_once(*calls))
    assert set(found) <= {"DigestIssue", "opsdesk_digest_open"} and found["DigestIssue"] >= 1
    assert DigestIssue.objects.unscoped("test").count() == 1


def test_answer_chosen_while_it_is_withdrawn_is_one_of_them(stage):
    one = published(stage)
    row = actions.draft_digest(stage.actor("operator"), union_id=stage.union("city"))
    calls = [
        partial(actions.choose_five, stage.actor("operator"), digestissue_id=row.pk, answer_ids=[one.pk]),
        partial(actions.withdraw_answer, stage.actor("city_admin"), answer_id=one.pk),
    ]
    found = codes(at_once(*calls))
    assert found in (
        {"DigestIssue": 1, "opsdesk_answer_in_digest": 1},
        {"Answer": 1, "opsdesk_foreign_answer": 1},
    )
    chosen = DigestEntry.objects.unscoped("test").filter(answer=one).exists()
    assert chosen is (again(one).withdrawn_at is None)


def test_acknowledged_and_reminded_at_once_counts_once(stage):
    row = sent(stage, opened(stage, rule="subtree"), wanted_by=clock.today() + dt.timedelta(days=1))
    reader = partial(actions.acknowledge_broadcast, stage.actor("factory_admin"), broadcast_id=row.pk)
    desk = [
        partial(actions.remind_recipients, stage.actor(who), broadcast_id=row.pk)
        for who in ("city_admin", "operator", "province_admin")
    ]
    found = at_once(reader, reader, *desk)
    moments = {one.acknowledged_at for one in found if type(one).__name__ == "BroadcastRecipient"}
    assert len(moments) == 1
    reminders = (
        Message.objects.unscoped("test").filter(title__startswith="请确认").values_list("user_id", flat=True)
    )
    assert len(reminders) == len(set(reminders)) and len(reminders) in (3, 4)


def test_same_broadcast_from_eight_sides_and_three_jobs_reach_everybody_once(stage):
    group, key, actor = opened(stage, rule="subtree"), uuid4(), stage.actor("city_admin")
    call = partial(
        actions.send_broadcast, actor, key=key, union_id=stage.union("city"), to=actions.Address((group.pk,)),
        words=actions.Words("标题", "内容"),
    )  # fmt: skip
    assert codes(at_once(*[call] * 8)) == {"Broadcast": 8}
    row = Broadcast.objects.unscoped("test").get()
    assert [one for one in at_once(*[partial(deliver_broadcast, row.pk)] * 3) if one is not None] == []
    users = (
        Message.objects.unscoped("test")
        .filter(once__startswith="broadcast:")
        .values_list("user_id", flat=True)
    )
    assert len(users) == len(set(users)) == row.recipients_count == 4


def test_one_broadcast_is_corrected_once(stage):
    row = sent(stage, opened(stage))
    calls = [
        partial(
            actions.correct_broadcast, stage.actor(who), broadcast_id=row.pk, key=uuid4(), words=actions.Words("更正", who)
        )
        for who in ("city_admin", "operator", "second_operator")
    ]  # fmt: skip
    assert codes(at_once(*calls)) == {"Broadcast": 1, "opsdesk_superseded": 2}


def test_overlapping_release_notes_end_each_escalation_once(stage):
    first, second, third = (escalated(stage) for _n in range(3))

    def note(*rows):
        mending = actions.Mending("修复", "已修复", clock.today(), tuple(row.pk for row in rows))
        return partial(
            actions.publish_release,
            stage.actor("team"),
            key=uuid4(),
            union_id=stage.union("province"),
            mending=mending,
        )

    found = codes(at_once(note(first, second), note(second, third), note(third, first)))
    assert found == {"ReleaseNote": 1, "opsdesk_not_open": 2}
    assert ReleaseNote.objects.unscoped("test").count() == 1
    assert Counter(again(row).state for row in (first, second, third)) == {"fixed": 2, "received": 1}


def test_two_groups_of_one_name_and_marks_of_one_person_are_one(stage):
    new = actions.NewGroup(stage.union("city"), "主席群", "direct")
    calls = [
        partial(actions.open_group, stage.actor(who), new=new)
        for who in ("city_admin", "operator", "city_admin")
    ]
    assert codes(at_once(*calls)) == {"OperatorGroup": 1, "opsdesk_group_taken": 2}
    assert OperatorGroup.objects.unscoped("test").count() == 1
    row = published(stage)
    same = partial(actions.mark_same, stage.actor("factory_admin"), answer_id=row.pk)
    assert codes(at_once(*[same] * 6)) == {"Answer": 6}
    assert AnswerMark.objects.unscoped("test").count() == 1
