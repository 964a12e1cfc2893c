"""An officer enters, the worker confirms on their own phone or signs, another reviews; and the service that knows names."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from gonghui.joining import actions
from gonghui.joining.models import JoinApplication
from gonghui.joining.tasks import drop_old_drafts
from gonghui.joining.tests.stage import again, counted, id_no, staff, taken, told
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.ports import _adapter
from gonghui.members.models import Membership, MergeCase, Person, VerificationTry
from gonghui.members.ports.real_name import StandInProvider, StandInService

pytestmark = pytest.mark.django_db
PHONE = "13700000009"


def entered(stage, number=1, **other) -> JoinApplication:
    return actions.enter_on_site(stage.actor("officer"), told=told(stage, number, **other), phone=PHONE)


def refused(code, call):
    before = counted()
    with pytest.raises(DomainError) as caught:
        call()
    assert (caught.value.code, counted()) == (code, before)
    return caught.value


def test_worker_confirms_by_the_code_on_their_own_phone(stage):
    row = entered(stage)
    assert (row.state, row.user_id, row.confirmed_how) == ("draft", None, "id_seen")
    officer = stage.actor("officer")
    code = actions.send_join_code(officer, application_id=row.pk)
    refused("code_wrong", lambda: actions.confirm_by_code(officer, application_id=row.pk, code="0000000"))
    done = actions.confirm_by_code(officer, application_id=row.pk, code=code)
    assert (done.state, done.agreed_how, done.user.phone) == ("submitted", "sms", PHONE)
    staff(stage.cast, "officer too", "org_admin", "city")
    refused("join_own_application", lambda: _own(stage, row))
    taken(stage, row)
    approved = actions.approve_application(stage.actor("reviewer"), joinapplication_id=row.pk)
    person = Person.objects.unscoped("test").get(pk=approved.person_id)
    assert (person.verified_by, person.user_id) == ("officer", done.user_id)
    assert approved.confirmed_by_id == stage.cast.users["officer"].pk
    assert Membership.objects.unscoped("test").get(person=person).source == "on_site"


def _own(stage, row):
    """The officer, as one who may review as well."""
    from gonghui.orgs.models import Grant

    Grant.objects.create(
        user=stage.cast.users["officer"],
        role="reviewer",
        union=stage.cast.unions["city"],
        starts_on="2024-01-01",
    )
    taken(stage, row, "officer")


def test_signed_form_needs_its_number_and_knows_no_account(stage):
    row = entered(stage)
    officer = stage.actor("officer")
    refused(
        "join_form_no_needed",
        lambda: actions.confirm_by_signature(officer, application_id=row.pk, form_no=" "),
    )
    done = actions.confirm_by_signature(officer, application_id=row.pk, form_no="2026-001")
    assert (done.agreed_how, done.form_no, done.user_id) == ("signed", "2026-001", None)
    taken(stage, row)
    approved = actions.approve_application(stage.actor("reviewer"), joinapplication_id=row.pk)
    person = Person.objects.unscoped("test").get(pk=approved.person_id)
    assert (person.is_verified, person.user_id, person.phone) == (True, None, PHONE)


def test_draft_is_its_officers_and_goes_without_a_trace(stage):
    row = entered(stage)
    refused(
        "not_found",
        lambda: actions.confirm_by_signature(stage.actor("city_admin"), application_id=row.pk, form_no="1"),
    )
    refused("not_found", lambda: taken(stage, row))
    actions.drop_on_site(stage.actor("officer"), application_id=row.pk)
    assert JoinApplication.objects.unscoped("test").count() == 0


def test_officer_enters_within_their_subtree_and_by_the_criteria(stage):
    refused("not_allowed", lambda: entered(stage, union_id=stage.cast.unions["riders"].pk))
    refused(
        "not_allowed", lambda: actions.enter_on_site(stage.actor("reviewer"), told=told(stage), phone=PHONE)
    )
    refused("join_bad_application", lambda: entered(stage, id_no="1"))
    staff(stage.cast, "clerk2", "operator", "city")
    user = stage.cast.users["clerk2"]
    user.phone = PHONE
    user.save()
    row = entered(stage)
    code = actions.send_join_code(stage.actor("officer"), application_id=row.pk)
    refused(
        "join_staff_phone",
        lambda: actions.confirm_by_code(stage.actor("officer"), application_id=row.pk, code=code),
    )


# --- the service that knows names --------------------------------------------------------------------------------

REGISTER: dict[str, str] = {}
SERVICE = StandInService(b"a secret of tests", lambda _kind, number: REGISTER.get(number))


class Registry(StandInProvider):
    @classmethod
    def configured(cls):
        return cls(SERVICE, b"a secret of tests")


@pytest.fixture
def registry(settings):
    settings.GONGHUI_PORTS = {**settings.GONGHUI_PORTS, "real_name": f"{__name__}.Registry"}
    _adapter.cache_clear()
    REGISTER.clear()
    SERVICE.faults.clear()
    yield REGISTER
    _adapter.cache_clear()


def apply(stage, number=1, phone="13700000001", **other):
    return actions.apply_to_join(stage.worker(phone), told=told(stage, number, **other), consent=True)


def test_service_that_knows_the_number_verifies_on_the_way(stage, registry):
    registry[id_no(1)] = "王大力"
    row = apply(stage)
    person = Person.objects.unscoped("test").get(user_id=row.user_id)
    assert (person.verified_by, row.confirmed_how, row.state) == ("stand_in", "provider", "submitted")
    taken(stage, row)
    done = actions.approve_application(stage.actor("reviewer"), joinapplication_id=row.pk)
    assert done.person_id == person.pk


def test_service_that_does_not_know_the_number_is_no_obstacle(stage, registry):
    row = apply(stage)
    assert (row.state, row.confirmed_how) == ("submitted", "")
    assert VerificationTry.objects.unscoped("test").get().outcome == "unknown"


def test_other_name_is_refused_three_times_a_day(stage, registry):
    registry[id_no(1)] = "王小力"
    for left in (2, 1, 0):
        said = refused("identity_mismatch", lambda: apply(stage))
        assert f"还可以试 {left} 次" in said.message
    refused("verification_tries_spent", lambda: apply(stage))


def test_silent_service_keeps_nothing_and_costs_no_try(stage, registry):
    SERVICE.faults[:] = ["down", "slow"]
    for _fault in range(2):
        refused("real_name_unavailable", lambda: apply(stage))
    assert JoinApplication.objects.unscoped("test").count() == 0
    registry[id_no(1)] = "王大力"
    assert apply(stage).state == "submitted"


def test_number_of_another_verified_account_opens_a_case_at_once(stage, registry):
    registry[id_no(1)] = "王大力"
    first = apply(stage)
    actions.withdraw_application(stage.worker("13700000001"), application_id=first.pk)
    with pytest.raises(DomainError) as caught:
        apply(stage, phone="13700000002")
    assert caught.value.code == "identity_claimed"
    assert MergeCase.objects.unscoped("test").get().reason == "linked_elsewhere"
    assert again(first).state == "withdrawn"


def test_draft_nobody_confirmed_is_gone_after_a_day(stage):
    old = entered(stage)
    drop_old_drafts(0)
    assert again(old).state == "draft"
    with time_machine.travel(clock.now() + dt.timedelta(hours=25), tick=False):
        fresh = entered(stage, 2)
        drop_old_drafts(0)
    assert list(JoinApplication.objects.unscoped("test").values_list("pk", flat=True)) == [fresh.pk]
