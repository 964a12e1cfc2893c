"""Three tries a day: of an account, at a document, on a device; whoever tries, and however many at once."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from functools import partial

import pytest
import time_machine
from django.test import Client

from gonghui.accounts.models import User
from gonghui.accounts.sessions import BROWSER
from gonghui.config.actors import actor_of
from gonghui.joining import errors as joining_errors
from gonghui.kit import clock
from gonghui.kit.errors import DomainError, Refusal
from gonghui.kit.tests.racing import at_once
from gonghui.members import errors
from gonghui.members.actions.verification import open_try, read_claim, verify_identity
from gonghui.members.models import Person, VerificationTry
from gonghui.members.tests.test_rosters import id_no
from gonghui.members.tests.test_verification import NEW_ID
from gonghui.orgs import errors as orgs_errors
from gonghui.referrals import errors as referrals_errors
from tests.cast import new_person, new_union

MARK = "a" * 32


@pytest.fixture
def person(db) -> Person:
    union = new_union("蓝海机械厂工会", "enterprise")
    return new_person("周明", NEW_ID, "13800000077", union, verified=False)


def account(nth: int):
    phone = f"138000006{nth:02}"
    known = User.objects.unscoped("test").filter(phone_index=phone).first()
    return actor_of(known or User.objects.create(phone=phone))


def tried(nth: int, name: str = "周敏", id_no: str = NEW_ID, device: str = "") -> str:
    try:
        verify_identity(account(nth), name=name, id_no=id_no, consent=True, device=device)
    except DomainError as refused:
        return refused.code
    return "verified"


def tries() -> int:
    return VerificationTry.objects.unscoped("test").count()


def other_id(nth: int) -> str:
    return id_no(500 + nth)


def test_three_wrong_names_at_a_document_close_it_for_the_day_whoever_tries(person):
    assert [tried(n) for n in range(3)] == [errors.NOT_IN_ROSTER.code] * 3
    assert [tried(3), tried(4, "周明")] == [errors.DOCUMENT_TRIES_SPENT.code] * 2
    assert tries() == 3
    assert tried(5, "周明", other_id(1)) == errors.NOT_IN_ROSTER.code  # another document is open
    with time_machine.travel(clock.now() + dt.timedelta(days=1), tick=False):
        assert tried(4, "周明") == "verified"


def test_three_failures_on_a_device_close_it_for_the_day_and_a_success_is_none(person):
    assert tried(0, "周明", device=MARK) == "verified"
    assert [tried(n, id_no=other_id(n), device=MARK) for n in (1, 2, 3)] == [errors.NOT_IN_ROSTER.code] * 3
    assert tried(4, id_no=other_id(4), device=MARK) == errors.DEVICE_TRIES_SPENT.code
    assert tried(4, id_no=other_id(4), device="b" * 32) == errors.NOT_IN_ROSTER.code
    assert tried(5, id_no=other_id(5)) == errors.NOT_IN_ROSTER.code


def test_page_counts_by_the_browsers_mark(person, db):
    for nth in range(4):
        client = Client()
        client.force_login(User.objects.create(phone=f"138000007{nth:02}"))
        client.cookies[BROWSER] = MARK
        facts = {"name": "周敏", "id_type": "resident_id", "id_no": other_id(nth), "consent": "on"}
        answer = client.post("/me/verify", facts)
        assert answer.status_code == (429 if nth == 3 else 422)
    assert "换自己的手机" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_six_accounts_at_one_document_at_once_get_three_tries():
    new_person("周明", NEW_ID, "13800000077", new_union("蓝海机械厂工会", "enterprise"), verified=False)
    for n in range(6):
        account(n)
    said = Counter(at_once(*[partial(tried, n) for n in range(6)]))
    assert (said.pop(errors.NOT_IN_ROSTER.code), tries()) == (3, 3)
    assert set(said) <= {errors.DOCUMENT_TRIES_SPENT.code, errors.TRIES_UNDER_WAY.code}


def test_tries_under_way_are_waited_for_and_not_called_failures(person):
    for nth in range(3):
        open_try(account(nth), claim=read_claim("周明", "resident_id", NEW_ID), consent=True)
    assert tried(3, "周明") == errors.TRIES_UNDER_WAY.code
    with time_machine.travel(clock.now() + dt.timedelta(minutes=1, seconds=1), tick=False):
        assert tried(3, "周明") == "verified"  # whoever asked is gone


@pytest.mark.parametrize("module", [errors, joining_errors, orgs_errors, referrals_errors])
def test_every_refusal_says_what_to_do_next(module):
    refusals = [one for one in vars(module).values() if isinstance(one, Refusal)]
    assert len(refusals) > 3
    assert [one.code for one in refusals if not str(one.advice).strip()] == []
