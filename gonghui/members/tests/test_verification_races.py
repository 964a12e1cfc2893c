"""However many claim one ID number in one instant, it verifies one person for one account."""

from collections import Counter

import pytest

from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.kit.errors import DomainError
from gonghui.kit.ports import _adapter
from gonghui.kit.tests.racing import at_once
from gonghui.members import errors
from gonghui.members.actions.verification import verify_identity
from gonghui.members.models import MergeCase, Person, VerificationTry
from gonghui.members.tests.test_verification import NEW_ID, SERVICE, STAND_IN
from tests.cast import new_person, new_union

pytestmark = pytest.mark.django_db(transaction=True)
# Who comes fourth while three wait for their answer waits with them.
LATE = {errors.IDENTITY_CLAIMED.code, errors.TRIES_UNDER_WAY.code}


@pytest.fixture
def five():
    return [actor_of(User.objects.create(phone=f"1380000005{n}")) for n in range(5)]


def claim(actor, name="周明"):
    return lambda: verify_identity(actor, name=name, id_no=NEW_ID, consent=True)


def reasons(answers):
    return [a.reason.code for a in answers if isinstance(a, DomainError)]


def test_five_accounts_claiming_one_roster_person_at_once_verify_one(five):
    person = new_person(
        "周明", NEW_ID, "13800000077", new_union("蓝海机械厂工会", "enterprise"), verified=False
    )
    said = Counter(reasons(at_once(*[claim(actor) for actor in five])))
    assert said.total() == 4 and set(said) <= LATE
    person.refresh_from_db()
    assert (person.is_verified, person.user_id in {actor.user_id for actor in five}) == (True, True)
    assert Person.objects.unscoped("test").count() == 1
    assert MergeCase.objects.unscoped("test").count() == said[errors.IDENTITY_CLAIMED.code]


def test_five_accounts_claiming_a_number_nobody_holds_at_once_make_one_person(five, settings):
    settings.GONGHUI_PORTS = {**settings.GONGHUI_PORTS, "real_name": STAND_IN}
    _adapter.cache_clear()
    SERVICE.faults.clear()
    try:
        answers = at_once(*[claim(actor) for actor in five])
    finally:
        _adapter.cache_clear()
    said = reasons(answers)
    assert len(said) == 4 and set(said) <= LATE
    assert Person.objects.unscoped("test").filter(verification="verified").count() == 1


def test_one_account_trying_six_times_at_once_gets_three_tries(five):
    answers = at_once(*[claim(five[0], "周敏")] * 6)
    assert sorted(reasons(answers)) == [errors.NOT_IN_ROSTER.code] * 3 + [errors.TRIES_SPENT.code] * 3
    assert VerificationTry.objects.unscoped("test").count() == 3
