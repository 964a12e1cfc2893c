"""升级: told at every step, ended by a release note that may end several, or handed back with a reason."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.notices.models import Message
from gonghui.opsdesk import actions
from gonghui.opsdesk.models import Broadcast, Escalation, ReleaseNote
from gonghui.opsdesk.queries import open_escalations
from gonghui.opsdesk.tests.stage import again, escalated, recipients, said

pytestmark = pytest.mark.django_db


def mended(stage, *rows, who="team", union="province", key=None, day=None, title="修复名册导入"):
    mending = actions.Mending(title, "空格会自动去掉。", day or clock.today(), tuple(row.pk for row in rows))
    return actions.publish_release(
        stage.actor(who), key=key or uuid4(), union_id=stage.union(union), mending=mending
    )


def bodies(stage, who: str) -> list[str]:
    found = Message.objects.unscoped("test").filter(user_id=stage.user(who), once__startswith="question:")
    return list(found.order_by("id").values_list("body", flat=True))


def test_release_note_ends_several_escalations_and_each_change_is_told(stage):
    first, second = escalated(stage), escalated(stage, officer="second_operator")
    assert "等技术团队处理" in bodies(stage, "team")[0]
    actions.work_on_escalation(stage.actor("team"), escalation_id=first.pk)
    assert (again(first).state, bodies(stage, "factory_admin")[-1]) == ("working", "技术团队正在处理。")
    note = mended(stage, first, second)
    for row in (first, second):
        assert (again(row).state, again(row).note_id, again(row.question).state) == (
            "fixed",
            note.pk,
            "fixed",
        )
    assert (
        "技术团队已修复" in bodies(stage, "operator")[-1]
        and "技术团队已修复" in bodies(stage, "second_operator")[-1]
    )
    assert sum("技术团队已修复" in body for body in bodies(stage, "factory_admin")) == 2
    told = Broadcast.objects.unscoped("test").get()
    assert (told.kind, told.link) == ("release", f"/console/opsdesk/releases/{note.pk}")
    assert {"city_admin", "sister_admin", "riders_admin", "factory_admin"} <= recipients(told)
    actions.answer_question(stage.actor("operator"), question_id=first.question_id, words="已上线，请再试")
    assert (again(first).state, again(first.question).state, again(second).state) == (
        "told",
        "answered",
        "fixed",
    )
    assert [verb for verb, _state in said(first.question)] == [
        "ask",
        "take",
        "escalate",
        "work",
        "fix",
        "answer",
    ]


def test_escalation_is_handed_back_with_a_reason_and_may_go_again(stage):
    row = escalated(stage)
    actions.return_escalation(stage.actor("team"), escalation_id=row.pk, reason="是表格的问题，不是程序")
    assert (again(row).state, again(row.question).state) == ("returned", "taken")
    assert "不是程序" in bodies(stage, "operator")[-1]
    second = actions.escalate_question(
        stage.actor("operator"), question_id=row.question_id, summary="附上了表格"
    )
    assert second.pk != row.pk and again(row.question).state == "escalated"


def test_only_the_technical_team_mends(stage):
    row = escalated(stage)
    for who in (
        "operator",
        "city_admin",
        "province_admin",
        "sister_admin",
        "factory_admin",
        "judge",
        "mei",
        "anonymous",
    ):
        for call in (
            lambda who=who: actions.work_on_escalation(stage.actor(who), escalation_id=row.pk),
            lambda who=who: actions.return_escalation(stage.actor(who), escalation_id=row.pk, reason="不修"),
            lambda who=who: mended(stage, row, who=who),
        ):
            with pytest.raises(DomainError) as error, transaction.atomic():
                call()
            assert error.value.code == "not_found", who
    assert (again(row).state, ReleaseNote.objects.unscoped("test").count()) == ("received", 0)
    for who, sees in (
        ("team", 1),
        ("operator", 1),
        ("factory_admin", 1),
        ("reviewer", 0),
        ("riders_admin", 0),
        ("anonymous", 0),
    ):
        assert open_escalations(stage.actor(who)).count() == sees, who


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"rows": []}, "opsdesk_nothing_mended"), ({"title": " "}, "opsdesk_text_missing"),
        ({"title": "长" * 61}, "opsdesk_text_long"), ({"ahead": 1}, "opsdesk_day_ahead"),
    ],
)  # fmt: skip
def test_release_note_that_cannot_be_is_refused_whole(stage, facts, code):
    row = escalated(stage)
    day = clock.today() + dt.timedelta(days=facts.pop("ahead", 0))
    rows = facts.pop("rows", [row])
    with pytest.raises(DomainError) as error, transaction.atomic():
        mended(stage, *rows, day=day, **facts)
    assert error.value.code == code
    assert (again(row).state, Broadcast.objects.unscoped("test").count()) == ("received", 0)


def test_one_that_is_over_takes_the_whole_note_back(stage):
    first, second = escalated(stage), escalated(stage)
    actions.return_escalation(stage.actor("team"), escalation_id=second.pk, reason="不是程序的问题")
    with pytest.raises(DomainError) as error, transaction.atomic():
        mended(stage, first, second)
    assert error.value.code == "opsdesk_not_open"
    assert (again(first).state, ReleaseNote.objects.unscoped("test").count()) == ("received", 0)


def test_same_note_again_is_the_same_and_it_never_changes(stage):
    row, key = escalated(stage), uuid4()
    note = mended(stage, row, key=key)
    assert mended(stage, row, key=key).pk == note.pk
    assert Broadcast.objects.unscoped("test").count() == 1
    for wrong in (
        lambda: ReleaseNote.objects.unscoped("test").update(text="别的"),
        lambda: Escalation.objects.unscoped("test").update(note=None),
        lambda: Escalation.objects.unscoped("test").update(state="received", note=None, due_on=clock.today()),
        lambda: Escalation.objects.unscoped("test").update(summary="别的"),
        lambda: Escalation.objects.create(
            question=row.question, summary="x", maker=stage.cast.users["operator"], due_on=clock.today()
        ),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong()
