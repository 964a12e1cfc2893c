"""A password made by somebody else: for 72 hours, for one page, for nothing of its owner's."""

import datetime as dt

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse

from gonghui.accounts.actions import staff
from gonghui.accounts.errors import ONE_TIME_OVER
from gonghui.accounts.models import Lockout, User
from gonghui.config.actors import actor_of
from gonghui.kit.actors import ANONYMOUS, Actor
from gonghui.kit.clock import CHINA
from gonghui.kit.errors import DomainError
from gonghui.members.models import Person
from gonghui.partners.models import Clerk

NOON = dt.datetime(2026, 5, 4, 12, 0, tzinfo=CHINA)
LIFE = dt.timedelta(hours=72)
SECOND = dt.timedelta(seconds=1)
SYSTEM = Actor.system("test")
pytestmark = pytest.mark.django_db


def opened() -> staff.OneTimePassword:
    return staff.open_account(SYSTEM, new=staff.NewAccount("chen.yi", "陈一"))


def renewed() -> staff.OneTimePassword:
    made = opened()
    staff.change_password(Actor(user_id=made.user.pk), old=made.password, new="a long enough 1")
    return staff.reset_password(SYSTEM, user_id=made.user.pk)


def user_now(user) -> User:
    return User.objects.unscoped("test").get(pk=user.pk)


@pytest.mark.parametrize("make", [opened, renewed])
def test_one_time_password_is_over_after_three_days_and_says_who_makes_another(make):
    with time_machine.travel(NOON, tick=False) as clock:
        made = make()
        assert (made.life_h, user_now(made.user).password_expires_at) == (72, NOON + LIFE)
        clock.move_to(NOON + LIFE - SECOND)
        assert staff.sign_in_staff(ANONYMOUS, login="chen.yi", password=made.password).pk == made.user.pk
        clock.move_to(NOON + LIFE)
        with pytest.raises(DomainError) as caught:
            staff.sign_in_staff(ANONYMOUS, login="chen.yi", password=made.password)
        assert caught.value.reason is ONE_TIME_OVER
        assert "今天 12:00 起不能再用" in str(caught.value)
        assert "上级工会管理员" in str(caught.value) and "gonghui staff password chen.yi" in str(caught.value)
        assert not Lockout.objects.unscoped("test").exclude(failed_at=[]).exists()
        again = staff.reset_password(SYSTEM, user_id=made.user.pk)
        assert staff.sign_in_staff(ANONYMOUS, login="chen.yi", password=again.password).pk == made.user.pk


def test_wrong_password_does_not_tell_that_the_one_time_password_is_over():
    with time_machine.travel(NOON, tick=False) as clock:
        opened()
        clock.shift(LIFE)
        with pytest.raises(DomainError) as caught:
            staff.sign_in_staff(ANONYMOUS, login="chen.yi", password="wrong")
        assert caught.value.code == "bad_password"


@pytest.mark.parametrize("by_its_owner", [True, False])
def test_password_of_ones_own_does_not_expire(by_its_owner):
    with time_machine.travel(NOON, tick=False) as clock:
        made = opened()
        if by_its_owner:
            staff.change_password(Actor(user_id=made.user.pk), old=made.password, new="a long enough 1")
        else:
            staff.set_password(SYSTEM, user_id=made.user.pk, password="a long enough 1")
        assert user_now(made.user).password_expires_at is None
        clock.shift(dt.timedelta(days=400))
        assert staff.sign_in_staff(ANONYMOUS, login="chen.yi", password="a long enough 1").pk == made.user.pk


@pytest.mark.parametrize(
    "wrong", [{"must_change_password": True}, {"password_expires_at": NOON}], ids=["for_good", "of_ones_own"]
)
def test_one_time_passwords_and_no_others_expire_in_the_database(cast, wrong):
    judge = User.objects.unscoped("test").filter(login="judge")
    with pytest.raises(IntegrityError, match="one_time_password_expires"), transaction.atomic():
        judge.update(**wrong)
    assert judge.values_list("must_change_password", "password_expires_at").get() == (False, None)


def test_one_time_password_gives_nothing_of_its_owners(cast):
    """Staff may be members and clerks too: whoever made the password is neither."""
    user = cast.users["city_admin"]
    Person.objects.unscoped("test").filter(pk=cast.people["lan"].pk).update(user=user)
    Clerk.objects.create(user=user, store=cast.store)
    own = {"user": frozenset({user.pk}), "person": frozenset({cast.people["lan"].pk})}
    assert actor_of(user_now(user)).keys == {**own, "store": frozenset({cast.store.pk})}
    staff.reset_password(SYSTEM, user_id=user.pk)
    assert actor_of(user_now(user)) == Actor(user_id=user.pk, keys={"user": frozenset({user.pk})})


def test_who_is_signed_in_goes_on_to_where_they_wanted(cast, client):
    cast.sign_in(client, "city_admin")
    door = client.get("/console/login/?next=/console/orgs/staff/", follow=True)
    assert door.redirect_chain[-1][0] == "/console/orgs/staff/"
    made = staff.reset_password(SYSTEM, user_id=cast.users["city_admin"].pk)
    cast.users["city_admin"] = user_now(made.user)
    cast.sign_in(client, "city_admin")
    door = client.get("/console/login/?next=/console/orgs/staff/")
    assert door["Location"] == f"{reverse('console_password')}?next=%2Fconsole%2Forgs%2Fstaff%2F"
