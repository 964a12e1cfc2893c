"""The front page: what opens next, what is the reader's own, and how little it asks of the database."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
from django.utils import timezone

from gonghui.activities.models import HolidayPeriod
from gonghui.benefits.actions.claims import claim
from gonghui.kit.tests.shelves import forget_kept
from gonghui.members.models import Membership
from gonghui.notices.models import Message
from gonghui.portal.tests.programme import DAY, HOUR, MINUTE, new_activity, new_release

QUERIES_MAX = 10
BYTES_MAX = 100_000


def text_of(client, path="/", **extra) -> str:
    response = client.get(path, **extra)
    assert response.status_code == 200
    return response.content.decode()


def queries_of(client, path, django_assert_max_num_queries) -> int:
    """Cold: nothing was kept from an earlier reader. That the account was seen today is written once a day, not here."""
    client.get("/offline")
    forget_kept()
    with django_assert_max_num_queries(QUERIES_MAX) as asked:
        assert client.get(path).status_code == 200
    return len(asked)


def test_home_without_anything_says_so(client, cast):
    text = text_of(client)
    assert "新的活动正在筹备" in text
    assert "工会会员，登录就能领" in text


def test_home_counts_down_to_the_soonest_opening(client, cast):
    new_release(new_activity(cast.unions["city"], title="后开的"), opens_in=5 * HOUR)
    made = new_release(new_activity(cast.unions["city"], title="先开的"), opens_in=2 * HOUR)
    text = text_of(client)
    assert f'data-countdown="{round(made.release.opens_at.timestamp() * 1000)}"' in text
    hero = text[text.index("next-open") : text.index("</section>")]
    assert "先开的" in hero
    assert f"/r/{made.release.pk}" in hero
    openings = text[text.index("openings-head") : text.index("cards-head")]
    assert "后开的" in openings
    assert "先开的" not in openings


def test_home_shows_what_can_be_had_where_nothing_opens(client, cast):
    made = new_release(new_activity(cast.unions["city"]), capacity=12)
    text = text_of(client)
    assert "正在抢票，去看看" in text
    assert f"/r/{made.release.pk}" in text


def test_home_keeps_drafts_to_itself(client, cast):
    new_release(new_activity(cast.unions["city"], title="没有预告的", state="reviewed"), state="reviewed")
    assert "没有预告的" not in text_of(client)


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("anonymous", "工会会员，登录就能领"),
        ("stranger", "还差一步：实名认证"),
        ("hua", "还差一步：实名认证"),
    ],
)
def test_home_names_the_step_still_missing(client, cast, who, said):
    assert said in text_of(cast.sign_in(client, who))


def test_home_tells_a_verified_person_without_membership(client, cast):
    Membership.objects.unscoped("test").filter(person=cast.people["mei"]).update(status="exited")
    assert "还没有查到您的会籍" in text_of(cast.sign_in(client, "mei"))


def test_home_asks_nothing_more_of_a_member(client, cast):
    assert "step-head" not in text_of(cast.sign_in(client, "mei"))


def test_home_shows_the_next_ticket_and_what_is_unread(client, cast):
    made = new_release(new_activity(cast.unions["city"]), starts=[3 * DAY, 2 * DAY], per_person=2)
    codes = [claim(cast.actor("mei"), pool_id=pool.pk, key=uuid4()).code for pool in made.pools]
    Message.objects.create(person=cast.people["mei"], kind="ticket", title="抢到票了", body="券码在里面")
    text = text_of(cast.sign_in(client, "mei"))
    assert f"/tickets/{codes[1]}" in text
    assert f"/tickets/{codes[0]}" not in text
    assert "抢到票了" in text
    assert '<b class="badge">1<' in text


def test_words_of_messages_and_tickets_are_words_and_no_markup(client, cast):
    made = new_release(new_activity(cast.unions["city"], title="<i>粤剧</i> & 茶"), starts=[2 * DAY])
    claim(cast.actor("mei"), pool_id=made.pool.pk, key=uuid4())
    Message.objects.create(person=cast.people["mei"], kind="ticket", title="<b>一</b>", body='"><script>x')
    text = text_of(cast.sign_in(client, "mei"))
    assert "&lt;b&gt;一&lt;/b&gt;" in text
    assert "&quot;&gt;&lt;script&gt;x" in text
    assert "<i>粤剧" not in text
    assert "&lt;i&gt;粤剧&lt;/i&gt; &amp; 茶" in text


def test_home_of_another_shows_none_of_it(client, cast):
    made = new_release(new_activity(cast.unions["city"]))
    code = claim(cast.actor("mei"), pool_id=made.pool.pk, key=uuid4()).code
    assert code not in text_of(cast.sign_in(client, "lan"))


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("who", ["anonymous", "stranger", "mei"])
def test_home_asks_few_questions_whatever_it_shows(client, cast, who, rows, django_assert_max_num_queries):
    today = timezone.localdate()
    for n in range(rows):
        day = today + dt.timedelta(days=10 * n + 5)
        holiday = HolidayPeriod.objects.create(
            year=day.year, code=["new_year", "qixi", "youth_day"][n], name=f"节{n}", theme="题",
            date=day, starts_on=day, ends_on=day,
        )  # fmt: skip
        activity = new_activity(cast.unions["city"], title=f"活动{n}", holiday=holiday)
        new_release(activity, opens_in=(n - 1) * HOUR, starts=[9 * DAY] * 1, store=cast.store)
    cast.sign_in(client, who)
    found = queries_of(client, "/", django_assert_max_num_queries)
    assert found == {"anonymous": 4, "stranger": 7, "mei": 7}[who]


def test_home_is_light(client, cast):
    for n in range(12):
        new_release(new_activity(cast.unions["city"], title="长" * 80), opens_in=n * MINUTE - 3 * MINUTE)
    assert len(text_of(cast.sign_in(client, "mei")).encode()) < BYTES_MAX


def test_elder_mode_and_wechat_are_said_on_the_page_itself(client, cast):
    client.cookies["elder"] = "1"
    text = text_of(client, HTTP_USER_AGENT="Mozilla/5.0 MicroMessenger/8.0")
    assert '<html lang="zh-CN" data-elder data-wechat' in text


def test_service_worker_is_served_for_the_whole_site_and_never_stale(client, db):
    response = client.get("/sw.js")
    assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert response.headers["Service-Worker-Allowed"] == "/"
    assert response.headers["Cache-Control"] == "no-cache"


def test_offline_page_carries_no_time_and_no_reader(client, cast):
    assert 'data-server-now=""' in text_of(cast.sign_in(client, "mei"), "/offline")
