"""After the visit: stars and the short survey, once, and only from those who came."""

from __future__ import annotations

import pytest

from gonghui.activities.actions.visits import survey_code
from gonghui.activities.models import ActivityKind
from gonghui.feedback.actions import ensure_survey
from gonghui.feedback.models import Rating, Response
from gonghui.kit.actors import Actor
from gonghui.portal.tests.programme import DAY, HOUR, new_activity, new_release
from gonghui.portal.tests.test_home import text_of
from gonghui.portal.tests.test_tickets import honour, win

GOOD = {"score": "5", "comment": "船很稳，家人都说好。", "q-place": "5", "q-exchange": "4", "q-again": "愿意"}


@pytest.fixture
def cruise(cast):
    kind = ActivityKind.objects.get(code="leisure")
    ensure_survey(
        Actor.system("test"), union=cast.unions["province"], code=survey_code("leisure"), title="小问卷", questions=kind.questions
    )  # fmt: skip
    return new_release(new_activity(cast.unions["city"]), store=cast.store, party_max=3, starts=[-HOUR])


@pytest.fixture
def used(cast, cruise):
    voucher = win(cast, cruise)
    honour(voucher, cast)
    return voucher


def ratings() -> int:
    return Rating.objects.unscoped("test").count()


def test_rating_asks_the_questions_of_the_kind(client, cast, used):
    text = text_of(cast.sign_in(client, "mei"), f"/tickets/{used.code}/rate")
    for words in (
        "总体感觉怎么样？",
        "景区和线路怎么样？",
        "换票和入场方便吗？",
        "下次还愿意参加吗？",
        "您还想要什么活动？",
    ):
        assert words in text


def test_rating_is_kept_with_its_answers_and_thanked_for(client, cast, used, cruise):
    cast.sign_in(client, "mei")
    path = f"/tickets/{used.code}/rate"
    assert client.post(path, GOOD).headers["Location"] == path
    rating = Rating.objects.unscoped("test").get()
    assert (rating.score, rating.comment, rating.subject_id) == (5, GOOD["comment"], cruise.activity.pk)
    assert Response.objects.unscoped("test").get().answers == {"place": 5, "exchange": 4, "again": "愿意"}
    assert "谢谢您的评价" in text_of(client, path)
    assert "已评价，谢谢您" in text_of(client, f"/tickets/{used.code}")


def test_rating_twice_is_one_rating(client, cast, used):
    cast.sign_in(client, "mei")
    for _ in range(2):
        client.post(f"/tickets/{used.code}/rate", GOOD)
    assert ratings() == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"score": ""}, "请先点星星打分"),
        ({"score": "6"}, "有效"),
        ({"q-place": ""}, "这一题还没有回答"),
        ({"q-again": "随便"}, "有效"),
        ({"comment": "长" * 501}, "500"),
    ],
)
def test_incomplete_rating_is_shown_again_and_nothing_kept(client, cast, used, change, said):
    cast.sign_in(client, "mei")
    response = client.post(f"/tickets/{used.code}/rate", GOOD | change)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert ratings() == 0
    assert Response.objects.unscoped("test").count() == 0


def test_rating_without_coming_is_refused(client, cast, cruise):
    voucher = win(cast, cruise)
    cast.sign_in(client, "mei")
    assert client.get(f"/tickets/{voucher.code}/rate").status_code == 403
    assert client.post(f"/tickets/{voucher.code}/rate", GOOD).status_code == 403
    assert ratings() == 0


def test_message_after_an_activity_leads_to_the_own_ticket(client, cast, used, cruise):
    path = f"/activities/{cruise.activity.pk}/rate"
    assert cast.sign_in(client, "mei").get(path).headers["Location"] == f"/tickets/{used.code}/rate"
    client.logout()
    assert cast.sign_in(client, "lan").get(path).headers["Location"] == f"/activities/{cruise.activity.pk}"


def test_opinions_are_shown_from_ten_answers_on(client, cast):
    activity = new_activity(cast.unions["city"], state="ended")
    new_release(activity, starts=[-2 * DAY])
    path = f"/activities/{activity.pk}/opinions"
    facts = {
        "union": cast.unions["city"],
        "subject_type": "activity",
        "subject_id": activity.pk,
        "person": cast.people["mei"],
    }
    for n in range(9):
        Rating.objects.create(voucher_id=n, score=5, comment="很好", **facts)
    assert text_of(client, path).strip() == ""
    Rating.objects.create(voucher_id=9, score=2, **facts)
    text = text_of(client, path)
    assert "90%" in text
    assert "陈**" in text
    assert f"/activities/{activity.pk}/opinions" in text_of(client, f"/activities/{activity.pk}")
