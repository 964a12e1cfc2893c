"""Every list of activities is held to the console's contract."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse

from gonghui.activities.actions import plan_year
from gonghui.activities.models import Activity, ActivityKind, HolidayPeriod, Session
from gonghui.activities.tests.stage import SYSTEM, announced, fresh, with_session, written
from gonghui.partners.models import Hall, Partner, Store
from tests.console_contract import ConsoleContract


def foreign_activity(cast) -> Activity:
    return written(cast, "sister_admin", "sister", title="西岭电影专场")


def foreign_session(cast) -> Session:
    partner = Partner.objects.create(
        union=cast.unions["sister"], name="西岭影城", kind="cinema", since=dt.date(2018, 1, 1)
    )
    store = Store.objects.create(partner=partner, name="西岭影城一店")
    Hall.objects.create(store=store, name="1 号厅", seats=100)
    starts_at = dt.datetime.now(dt.UTC) + dt.timedelta(days=3)
    return Session.objects.create(
        activity=foreign_activity(cast),
        store=store,
        label="西岭第一场",
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(hours=2),
        seats=10,
    )


class TestActivityScreen(ConsoleContract):
    model = Activity

    def own(self, cast):
        return written(cast)

    def foreign(self, cast):
        return foreign_activity(cast)

    def more(self, cast, count):
        for number in range(count):
            written(cast, title=f"电影专场{number}")

    def test_found_by_two_characters_and_by_pinyin(self, cast, client):
        row = self.own(cast)
        written(cast, title="湿地公园")
        cast.sign_in(client, "city_admin")
        for question in ("电影", "gqdy", "guoqingdianying"):
            assert self.listed(client, q=question) == [row.pk], question

    def test_add_leads_to_the_guided_page(self, cast, client):
        cast.sign_in(client, "city_admin")
        assert client.get(self.at("add")).url == reverse("admin:activity_new")

    def test_announced_of_a_sister_city_stays_out_of_the_list(self, cast, client):
        activity, _session, _release = announced(cast)
        cast.sign_in(client, "sister_admin")
        assert activity.pk not in self.listed(client)
        assert client.get(self.at("change", activity)).status_code == 404


class TestSessionScreen(ConsoleContract):
    model = Session

    def own(self, cast):
        return with_session(cast, written(cast))

    def foreign(self, cast):
        return foreign_session(cast)

    def more(self, cast, count):
        activity = written(cast, title="更多")
        for number in range(count):
            with_session(cast, activity, day=3 + number)

    def test_called_off_with_a_reason_only(self, cast, client):
        _activity, session, _release = announced(cast)
        cast.sign_in(client, "city_admin")
        assert client.post(self.at("cancel", session), {"reason": ""}).status_code == 422
        assert fresh(session).state == "scheduled"
        assert client.post(self.at("cancel", session), {"reason": "台风停航"}).status_code == 302
        assert (fresh(session).state, fresh(session).cancel_reason) == ("cancelled", "台风停航")


def test_holidays_are_listed_and_dressed_by_the_verb_alone(cast, client):
    plan_year(SYSTEM, year=2026)
    row = HolidayPeriod.objects.get(year=2026, code="national_day")
    cast.sign_in(client, "city_admin")
    assert client.get(reverse("admin:activities_holidayperiod_changelist")).status_code == 200
    address = reverse("admin:activities_holidayperiod_change_holiday", args=[row.pk])
    given = {"theme": "秋日同庆", "colour": "amber", "starts_on": "2026-09-30", "ends_on": "2026-10-08"}
    wrong = client.post(address, given | {"ends_on": "2026-09-30"})
    assert (wrong.status_code, "正日" in wrong.content.decode()) == (422, True)
    assert HolidayPeriod.objects.get(pk=row.pk).theme == row.theme
    assert client.post(address, given).status_code == 302
    now = HolidayPeriod.objects.get(pk=row.pk)
    assert (now.theme, now.colour, now.starts_on) == ("秋日同庆", "amber", dt.date(2026, 9, 30))
    cast.sign_in(client, "judge")
    assert client.get(reverse("admin:activities_holidayperiod_changelist")).status_code == 403
    assert client.post(address, given | {"theme": "别的"}).status_code in {403, 404}
    assert HolidayPeriod.objects.get(pk=row.pk).theme == "秋日同庆"


def test_kinds_are_written_at_the_root_only_and_checked(cast, client):
    row = ActivityKind.objects.get(code="film")
    address = reverse("admin:activities_activitykind_change", args=[row.pk])
    given = {
        "name": "看电影", "icon": "film", "cover": "film", "position": 2,
        "fields": '[{"code": "film", "name": "片名", "kind": "text"}]', "defaults": "{}", "questions": "[]",
    }  # fmt: skip
    cast.sign_in(client, "city_admin")
    assert client.get(address).status_code == 200
    assert client.post(address, given).status_code == 403
    cast.sign_in(client, "province_admin")
    wrong = client.post(address, given | {"fields": '[{"code": "film", "kind": "text"}]'})
    assert "字段 film 没有名称。" in wrong.content.decode()
    assert ActivityKind.objects.get(pk=row.pk).name == "电影"
    assert client.post(address, given).status_code == 302
    assert ActivityKind.objects.get(pk=row.pk).name == "看电影"
