import datetime as dt

import pytest
import time_machine
from django.contrib.sessions.models import Session

from gonghui.accounts.actions import devices
from gonghui.accounts.models import ApiToken, Device
from gonghui.accounts.queries import live_devices, user_of_bearer, user_of_token
from gonghui.accounts.rules import token_hash
from gonghui.accounts.tasks import purge_expired
from gonghui.kit.actors import Actor
from gonghui.kit.clock import CHINA
from gonghui.kit.errors import NOT_FOUND, DomainError

NOON = dt.datetime(2025, 9, 28, 12, 0, tzinfo=CHINA)
pytestmark = pytest.mark.django_db


def new_device(cast, name, key):
    Session.objects.create(session_key=key, session_data="", expire_date=NOON + dt.timedelta(days=3650))
    user = cast.users[name]
    return devices.record_device(cast.actor(name), user_id=user.pk, session_key=key, label="安卓手机 · 微信")


def keys() -> list[str]:
    return sorted(Session.objects.values_list("session_key", flat=True))


def test_ending_one_device_ends_its_session_only(cast):
    phone, _desk = new_device(cast, "mei", "k1"), new_device(cast, "mei", "k2")
    devices.end_device(cast.actor("mei"), device_id=phone.pk)
    assert keys() == ["k2"]
    assert [d.session_key for d in live_devices(cast.actor("mei"))] == ["k2"]
    assert Device.objects.unscoped("test").get(pk=phone.pk).session_key is None


def test_ending_a_strangers_device_is_refused_and_changes_nothing(cast):
    phone = new_device(cast, "mei", "k1")
    with pytest.raises(DomainError) as caught:
        devices.end_device(cast.actor("hua"), device_id=phone.pk)
    assert caught.value.reason is NOT_FOUND
    assert keys() == ["k1"] and Device.objects.unscoped("test").get(pk=phone.pk).ended_at is None


def test_signing_out_everywhere_ends_sessions_and_tokens_of_this_user_only(cast):
    new_device(cast, "mei", "k1")
    new_device(cast, "hua", "k2")
    mine = devices.issue_api_token(cast.actor("mei"), user_id=cast.users["mei"].pk, label="小程序")
    theirs = devices.issue_api_token(cast.actor("hua"), user_id=cast.users["hua"].pk, label="小程序")
    before = cast.users["mei"].get_session_auth_hash()
    devices.sign_out_everywhere(cast.actor("mei"))
    cast.users["mei"].refresh_from_db()
    assert keys() == ["k2"]
    assert (user_of_token(mine), user_of_token(theirs)) == (None, cast.users["hua"])
    assert cast.users["mei"].get_session_auth_hash() != before


def test_token_opens_as_bearer_and_is_kept_as_a_hash(cast):
    mei = cast.users["mei"]
    secret = devices.issue_api_token(cast.actor("mei"), user_id=mei.pk, label="小程序")
    assert bytes(ApiToken.objects.unscoped("test").get().token_hash) == token_hash(secret)
    assert [user_of_bearer(f"{kind} {secret}") for kind in ("Bearer", "bearer", "Basic")] == [mei, mei, None]
    assert [user_of_bearer(header) for header in ("Bearer ", secret, "")] == [None, None, None]


def test_token_is_over_after_thirty_days(cast):
    with time_machine.travel(NOON, tick=False) as clock:
        secret = devices.issue_api_token(cast.actor("mei"), user_id=cast.users["mei"].pk, label="小程序")
        clock.shift(dt.timedelta(days=30, seconds=-1))
        assert user_of_token(secret) == cast.users["mei"]
        clock.shift(1)
        assert user_of_token(secret) is None


def test_ended_device_of_a_mini_program_ends_its_token(cast):
    secret = devices.issue_api_token(cast.actor("mei"), user_id=cast.users["mei"].pk, label="小程序")
    devices.end_device(cast.actor("mei"), device_id=live_devices(cast.actor("mei")).get().pk)
    assert user_of_token(secret) is None


def test_device_list_costs_one_query_at_one_and_three_devices(cast, django_assert_num_queries):
    actor = cast.actor("mei")
    for so_far in (1, 3):
        while Device.objects.unscoped("test").count() < so_far:
            new_device(cast, "mei", f"k{Device.objects.unscoped('test').count()}")
        with django_assert_num_queries(1):
            assert len([d.label for d in live_devices(actor)]) == so_far


def test_nightly_purge_keeps_what_is_still_good(cast):
    with time_machine.travel(NOON, tick=False) as clock:
        new_device(cast, "mei", "old")
        clock.shift(dt.timedelta(days=200))
        new_device(cast, "mei", "young")
        Session.objects.filter(session_key="old").update(expire_date=NOON)
        purge_expired(Actor.system("test"))
        assert keys() == ["young"]
        assert Device.objects.unscoped("test").get().session_key == "young"
