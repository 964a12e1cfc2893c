"""Reports as staff read them, and the sheet they take away."""

from __future__ import annotations

import io

import openpyxl
import pytest
from django.urls import reverse

from gonghui.activities.actions import plan_year
from gonghui.activities.models import HolidayPeriod, ReadDay
from gonghui.activities.tests.stage import SYSTEM, announced, key, open_at_once
from gonghui.benefits import engine
from gonghui.benefits.engine import Claim
from gonghui.feedback.models import Rating
from gonghui.kit import clock
from gonghui.kit.models import AuditEntry


def told(cast, ratings: int = 1):
    """Announced, read, one ticket out, and rated."""
    activity, session, release = announced(cast)
    open_at_once(release)
    ReadDay.objects.create(activity=activity, day=clock.today(), readers=1234)
    (answer,) = engine.settle_claims(session.pool_id, [Claim(cast.people["mei"].pk, key=key(), seats=2)])
    assert answer.answer == "won"
    for number in range(ratings):
        Rating.objects.create(
            union=activity.union,
            subject_type="activity",
            subject_id=activity.pk,
            person=cast.people["mei"],
            voucher_id=1000 + number,
            score=5,
            comment="陈小梅很满意" if not number else "",
        )
    return activity


def page(name: str, pk: int) -> str:
    return reverse(f"admin:report_{name}", args=[pk])


def figures(response) -> dict[str, str]:
    return {str(tile["label"]): tile["value"] for tile in response.context["tiles"]}


def test_activity_report_shows_figures_charts_sessions_and_masked_comments(cast, client):
    activity = told(cast)
    response = cast.sign_in(client, "city_admin").get(page("activity", activity.pk))
    text = response.content.decode()
    assert response.status_code == 200
    shown = figures(response)
    assert (shown["阅读"], shown["得票"], shown["到场"], shown["人均补贴"]) == ("1,234", "1", "0", "—")
    titles = [str(chart["title"]) for chart in response.context["charts"]]
    assert titles[0] == "从看到到评价" and "每天的阅读" in titles
    assert [(s.taken, s.came) for s in response.context["sessions"]] == [(2, 0)]
    assert "陈**" in text or "陈*" in text
    assert response.context["comments"][0].name != "陈小梅"


@pytest.mark.parametrize(("ratings", "shown"), [(0, "—"), (9, "样本不足"), (10, "100%")])
def test_satisfaction_is_shown_only_on_enough_ratings(cast, client, ratings, shown):
    activity = told(cast, ratings)
    response = cast.sign_in(client, "city_admin").get(page("activity", activity.pk))
    assert figures(response)["满意度"] == shown


def test_unions_with_few_winners_are_not_charted(cast, client):
    activity = told(cast)
    response = cast.sign_in(client, "city_admin").get(page("activity", activity.pk))
    assert "得票会员来自哪里" not in [str(c["title"]) for c in response.context["charts"]]
    assert "江口区总工会" not in response.content.decode()


def test_sheet_opens_with_the_same_figures_and_is_recorded(cast, client):
    activity = told(cast)
    response = cast.sign_in(client, "city_admin").get(page("activity_sheet", activity.pk))
    assert "no-store" in response["Cache-Control"]
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content))).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    heads = next(row for row in rows if "活动" in row)
    line = rows[rows.index(heads) + 1]
    assert (line[heads.index("活动")], line[heads.index("阅读人次")], line[heads.index("得票")]) == (
        "国庆电影专场",
        1234,
        1,
    )
    assert not [cell for row in rows for cell in row if "陈小梅" in str(cell)]
    entry = AuditEntry.objects.unscoped("test").get(op="EXPORT")
    assert (entry.actor_id, entry.after["asked"]) == (cast.users["city_admin"].pk, {"activity": activity.pk})


def test_holiday_report_adds_up_the_actors_own_activities(cast, client):
    plan_year(SYSTEM, year=2026)
    holiday = HolidayPeriod.objects.get(year=2026, code="national_day")
    activity = told(cast)
    type(activity).objects.unscoped("test").filter(pk=activity.pk).update(holiday=holiday)
    response = cast.sign_in(client, "city_admin").get(page("holiday", holiday.pk))
    assert figures(response)["阅读"] == "1,234"
    sister = cast.sign_in(client, "sister_admin").get(page("holiday", holiday.pk))
    assert (sister.status_code, figures(sister)["阅读"]) == (200, "0")
    assert "您的范围内还没有这个节日的活动。" in sister.content.decode()
    assert client.get(page("holiday_sheet", holiday.pk)).status_code == 200
    assert client.get(page("holiday", 999999)).status_code == 404


def test_sister_city_and_outsiders_get_no_report(cast, client):
    activity = told(cast)
    for who, status in (("sister_admin", 404), ("judge", 403), ("mei", 302), ("anonymous", 302)):
        client.logout()
        cast.sign_in(client, who)
        for name in ("activity", "activity_sheet"):
            assert client.get(page(name, activity.pk)).status_code == status, (who, name)


def test_index_lists_what_was_announced_in_scope(cast, client):
    activity = told(cast)
    index = reverse("admin:reports")
    response = cast.sign_in(client, "finance_officer").get(index)
    assert [a.pk for a in response.context["activities"]] == [activity.pk]
    assert "没有名称里带“游船”的活动" in client.get(index, {"q": "游船"}).content.decode()
    assert list(cast.sign_in(client, "sister_admin").get(index).context["activities"]) == []
