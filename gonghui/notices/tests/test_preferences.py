"""消息设置: a member's own switches, and those nobody can move."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from gonghui.kit.errors import DomainError
from gonghui.kit.tests.racing import at_once
from gonghui.notices.actions import Notice, tell_many
from gonghui.notices.actions.preferences import set_preference, set_quiet_hours
from gonghui.notices.actions.sends import deliver
from gonghui.notices.models import Message, Preference, QuietHours
from gonghui.notices.queries import QUIET, quiet_hours_of, switches_of
from gonghui.notices.tests.stage import SYSTEM

pytestmark = pytest.mark.django_db
FIXED = [
    ("security", "inbox"),
    ("security", "sms"),
    ("security", "wechat"),
    ("ticket", "inbox"),
    ("points", "inbox"),
]


def refused(verb, actor, **facts) -> str:
    with pytest.raises(DomainError) as caught:
        verb(actor, **facts)
    return caught.value.code


@pytest.mark.parametrize(("kind", "channel"), FIXED)
def test_security_and_own_affairs_stay_on(cast, kind, channel):
    mei = cast.actor("mei")
    assert refused(set_preference, mei, kind=kind, channel=channel, is_on=False) == "message_stays_on"
    with pytest.raises(IntegrityError), transaction.atomic():
        Preference.objects.create(person=cast.people["mei"], kind=kind, channel=channel, is_on=False)
    assert all(switches_of(mei).values())


def test_switch_is_moved_there_and_back(cast):
    mei = cast.actor("mei")
    for is_on in (False, False, True):
        set_preference(mei, kind="activity", channel="sms", is_on=is_on)
        assert switches_of(mei)["activity", "sms"] is is_on
    assert Preference.objects.unscoped("test").count() == 1
    assert all(switches_of(cast.actor("hua")).values())


@pytest.mark.parametrize(("kind", "channel"), [("nonsense", "sms"), ("activity", "pigeon"), ("", "")])
def test_unknown_switch_is_not_found(cast, kind, channel):
    assert refused(set_preference, cast.actor("mei"), kind=kind, channel=channel, is_on=True) == "not_found"


@pytest.mark.parametrize("who", ["stranger", "city_admin", "anonymous"])
def test_who_is_no_person_has_no_switches(cast, who):
    facts = {"starts": dt.time(1), "ends": dt.time(2), "is_on": True}
    assert (
        refused(set_preference, cast.actor(who), kind="activity", channel="sms", is_on=False) == "not_allowed"
    )
    assert refused(set_quiet_hours, cast.actor(who), **facts) == "not_allowed"
    assert (Preference.objects.unscoped("test").count(), QuietHours.objects.unscoped("test").count()) == (
        0,
        0,
    )


def test_quiet_hours_are_ten_to_eight_until_the_member_says_otherwise(cast):
    mei = cast.actor("mei")
    assert (quiet_hours_of(mei).starts, quiet_hours_of(mei).ends) == QUIET
    set_quiet_hours(mei, starts=dt.time(23), ends=dt.time(6), is_on=True)
    set_quiet_hours(mei, starts=dt.time(23), ends=dt.time(7), is_on=False)
    own = quiet_hours_of(mei)
    assert (own.starts, own.ends, own.is_on) == (dt.time(23), dt.time(7), False)
    assert refused(set_quiet_hours, mei, starts=dt.time(9), ends=dt.time(9), is_on=True) == "quiet_times"


def test_points_and_tickets_reach_the_inbox_whatever_is_switched_off(cast):
    mei = cast.actor("mei")
    for kind in ("activity", "reminder", "survey", "notice"):
        set_preference(mei, kind=kind, channel="inbox", is_on=False)
    for kind in ("points", "ticket", "activity", "reminder"):
        send = tell_many(SYSTEM, send_key=kind, people=[mei.person_id], notice=Notice(kind, kind))
        deliver(SYSTEM, send_id=send.pk)
    assert sorted(Message.objects.visible_to(mei).values_list("kind", flat=True)) == ["points", "ticket"]


@pytest.mark.django_db(transaction=True)
def test_switch_moved_eight_times_at_once_is_one_row(cast):
    mei = cast.actor("mei")
    at_once(*[lambda: set_preference(mei, kind="activity", channel="sms", is_on=False)] * 8)
    assert list(Preference.objects.unscoped("test").values_list("is_on", flat=True)) == [False]
