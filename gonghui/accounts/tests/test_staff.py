import datetime as dt

import pytest
import time_machine

from gonghui.accounts import rules
from gonghui.accounts.actions import staff
from gonghui.accounts.errors import (
    BAD_LOGIN,
    BAD_PASSWORD,
    BAD_PHONE,
    LOCKED,
    LOGIN_TAKEN,
    OLD_PASSWORD_WRONG,
    TOTP_WRONG,
    WEAK_PASSWORD,
)
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


def test_guessing_a_password_costs_what_the_framework_asks(hasher_of_the_product, monkeypatch):
    """16 MiB and five passes for each; other tests pay less."""
    kind, costs = hasher_of_the_product
    assert (kind.algorithm, kind.block_size, costs) == ("scrypt", 8, {"work_factor": 2**14, "parallelism": 5})
    for name, cost in costs.items():
        monkeypatch.setattr(kind, name, cost)
    user = User()
    user.set_password(PASSWORD)
    assert user.password.startswith("scrypt$16384$") and user.password.split("$")[3:5] == ["8", "5"]
    assert (user.check_password(PASSWORD), user.check_password("wrong")) == (True, False)


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


@pytest.fixture
def newcomer(db):
    made = staff.open_account(
        Actor.system("test"), new=staff.NewAccount("chen.yi", " 陈一 ", "138 0000 2222")
    )
    return made.user, made.password


def change_reason(user, old, new="a long enough 1"):
    with pytest.raises(DomainError) as caught:
        staff.change_password(Actor(user_id=user.pk), old=old, new=new)
    return caught.value.reason


def test_new_account_has_a_password_for_one_sign_in_and_a_telephone_that_is_no_way_in(newcomer):
    user, password = newcomer
    now_kept = User.objects.unscoped("test").get(pk=user.pk)
    assert (now_kept.display_name, now_kept.contact_phone, now_kept.phone) == ("陈一", "13800002222", None)
    assert (now_kept.is_staff, now_kept.must_change_password, now_kept.totp_secret) == (True, True, None)
    assert staff.sign_in_staff(ANONYMOUS, login="chen.yi", password=password).pk == user.pk


@pytest.mark.parametrize("login", ["Chen", "ab", "1chen", "陈一", "chen yi", "c" * 33, ""])
def test_login_that_would_be_mistaken_is_refused(db, login):
    with pytest.raises(DomainError) as caught:
        staff.open_account(Actor.system("test"), new=staff.NewAccount(login, "陈一"))
    assert caught.value.reason is BAD_LOGIN
    assert not User.objects.unscoped("test").exists()


def test_login_taken_in_any_case_and_a_wrong_telephone_are_refused(li):
    User.objects.create(login="Old.Name", is_staff=True)
    for login, phone, reason in (
        ("li.jing", "", LOGIN_TAKEN), ("old.name", "", LOGIN_TAKEN), ("chen.yi", "12345", BAD_PHONE),
    ):  # fmt: skip
        with pytest.raises(DomainError) as caught:
            staff.open_account(Actor.system("test"), new=staff.NewAccount(login, "陈一", phone))
        assert caught.value.reason is reason
    assert User.objects.unscoped("test").count() == 2


def test_password_is_changed_by_its_owner_who_knows_the_old_one(li):
    staff.change_password(Actor(user_id=li.pk), old=PASSWORD, new="a long enough 1")
    after = staff.sign_in_staff(ANONYMOUS, login="li.jing", password="a long enough 1")
    assert (after.session_epoch, after.must_change_password) == (1, False)
    assert password_reason(password=PASSWORD) is BAD_PASSWORD


def test_one_time_password_is_changed_at_once_and_is_no_choice_of_ones_own(newcomer):
    user, password = newcomer
    assert change_reason(user, password, password) is WEAK_PASSWORD
    staff.change_password(Actor(user_id=user.pk), old=password, new="a long enough 1")
    assert User.objects.unscoped("test").get(pk=user.pk).must_change_password is False


def test_weak_password_is_refused_in_chinese(li):
    with pytest.raises(DomainError) as caught:
        staff.change_password(Actor(user_id=li.pk), old=PASSWORD, new="12345678")
    assert caught.value.reason is WEAK_PASSWORD
    assert (
        caught.value.message
        == "密码不合要求：密码太短，至少要有 10 个字符。 这个密码太常见了。 密码只包含数字。"
    )
    assert staff.sign_in_staff(ANONYMOUS, login="li.jing", password=PASSWORD).session_epoch == 0


def test_wrong_old_passwords_lock_like_wrong_passwords_at_the_door(li):
    assert password_reason() is BAD_PASSWORD
    assert [change_reason(li, "wrong") for _ in range(4)] == [OLD_PASSWORD_WRONG] * 3 + [LOCKED]
    assert change_reason(li, PASSWORD) is LOCKED
    assert password_reason(password=PASSWORD) is LOCKED
    made = staff.reset_password(Actor.system("test"), user_id=li.pk)
    assert staff.sign_in_staff(ANONYMOUS, login="li.jing", password=made.password).must_change_password


def test_nobody_without_a_staff_account_changes_a_password(db):
    member = User.objects.create(phone="13800001111")
    for actor in (ANONYMOUS, Actor(user_id=member.pk)):
        with pytest.raises(DomainError) as caught:
            staff.change_password(actor, old="", new="a long enough 1")
        assert caught.value.reason is NOT_ALLOWED


def test_passwords_are_set_without_the_old_one_by_the_system_only(li):
    for act in (
        lambda actor: staff.set_password(actor, user_id=li.pk, password="a long enough 1"),
        lambda actor: staff.reset_password(actor, user_id=li.pk),
    ):
        with pytest.raises(DomainError) as caught:
            act(Actor(user_id=li.pk))
        assert caught.value.reason is NOT_ALLOWED
    assert staff.sign_in_staff(ANONYMOUS, login="li.jing", password=PASSWORD).session_epoch == 0
    staff.set_password(Actor.system("test"), user_id=li.pk, password="a long enough 1")
    assert staff.sign_in_staff(ANONYMOUS, login="li.jing", password="a long enough 1").session_epoch == 1
