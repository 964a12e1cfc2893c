"""问答库: published without names, found by likeness before anybody asks again, seen below and not beside."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from gonghui.kit.errors import DomainError
from gonghui.opsdesk import actions
from gonghui.opsdesk.models import Answer, AnswerMark
from gonghui.opsdesk.similar import search_answers, similar_answers
from gonghui.opsdesk.tests.stage import ANSWER, TITLE, again, answered, asked, published, taken

pytestmark = pytest.mark.django_db


def publish(stage, row, who="operator", union="city", **facts):
    said = actions.Published(facts.pop("title", TITLE), facts.pop("text", ANSWER), facts.pop("body", ""))
    return actions.publish_answer(
        stage.actor(who), question_id=row.pk, union_id=stage.union(union), said=said
    )


def test_similar_answered_questions_are_offered_before_asking(stage):
    first = published(stage, "名册导入后显示不在册怎么办")
    second = published(stage, "福豆发放后会员看不到余额")
    published(stage, "场馆预约怎么改时间")
    actor = stage.actor("factory_admin")
    assert similar_answers(actor, "导入名册，三个人不在册") == [first]
    assert similar_answers(actor, "会员说看不到福豆余额") == [second]
    assert similar_answers(actor, "请问怎么办") == []
    assert similar_answers(actor, "%_'\"; DROP TABLE") == []
    assert similar_answers(stage.actor("riders_admin"), "导入名册，三个人不在册") == []
    assert list(search_answers(actor, "mcdr")) == [first]
    assert list(search_answers(actor, "福豆 余额")) == [second]
    actions.withdraw_answer(stage.actor("operator"), answer_id=first.pk)
    assert similar_answers(actor, "导入名册，三个人不在册") == []


def test_published_answer_is_read_by_everybody_below_and_nobody_beside(stage):
    row = published(stage)
    for who, sees in (
        ("factory_admin", True), ("district_admin", True), ("reviewer", True), ("operator", True), ("province_admin", True),
        ("team", True), ("sister_admin", False), ("riders_admin", False), ("judge", False), ("finance_officer", False),
        ("mei", False), ("anonymous", False),
    ):  # fmt: skip
        assert Answer.objects.visible_to(stage.actor(who)).filter(pk=row.pk).exists() is sees, who


def test_nothing_of_the_asker_is_published(stage):
    user = stage.cast.users["factory_admin"]
    user.display_name = "周敏仪"
    user.save()
    row = answered(stage)
    for facts in (
        {"text": "请周敏仪重新导入"}, {"title": "周敏仪的名册"}, {"body": "打 13912345678 问过"},
        {"text": "证件 440101199003070122 前面有空格"},
    ):  # fmt: skip
        with pytest.raises(DomainError) as error:
            publish(stage, row, **facts)
        assert error.value.code == "opsdesk_names_inside"
        assert "13912345678" not in str(error.value) and "440101199003070122" not in str(error.value)
    assert not Answer.objects.unscoped("test").exists()
    made = publish(stage, row)
    assert {field.name for field in Answer._meta.concrete_fields} & {"asker", "officer"} == set()
    with pytest.raises(DomainError) as error:
        actions.revise_answer(
            stage.actor("operator"), answer_id=made.pk, said=actions.Published(TITLE, "问周敏仪")
        )
    assert error.value.code == "opsdesk_names_inside"


def test_only_what_was_answered_is_published_by_a_desk_above(stage):
    open_one, row = taken(stage), answered(stage)
    refusals = [
        (open_one, "operator", "city", "opsdesk_not_answered"),
        (row, "operator", "district", "not_found"), (row, "operator", "province", "not_found"),
        (row, "sister_admin", "sister", "not_found"), (row, "reviewer", "city", "not_found"),
        (row, "factory_admin", "factory", "opsdesk_own_question"), (row, "province_admin", "sister", "not_found"),
    ]  # fmt: skip
    for question, who, union, code in refusals[:1] + refusals[2:]:
        with pytest.raises(DomainError) as error:
            publish(stage, question, who, union)
        assert error.value.code == code, (who, union)
    publish(stage, row, "operator", "district")
    with pytest.raises(DomainError) as error:
        publish(stage, row)
    assert error.value.code == "opsdesk_published"
    with pytest.raises(IntegrityError), transaction.atomic():
        Answer.objects.create(
            question=open_one, union=stage.cast.unions["city"], category="consult", title="x", text="y",
            author=stage.cast.users["operator"],
        )  # fmt: skip


def test_reads_and_same_questions_are_counted_once_a_person(stage):
    row = published(stage)
    for _n in range(2):
        for who in ("factory_admin", "district_admin"):
            actions.read_answer(stage.actor(who), answer_id=row.pk)
        actions.mark_same(stage.actor("factory_admin"), answer_id=row.pk)
    kinds = AnswerMark.objects.unscoped("test").order_by("kind").values_list("kind", flat=True)
    assert list(kinds) == ["read", "read", "same"]
    for who in ("riders_admin", "judge", "mei", "anonymous"):
        with pytest.raises(DomainError) as error:
            actions.mark_same(stage.actor(who), answer_id=row.pk)
        assert error.value.code == "not_found"


def test_question_is_answered_by_pointing_to_what_stands_there(stage):
    known, row = published(stage), taken(stage)
    actions.point_to_answer(stage.actor("operator"), question_id=row.pk, answer_id=known.pk)
    now = again(row)
    assert (now.state, now.same_as_id) == ("answered", known.pk)
    other = taken(stage, officer="second_operator")
    with pytest.raises(DomainError) as error:
        actions.point_to_answer(stage.actor("second_operator"), question_id=other.pk, answer_id=999_999_999)
    assert (error.value.code, again(other).state) == ("not_found", "taken")


def test_revised_answer_is_found_by_its_new_words_and_a_withdrawn_one_stays_withdrawn(stage):
    row = published(stage)
    said = actions.Published("表格里的空格要去掉", ANSWER)
    actions.revise_answer(stage.actor("operator"), answer_id=row.pk, said=said)
    actor = stage.actor("factory_admin")
    assert (list(search_answers(actor, "空格")), list(search_answers(actor, "不在册"))) == ([row], [])
    with pytest.raises(DomainError):
        actions.revise_answer(stage.actor("riders_admin"), answer_id=row.pk, said=said)
    actions.withdraw_answer(stage.actor("operator"), answer_id=row.pk)
    with pytest.raises(DomainError) as error:
        actions.revise_answer(stage.actor("operator"), answer_id=row.pk, said=said)
    assert error.value.code == "opsdesk_answer_withdrawn"
    with pytest.raises(IntegrityError), transaction.atomic():
        Answer.objects.unscoped("test").filter(pk=row.pk).update(withdrawn_at=None)


def test_search_costs_the_same_for_one_answer_and_three(stage, django_assert_num_queries):
    asked(stage)
    published(stage)
    actor = stage.actor("factory_admin")
    with django_assert_num_queries(1):
        assert len(similar_answers(actor, TITLE)) == 1
    for n in range(2):
        published(stage, f"{TITLE}{n}")
    with django_assert_num_queries(1):
        assert [one.union.name for one in similar_answers(actor, TITLE)] == ["东江市总工会"] * 3
