"""What must hold when two come in the same instant."""

import pytest

from gonghui.accounts import rules
from gonghui.accounts.actions import staff
from gonghui.accounts.actions.codes import request_phone_code
from gonghui.accounts.actions.lockouts import count_failures
from gonghui.accounts.actions.sign_in import open_account, sign_in_by_phone
from gonghui.accounts.errors import CODE_TOO_SOON, CODE_WRONG, TOTP_WRONG
from gonghui.accounts.models import Lockout, PhoneCode, User
from gonghui.kit.actors import ANONYMOUS
from gonghui.kit.clock import now
from gonghui.kit.tests.racing import at_once

PHONE = "13800001111"


pytestmark = pytest.mark.django_db(transaction=True)


def test_two_sign_ups_with_one_phone_at_once_make_one_account():
    made = at_once(*[lambda: open_account(ANONYMOUS, phone=PHONE)] * 6)
    assert len({user.pk for user in made}) == 1
    assert User.objects.unscoped("test").count() == 1


def test_one_code_used_by_two_at_once_signs_one_in(sms):
    code = request_phone_code(ANONYMOUS, phone=PHONE)
    answers = at_once(*[lambda: sign_in_by_phone(ANONYMOUS, phone=PHONE, code=code)] * 4)
    won = [answer for answer in answers if isinstance(answer, User)]
    lost = [answer.reason for answer in answers if not isinstance(answer, User)]
    assert (len(won), lost) == (1, [CODE_WRONG] * 3)


def test_two_requests_for_a_code_at_once_send_one(sms):
    answers = at_once(*[lambda: request_phone_code(ANONYMOUS, phone=PHONE)] * 5)
    refused = [answer.reason for answer in answers if not isinstance(answer, str)]
    assert refused == [CODE_TOO_SOON] * 4
    assert PhoneCode.objects.unscoped("test").count() == 1


def test_guesses_at_once_get_five_tries_together(sms):
    code = request_phone_code(ANONYMOUS, phone=PHONE)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    at_once(*[lambda: sign_in_by_phone(ANONYMOUS, phone=PHONE, code=wrong)] * 8)
    assert PhoneCode.objects.unscoped("test").get().tries == 5


def test_failures_at_once_are_all_counted():
    subject = (("phone", PHONE),)
    at_once(*[lambda: count_failures(ANONYMOUS, subjects=subject)] * 8)
    assert len(Lockout.objects.unscoped("test").get().failed_at) == 8


def test_one_totp_code_used_by_two_at_once_signs_one_in():
    user = User(login="li.jing", is_staff=True)
    user.set_unusable_password()
    user.save()
    secret = staff.enrol_totp(ANONYMOUS, user_id=user.pk).secret
    code = rules.totp_code(secret, rules.totp_step(now()))
    answers = at_once(*[lambda: staff.confirm_second_factor(ANONYMOUS, user_id=user.pk, code=code)] * 4)
    assert sorted(getattr(a, "reason", None) is TOTP_WRONG for a in answers) == [False, True, True, True]
