"""Lists of feedback are held to the console's contract."""

from __future__ import annotations

import itertools

from django.urls import reverse

from gonghui.feedback.actions import write_survey
from gonghui.feedback.models import MetricDefinition, Rating, Survey
from tests.console_contract import ConsoleContract

NUMBERS = itertools.count(9_000)
QUESTIONS = [{"code": "place", "text": "场地怎么样？", "kind": "score"}]


def rated(cast, union: str, person: str) -> Rating:
    return Rating.objects.create(
        union=cast.unions[union], subject_type="activity", subject_id=1, person=cast.people[person],
        voucher_id=next(NUMBERS), score=4, comment="位置好找",
    )  # fmt: skip


def now(row):
    return type(row).objects.unscoped("test").get(pk=row.pk)


class TestRatingScreen(ConsoleContract):
    model = Rating
    sightless = ("judge", "finance_officer")

    def own(self, cast):
        return rated(cast, "city", "mei")

    def foreign(self, cast):
        return rated(cast, "sister", "qiang")

    def more(self, cast, count):
        for _number in range(count):
            rated(cast, "district", "lan")

    def test_comment_is_hidden_with_a_reason_and_shown_again(self, cast, client):
        row = self.own(cast)
        cast.sign_in(client, "city_admin")
        assert "陈小梅" not in client.get(self.at("changelist")).content.decode()
        assert client.post(self.at("hide", row), {"reason": ""}).status_code == 422
        assert now(row).state == "shown"
        assert client.post(self.at("hide", row), {"reason": "写了别人的电话"}).status_code == 302
        assert (now(row).state, now(row).hidden_reason) == ("hidden", "写了别人的电话")
        assert client.post(self.at("show", row)).status_code == 302
        assert now(row).state == "shown"


class TestSurveyScreen(ConsoleContract):
    model = Survey
    sightless = ("judge", "finance_officer")

    def written(self, cast, who: str, union: str, code: str) -> Survey:
        return write_survey(
            cast.actor(who), union=cast.unions[union], code=code, title=f"问卷 {code}", questions=QUESTIONS
        )

    def own(self, cast):
        return self.written(cast, "city_admin", "city", "after")

    def foreign(self, cast):
        return self.written(cast, "sister_admin", "sister", "after")

    def more(self, cast, count):
        for number in range(count):
            self.written(cast, "city_admin", "city", f"more-{number}")

    def test_written_published_and_retired(self, cast, client):
        cast.sign_in(client, "city_admin")
        given = {
            "union": cast.unions["city"].pk,
            "code": "visit",
            "title": "到场问卷",
            "questions": '[{"code": "a"}]',
        }
        wrong = client.post(self.at("add"), given)
        assert "题目 a 没有题干。" in wrong.content.decode()
        assert Survey.objects.unscoped("test").count() == 0
        right = given | {"questions": '[{"code": "a", "text": "好吗？", "kind": "score"}]'}
        assert client.post(self.at("add"), right).status_code == 302
        survey = Survey.objects.unscoped("test").get()
        assert "好吗？" in client.get(self.at("change", survey)).content.decode()
        for verb, state in (("publish", "published"), ("retire", "retired")):
            assert client.post(self.at(verb, survey)).status_code == 302
            assert now(survey).state == state


def test_metric_definitions_are_read_and_never_changed(cast, client):
    row = MetricDefinition.objects.first()
    address = reverse("admin:feedback_metricdefinition_change", args=[row.pk])
    cast.sign_in(client, "city_admin")
    assert row.text in client.get(address).content.decode()
    assert client.post(address, {"at_least": 1}).status_code == 403
    assert MetricDefinition.objects.get(pk=row.pk).at_least == row.at_least
    cast.sign_in(client, "judge")
    assert client.get(address).status_code == 403
