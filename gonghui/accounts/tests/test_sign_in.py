import pytest

from gonghui.accounts.actions.codes import request_phone_code
from gonghui.accounts.actions.sign_in import move_account, sign_in_by_phone
from gonghui.accounts.errors import ACCOUNT_CLOSED, CODE_WRONG, LOCKED, PHONE_TAKEN, SAME_PHONE, STAFF_DOOR
from gonghui.accounts.models import Device, PhoneCode, User
from gonghui.kit.actors import ANONYMOUS, Actor
from gonghui.kit.errors import DomainError
from gonghui.members.models import Person

PHONE = "13800001111"
pytestmark = pytest.mark.django_db


def users() -> int:
    return User.objects.unscoped("test").count()


def sign_in(phone=PHONE, code=None):
    return sign_in_by_phone(ANONYMOUS, phone=phone, code=code or request_phone_code(ANONYMOUS, phone=phone))


def reason_of(call):
    with pytest.raises(DomainError) as caught:
        call()
    return caught.value.reason


def test_first_sign_in_opens_an_account_that_is_registered_and_no_more(sms):
    user = sign_in()
    assert (user.phone, user.is_staff, user.has_usable_password()) == (PHONE, False, False)
    assert Person.objects.unscoped("test").filter(user=user).count() == 0


def test_second_sign_in_finds_the_same_account(sms, cast):
    before = users()
    assert sign_in("13800000001").pk == cast.users["mei"].pk
    assert users() == before


def test_wrong_code_opens_nothing(sms):
    code = request_phone_code(ANONYMOUS, phone=PHONE)
    assert reason_of(lambda: sign_in(code=f"{(int(code) + 1) % 10**6:06}")) is CODE_WRONG
    assert (users(), Device.objects.unscoped("test").count()) == (0, 0)


def test_staff_account_is_sent_to_its_own_door(sms):
    User.objects.create(login="li", phone=PHONE, is_staff=True)
    assert reason_of(sign_in) is STAFF_DOOR


def test_closed_account_is_refused(sms):
    User.objects.create(phone=PHONE, is_active=False)
    assert reason_of(sign_in) is ACCOUNT_CLOSED


def test_phone_locks_after_ten_wrong_codes_even_for_the_right_one(sms):
    code = request_phone_code(ANONYMOUS, phone=PHONE)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(9):
        assert reason_of(lambda: sign_in(code=wrong)) is CODE_WRONG
    assert reason_of(lambda: sign_in(code=wrong)) is LOCKED
    PhoneCode.objects.unscoped("test").update(tries=0)
    assert reason_of(lambda: sign_in(code=code)) is LOCKED
    assert reason_of(lambda: request_phone_code(ANONYMOUS, phone=PHONE)) is LOCKED
    assert users() == 0


def test_moving_to_a_free_phone_ends_sessions_and_returns_the_former(sms, cast):
    mei = cast.users["mei"]
    assert move_account(cast.actor("mei"), phone=PHONE) == "13800000001"
    after = User.objects.unscoped("test").get(pk=mei.pk)
    assert (after.phone, after.session_epoch) == (PHONE, mei.session_epoch + 1)
    assert sign_in().pk == mei.pk


@pytest.mark.parametrize(("phone", "reason"), [("13800000002", PHONE_TAKEN), ("13800000001", SAME_PHONE)])
def test_moving_to_a_taken_or_the_same_phone_changes_nothing(cast, phone, reason):
    assert reason_of(lambda: move_account(cast.actor("mei"), phone=phone)) is reason
    after = User.objects.unscoped("test").get(pk=cast.users["mei"].pk)
    assert (after.phone, after.session_epoch) == ("13800000001", 0)


def test_actor_of_nobody_moves_no_account(cast):
    with pytest.raises(User.DoesNotExist):
        move_account(Actor(), phone=PHONE)
