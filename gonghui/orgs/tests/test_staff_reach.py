"""How far help with accounts reaches in time, what is shown of an account, and who is left when two act at once."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest
from django.urls import reverse

from gonghui.accounts.actions.staff import NewAccount
from gonghui.accounts.models import User
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.models import AuditEntry
from gonghui.kit.tests.racing import at_once
from gonghui.orgs import actions
from gonghui.orgs.models import Grant
from tests.cast import new_cast

WHY = "本人当面申请"
HELP = (actions.reset_colleague_password, actions.forget_colleague_totp, actions.switch_off_colleague)


def in_days(days: int) -> dt.date:
    return clock.today() + dt.timedelta(days=days)


def grants_held_by(user):
    return Grant.objects.unscoped("test").filter(user=user)


def account_now(user) -> dict:
    return User.objects.unscoped("test").filter(pk=user.pk).values().get()


@pytest.fixture
def chen(cast) -> User:
    """Administrator of the factory from a while ago, until the day a test says."""
    grant = actions.NewGrant("org_admin", cast.unions["factory"].pk, in_days(-30))
    account = NewAccount("chen.yi", "陈一", "13800002222")
    return actions.add_colleague(cast.actor("city_admin"), account=account, grant=grant).user


@pytest.mark.parametrize("act", HELP)
@pytest.mark.parametrize(("starts", "ends"), [(-30, None), (-30, 2), (1, 2), (2, None)])
def test_colleague_whose_grant_lasts_longer_is_beyond_reach(cast, chen, act, starts, ends):
    grants_held_by(cast.users["city_admin"]).update(starts_on=in_days(-10), ends_on=in_days(1))
    grants_held_by(chen).update(starts_on=in_days(starts), ends_on=ends and in_days(ends))
    before = account_now(chen)
    with pytest.raises(DomainError) as caught:
        act(cast.actor("city_admin"), staff_id=chen.pk, reason=WHY)
    assert caught.value.code == "staff_beyond"
    assert (str(in_days(2)) if ends else "长期有效") in str(caught.value)
    assert account_now(chen) == before


def test_colleague_whose_grant_began_earlier_is_helped_until_ones_own_ends(cast, chen):
    grants_held_by(cast.users["city_admin"]).update(starts_on=in_days(-10), ends_on=in_days(1))
    grants_held_by(chen).update(ends_on=in_days(1))
    made = actions.reset_colleague_password(cast.actor("city_admin"), staff_id=chen.pk, reason=WHY)
    assert User.objects.unscoped("test").get(pk=chen.pk).check_password(made.password)


# What is shown


def test_telephone_is_shown_for_a_reason_and_never_the_password(cast, chen, client):
    cast.sign_in(client, "city_admin")
    address = reverse("admin:orgs_staff_unmask", args=[chen.pk])
    assert client.post(address, {"reason": "看"}).status_code == 422
    answer = client.post(address, {"reason": "通知开会"}, headers={"HX-Request": "true"})
    assert answer.context["values"] == [("联系电话", "13800002222")]
    assert "13800002222" in answer.content.decode() and chen.password not in answer.content.decode()
    entry = AuditEntry.objects.unscoped("test").get(op="UNMASK")
    assert (entry.row_id, entry.reason, entry.after) == (chen.pk, "通知开会", {"fields": ["contact_phone"]})


def test_password_is_shown_with_the_hours_it_lasts(cast, chen, client):
    cast.sign_in(client, "city_admin")
    address = reverse("admin:orgs_staff_password", args=[chen.pk])
    for headers in ({}, {"HX-Request": "true"}):
        assert "72 小时内有效" in client.post(address, {"reason": WHY}, headers=headers).content.decode()


# Two at once


def pair_of_administrators():
    cast = new_cast()
    other = User.objects.create(login="province_two", is_staff=True)
    since = dt.date(2025, 1, 1)
    Grant.objects.create(user=other, role="org_admin", union=cast.unions["province"], starts_on=since)
    cast.users["other"] = other
    return cast


def codes_of(answers) -> list[str]:
    return sorted(answer.code if isinstance(answer, DomainError) else "done" for answer in answers)


def in_force() -> int:
    """Grants of the two that still count."""
    held = Grant.objects.unscoped("test").filter(ended_at=None, role="org_admin", union__parent=None)
    return held.filter(user__is_active=True).count()


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_end_each_others_grants_at_once_leave_one():
    cast = pair_of_administrators()
    one, other = "province_admin", "other"
    ends = [
        partial(actions.end_grant, cast.actor(who), grant_id=cast.users[whose].grants.get().pk)
        for who, whose in ((one, other), (other, one))
    ]
    assert codes_of(at_once(*ends)) == ["done", "not_found"]
    assert in_force() == 1


@pytest.mark.django_db(transaction=True)
def test_one_who_ends_a_grant_while_its_holder_switches_them_off_leaves_one():
    cast = pair_of_administrators()
    end = partial(
        actions.end_grant, cast.actor("province_admin"), grant_id=cast.users["other"].grants.get().pk
    )
    one = cast.users["province_admin"]
    switch_off = partial(actions.switch_off_colleague, cast.actor("other"), staff_id=one.pk, reason=WHY)
    assert codes_of(at_once(end, switch_off)) in (["done", "not_found"], ["done", "staff_beyond"])
    assert in_force() == 1


@pytest.mark.parametrize("change", [{"is_active": False}, {"must_change_password": True}])
def test_grant_is_not_ended_by_one_who_lost_theirs_meanwhile(cast, chen, change):
    actor = cast.actor("city_admin")  # built when the request began
    if "must_change_password" in change:
        change = {**change, "password_expires_at": clock.now()}
    User.objects.unscoped("test").filter(pk=actor.user_id).update(**change)
    with pytest.raises(DomainError) as caught:
        actions.end_grant(actor, grant_id=chen.grants.get().pk)
    assert caught.value.code == "not_found"
    assert chen.grants.get().ended_at is None
