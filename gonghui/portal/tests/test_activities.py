"""The list by holiday and kind, and one activity's page."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
from django.utils import timezone

from gonghui.activities.actions import count_reads
from gonghui.activities.models import ActivityKind, HolidayPeriod, Like, Read
from gonghui.benefits.actions.claims import claim
from gonghui.benefits.models import Reminder
from gonghui.kit.actors import Actor
from gonghui.kit.tests.shelves import forget_kept
from gonghui.members.models import WorkerGroup
from gonghui.portal.offerings import terms_of
from gonghui.portal.rules import said_for, said_when
from gonghui.portal.tests.programme import DAY, HOUR, new_activity, new_release
from gonghui.portal.tests.test_home import QUERIES_MAX, queries_of, text_of

CHINA = dt.timezone(dt.timedelta(hours=8))


@pytest.fixture
def festival(db) -> HolidayPeriod:
    day = timezone.localdate() + dt.timedelta(days=8)
    return HolidayPeriod.objects.create(
        year=day.year,
        code="national_day",
        name="国庆节",
        date=day,
        starts_on=day,
        ends_on=day,
        theme="同庆国庆",
    )


@pytest.fixture
def programme(cast, festival):
    """A film for the holiday, a walk without one."""
    film = new_activity(
        cast.unions["city"], title="国庆影院", kind="film", holiday=festival, summary="三个影厅"
    )
    walk = new_activity(cast.unions["city"], title="湿地健步走", kind="sport")
    new_release(film, store=cast.store)
    new_release(walk, opens_in=HOUR)
    return film, walk


# --- The list -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"国庆影院", "湿地健步走"}),
        ("?kind=film", {"国庆影院"}),
        ("?kind=sport", {"湿地健步走"}),
        ("?q=影院", {"国庆影院"}),
        ("?q=影厅", {"国庆影院"}),
        ("?q=码头", {"国庆影院"}),
        ("?q=东江市", {"国庆影院", "湿地健步走"}),
        ("?q=湿", {"国庆影院", "湿地健步走"}),
        ("?q=龙舟", set()),
        ("?holiday=99999999999999", set()),
        ("?holiday=9999999999999999999", {"国庆影院", "湿地健步走"}),
        ("?page=x", {"国庆影院", "湿地健步走"}),
    ],
)
def test_list_shows_what_was_asked_for(client, programme, query, shown):
    text = text_of(client, f"/activities{query}")
    assert {title for title in ("国庆影院", "湿地健步走") if f">{title}<" in text} == shown


def test_list_of_a_holiday_names_its_theme(client, programme, festival):
    text = text_of(client, f"/activities?holiday={festival.pk}")
    assert "同庆国庆" in text
    assert ">湿地健步走<" not in text


def test_search_by_one_character_asks_for_two(client, programme):
    assert "请至少输入两个字" in text_of(client, "/activities?q=湿")


def test_search_without_a_find_says_so_and_shows_the_way(client, programme):
    text = text_of(client, "/activities?q=龙舟")
    assert "没有找到“龙舟”" in text
    assert 'href="/activities"' in text


def test_search_words_cannot_write_the_page(client, programme):
    assert "<script>alert" not in text_of(client, "/activities?q=<script>alert(1)</script>")


def test_filters_keep_each_other(client, programme, festival):
    text = text_of(client, f"/activities?holiday={festival.pk}&kind=film")
    assert f"/activities?holiday={festival.pk}&amp;kind=sport" in text


def test_list_with_a_slash_is_the_same_page(client, programme):
    assert client.get("/activities/").status_code == 200


def test_list_turns_pages(client, cast):
    for n in range(13):
        new_activity(cast.unions["city"], title=f"第{n:02}场")
    assert "第 1–12 项，共 13 项" in text_of(client, "/activities")
    assert text_of(client, "/activities?page=2").count('class="activity ') == 1


@pytest.mark.parametrize("rows", [1, 3])
def test_list_asks_few_questions(client, cast, rows, django_assert_max_num_queries):
    for n in range(rows):
        new_release(new_activity(cast.unions["city"], title=f"活动{n}"), store=cast.store)
    cast.sign_in(client, "mei")
    assert queries_of(client, "/activities", django_assert_max_num_queries) <= QUERIES_MAX


# --- One activity -------------------------------------------------------------------------------------------


def test_page_says_what_when_where_how_much_and_by_which_rules(client, cast, festival):
    activity = new_activity(
        cast.unions["city"],
        title="国庆影院",
        kind="film",
        holiday=festival,
        body="片名两部。",
        details={"film": "我和我的岗位", "length_min": 118},
        partner=cast.store.partner,
        list_price_fen=4500,
        worker_fen=500,
    )
    new_release(activity, opens_in=HOUR, store=cast.store, party_max=3, names_required=True)
    text = text_of(client, f"/activities/{activity.pk}")
    for said in (
        "我和我的岗位", "118", "5 元", "原价 45 元", "珠岛游船码头", "滨江路 1 号", "东江市总工会", "珠岛游船公司",
        "先到先得。抢完后可以排候补", "东江市总工会及下属工会的会员，须已实名认证。",
        "每人限领 1 次，每次最多 3 人（含本人），同行人要填写与证件一致的姓名。", "最晚可退到", "去等候页",
    ):  # fmt: skip
        assert said in text, said


def test_staged_releases_are_told_apart(client, cast):
    activity = new_activity(cast.unions["city"])
    new_release(activity, starts=[2 * DAY])
    later = new_release(activity, opens_in=DAY, starts=[5 * DAY])
    text = text_of(client, f"/activities/{activity.pk}")
    assert "第 1 批" in text
    assert "第 2 批" in text
    assert f"release-{later.release.pk}" in text
    assert text.count("先到先得") == 1


def test_cancelled_session_is_struck_out(client, cast):
    made = new_release(new_activity(cast.unions["city"]), starts=[2 * DAY, 3 * DAY])
    made.sessions[0].state, made.sessions[0].cancel_reason = "cancelled", "台风"
    made.sessions[0].save()
    text = text_of(client, f"/activities/{made.activity.pk}")
    assert text.count('class="session off"') == 1


@pytest.mark.parametrize("state", ["draft", "reviewed"])
def test_page_of_what_is_not_announced_is_not_found(client, cast, state):
    activity = new_activity(cast.unions["city"], state=state)
    assert cast.sign_in(client, "mei").get(f"/activities/{activity.pk}").status_code == 404


def test_page_leads_holders_to_their_ticket(client, cast):
    made = new_release(new_activity(cast.unions["city"]))
    code = claim(cast.actor("mei"), pool_id=made.pool.pk, key=uuid4()).code
    assert f"/tickets/{code}" in text_of(cast.sign_in(client, "mei"), f"/activities/{made.activity.pk}")
    client.logout()
    assert code not in text_of(cast.sign_in(client, "lan"), f"/activities/{made.activity.pk}")


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("mode", ["grab", "draw"])
def test_page_asks_few_questions(client, cast, mode, rows, django_assert_max_num_queries):
    activity = new_activity(cast.unions["city"])
    for n in range(rows):
        new_release(
            activity, opens_in=n * HOUR, starts=[(3 + n) * DAY, (4 + n) * DAY], store=cast.store, mode=mode
        )
    cast.sign_in(client, "mei")
    path = f"/activities/{activity.pk}"
    assert queries_of(client, path, django_assert_max_num_queries) == {"grab": 7, "draw": 8}[mode]


def test_page_is_light_with_forty_two_sessions(client, cast):
    made = new_release(new_activity(cast.unions["city"]), starts=[n * 3 * HOUR + DAY for n in range(42)])
    text = text_of(cast.sign_in(client, "mei"), f"/activities/{made.activity.pk}")
    assert text.count('class="session"') == 42
    assert len(text.encode()) < 100_000


def test_release_links_of_messages_lead_to_where_something_is_to_be_had(client, cast):
    grab = new_release(new_activity(cast.unions["city"]))
    draw = new_release(new_activity(cast.unions["city"], title="抽签场"), mode="draw")
    assert client.get(f"/releases/{grab.release.pk}").headers["Location"] == f"/r/{grab.release.pk}"
    assert client.get(f"/releases/{draw.release.pk}").headers["Location"] == f"/activities/{draw.activity.pk}"
    assert client.get("/releases/999999").status_code == 404


# --- Reads, likes, reminders --------------------------------------------------------------------------------


def test_read_counts_once_a_day_and_reader(client, cast):
    activity = new_activity(cast.unions["city"])
    for _ in range(3):
        assert client.post(f"/activities/{activity.pk}/read").status_code == 204
    cast.sign_in(client, "mei")
    for _ in range(2):
        client.post(f"/activities/{activity.pk}/read")
    assert Read.objects.unscoped("test").count() == 2
    count_reads(Actor.system("test"))
    forget_kept()
    assert "2 次阅读" in text_of(client, f"/activities/{activity.pk}")


def test_like_twice_is_one_like_and_can_be_taken_back(client, cast):
    activity = new_activity(cast.unions["city"])
    cast.sign_in(client, "mei")
    path = f"/activities/{activity.pk}/like"
    for _ in range(2):
        answer = client.post(path, {"on": "1"}, headers={"HX-Request": "true"})
        assert 'aria-pressed="true"' in answer.content.decode()
    assert Like.objects.unscoped("test").count() == 1
    client.post(path, {"on": "0"})
    assert Like.objects.unscoped("test").count() == 0


def test_like_needs_an_account(client, cast):
    activity = new_activity(cast.unions["city"])
    assert client.post(f"/activities/{activity.pk}/like").status_code == 401
    assert Like.objects.unscoped("test").count() == 0


def test_reminder_is_set_and_taken_back_and_leads_back(client, cast):
    made = new_release(new_activity(cast.unions["city"]), opens_in=HOUR)
    cast.sign_in(client, "mei")
    path = f"/releases/{made.release.pk}/reminder"
    here = f"http://testserver/activities/{made.activity.pk}"
    for _ in range(2):
        assert client.post(path, {"on": "1"}, HTTP_REFERER=here).headers["Location"] == here
    assert Reminder.objects.unscoped("test").count() == 1
    assert "会提醒您" in text_of(client, f"/activities/{made.activity.pk}")
    client.post(path)
    assert Reminder.objects.unscoped("test").count() == 0
    assert (
        client.post(path, HTTP_REFERER="https://evil.example/").headers["Location"]
        == f"/releases/{made.release.pk}"
    )


@pytest.mark.parametrize(("who", "status"), [("anonymous", 401), ("stranger", 403)])
def test_reminder_needs_to_know_whom_to_remind(client, cast, who, status):
    made = new_release(new_activity(cast.unions["city"]), opens_in=HOUR)
    cast.sign_in(client, who)
    assert client.post(f"/releases/{made.release.pk}/reminder").status_code == status
    assert Reminder.objects.unscoped("test").count() == 0


# --- Words --------------------------------------------------------------------------------------------------


def at(day: int, hour: int = 19, month: int = 10) -> dt.datetime:
    return dt.datetime(2030, month, day, hour, 30, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("first", "last", "count", "said"),
    [
        (None, None, 0, "时间待定"),
        (at(1), at(1), 1, "2030年10月1日 周二 19:30"),
        (at(1, 9), at(1, 19), 2, "2030年10月1日 周二，2 场"),
        (at(1), at(7), 42, "10月1日–7日，42 场"),
        (at(30, month=9), at(7), 8, "9月30日–10月7日，8 场"),
    ],
)
def test_when_is_said_shortly(first, last, count, said):
    assert said_when(first, last, count) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(1800, "30 分钟"), (7200, "2 小时"), (172800, "2 天"), (90, "90 秒")]
)
def test_spans_are_said_in_whole_units(seconds, said):
    assert said_for(seconds) == said


def test_terms_name_groups_and_times(cast):
    WorkerGroup.objects.get_or_create(code="food_rider", defaults={"name": "外卖配送员"})
    made = new_release(
        new_activity(cast.unions["city"]),
        mode="draw",
        per_person=2,
        audience_groups=["food_rider"],
        verified_only=False,
        confirm_within_s=1800,
    )
    terms = dict(terms_of(made.release, {"food_rider": "外卖配送员"}))
    assert terms["谁能领"] == "东江市总工会及下属工会的会员中的外卖配送员。"
    assert terms["几个人"] == "每人限领 2 次，每次限本人。"
    assert terms["确认"] == "领到后要在 30 分钟内确认，逾时名额让给候补的人。"
    assert terms["怎么领"].startswith("抽签。")


def test_every_kind_has_a_sign_and_a_picture(client, cast):
    for kind in ActivityKind.objects.all():
        new_activity(cast.unions["city"], title=f"{kind.name}活动", kind=kind.code)
    text = text_of(client, "/activities")
    for kind in ActivityKind.objects.all():
        assert f"kit/covers/{kind.code}.svg" in text
