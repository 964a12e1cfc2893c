import datetime as dt

import pytest
import time_machine

from gonghui.accounts.actions.codes import issue_phone_code, request_phone_code, use_phone_code
from gonghui.accounts.errors import (
    BAD_PHONE,
    CODE_DAILY_LIMIT,
    CODE_NOT_SENT,
    CODE_TOO_SOON,
    CODE_WRONG,
)
from gonghui.accounts.models import PhoneCode, User
from gonghui.kit.actors import ANONYMOUS
from gonghui.kit.clock import CHINA
from gonghui.kit.errors import DomainError
from gonghui.notices.queries import sms_sent_to

PHONE = "13800001111"
NOON = dt.datetime(2025, 9, 28, 12, 0, tzinfo=CHINA)
pytestmark = pytest.mark.django_db


def codes() -> int:
    return PhoneCode.objects.unscoped("test").count()


def refused(call, reason):
    with pytest.raises(DomainError) as caught:
        call()
    assert caught.value.reason is reason
    return caught.value


def use(code, phone=PHONE, purpose="sign_in"):
    return use_phone_code(ANONYMOUS, phone=phone, purpose=purpose, code=code)


def test_code_arrives_by_sms_and_only_its_hash_is_kept(sms):
    code = request_phone_code(ANONYMOUS, phone="138 0000 1111")
    assert [code in message.text for message in sms_sent_to(PHONE)] == [True]
    row = PhoneCode.objects.unscoped("test").get()
    assert code.encode() not in bytes(row.code_hash) and len(bytes(row.code_hash)) == 32


def test_code_works_once(sms):
    code = request_phone_code(ANONYMOUS, phone=PHONE)
    assert use(code) == PHONE
    refused(lambda: use(code), CODE_WRONG)


def test_code_in_full_width_digits_with_spaces_is_read(sms):
    code = request_phone_code(ANONYMOUS, phone=PHONE)
    wide = " ".join(chr(ord(digit) + 0xFEE0) for digit in code)
    assert use(wide) == PHONE


def test_code_of_another_phone_or_purpose_is_refused(sms):
    code = request_phone_code(ANONYMOUS, phone=PHONE)
    request_phone_code(ANONYMOUS, phone="13800002222")
    request_phone_code(ANONYMOUS, phone="13800003333", purpose="change_phone")
    refused(lambda: use(code, purpose="change_phone"), CODE_WRONG)
    refused(lambda: use(code, phone="13800003333", purpose="change_phone"), CODE_WRONG)
    assert use(code) == PHONE


def test_code_is_over_after_five_minutes(sms):
    with time_machine.travel(NOON, tick=False) as clock:
        code = request_phone_code(ANONYMOUS, phone=PHONE)
        clock.shift(dt.timedelta(minutes=5))
        refused(lambda: use(code), CODE_WRONG)


def test_only_the_latest_code_works(sms):
    with time_machine.travel(NOON, tick=False) as clock:
        first = request_phone_code(ANONYMOUS, phone=PHONE)
        clock.shift(61)
        second = request_phone_code(ANONYMOUS, phone=PHONE)
        if first != second:
            refused(lambda: use(first), CODE_WRONG)
        assert use(second) == PHONE


def test_sixth_try_is_refused_even_with_the_right_code(sms):
    code = request_phone_code(ANONYMOUS, phone=PHONE)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(5):
        refused(lambda: use(wrong), CODE_WRONG)
    refused(lambda: use(code), CODE_WRONG)
    assert PhoneCode.objects.unscoped("test").get().tries == 5


def test_second_code_within_a_minute_is_refused_and_says_how_long(sms):
    with time_machine.travel(NOON, tick=False) as clock:
        request_phone_code(ANONYMOUS, phone=PHONE)
        clock.shift(20)
        error = refused(lambda: request_phone_code(ANONYMOUS, phone=PHONE), CODE_TOO_SOON)
        assert "41" in error.message or "40" in error.message
        assert (codes(), len(sms_sent_to(PHONE))) == (1, 1)
        clock.shift(41)
        request_phone_code(ANONYMOUS, phone=PHONE)
        assert codes() == 2


def test_eleventh_code_of_a_day_is_refused_until_midnight(sms):
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(10):
            request_phone_code(ANONYMOUS, phone=PHONE)
            clock.shift(61)
        refused(lambda: request_phone_code(ANONYMOUS, phone=PHONE), CODE_DAILY_LIMIT)
        assert codes() == 10
        clock.move_to(NOON.replace(hour=0) + dt.timedelta(days=1, seconds=1))
        request_phone_code(ANONYMOUS, phone=PHONE)


def test_code_asked_for_just_before_midnight_still_pauses_after_it(sms):
    with time_machine.travel(NOON.replace(hour=23, minute=59, second=50), tick=False) as clock:
        request_phone_code(ANONYMOUS, phone=PHONE)
        clock.shift(20)
        refused(lambda: request_phone_code(ANONYMOUS, phone=PHONE), CODE_TOO_SOON)


def test_sms_gateway_down_refuses_and_the_code_counts_for_nothing(sms):
    sms.faults.append("down")
    refused(lambda: request_phone_code(ANONYMOUS, phone=PHONE), CODE_NOT_SENT)
    assert codes() == 0
    request_phone_code(ANONYMOUS, phone=PHONE)


def test_sms_gateway_without_answer_leaves_the_code_valid(sms):
    sms.faults.append("slow")
    code = request_phone_code(ANONYMOUS, phone=PHONE)
    assert use(code) == PHONE


@pytest.mark.parametrize("phone", ["", "1380000111", "02087654321", "abc"])
def test_bad_phone_is_refused_and_nothing_is_sent(sms, phone):
    refused(lambda: request_phone_code(ANONYMOUS, phone=phone), BAD_PHONE)
    assert codes() == 0


def test_known_and_unknown_phone_are_answered_alike(sms, django_assert_num_queries):
    User.objects.create(phone=PHONE)
    counts = []
    for phone in (PHONE, "13800002222"):
        with django_assert_num_queries(6):
            issue_phone_code(ANONYMOUS, phone=phone, purpose="sign_in")
        counts.append(codes())
    assert counts == [1, 2]
