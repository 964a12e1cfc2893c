import pytest

from gonghui.accounts.actions.codes import CHANGE_PHONE, request_phone_code
from gonghui.accounts.errors import CODE_WRONG, PHONE_TAKEN
from gonghui.accounts.models import User
from gonghui.kit.errors import DomainError
from gonghui.members.actions.phones import correct_phone
from gonghui.members.models import Person
from gonghui.notices.queries import sms_sent_to

NEW = "13900001234"
pytestmark = pytest.mark.django_db


def ask(cast, phone=NEW):
    return request_phone_code(cast.actor("mei"), phone=phone, purpose=CHANGE_PHONE)


def phones(cast) -> tuple[str, str]:
    user = User.objects.unscoped("test").get(pk=cast.users["mei"].pk)
    return user.phone, Person.objects.unscoped("test").get(pk=cast.people["mei"].pk).phone


def test_new_phone_proved_by_its_code_moves_account_and_person_and_warns_the_old_one(cast):
    correct_phone(cast.actor("mei"), phone=NEW, code=ask(cast))
    assert phones(cast) == (NEW, NEW)
    warning = sms_sent_to("13800000001")[0].text
    assert "139****1234" in warning and NEW not in warning


def test_wrong_code_moves_nothing_and_warns_nobody(cast):
    wrong = f"{(int(ask(cast)) + 1) % 10**6:06}"
    with pytest.raises(DomainError) as caught:
        correct_phone(cast.actor("mei"), phone=NEW, code=wrong)
    assert caught.value.reason is CODE_WRONG
    assert phones(cast) == ("13800000001", "13800000001")
    assert sms_sent_to("13800000001") == []


def test_phone_of_another_account_moves_nothing(cast):
    code = ask(cast, "13800000002")
    with pytest.raises(DomainError) as caught:
        correct_phone(cast.actor("mei"), phone="13800000002", code=code)
    assert caught.value.reason is PHONE_TAKEN
    assert phones(cast) == ("13800000001", "13800000001")
