"""Who hears of a pause and of its end: those who wait for it, once; and the desk of those who let it go on."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.urls import reverse

from gonghui.benefits import tasks
from gonghui.benefits.actions import claims, pause_news, releases
from gonghui.benefits.models import Release, Reminder
from gonghui.benefits.tests.plans import SYSTEM, fresh, jobs, opened, pool_of, won
from gonghui.benefits.tests.test_pauses import WHY, asked
from gonghui.kit import clock
from gonghui.kit.tests.racing import at_once
from gonghui.notices.models import Delivery, Send

pytestmark = pytest.mark.django_db


@pytest.fixture
def release(cast):
    """小梅 holds every place, 阿兰 waits, 阿强 asked to be reminded."""
    release = opened(cast)
    won(pool_of(release), cast.people["mei"].pk, 3)
    assert asked(pool_of(release), cast.people["lan"].pk) == ["waiting"]
    remind(cast, release, "qiang")
    return release


def remind(cast, release: Release, who: str) -> None:
    Reminder.objects.create(release=release, person=cast.people[who], sent_at=clock.now())


def pause(cast, release: Release, why: str = WHY) -> None:
    releases.pause_release(cast.actor("city_admin"), release_id=release.pk, reason=why)


def resume(cast, release: Release) -> None:
    releases.resume_release(cast.actor("city_admin"), release_id=release.pk)


def heard() -> list[tuple[str, set[int]]]:
    """Titles in their order, each with who was told."""
    return [
        (
            send.title,
            set(Delivery.objects.unscoped("test").filter(send=send).values_list("person_id", flat=True)),
        )
        for send in Send.objects.unscoped("test").filter(key__startswith="pause:").order_by("id")
    ]


def people(cast, *names: str) -> set[int]:
    return {cast.people[name].pk for name in names}


def test_line_and_whoever_asked_hear_of_the_pause_and_of_its_end_once(cast, release):
    pause(cast, release)
    ((at, facts),) = jobs("tell_pause")
    assert facts == {"release_id": release.pk}
    assert dt.timedelta(seconds=50) < at - clock.now() <= dt.timedelta(minutes=1)
    assert heard() == []
    tasks.tell_pause(release.pk)
    tasks.tell_pause(release.pk)
    assert heard() == [("发放暂停了", people(cast, "lan", "qiang"))]
    (send,) = Send.objects.unscoped("test").filter(key__startswith="pause:")
    assert f"“珠岛夜游”暂停发放了：{WHY}。排好的候补不变" in send.body
    assert (send.link, send.union_id) == (f"/releases/{release.pk}", release.union_id)
    resume(cast, release)
    tasks.tell_pause(release.pk)
    tasks.tell_pause(release.pk)
    assert heard()[1:] == [("发放恢复了", people(cast, "lan", "qiang"))]


def test_what_went_on_before_anybody_heard_is_no_news(cast, release):
    pause(cast, release)
    resume(cast, release)
    assert len(jobs("tell_pause")) == 2
    tasks.tell_pause(release.pk)
    tasks.tell_pause(release.pk)
    assert heard() == []


def test_paused_twice_within_a_moment_is_heard_of_once(cast, release):
    pause(cast, release)
    resume(cast, release)
    pause(cast, release)
    for _job in jobs("tell_pause"):
        tasks.tell_pause(release.pk)
    assert heard() == [("发放暂停了", people(cast, "lan", "qiang"))]
    resume(cast, release)
    pause(cast, release)
    tasks.tell_pause(release.pk)
    assert len(heard()) == 1
    resume(cast, release)
    pause(cast, release, "台风")
    tasks.tell_pause(release.pk)
    assert [title for title, _who in heard()] == ["发放暂停了"] * 2


def test_who_left_the_line_or_has_a_ticket_hears_nothing(cast, release):
    remind(cast, release, "mei")
    pause(cast, release)
    tasks.tell_pause(release.pk)
    assert heard() == [("发放暂停了", people(cast, "lan", "qiang"))]
    claims.leave_waiting_list(cast.actor("lan"), pool_id=pool_of(release).pk)
    resume(cast, release)
    tasks.tell_pause(release.pk)
    assert heard()[1:] == [("发放恢复了", people(cast, "qiang"))]


def test_nobody_waits_and_nobody_is_told(cast):
    release = opened(cast)
    pause(cast, release)
    tasks.tell_pause(release.pk)
    resume(cast, release)
    tasks.tell_pause(release.pk)
    assert heard() == []


def test_pause_that_ended_with_the_release_is_told_by_its_end_alone(cast, release):
    pause(cast, release)
    releases.close_release(cast.actor("city_admin"), release_id=release.pk, reason="不再恢复")
    tasks.tell_pause(release.pk)
    assert heard() == []


@pytest.mark.django_db(transaction=True)
def test_jobs_at_once_tell_it_once(cast, release):
    pause(cast, release)
    told = at_once(*[lambda: pause_news.tell_pause(SYSTEM, release_id=release.pk)] * 4)
    assert (sorted(told), len(heard())) == ([0, 0, 0, 2], 1)


# --- Since when ---------------------------------------------------------------------------------------------


def test_database_notes_since_when_it_is_paused_whoever_writes(cast, release):
    pause(cast, release)
    since = fresh(release).paused_at
    assert abs(clock.now() - since) < dt.timedelta(seconds=30)
    rows = Release.objects.unscoped("test").filter(pk=release.pk)
    rows.update(paused_at=clock.now() - dt.timedelta(days=9))
    rows.update(paused_at=None)
    assert fresh(release).paused_at == since
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE benefits_release SET state = 'open', pause_reason = '' WHERE id = %s", [release.pk]
        )
    assert fresh(release).paused_at is None
    rows.update(paused_at=since)
    assert fresh(release).paused_at is None


def tiles(client) -> dict:
    return {item.icon: item for item in client.get("/console/").context["waiting"]}


def test_desk_says_what_is_paused_how_long_and_why_and_leads_to_the_verb(cast, client, release):
    pause(cast, release)
    cast.sign_in(client, "city_admin")
    with time_machine.travel(clock.now() + dt.timedelta(hours=3, minutes=5)):
        tile = tiles(client)["pause_circle"]
    assert (tile.value, tile.note) == (1, f"“珠岛夜游”已暂停 3 小时：{WHY}")
    page = client.get(tile.link).content.decode()
    assert reverse("admin:benefits_release_resume", args=[release.pk]) in page and "暂停时间" in page
    pause(cast, opened(cast), "台风")
    tile = tiles(client)["pause_circle"]
    assert (tile.value, tile.note) == (2, f"最久的是“珠岛夜游”已暂停不到 1 分钟：{WHY}")
    listed = client.get(tile.link).content.decode()
    assert "台风" in listed and WHY in listed and "暂停于" in listed
    resume(cast, release)
    assert tiles(client)["pause_circle"].value == 1


def test_desk_of_others_says_nothing_of_it(cast, client, release):
    pause(cast, release)
    for who in ("sister_admin", "finance_officer"):
        cast.sign_in(client, who)
        assert "pause_circle" not in tiles(client), who
