"""A broadcast: whom it reaches, that nobody gets it twice, who has acknowledged, reminded once, corrected by another."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError, transaction

from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.notices.models import Message
from gonghui.notices.queries import unread_of
from gonghui.opsdesk import actions
from gonghui.opsdesk.models import Broadcast, BroadcastRecipient
from gonghui.opsdesk.queries import broadcasts_counted, received, to_acknowledge
from gonghui.opsdesk.tasks import deliver_broadcast, remind_on_the_last_day, resume_broadcasts
from gonghui.opsdesk.tests.stage import opened, recipients, sent

pytestmark = pytest.mark.django_db


def messages() -> list[tuple[str, str]]:
    found = (
        Message.objects.unscoped("test").filter(once__startswith="broadcast:").order_by("user__login", "id")
    )
    return list(found.values_list("user__login", "title"))


def wanted(stage, *groups, **facts) -> Broadcast:
    return sent(
        stage,
        *(groups or [opened(stage, rule="subtree")]),
        wanted_by=clock.today() + dt.timedelta(days=3),
        **facts,
    )


def test_broadcast_reaches_each_administrator_once(stage):
    both = [opened(stage), opened(stage, "全市", rule="subtree")]
    row = sent(stage, *both, below="district")
    assert recipients(row) == {
        "district_admin",
        "factory_admin",
        "operator",
        "second_operator",
    }  # not its maker
    assert row.recipients_count == 4
    for _n in range(2):
        deliver_broadcast(row.pk)
    assert messages() == [(who, row.title) for who in sorted(recipients(row))]
    assert (
        Message.objects.unscoped("test").filter(person__isnull=False, once__startswith="broadcast").count()
        == 0
    )


def test_all_administrators_below_are_reached_by_role(stage):
    assert recipients(sent(stage, below="city", roles=("reviewer",))) == {"reviewer"}
    assert recipients(sent(stage, below="province", who="province_admin", union="province", roles=("org_admin",))) == {
        "city_admin", "sister_admin", "district_admin", "factory_admin", "riders_admin",
    }  # fmt: skip


def test_same_key_again_is_the_same_broadcast(stage):
    group, key = opened(stage), uuid4()
    row = sent(stage, group, key=key)
    assert sent(stage, group, key=key).pk == row.pk
    with pytest.raises(DomainError) as error:
        sent(stage, group, key=key, title="别的标题")
    assert error.value.code == "opsdesk_key_taken"
    assert len(messages()) == 1


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"who": "reviewer"}, "not_found"), ({"who": "sister_admin"}, "not_found"), ({"who": "district_admin"}, "not_found"),
        ({"who": "mei"}, "not_found"), ({"who": "anonymous"}, "not_found"), ({"title": " "}, "opsdesk_text_missing"),
        ({"title": "长" * 61}, "opsdesk_text_long"), ({"body": "长" * 4001}, "opsdesk_text_long"),
        ({"wanted_by": dt.date(2020, 1, 1)}, "opsdesk_wanted_past"), ({"groups": ()}, "opsdesk_where_to"),
        ({"groups": (), "below": "sister"}, "not_found"),
        ({"groups": (), "below": "factory", "roles": ("judge",)}, "opsdesk_group_roles"),
        ({"groups": (), "below": "factory", "roles": ("reviewer",)}, "opsdesk_nobody_there"),
    ],
)  # fmt: skip
def test_broadcast_that_cannot_be_sent_is_refused_and_reaches_nobody(stage, facts, code):
    group = opened(stage)
    with pytest.raises(DomainError) as error, transaction.atomic():
        sent(stage, *facts.pop("groups", (group,)), **facts)
    assert error.value.code == code
    assert not Broadcast.objects.unscoped("test").exists() and messages() == []


def test_to_belong_to_a_group_is_no_right_to_speak_to_it(stage):
    group = opened(stage, rule="subtree")
    with pytest.raises(DomainError) as error:
        sent(stage, group, who="district_admin", union="district")
    assert error.value.code == "not_found"


def test_read_and_acknowledged_are_counted_and_the_bell_falls(stage):
    row = wanted(stage)
    actor = stage.actor("factory_admin")
    assert (unread_of(actor), [one.broadcast_id for one in to_acknowledge(actor)]) == (1, [row.pk])
    actions.read_broadcast(actor, broadcast_id=row.pk)
    assert (unread_of(actor), len(to_acknowledge(actor))) == (0, 1)
    first = actions.acknowledge_broadcast(actor, broadcast_id=row.pk).acknowledged_at
    assert actions.acknowledge_broadcast(actor, broadcast_id=row.pk).acknowledged_at == first
    actions.acknowledge_broadcast(stage.actor("operator"), broadcast_id=row.pk)
    counted = broadcasts_counted(Broadcast.objects.visible_to(stage.actor("city_admin"))).get()
    assert (counted.recipients_count, counted.read_count, counted.acknowledged_count) == (4, 2, 2)
    for who in ("city_admin", "sister_admin", "reviewer", "anonymous"):
        with pytest.raises(DomainError) as error:
            actions.acknowledge_broadcast(stage.actor(who), broadcast_id=row.pk)
        assert error.value.code == "not_found"
    plain = sent(stage, below="factory")
    with pytest.raises(DomainError) as error:
        actions.acknowledge_broadcast(actor, broadcast_id=plain.pk)
    assert error.value.code == "opsdesk_no_ack"


def test_those_who_have_not_acknowledged_are_reminded_once(stage):
    row = wanted(stage)
    actions.acknowledge_broadcast(stage.actor("operator"), broadcast_id=row.pk)
    admin = stage.actor("city_admin")
    assert actions.remind_recipients(admin, broadcast_id=row.pk) == 3
    with pytest.raises(DomainError) as error:
        actions.remind_recipients(admin, broadcast_id=row.pk)
    assert error.value.code == "opsdesk_all_reminded"
    reminded = [who for who, title in messages() if title.startswith("请确认")]
    assert reminded == ["district_admin", "factory_admin", "second_operator"]
    for who in ("sister_admin", "factory_admin", "reviewer"):
        with pytest.raises(DomainError) as error:
            actions.remind_recipients(stage.actor(who), broadcast_id=row.pk)
        assert error.value.code == "not_found"


def test_last_day_reminds_by_itself_and_not_again(stage):
    row = wanted(stage)
    remind_on_the_last_day(0)
    assert len(messages()) == 4
    with time_machine.travel(clock.now() + dt.timedelta(days=3), tick=False):
        remind_on_the_last_day(0)
        remind_on_the_last_day(0)
    assert len(messages()) == 8 and row.recipients.filter(reminded_at=None).count() == 0


def test_correction_supersedes_and_reaches_whoever_had_the_wrong_one(stage):
    group = opened(stage, rule="subtree")
    row = wanted(stage, group)
    stage.cast.users["factory_admin"].grants.unscoped("test").update(ended_at=clock.now())
    admin = stage.actor("city_admin")
    words = actions.Words("新版本改在周六上线", "周五不上线。", clock.today())
    key = uuid4()
    new = actions.correct_broadcast(admin, broadcast_id=row.pk, key=key, words=words)
    assert actions.correct_broadcast(admin, broadcast_id=row.pk, key=key, words=words).pk == new.pk
    deliver_broadcast(new.pk)
    assert recipients(new) == recipients(row)
    assert ("factory_admin", "更正：新版本改在周六上线") in messages()
    assert [one.broadcast_id for one in received(stage.actor("operator"))] == [new.pk]
    for verb, actor in (
        (actions.acknowledge_broadcast, stage.actor("operator")), (actions.remind_recipients, admin),
    ):  # fmt: skip
        with pytest.raises(DomainError) as error:
            verb(actor, broadcast_id=row.pk)
        assert error.value.code == "opsdesk_superseded"
    with pytest.raises(DomainError) as error:
        actions.correct_broadcast(admin, broadcast_id=row.pk, key=uuid4(), words=words)
    assert error.value.code == "opsdesk_superseded"


def test_words_and_moments_stay_in_the_database(stage):
    row = wanted(stage)
    actions.acknowledge_broadcast(stage.actor("operator"), broadcast_id=row.pk)
    broadcasts = Broadcast.objects.unscoped("test").filter(pk=row.pk)
    people = BroadcastRecipient.objects.unscoped("test").filter(
        broadcast=row, user=stage.cast.users["operator"]
    )
    for wrong in (
        lambda: broadcasts.update(body="别的话"), lambda: broadcasts.update(recipients_count=9), broadcasts.delete,
        lambda: people.update(acknowledged_at=None), lambda: people.update(read_at=clock.now()), people.delete,
        lambda: people.update(user=stage.cast.users["judge"]),
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong()


def test_recipient_and_the_desk_see_it_and_nobody_else(stage):
    row = sent(stage, opened(stage))
    for who, sees in (
        ("district_admin", True), ("operator", True), ("province_admin", True), ("factory_admin", False),
        ("reviewer", False), ("sister_admin", False), ("judge", False), ("mei", False), ("anonymous", False),
    ):  # fmt: skip
        assert Broadcast.objects.visible_to(stage.actor(who)).filter(pk=row.pk).exists() is sees, who


def test_broadcast_left_half_told_is_taken_up_again(stage):
    group = opened(stage, rule="subtree")
    to, words = actions.Address((group.pk,)), actions.Words("标题", "内容")
    row = actions.send_broadcast(
        stage.actor("city_admin"), key=uuid4(), union_id=stage.union("city"), to=to, words=words
    )
    assert messages() == []
    resume_broadcasts(0)
    deliver_broadcast(row.pk)
    assert len(messages()) == 4
    assert row.recipients.filter(told_at=None).count() == 0
