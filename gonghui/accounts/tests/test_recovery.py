"""恢复码: ten on paper, each for once, of one account, void with the authenticator they stand in for."""

import re

import pytest

from gonghui.accounts import rules
from gonghui.accounts.actions import staff
from gonghui.accounts.actions.recovery import make_recovery_codes
from gonghui.accounts.errors import LOCKED, TOTP_WRONG
from gonghui.accounts.models import RecoveryCode, User
from gonghui.accounts.queries import recovery_left
from gonghui.config.actors import actor_of
from gonghui.kit.actors import ANONYMOUS, Actor
from gonghui.kit.clock import now
from gonghui.kit.errors import NOT_ALLOWED, DomainError
from gonghui.kit.models import AuditEntry
from gonghui.kit.tests.racing import at_once

pytestmark = pytest.mark.django_db


def enrolled(login: str = "li.jing") -> User:
    user = User(login=login, is_staff=True)
    user.set_unusable_password()
    user.save()
    secret = staff.enrol_totp(ANONYMOUS, user_id=user.pk).secret
    User.objects.unscoped("test").filter(pk=user.pk).update(totp_confirmed_at=now())
    user.secret = secret
    return user


def code_of(user: User) -> str:
    """Of this half minute, as if no other had been used in it."""
    User.objects.unscoped("test").filter(pk=user.pk).update(totp_last_step=0)
    return rules.totp_code(user.secret, rules.totp_step(now()))


def made(user: User) -> list[str]:
    return make_recovery_codes(actor_of(user), code=code_of(user))


def left(user: User) -> int:
    return recovery_left(actor_of(user))


def reason(user: User, code: str):
    with pytest.raises(DomainError) as refused:
        staff.confirm_second_factor(ANONYMOUS, user_id=user.pk, code=code)
    return refused.value.reason


def test_recovery_code_opens_the_second_step_once(db):
    user = enrolled()
    codes = made(user)
    assert len(set(codes)) == left(user) == 10
    assert all(re.fullmatch(r"[2-9a-z]{4}(-[2-9a-z]{4}){2}", code) for code in codes)
    typed = f"  {codes[0].upper().replace('-', ' ')}"
    assert staff.confirm_second_factor(ANONYMOUS, user_id=user.pk, code=typed).pk == user.pk
    assert reason(user, codes[0]) is TOTP_WRONG
    assert left(user) == 9


def test_recovery_codes_are_kept_as_hashes_and_not_in_the_trail(db):
    user = enrolled()
    codes = made(user)
    staff.confirm_second_factor(ANONYMOUS, user_id=user.pk, code=codes[0])
    kept = [bytes(row.code_hash) for row in RecoveryCode.objects.unscoped("test")]
    assert sorted(kept) == sorted(rules.recovery_hash(user.pk, code) for code in codes)
    trail = AuditEntry.objects.unscoped("test").filter(table_name="accounts_recoverycode")
    assert trail.exists()
    assert not [e for e in trail if any(raw.hex() in str((e.before, e.after)) for raw in kept)]


def test_recovery_code_of_another_account_opens_nothing(db):
    one, other = enrolled(), enrolled("wang.wu")
    codes = made(one)
    assert reason(other, codes[0]) is TOTP_WRONG
    assert left(one) == 10


def test_guessed_recovery_codes_lock_like_guessed_codes(db):
    user = enrolled()
    codes = made(user)
    assert [reason(user, "2222-2222-2222") for _nth in range(5)] == [TOTP_WRONG] * 4 + [LOCKED]
    assert reason(user, codes[0]) is LOCKED
    assert left(user) == 10


def test_new_recovery_codes_void_the_old_and_ask_for_the_authenticator(db):
    user = enrolled()
    old = made(user)
    code = code_of(user)
    new = make_recovery_codes(actor_of(user), code=code)
    assert reason(user, old[0]) is TOTP_WRONG
    for wrong in (code, "000000", new[0]):
        with pytest.raises(DomainError) as refused:
            make_recovery_codes(actor_of(user), code=wrong)
        assert refused.value.reason is TOTP_WRONG
    assert left(user) == 10


def test_lost_authenticator_voids_the_recovery_codes(db):
    user = enrolled()
    codes = made(user)
    staff.forget_totp(Actor.system("test"), user_id=user.pk)
    assert left(user) == 0
    staff.enrol_totp(ANONYMOUS, user_id=user.pk)
    assert reason(user, codes[0]) is TOTP_WRONG


def test_nobody_without_an_authenticator_makes_recovery_codes(db):
    user, member = enrolled(), User.objects.create(phone="13800001111")
    User.objects.unscoped("test").filter(pk=user.pk).update(totp_confirmed_at=None)
    for who in (user, member):
        with pytest.raises(DomainError) as refused:
            make_recovery_codes(actor_of(who), code="000000")
        assert refused.value.reason is NOT_ALLOWED
    assert not RecoveryCode.objects.unscoped("test").exists()


@pytest.mark.django_db(transaction=True)
def test_one_recovery_code_used_by_four_at_once_signs_one_in():
    user = enrolled()
    code = made(user)[0]
    answers = at_once(*[lambda: staff.confirm_second_factor(ANONYMOUS, user_id=user.pk, code=code)] * 4)
    assert sorted(getattr(a, "reason", None) is TOTP_WRONG for a in answers) == [False, True, True, True]
    assert left(user) == 9
