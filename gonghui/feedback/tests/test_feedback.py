"""Surveys in versions, ratings that stay as they were given, and a satisfaction that names its definition."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from gonghui.feedback import actions, queries
from gonghui.feedback.models import MetricDefinition, Rating, Response, Survey
from gonghui.feedback.rules import wrong_answers, wrong_questions
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError

QUESTIONS = [
    {"code": "film", "text": "影片选得怎么样？", "kind": "score", "required": True},
    {"code": "again", "text": "还来吗？", "kind": "choice", "options": ["来", "不来"], "required": True},
    {"code": "liked", "text": "喜欢什么？", "kind": "many", "options": ["片子", "座位", "服务"]},
    {"code": "wish", "text": "还想要什么？", "kind": "text"},
]
ANSWERS = {"film": 5, "again": "来", "liked": ["片子", "服务"], "wish": "多放几场"}
SYSTEM = Actor.system("test")


def refused(verb, /, *args, **kwargs) -> str:
    with pytest.raises(DomainError) as refusal:
        verb(*args, **kwargs)
    return refusal.value.code


def in_use(cast, union: str = "city", questions=QUESTIONS) -> Survey:
    admin = cast.actor("province_admin")
    survey = actions.write_survey(
        admin, union=cast.unions[union], code="after-film", title="观影小问卷", questions=questions
    )
    return actions.publish_survey(admin, survey_id=survey.pk)


def rated(cast, name: str, voucher_id: int, score: int, comment: str = "", subject: int = 7) -> Rating:
    occasion = actions.Occasion("activity", subject, cast.unions["city"].pk, voucher_id=voucher_id)
    return actions.record_rating(cast.actor(name), occasion=occasion, score=score, comment=comment)


# --- Questions and answers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("questions", "says"),
    [
        ([], "问卷要有 1 到 30 个题目。"),
        ([{"code": "a", "text": "x", "kind": "score"}] * 2, "每个题目要有各不相同的代号。"),
        ([{"code": "a", "kind": "score"}], "题目 a 没有题干。"),
        ([{"code": "a", "text": "x", "kind": "mood"}], "题目 a 的题型不对。"),
        ([{"code": "a", "text": "x", "kind": "choice", "options": ["一"]}], "题目 a 至少要有两个选项。"),
    ],
)
def test_wrong_questions_are_named(questions, says):
    assert wrong_questions(questions) == [says]
    assert wrong_questions(QUESTIONS) == []


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        (ANSWERS, []),
        ({"film": 5, "again": "来"}, []),
        ({"film": 5}, ["第 2 题还没有回答。"]),
        ({"film": 6, "again": "来"}, ["第 1 题的回答不对。"]),
        ({"film": True, "again": "来"}, ["第 1 题的回答不对。"]),
        ({"film": 1, "again": "也许"}, ["第 2 题的回答不对。"]),
        ({"film": 1, "again": "来", "liked": ["片子", "片子"]}, ["第 3 题的回答不对。"]),
        ({"film": 1, "again": "来", "liked": [["片子"]]}, ["第 3 题的回答不对。"]),
        ({"film": 1, "again": "来", "wish": "长" * 501}, ["第 4 题的回答不对。"]),
        ({"film": 1, "again": "来", "age": 3}, ["没有这道题：age"]),
    ],
)
def test_wrong_answers_are_named(answers, says):
    assert wrong_answers(QUESTIONS, answers) == says


# --- Surveys ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sister_admin", "finance_officer", "mei", "anonymous"])
def test_survey_is_written_only_by_those_who_may(cast, name):
    facts = {"union": cast.unions["city"], "code": "x", "title": "x", "questions": QUESTIONS}
    assert refused(actions.write_survey, cast.actor(name), **facts) == "not_allowed"
    assert Survey.objects.unscoped("test").count() == 0


def test_draft_survey_is_not_seen_by_members(cast):
    survey = actions.write_survey(
        cast.actor("city_admin"), union=cast.unions["city"], code="x", title="x", questions=QUESTIONS
    )
    for name in ("mei", "sister_admin"):
        assert refused(actions.publish_survey, cast.actor(name), survey_id=survey.pk) == "not_found"


def test_new_version_takes_the_place_of_the_old(cast):
    first, second = in_use(cast), in_use(cast)
    versions = Survey.objects.unscoped("test").order_by("version").values_list("version", "state")
    assert list(versions) == [(1, "retired"), (2, "published")]
    assert queries.survey_in_use("after-film", cast.unions["factory"].path).pk == second.pk
    assert refused(actions.publish_survey, cast.actor("city_admin"), survey_id=first.pk) == "illegal_move"


def test_nearest_union_decides_which_survey(cast):
    province, city = in_use(cast, "province"), in_use(cast, "city")
    assert queries.survey_in_use("after-film", cast.unions["factory"].path).pk == city.pk
    assert queries.survey_in_use("after-film", cast.unions["riders"].path).pk == province.pk
    assert queries.survey_in_use("after-sport", cast.unions["riders"].path) is None


def test_published_questions_never_change(cast):
    survey = in_use(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        Survey.objects.unscoped("test").filter(pk=survey.pk).update(questions=[])


def test_unchanged_questions_make_no_new_version(cast):
    facts = {"union": cast.unions["province"], "code": "after-film", "title": "x"}
    first = actions.ensure_survey(SYSTEM, questions=QUESTIONS, **facts)
    assert actions.ensure_survey(SYSTEM, questions=QUESTIONS, **facts).pk == first.pk
    assert actions.ensure_survey(SYSTEM, questions=QUESTIONS[:1], **facts).version == 2


def test_survey_is_answered_once_and_stays(cast):
    survey = in_use(cast)
    facts = {"survey_id": survey.pk, "subject_type": "activity", "subject_id": 7, "answers": ANSWERS}
    mei = cast.actor("mei")
    response = actions.answer_survey(mei, **facts)
    assert refused(actions.answer_survey, mei, **facts) == "already_answered"
    assert refused(actions.answer_survey, cast.actor("anonymous"), **facts) == "sign_in_first"
    with pytest.raises(IntegrityError), transaction.atomic():
        Response.objects.unscoped("test").filter(pk=response.pk).update(answers={})
    tally = queries.answer_tally(survey, "activity", [7])
    assert {code: dict(given) for code, given in tally.items()} == {
        "film": {5: 1},
        "again": {"来": 1},
        "liked": {"片子": 1, "服务": 1},
        "wish": {"text": 1},
    }


def test_retired_survey_takes_no_answers(cast):
    survey = in_use(cast)
    actions.retire_survey(cast.actor("city_admin"), survey_id=survey.pk)
    facts = {"survey_id": survey.pk, "subject_type": "activity", "subject_id": 7, "answers": ANSWERS}
    assert refused(actions.answer_survey, cast.actor("city_admin"), **facts) == "sign_in_first"
    assert refused(actions.answer_survey, cast.actor("mei"), **facts) == "not_found"


# --- Ratings ------------------------------------------------------------------------------------------------


def test_ticket_is_rated_once(cast):
    rated(cast, "mei", 1, 5, " 很好看 ")
    assert refused(rated, cast, "mei", 1, 1) == "already_rated"
    found = Rating.objects.unscoped("test").get()
    assert (found.score, found.comment, found.state) == (5, "很好看", "shown")


@pytest.mark.parametrize(("score", "code"), [(0, "bad_input"), (6, "bad_input")])
def test_score_is_one_to_five(cast, score, code):
    assert refused(rated, cast, "mei", 1, score) == code
    assert Rating.objects.unscoped("test").count() == 0


def test_comment_has_five_hundred_characters_at_most(cast):
    assert refused(rated, cast, "mei", 1, 5, "长" * 501) == "comment_too_long"
    assert len(rated(cast, "mei", 1, 5, "长" * 500).comment) == 500


def test_what_a_member_said_never_changes(cast):
    rating = rated(cast, "mei", 1, 5)
    with pytest.raises(IntegrityError), transaction.atomic():
        Rating.objects.unscoped("test").filter(pk=rating.pk).update(score=1)


def test_hidden_rating_needs_a_reason_and_goes_on_counting(cast):
    rating = rated(cast, "mei", 1, 1, "骂人的话")
    admin = cast.actor("city_admin")
    assert refused(actions.hide_rating, admin, rating_id=rating.pk, reason=" ") == "bad_input"
    actions.hide_rating(admin, rating_id=rating.pk, reason="辱骂")
    assert queries.shown_comments("activity", 7) == []
    assert queries.satisfaction_of("activity", [7])[7].answers == 1
    actions.show_rating(admin, rating_id=rating.pk)
    assert [c.text for c in queries.shown_comments("activity", 7)] == ["骂人的话"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("finance_officer", "not_found"),
        ("sister_admin", "not_found"),
        ("mei", "not_allowed"),
        ("lan", "not_found"),
    ],
)
def test_rating_is_moderated_only_by_those_who_may(cast, name, code):
    rating = rated(cast, "mei", 1, 1, "x")
    assert refused(actions.hide_rating, cast.actor(name), rating_id=rating.pk, reason="x") == code
    assert Rating.objects.unscoped("test").get().state == "shown"


def test_comments_are_shown_under_masked_names(cast):
    rated(cast, "mei", 1, 5, "好")
    assert [(c.name, c.score) for c in queries.shown_comments("activity", 7)] == [("陈**", 5)]


# --- Satisfaction -------------------------------------------------------------------------------------------


def given(cast, scores: list[int], subject: int = 7) -> None:
    start = Rating.objects.unscoped("test").count()
    Rating.objects.bulk_create(
        Rating(
            union=cast.unions["city"],
            subject_type="activity",
            subject_id=subject,
            person=cast.people["mei"],
            voucher_id=start + n,
            score=score,
        )
        for n, score in enumerate(scores)
    )


def test_satisfaction_is_the_share_of_four_and_five(cast):
    given(cast, [5] * 90 + [4] * 9 + [3])
    found = queries.satisfaction_of("activity", [7])[7]
    assert (found.answers, found.satisfied, found.share, found.is_enough) == (100, 99, 0.99, True)
    assert found.mean == Decimal("4.89")
    assert found.definition == "评 4 分及以上的人数占全部评价人数的比例（满意度 v1）"


def test_satisfaction_says_when_the_sample_is_small(cast):
    given(cast, [5] * 9)
    assert queries.satisfaction_of("activity", [7])[7].is_enough is False
    given(cast, [5])
    assert queries.satisfaction_of("activity", [7])[7].is_enough is True


def test_satisfaction_without_answers_is_none(db):
    found = queries.satisfaction_of("activity", [7])[7]
    assert (found.answers, found.share, found.mean, found.is_enough) == (0, None, None, False)


def test_satisfaction_follows_the_definition_in_force(cast):
    given(cast, [5] * 5 + [4] * 5)
    MetricDefinition.objects.create(
        code="satisfaction", version=2, name="满意度", text="只计 5 分", at_least=5, answers_min=10
    )
    found = queries.satisfaction_of("activity", [7])[7]
    assert (found.share, found.definition) == (0.5, "只计 5 分（满意度 v2）")


def test_satisfaction_takes_two_queries_however_many(cast, django_assert_num_queries):
    for subjects in ([1], [1, 2, 3]):
        with django_assert_num_queries(2):
            queries.satisfaction_of("activity", subjects)


def test_scores_are_counted_from_one_to_five(cast):
    given(cast, [5, 5, 2])
    assert queries.score_counts("activity", [7]) == {1: 0, 2: 1, 3: 0, 4: 0, 5: 2}


def test_summed_satisfaction_weighs_answers(cast):
    given(cast, [5] * 9 + [1], subject=1)
    given(cast, [5] * 90, subject=2)
    total = queries.summed(queries.satisfaction_of("activity", [1, 2]).values())
    assert (total.answers, total.share) == (100, 0.99)
    assert queries.summed([]) is None


@pytest.mark.parametrize("facts", [{}, {"voucher_id": 1, "bill_id": 1}])
def test_rating_is_of_one_ticket_or_one_bill(cast, facts):
    occasion = actions.Occasion("store", 7, cast.unions["city"].pk, **facts)
    with pytest.raises(IntegrityError, match="feedback_rating_of_one_thing"), transaction.atomic():
        actions.record_rating(cast.actor("mei"), occasion=occasion, score=5)
    assert Rating.objects.unscoped("test").count() == 0
