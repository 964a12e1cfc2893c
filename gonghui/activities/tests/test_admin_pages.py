"""The guided pages and the activity's own page, as staff use them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from gonghui.activities.models import Activity, Session
from gonghui.activities.tests.stage import announced, fresh, planned, reviewed, with_session, written
from gonghui.benefits.models import Offer, Pool, Release
from gonghui.kit import clock
from gonghui.kit.models import AuditEntry
from gonghui.partners.models import Store

NEW = "/console/activities/new"


def day(ahead: int) -> dt.date:
    return clock.today() + dt.timedelta(days=ahead)


def at(ahead: int, hour: int = 9) -> str:
    return f"{day(ahead).isoformat()}T{hour:02d}:00"


def plan(cast, **changes) -> dict:
    """A film, four evenings in one hall, opened in two stages."""
    given = {
        "union": cast.unions["city"].pk,
        "kind": "film",
        "title": "国庆电影专场",
        "summary": "两天四场",
        "of_film_film": "望海",
        "of_film_length_min": "118",
        "places": [f"h{cast.hall.pk}"],
        f"seats-h{cast.hall.pk}": "300",
        "day_from": day(5).isoformat(),
        "day_to": day(8).isoformat(),
        "weekdays": list("0123456"),
        "from_1": "19:30",
        "until_1": "21:00",
        "mode": "grab",
        "verified_only": "on",
        "per_person": "1",
        "party_max": "3",
        "opens_1": at(1),
        "opens_2": at(2),
        "cancel_hours": "24",
        "pays_merchant": "10",
        "pays_union": "26.50",
        "pays_worker": "4",
        "usage": "请提前 15 分钟到场",
    }
    return {k: v for k, v in (given | changes).items() if v is not None}


def counts() -> tuple[int, ...]:
    return tuple(m.objects.unscoped("test").count() for m in (Activity, Offer, Session, Release, Pool))


def as_staff(cast, client, who: str = "city_admin"):
    return cast.sign_in(client, who)


def page_of(activity: Activity) -> str:
    return reverse("admin:activities_activity_change", args=[activity.pk])


def test_one_page_makes_activity_sessions_and_staged_releases(cast, client):
    response = as_staff(cast, client).post(NEW, plan(cast))
    activity = Activity.objects.unscoped("test").select_related("offer").get()
    assert (response.status_code, response.url) == (302, page_of(activity))
    assert (activity.state, activity.maker_id) == ("draft", cast.users["city_admin"].pk)
    assert activity.details == {"film": "望海", "length_min": 118}
    offer = activity.offer
    assert (offer.merchant_fen, offer.union_fen, offer.worker_fen, offer.list_price_fen) == (
        1000,
        2650,
        400,
        4050,
    )
    assert offer.terms == "请提前 15 分钟到场"
    releases = list(Release.objects.unscoped("test").order_by("opens_at"))
    assert [r.title for r in releases] == ["国庆电影专场（第 1 批）", "国庆电影专场（第 2 批）"]
    assert [sorted(p.capacity for p in r.pools.all()) for r in releases] == [[300, 300], [300, 300]]
    first = [s for s in activity.sessions.all() if s.pool.release_id == releases[0].pk]
    assert {s.starts_at.astimezone(clock.CHINA).date() for s in first} == {day(5), day(6)}
    assert releases[0].cancel_until == min(s.starts_at for s in first) - dt.timedelta(hours=24)
    assert releases[0].closes_at == max(s.starts_at for s in first)
    entry = AuditEntry.objects.unscoped("test").get(table_name="activities_activity", op="INSERT")
    assert entry.actor_id == cast.users["city_admin"].pk


def test_preview_lists_sessions_and_cost_and_saves_nothing(cast, client):
    before = counts()
    response = as_staff(cast, client).post(NEW, plan(cast), headers={"X-Preview": "1"})
    text = response.content.decode()
    assert response.status_code == 200
    assert response.context["slots_count"] == 4
    assert (response.context["seats_total"], response.context["budget_fen"]) == (1200, 1200 * 2650)
    assert "31,800 元" in text
    assert counts() == before


def test_preview_button_without_script_answers_with_the_whole_page(cast, client):
    before = counts()
    response = as_staff(cast, client).post(NEW, plan(cast, preview="1"))
    assert response.status_code == 200
    assert (response.context["slots_count"], response.context["form"]["title"].value()) == (4, "国庆电影专场")
    assert counts() == before


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"title": ""}, "title", "请填写这一项。"),
        ({"of_film_film": ""}, "of_film_film", "请填写“片名”。"),
        ({"of_film_length_min": "很长"}, "of_film_length_min", "“片长（分钟）”要填整数。"),
        ({"places": None}, "places", "请至少选择一个地点。"),
        ({"day_from": day(-1).isoformat()}, "day_from", "这一天已经过去。"),
        ({"day_to": day(3).isoformat()}, "day_to", "最后一天早于第一天。"),
        ({"until_1": ""}, "until_1", "开始和结束都要填。"),
        ({"until_1": "19:30"}, "until_1", "结束时间和开始时间一样。"),
        ({"from_1": "", "until_1": ""}, "from_1", "请填写每天第一场的开始和结束时间。"),
        ({"opens_1": at(-1)}, "opens_1", "这个时间已经过去。"),
        ({"opens_2": at(1, 8)}, "opens_2", "要晚于上一批的开放时间。"),
        ({"opens_2": at(9)}, "opens_2", "就开始了。"),
        ({"announce_at": at(3)}, "announce_at", "预告要在开放之前。"),
        ({"mode": "draw"}, "closes_at", "抽签要填报名截止时间"),
        ({"closes_at": at(1, 8)}, "closes_at", "截止要在开放之后。"),
        ({"cancel_hours": "240"}, "cancel_hours", "还没开放就停止退票了"),
        ({"pays_union": "很多"}, "pays_union", "输入一个数字。"),
        ({"pays_union": "-1"}, "pays_union", "大于或等于"),
    ],
)  # fmt: skip
def test_each_mistake_stands_beside_its_field_and_nothing_is_saved(cast, client, changes, field, words):
    before = counts()
    response = as_staff(cast, client).post(NEW, plan(cast, **changes))
    assert response.status_code == 422
    assert words in str(response.context["form"].errors[field])
    assert counts() == before


def test_seats_beyond_the_hall_are_refused_by_name(cast, client):
    response = as_staff(cast, client).post(NEW, plan(cast, **{f"seats-h{cast.hall.pk}": "381"}))
    assert "“珠岛游船码头 观光船”只有 380 座。" in str(response.context["form"].errors["places"])


@pytest.mark.parametrize("typed", ["0", "100001", "9" * 5000, "²", "-1", "x"])
def test_seats_that_are_no_number_of_seats_are_asked_for_again(cast, client, typed):
    before = counts()
    response = as_staff(cast, client).post(NEW, plan(cast, **{f"seats-h{cast.hall.pk}": typed}))
    assert response.status_code == 422
    assert "请填写“珠岛游船码头 观光船”每场的名额。" in str(response.context["form"].errors["places"])
    assert counts() == before


def test_store_without_halls_asks_for_its_number(cast, client):
    park = Store.objects.create(partner=cast.store.partner, name="湿地公园")
    place = {"places": [f"s{park.pk}"]}
    response = as_staff(cast, client).post(NEW, plan(cast, **place))
    assert "请填写“湿地公园”每场的名额。" in str(response.context["form"].errors["places"])
    client.post(NEW, plan(cast, **place, **{f"seats-s{park.pk}": "1000"}))
    assert {s.seats for s in Session.objects.unscoped("test")} == {1000}


def test_hall_held_by_another_activity_is_refused_whole(cast, client):
    as_staff(cast, client).post(NEW, plan(cast))
    before = counts()
    response = client.post(NEW, plan(cast, title="另一场"))
    assert response.status_code == 422
    assert "这个厅在这段时间已经有别的场次" in str(response.context["form"].errors["places"])
    assert response.context["slots_count"] == len(response.context["taken"]) == 4
    assert counts() == before


def test_foreign_union_and_audience_are_not_choices(cast, client):
    before = counts()
    response = as_staff(cast, client).post(NEW, plan(cast, union=cast.unions["sister"].pk))
    assert "union" in response.context["form"].errors
    response = client.post(NEW, plan(cast, audience_union=cast.unions["riders"].pk))
    assert "audience_union" in response.context["form"].errors
    assert counts() == before


def test_places_of_a_sister_city_are_not_offered_and_those_of_the_city_are_to_its_district(cast):
    from gonghui.activities.places import place_choices

    assert [p.name for p in place_choices(cast.actor("city_admin"))] == ["珠岛游船码头 观光船"]
    assert place_choices(cast.actor("sister_admin")) == []


@pytest.mark.parametrize("who", ["finance_officer", "judge"])
def test_who_may_not_write_is_refused_the_guided_page(cast, client, who):
    before = counts()
    as_staff(cast, client, who)
    assert client.get(NEW).status_code == 403
    assert client.post(NEW, plan(cast)).status_code == 403
    assert counts() == before


def test_members_are_sent_to_sign_in(cast, client):
    cast.sign_in(client, "mei")
    assert client.get(NEW).status_code == 302


def test_draft_is_mended_by_the_same_questions(cast, client):
    activity = written(cast)
    address = reverse("admin:activity_text", args=[activity.pk])
    page = as_staff(cast, client).get(address)
    assert 'value="26"' in page.content.decode()
    given = plan(cast, title="改过的名字", pays_union="30")
    assert client.post(address, given).status_code == 302
    now = Activity.objects.unscoped("test").select_related("offer").get(pk=activity.pk)
    assert (now.title, now.offer.union_fen, now.offer.list_price_fen) == ("改过的名字", 3000, 4400)


def test_reviewed_activity_is_not_mended(cast, client):
    activity, _session, _release = reviewed(cast)
    address = reverse("admin:activity_text", args=[activity.pk])
    assert as_staff(cast, client).post(address, plan(cast, title="改过的名字")).url == page_of(activity)
    assert fresh(activity).title == "国庆电影专场"


def test_foreign_activity_has_no_guided_pages(cast, client):
    activity = written(cast)
    as_staff(cast, client, "sister_admin")
    for name in ("activity_text", "activity_sessions", "activity_live"):
        assert client.get(reverse(f"admin:{name}", args=[activity.pk])).status_code == 404


def test_more_sessions_come_with_an_opening_of_their_own(cast, client):
    activity, _session, first = announced(cast)
    address = reverse("admin:activity_sessions", args=[activity.pk])
    assert as_staff(cast, client).get(address).status_code == 200
    assert client.post(address, plan(cast, opens_2=None)).status_code == 302
    releases = Release.objects.unscoped("test").exclude(pk=first.pk)
    assert [(r.state, r.pools.count()) for r in releases] == [("draft", 4)]


# --- The activity's own page


def test_page_shows_state_sessions_releases_and_costs(cast, client):
    activity, session, release = announced(cast, seats=7)
    response = as_staff(cast, client).get(page_of(activity))
    text = response.content.decode()
    assert response.status_code == 200
    assert (response.context["places"], response.context["taken"]) == (7, 0)
    assert [line.remaining for line in response.context["sessions"]] == [7]
    assert session.label in text and release.title in text and "26 元" in text and "望海" in text


def test_query_count_of_the_page_does_not_grow_with_sessions(cast, client, django_assert_max_num_queries):
    activity = written(cast)
    as_staff(cast, client)
    for number in range(2, 8):
        with_session(cast, activity, day=number)
    with django_assert_max_num_queries(32):
        assert client.get(page_of(activity)).status_code == 200


def test_maker_is_told_that_another_must_review(cast, client):
    activity = written(cast)
    session = with_session(cast, activity)
    planned(cast, activity, [session])
    as_staff(cast, client)
    assert "您是经办人，不能复核自己写的内容" in client.get(page_of(activity)).content.decode()
    refused = client.post(reverse("admin:activities_activity_review", args=[activity.pk]))
    assert refused.status_code == 422
    assert "经办人不能复核自己写的内容" in refused.content.decode()
    assert fresh(activity).state == "draft"


def test_road_from_review_to_announcement_by_the_buttons(cast, client):
    activity = written(cast)
    release = planned(cast, activity, [with_session(cast, activity)])
    as_staff(cast, client, "province_admin")
    assert client.post(reverse("admin:activities_activity_review", args=[activity.pk])).status_code == 302
    assert client.post(reverse("admin:activities_activity_announce", args=[activity.pk])).status_code == 302
    assert (fresh(activity).state, fresh(release).state) == ("announced", "announced")


def test_release_opened_early_from_the_activity_returns_there(cast, client):
    activity, _session, release = announced(cast)
    as_staff(cast, client)
    address = reverse("admin:benefits_release_open", args=[release.pk]) + f"?back={page_of(activity)}"
    assert address in client.get(page_of(activity)).content.decode()
    assert client.post(address, {"reason": ""}).status_code == 422
    assert fresh(release).state == "announced"
    response = client.post(address, {"reason": "会员已到现场"})
    assert (response.status_code, response.url) == (302, page_of(activity))
    assert fresh(release).state == "open"


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/console/", "/sign-out"])
def test_verbs_come_back_only_to_pages_of_the_console(cast, client, back):
    _activity, _session, release = announced(cast)
    as_staff(cast, client)
    address = reverse("admin:benefits_release_open", args=[release.pk])
    response = client.post(f"{address}?back={back}", {"reason": "会员已到现场"})
    assert response.url == reverse("admin:benefits_release_change", args=[release.pk])


def test_live_table_is_a_fragment_with_what_is_left(cast, client):
    activity, session, _release = announced(cast, seats=5)
    as_staff(cast, client)
    response = client.get(reverse("admin:activity_live", args=[activity.pk]))
    assert (response.status_code, b"<html" in response.content) == (200, False)
    assert session.label in response.content.decode()


def test_dashboard_names_what_waits_and_what_opens(cast, client):
    activity = written(cast)
    planned(cast, activity, [with_session(cast, activity)])
    _activity, _session, release = announced(cast)
    as_staff(cast, client, "province_admin")
    response = client.get(reverse("admin:index"))
    waiting = {str(f.title): f.value for f in response.context["waiting"]}
    assert waiting["活动待复核"] == 1
    assert f"开放：{release.title}" in [c.title for c in response.context["coming"]]
    own = as_staff(cast, client).get(reverse("admin:index"))
    assert "活动待复核" not in {str(f.title) for f in own.context["waiting"]}
