"""五问五答 is periodic: its editors are told when the next issue is due, once, and not while the last one is young."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import IntegrityError, transaction

from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.notices.models import Message
from gonghui.opsdesk import actions
from gonghui.opsdesk.actions.digest_days import remind_of_digest
from gonghui.opsdesk.models import DeskRule
from gonghui.opsdesk.tasks import remind_of_digests
from gonghui.opsdesk.tests.stage import five, published
from gonghui.opsdesk.tests.test_digests import drafted, issued, submitted

pytestmark = pytest.mark.django_db
DESK = ["city_admin", "operator", "second_operator"]


def told() -> list[tuple[str, str]]:
    """Of what was due: who, and what."""
    found = Message.objects.unscoped("test").filter(once__startswith="digest-due:")
    return list(found.order_by("id").values_list("user__login", "body"))


def after(days: int):
    return time_machine.travel(clock.now() + dt.timedelta(days=days), tick=False)


def test_editors_are_told_a_fortnight_after_the_last_issue_and_nothing_twice(stage):
    issued(stage)
    for days, people in ((0, 0), (13, 0), (14, 3), (15, 3), (27, 3), (28, 6)):
        with after(days):
            remind_of_digests(0)
            remind_of_digests(0)
        assert len(told()) == people, days
    assert sorted(who for who, _body in told()[:3]) == DESK
    assert all(
        body.startswith("上一期是") and "每 14 天一期" in body and "请选五问" in body for _who, body in told()
    )


def test_nothing_is_due_while_an_issue_of_the_interval_is_out(stage):
    issued(stage)
    with after(12):
        issued(stage, [published(stage, f"新问题{n}") for n in range(5)])
    with after(14):
        remind_of_digests(0)
    assert told() == []
    with after(26):
        remind_of_digests(0)
    assert len(told()) == 3


def test_interval_is_that_of_the_nearest_rule(stage):
    DeskRule.objects.create(union=stage.cast.unions["province"], digest_days=30)
    issued(stage)
    with after(20):
        remind_of_digests(0)
        assert told() == []
        DeskRule.objects.create(union=stage.cast.unions["city"], digest_days=7)
        remind_of_digests(0)
    assert len(told()) == 3 and "每 7 天一期" in told()[0][1]
    with pytest.raises(IntegrityError), transaction.atomic():
        DeskRule.objects.unscoped("test").update(digest_days=0)


def test_first_issue_is_due_once_five_answers_wait_and_a_union_without_is_left_alone(stage):
    five(stage, 4)
    with after(20):
        remind_of_digests(0)
        assert told() == []
        published(stage, "又一问")
        remind_of_digests(0)
    assert sorted(who for who, _body in told()) == DESK
    assert "还没有出过第一期" in told()[0][1]


def test_issue_in_the_making_is_said_to_be_so(stage):
    row = drafted(stage, five(stage))
    with after(14):
        remind_of_digests(0)
    assert all("五问五答 第 1 期正在编辑" in body for _who, body in told()) and len(told()) == 3
    actions.submit_digest(stage.actor("operator"), digestissue_id=row.pk)
    with after(28):
        remind_of_digests(0)
    assert "五问五答 第 1 期在等复核" in told()[-1][1]


def test_only_the_clock_reminds(stage):
    submitted(stage, five(stage))
    for who in ("city_admin", "operator", "factory_admin", "mei"):
        with after(20), pytest.raises(DomainError):
            remind_of_digest(stage.actor(who), union_id=stage.union("city"))
    assert told() == []
