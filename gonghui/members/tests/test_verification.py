import datetime as dt

import pytest
import time_machine

from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.kit.actors import ANONYMOUS
from gonghui.kit.clock import CHINA
from gonghui.kit.errors import SIGN_IN_FIRST, DomainError
from gonghui.kit.ports import _adapter
from gonghui.members import errors
from gonghui.members.actions import verification
from gonghui.members.actions.merge_cases import keep_identity, move_identity
from gonghui.members.actions.verification import revoke_verification, verify_identity
from gonghui.members.models import Consent, MergeCase, Person, VerificationTry
from gonghui.members.ports.real_name import StandInProvider, StandInService
from tests.cast import IDS, new_person

NOON = dt.datetime(2025, 9, 28, 12, 0, tzinfo=CHINA)
NEW_ID = "440101197801010010"
STAND_IN = "gonghui.members.tests.test_verification.stand_in"
pytestmark = pytest.mark.django_db


@pytest.fixture
def ming(cast):
    """On the roster of the factory, verified by nobody, without an account."""
    return new_person("周明", NEW_ID, "13800000077", cast.unions["factory"], verified=False)


@pytest.fixture
def newcomer(cast):
    cast.users["newcomer"] = User.objects.create(phone="13800000055")
    return cast.users["newcomer"]


def verify(user, name="周明", id_no=NEW_ID, consent=True, **facts):
    return verify_identity(actor_of(user), name=name, id_no=id_no, consent=consent, **facts)


def refused(call):
    with pytest.raises(DomainError) as caught:
        call()
    return caught.value


def verified_people() -> int:
    return Person.objects.unscoped("test").filter(verification="verified").count()


def tries() -> list[str]:
    return list(VerificationTry.objects.unscoped("test").order_by("id").values_list("outcome", flat=True))


def test_roster_match_links_and_verifies_the_imported_person(ming, newcomer):
    found = verify(newcomer)
    assert found.pk == ming.pk
    after = Person.objects.unscoped("test").get(pk=ming.pk)
    assert (after.user_id, after.verification, after.verified_by) == (newcomer.pk, "verified", "roster")
    assert actor_of(newcomer).person_id == ming.pk
    assert tries() == ["verified"]


@pytest.mark.parametrize(
    ("name", "id_no"),
    [
        (" 周　明 ", "440101 19780101 0010"),
        ("周明", "４４０１０１１９７８０１０１００１０"),
        ("周明", "440101780101001"),
    ],
)
def test_name_and_number_are_read_as_people_type_them(ming, newcomer, name, id_no):
    assert verify(newcomer, name=name, id_no=id_no).pk == ming.pk


def test_consent_is_recorded_with_its_version(ming, newcomer):
    verify(newcomer)
    given = Consent.objects.unscoped("test").get(user=newcomer)
    assert (given.purpose, given.version, given.withdrawn_at) == ("real_name", "2025-09", None)


def test_without_consent_nothing_is_asked(ming, newcomer):
    assert refused(lambda: verify(newcomer, consent=False)).reason is errors.CONSENT_NEEDED
    assert (tries(), Consent.objects.unscoped("test").count()) == ([], 0)


@pytest.mark.parametrize(("name", "id_no"), [("周敏", NEW_ID), ("周明", "440101197801010029")])
def test_another_name_and_an_unknown_number_are_answered_alike(ming, newcomer, name, id_no):
    error = refused(lambda: verify(newcomer, name=name, id_no=id_no))
    assert error.reason is errors.NOT_IN_ROSTER
    assert "2 次" in error.message and "入会" in error.advice
    assert Person.objects.unscoped("test").get(pk=ming.pk).user_id is None
    assert tries() == ["not_in_roster"]


@pytest.mark.parametrize("id_no", ["440101197801010011", "44010119780101", "", "99010119780101001X"])
def test_impossible_number_costs_no_try(ming, newcomer, id_no):
    assert refused(lambda: verify(newcomer, id_no=id_no)).reason is errors.BAD_IDENTITY
    assert tries() == []


def test_fourth_try_of_a_day_is_refused_and_midnight_opens_again(ming, newcomer):
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(3):
            refused(lambda: verify(newcomer, name="周敏"))
        assert refused(lambda: verify(newcomer)).reason is errors.TRIES_SPENT
        assert (len(tries()), verified_people()) == (3, 3)
        clock.move_to(NOON.replace(hour=0) + dt.timedelta(days=1))
        assert verify(newcomer).pk == ming.pk


def test_verified_member_is_not_asked_again(cast):
    name, id_no, _phone = IDS["mei"]
    error = refused(lambda: verify(cast.users["mei"], name=name, id_no=id_no))
    assert (error.reason, tries()) == (errors.ALREADY_VERIFIED, [])


def test_registered_person_verifies_with_their_own_number(cast):
    name, id_no, _phone = IDS["hua"]
    assert verify(cast.users["hua"], name=name, id_no=id_no).pk == cast.people["hua"].pk


def test_stranger_signs_in_first(ming):
    error = refused(lambda: verify_identity(ANONYMOUS, name="周明", id_no=NEW_ID, consent=True))
    assert (error.reason, tries()) == (SIGN_IN_FIRST, [])


def test_number_of_another_account_opens_one_case_and_no_second_person(cast, newcomer):
    name, id_no, _phone = IDS["mei"]
    for _ in range(2):
        error = refused(lambda: verify(newcomer, name=name, id_no=id_no))
        assert error.reason is errors.IDENTITY_CLAIMED
    case = MergeCase.objects.unscoped("test").get()
    assert (case.person_id, case.claimant_id, case.state) == (cast.people["mei"].pk, newcomer.pk, "open")
    assert cast.people["mei"].user_id == cast.users["mei"].pk
    assert (verified_people(), actor_of(newcomer).person_id) == (3, None)


def test_second_number_for_one_account_opens_a_case(cast, ming):
    error = refused(lambda: verify(cast.users["hua"]))
    assert error.reason is errors.OTHER_IDENTITY
    assert MergeCase.objects.unscoped("test").get().reason == "has_other_person"
    assert Person.objects.unscoped("test").get(pk=ming.pk).user_id is None


def test_case_is_seen_and_settled_by_the_persons_union_only(cast, newcomer):
    name, id_no, _phone = IDS["mei"]
    refused(lambda: verify(newcomer, name=name, id_no=id_no))
    case_id = MergeCase.objects.unscoped("test").get().pk
    for name in ("sister_admin", "finance_officer", "mei", "stranger", "anonymous"):
        refused(lambda name=name: move_identity(cast.actor(name), case_id=case_id))
    assert Person.objects.unscoped("test").get(pk=cast.people["mei"].pk).user_id == cast.users["mei"].pk
    move_identity(cast.actor("city_admin"), case_id=case_id)
    assert (actor_of(newcomer).person_id, cast.actor("mei").person_id) == (cast.people["mei"].pk, None)
    assert (
        refused(lambda: keep_identity(cast.actor("city_admin"), case_id=case_id)).reason
        is errors.CASE_SETTLED
    )


def test_kept_case_changes_nobody(cast, newcomer):
    name, id_no, _phone = IDS["mei"]
    refused(lambda: verify(newcomer, name=name, id_no=id_no))
    keep_identity(cast.actor("city_admin"), case_id=MergeCase.objects.unscoped("test").get().pk)
    assert (cast.actor("mei").person_id, actor_of(newcomer).person_id) == (cast.people["mei"].pk, None)


def test_revoked_person_cannot_verify_again_by_themselves(cast):
    mei = cast.people["mei"]
    revoke_verification(cast.actor("city_admin"), person_id=mei.pk, reason="证件冒用")
    name, id_no, _phone = IDS["mei"]
    assert (
        refused(lambda: verify(cast.users["mei"], name=name, id_no=id_no)).reason
        is errors.VERIFICATION_REVOKED
    )
    assert Person.objects.unscoped("test").get(pk=mei.pk).verification == "revoked"


@pytest.mark.parametrize("who", ["sister_admin", "finance_officer", "judge", "hua"])
def test_revoking_is_for_checkers_of_that_union(cast, who):
    with pytest.raises((DomainError, Person.DoesNotExist)):
        revoke_verification(cast.actor(who), person_id=cast.people["mei"].pk, reason="试试")
    assert Person.objects.unscoped("test").get(pk=cast.people["mei"].pk).verification == "verified"


# --- An outside provider ------------------------------------------------------------------------------------

SERVICE = StandInService(b"shared secret", lambda id_type, id_no: {NEW_ID: "周明"}.get(id_no))


class stand_in:
    """Built by `port()` from its dotted path, as a real adapter would be."""

    @classmethod
    def configured(cls):
        return StandInProvider(SERVICE, b"shared secret")


@pytest.fixture
def service(settings):
    settings.GONGHUI_PORTS = {**settings.GONGHUI_PORTS, "real_name": STAND_IN}
    _adapter.cache_clear()
    SERVICE.faults.clear()
    SERVICE.asked = 0
    yield SERVICE
    _adapter.cache_clear()


def test_outside_match_without_a_roster_row_makes_a_verified_person_without_a_union(newcomer, service):
    person = verify(newcomer)
    assert (person.verified_by, person.gender, str(person.birth_date)) == ("stand_in", "male", "1978-01-01")
    assert person.memberships.count() == 0
    assert [p.pk for p in Person.objects.unscoped("test").filter(grams__contains=person.grams)] == [person.pk]


def test_outside_match_links_the_roster_person(ming, newcomer, service):
    assert verify(newcomer).pk == ming.pk


def test_outside_mismatch_says_so(newcomer, service):
    assert refused(lambda: verify(newcomer, name="周敏")).reason is errors.IDENTITY_MISMATCH


@pytest.mark.parametrize("fault", ["down", "slow", "forged"])
def test_unanswered_question_costs_no_try_and_changes_nothing(ming, newcomer, service, fault):
    service.faults.extend([fault] * 3)
    for _ in range(3):
        assert refused(lambda: verify(newcomer)).reason is errors.PROVIDER_DOWN
    assert (tries(), verified_people()) == (["unanswered"] * 3, 3)
    assert verify(newcomer).pk == ming.pk


def test_provider_that_never_answers_is_not_asked_for_ever(ming, newcomer, service):
    service.faults.extend(["down"] * 20)
    reasons = [refused(lambda: verify(newcomer)).reason for _ in range(11)]
    assert reasons == [errors.PROVIDER_DOWN] * 10 + [errors.TRIES_SPENT]
    assert service.asked == 10


def test_provider_is_asked_outside_any_transaction(ming, newcomer, service, monkeypatch):
    from django.db import connection

    depth = len(connection.savepoint_ids)
    seen = []
    monkeypatch.setattr(SERVICE, "register", lambda *_: seen.append(len(connection.savepoint_ids)) or "周明")
    verify(newcomer)
    assert seen == [depth]


def test_verification_costs_a_bounded_number_of_queries(ming, newcomer, django_assert_max_num_queries):
    actor = actor_of(newcomer)
    with django_assert_max_num_queries(32):
        verification.verify_identity(actor, name="周明", id_no=NEW_ID, consent=True)
