import datetime as dt

import pytest
import time_machine

from gonghui.accounts import rules
from gonghui.accounts.actions import staff
from gonghui.accounts.errors import BAD_PASSWORD, LOCKED, TOTP_WRONG, WEAK_PASSWORD
from gonghui.accounts.models import User
from gonghui.kit.actors import ANONYMOUS, Actor
from gonghui.kit.clock import CHINA, now
from gonghui.kit.errors import NOT_ALLOWED, DomainError

PASSWORD = "correct horse battery 9"
NOON = dt.datetime(2025, 9, 28, 12, 0, tzinfo=CHINA)
pytestmark = pytest.mark.django_db


@pytest.fixture
def li(db):
    user = User(login="li.jing", is_staff=True)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def secret(li):
    """Enrolled and confirmed long ago."""
    enrolment = staff.enrol_totp(ANONYMOUS, user_id=li.pk)
    User.objects.unscoped("test").filter(pk=li.pk).update(totp_confirmed_at=NOON - dt.timedelta(days=30))
    return enrolment.secret


def code_now(secret: str, drift: int = 0) -> str:
    return rules.totp_code(secret, rules.totp_step(now()) + drift)


def password_reason(login="li.jing", password="wrong"):
    with pytest.raises(DomainError) as caught:
        staff.sign_in_staff(ANONYMOUS, login=login, password=password)
    return caught.value.reason


def totp_reason(user, code):
    with pytest.raises(DomainError) as caught:
        staff.confirm_second_factor(ANONYMOUS, user_id=user.pk, code=code)
    return caught.value.reason


def test_password_then_code_signs_in(li, secret):
    assert staff.sign_in_staff(ANONYMOUS, login=" li.jing ", password=PASSWORD).pk == li.pk
    assert staff.confirm_second_factor(ANONYMOUS, user_id=li.pk, code=code_now(secret)).pk == li.pk


def test_wrong_password_unknown_login_member_and_closed_account_are_answered_alike(li):
    User.objects.create(phone="13800001111", login="member")
    assert {password_reason(), password_reason("nobody"), password_reason("member")} == {BAD_PASSWORD}
    User.objects.unscoped("test").filter(pk=li.pk).update(is_active=False)
    assert password_reason(password=PASSWORD) is BAD_PASSWORD


def test_login_locks_after_five_wrong_passwords_even_for_the_right_one(li):
    assert [password_reason() for _ in range(5)] == [BAD_PASSWORD] * 4 + [LOCKED]
    assert password_reason(password=PASSWORD) is LOCKED


def test_unknown_login_locks_like_a_known_one(li):
    assert [password_reason("nobody") for _ in range(5)] == [BAD_PASSWORD] * 4 + [LOCKED]


def test_used_code_is_refused_also_the_one_before_it(li, secret):
    with time_machine.travel(NOON, tick=False):
        staff.confirm_second_factor(ANONYMOUS, user_id=li.pk, code=code_now(secret))
        assert totp_reason(li, code_now(secret)) is TOTP_WRONG
        assert totp_reason(li, code_now(secret, -1)) is TOTP_WRONG
        assert staff.confirm_second_factor(ANONYMOUS, user_id=li.pk, code=code_now(secret, 1)).pk == li.pk


def test_code_of_a_clock_more_than_one_step_off_is_refused(li, secret):
    with time_machine.travel(NOON, tick=False):
        assert totp_reason(li, code_now(secret, -2)) is TOTP_WRONG
        assert totp_reason(li, code_now(secret, 2)) is TOTP_WRONG
        assert staff.confirm_second_factor(ANONYMOUS, user_id=li.pk, code=code_now(secret, -1)).pk == li.pk


def test_second_factor_locks_after_five_wrong_codes(li, secret):
    with time_machine.travel(NOON, tick=False) as clock:
        wrong = f"{(int(code_now(secret, 5)) + 1) % 10**6:06}"
        assert [totp_reason(li, wrong) for _ in range(5)] == [TOTP_WRONG] * 4 + [LOCKED]
        assert totp_reason(li, code_now(secret)) is LOCKED
        clock.shift(dt.timedelta(minutes=15))
        assert staff.confirm_second_factor(ANONYMOUS, user_id=li.pk, code=code_now(secret)).pk == li.pk


def test_enrolment_stays_the_same_until_it_is_confirmed(li):
    first, second = (staff.enrol_totp(ANONYMOUS, user_id=li.pk) for _ in range(2))
    assert first == second
    assert first.uri == (
        f"otpauth://totp/%E5%B7%A5%E6%83%A0:li.jing?secret={first.secret}&issuer=%E5%B7%A5%E6%83%A0"
    )
    staff.confirm_second_factor(ANONYMOUS, user_id=li.pk, code=code_now(first.secret))
    confirmed = User.objects.unscoped("test").get(pk=li.pk)
    assert confirmed.totp_confirmed_at is not None
    with pytest.raises(DomainError) as caught:
        staff.enrol_totp(ANONYMOUS, user_id=li.pk)
    assert caught.value.reason is NOT_ALLOWED


def test_secret_is_never_shown_again_once_confirmed(li, secret):
    with pytest.raises(DomainError):
        staff.enrol_totp(ANONYMOUS, user_id=li.pk)
    assert User.objects.unscoped("test").get(pk=li.pk).totp_secret == secret


def test_member_has_no_second_factor(db):
    member = User.objects.create(phone="13800001111")
    assert totp_reason(member, "000000") is TOTP_WRONG
    with pytest.raises(User.DoesNotExist):
        staff.enrol_totp(ANONYMOUS, user_id=member.pk)


def test_lost_phone_is_forgotten_by_the_command_line_only(li, secret):
    with pytest.raises(DomainError):
        staff.forget_totp(Actor(user_id=li.pk), user_id=li.pk)
    assert User.objects.unscoped("test").get(pk=li.pk).totp_secret == secret
    staff.forget_totp(Actor.system("test"), user_id=li.pk)
    after = User.objects.unscoped("test").get(pk=li.pk)
    assert (after.totp_secret, after.totp_confirmed_at, after.session_epoch) == (None, None, 1)


def test_password_too_weak_or_of_somebody_else_is_refused(li):
    with pytest.raises(DomainError) as caught:
        staff.set_password(Actor(user_id=li.pk), user_id=li.pk, password="12345678")
    assert caught.value.reason is WEAK_PASSWORD
    with pytest.raises(DomainError) as caught:
        staff.set_password(Actor(user_id=li.pk + 1), user_id=li.pk, password="a long enough 1")
    assert caught.value.reason is NOT_ALLOWED
    assert staff.sign_in_staff(ANONYMOUS, login="li.jing", password=PASSWORD).session_epoch == 0


def test_new_password_ends_every_session(li):
    staff.set_password(Actor(user_id=li.pk), user_id=li.pk, password="a long enough 1")
    assert staff.sign_in_staff(ANONYMOUS, login="li.jing", password="a long enough 1").session_epoch == 1
