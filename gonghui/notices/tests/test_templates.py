"""Templates: written by one, reviewed by another, never changed after."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from gonghui.kit.errors import DomainError
from gonghui.notices.actions.templates import (
    approve_template,
    change_template,
    draft_template,
    refuse_template,
    retire_template,
    revise_template,
    submit_template,
)
from gonghui.notices.models import Template
from gonghui.notices.previews import sample_of
from gonghui.notices.tests.stage import WORDS, a_template
from gonghui.notices.words import sms_parts, unknown_placeholders, wechat_value

pytestmark = pytest.mark.django_db


def drafted(cast, who="city_admin", **words) -> Template:
    return draft_template(cast.actor(who), union_id=cast.unions["city"].pk, words=WORDS | words)


def refused(verb, actor, **facts) -> str:
    with pytest.raises(DomainError) as caught:
        verb(actor, **facts)
    return caught.value.code


def fresh(row: Template) -> Template:
    return Template.objects.unscoped("test").get(pk=row.pk)


def test_template_is_used_after_another_reviewed_it(cast):
    row = drafted(cast)
    submit_template(cast.actor("city_admin"), template_id=row.pk)
    assert refused(approve_template, cast.actor("city_admin"), template_id=row.pk) == "template_by_two"
    assert fresh(row).state == "submitted"
    approve_template(cast.actor("province_admin"), template_id=row.pk)
    assert (fresh(row).state, fresh(row).checker_id) == ("approved", cast.users["province_admin"].pk)


def test_template_that_was_sent_back_says_why_and_goes_on_as_a_new_version(cast):
    row = drafted(cast)
    submit_template(cast.actor("city_admin"), template_id=row.pk)
    refuse_template(cast.actor("province_admin"), template_id=row.pk, reason="时间写错了")
    assert (fresh(row).state, fresh(row).answer) == ("refused", "时间写错了")
    again = revise_template(cast.actor("city_admin"), template_id=row.pk)
    assert (again.series, again.version, again.state, again.title) == (row.series, 2, "draft", row.title)
    assert revise_template(cast.actor("city_admin"), template_id=row.pk).pk == again.pk


def test_new_version_retires_the_one_before_when_it_is_approved(cast):
    first = a_template(cast)
    second = revise_template(cast.actor("city_admin"), template_id=first.pk)
    change_template(cast.actor("city_admin"), template_id=second.pk, words=WORDS | {"title": "新标题"})
    assert (fresh(first).state, fresh(first).title) == ("approved", WORDS["title"])
    submit_template(cast.actor("city_admin"), template_id=second.pk)
    approve_template(cast.actor("province_admin"), template_id=second.pk)
    assert [fresh(row).state for row in (first, second)] == ["retired", "approved"]


def test_template_begins_as_a_draft_in_the_database(cast):
    maker, checker = cast.users["city_admin"], cast.users["province_admin"]
    for facts in ({"state": "approved", "checker": checker}, {"checker": checker}, {"state": "submitted"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Template.objects.create(
                union=cast.unions["city"], name="x", title="x", body="x", maker=maker, **facts
            )
    assert Template.objects.unscoped("test").count() == 0


def test_words_stay_as_they_were_reviewed(cast):
    row = a_template(cast)
    assert (
        refused(change_template, cast.actor("city_admin"), template_id=row.pk, words=WORDS)
        == "template_moved"
    )
    tries = [
        "UPDATE notices_template SET title = 'x'",
        "UPDATE notices_template SET state = 'draft'",
        "UPDATE notices_template SET checker_id = maker_id",
        "UPDATE notices_template SET checker_id = NULL",
        "DELETE FROM notices_template",
    ]
    for sql in tries:
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    assert (fresh(row).title, fresh(row).state) == (WORDS["title"], "approved")
    retire_template(cast.actor("city_admin"), template_id=row.pk)
    assert fresh(row).state == "retired"


def test_maker_is_never_the_checker_by_the_database_too(cast):
    row = drafted(cast)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE notices_template SET state = 'submitted', checker_id = maker_id")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE notices_template SET state = 'approved'")
    assert fresh(row).state == "draft"


@pytest.mark.parametrize("who", ["sister_admin", "finance_officer", "judge", "mei", "stranger", "anonymous"])
def test_template_is_moved_by_those_of_its_union_only(cast, who):
    row = drafted(cast)
    for verb in (submit_template, approve_template, revise_template, retire_template):
        assert refused(verb, cast.actor(who), template_id=row.pk) in ("not_found", "not_allowed")
    assert refused(draft_template, cast.actor(who), union_id=cast.unions["city"].pk, words=WORDS) in (
        "not_found",
        "not_allowed",
    )
    assert (fresh(row).state, Template.objects.unscoped("test").count()) == ("draft", 1)


@pytest.mark.parametrize(
    "words",
    [
        {"kind": "security"},
        {"title": "{phone} 您好"},
        {"body": "{name} 您好，{id_no}"},
        {"body": "少一半 {name"},
        {"body": "{link}"},
        {"sms_text": "长" * 290},
        {"sms_signature": ""},
        {"sms_signature": "【东江】"},
        {"sms_text": "【东江】您好"},
        {"wechat_template": "短"},
        {"wechat_template": ""},
        {"wechat_fields": {}},
        {"wechat_fields": {"title": "x"}},
        {"wechat_fields": {"thing1": "长" * 21}},
        {"wechat_fields": {"thing1": " "}},
        {"wechat_fields": {f"thing{n}": "x" for n in range(8)}},
        {"wechat_fields": {"thing1": "{age}"}},
    ],
)
def test_words_that_cannot_be_sent_are_refused(cast, words):
    actor = cast.actor("city_admin")
    code = refused(draft_template, actor, union_id=cast.unions["city"].pk, words=WORDS | words)
    assert (code, Template.objects.unscoped("test").count()) == ("template_words", 0)


@pytest.mark.parametrize(
    ("length", "parts"), [(1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (202, 4)]
)
def test_sms_is_counted_in_parts_of_70_and_67(length, parts):
    assert sms_parts("字" * length) == parts


def test_character_beyond_the_basic_plane_counts_twice():
    assert [sms_parts("𠮷" * count) for count in (35, 36)] == [1, 2]


def test_placeholders_of_ours_only():
    assert unknown_placeholders("{name}{union}{today}") == []
    assert unknown_placeholders("{link}", with_link=True) == []
    assert unknown_placeholders("{link}{x}{}}") == ["{link}", "{x}", "{}", "}"]


def test_long_value_is_cut_to_what_wechat_takes():
    assert wechat_value("name3", "阿卜杜热合曼·买买提明江") == "阿卜杜热合曼·买买…"
    assert wechat_value("thing1", "短") == "短"


def test_sample_reads_as_it_will_be_sent_with_the_name_masked(cast):
    sample = sample_of(a_template(cast), cast.people["mei"])
    assert sample.title == "陈**，国庆游船今晚开抢" or sample.title.startswith("陈")
    assert "陈小梅" not in repr(sample)
    assert "蓝海机械厂工会的陈" in sample.body
    assert sample.sms.startswith("【东江工会】陈")
    assert (sample.sms_parts, sample.card["time2"]) == (2, "2026-10-01 20:00")
