"""Working days: what a notice moves is data, and deadlines follow it."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse

from gonghui.joining.tests.stage import applied as joins
from gonghui.joining.tests.stage import build_stage
from gonghui.kit import clock
from gonghui.kit.errors import BAD_INPUT, NOT_ALLOWED, DomainError
from gonghui.kit.models import MovedDay
from gonghui.kit.workdays import is_working_day, last_noticed_year, working_days_after
from gonghui.members.tests.transferring import opened
from gonghui.orgs import actions, rules
from gonghui.orgs.tests.stage import applied

pytestmark = pytest.mark.django_db
YEAR = last_noticed_year() + 1
NOTICE = "国办发明电〔2026〕7号"


def day(month: int, number: int) -> dt.date:
    return dt.date(YEAR, month, number)


def written(actor, *lines: str) -> list[MovedDay]:
    return actions.write_notice(actor, notice=NOTICE, days="\n".join(lines))


def plain_week() -> dt.date:
    """A Monday of a year whose notice nobody knows yet, with two weeks of work before it and after."""
    first = day(3, 8)
    return first + dt.timedelta(days=-first.weekday())


def test_notice_of_a_year_moves_its_days_and_a_later_one_wins(cast):
    monday, root = plain_week(), cast.actor("province_admin")
    friday, saturday = monday + dt.timedelta(days=4), monday + dt.timedelta(days=5)
    assert working_days_after(monday, 5) == monday + dt.timedelta(days=7)
    written(root, f"{friday} 休 试放", "", f"{saturday:%Y年%m月%d日}　班　试放")
    assert (is_working_day(friday), is_working_day(saturday)) == (False, True)
    assert working_days_after(monday, 4) == saturday
    written(root, f"{friday:%Y/%m/%d}班 更正")
    assert is_working_day(friday)
    assert MovedDay.objects.get(on=friday).name == "更正"
    assert MovedDay.objects.count() == 2


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("2027-02-30 休 春节",),
        ("2027-02-05 春节",),
        ("2027-02-05 休 春节", "2027-02-05 班 春节"),
        ("2027-02-05 休 春节", "明天 休 元旦"),
        tuple(f"2027-01-{1 + n % 28:02} 休 多" for n in range(121)),
    ],
)
def test_notice_with_a_wrong_line_writes_nothing(cast, lines):
    with pytest.raises(DomainError) as refused:
        written(cast.actor("province_admin"), *lines)
    assert refused.value.code == BAD_INPUT.code
    assert not MovedDay.objects.exists()


def test_only_the_root_writes_the_calendar(cast, client):
    line = f"{plain_week()} 休 试放"
    for who in ("city_admin", "judge", "mei", "stranger"):
        with pytest.raises(DomainError) as refused:
            written(cast.actor(who), line)
        assert refused.value.code == NOT_ALLOWED.code
    page, at = reverse("admin:moved_days_new"), reverse("admin:kit_movedday_changelist")
    for who, status in (("mei", 302), ("judge", 403), ("city_admin", 403), ("province_admin", 200)):
        assert cast.sign_in(client, who).get(page).status_code == status, who
        client.post(page, {"notice": NOTICE, "days": line})
        assert MovedDay.objects.exists() == (who == "province_admin"), who
    text = client.get(at).content.decode()
    assert str(last_noticed_year()) in text and page in text and "试放" in text
    text = cast.sign_in(client, "city_admin").get(at).content.decode()
    assert "试放" in text and "休息" in text and page not in text


def test_day_without_a_notice_is_impossible_in_the_database():
    with pytest.raises(IntegrityError, match="kit_moved_day_by_a_notice"), transaction.atomic():
        MovedDay.objects.create(on=day(3, 1), name="试放")


def test_deadlines_of_applications_registrations_and_transfers_are_working_days(cast):
    stage = build_stage(cast)
    monday = plain_week()
    with time_machine.travel(dt.datetime.combine(monday, dt.time(9), clock.CHINA), tick=False):
        off = [monday + dt.timedelta(days=n) for n in (1, 2)]
        before = joins(stage, 1).due_on
        assert before == monday + dt.timedelta(days=14)
        written(cast.actor("province_admin"), *(f"{one} 休 试放" for one in off))
        later = monday + dt.timedelta(days=16)
        assert (joins(stage, 2).due_on, opened(cast).due_on) == (later, later)
        weeks = rules.REGISTRATION_DAYS // 5
        assert applied(cast).due_on == monday + dt.timedelta(days=7 * weeks + 2)
        stage_row = type(joins(stage, 3)).objects.unscoped("test").order_by("id").first()
        assert stage_row.due_on == before  # what was promised stands
