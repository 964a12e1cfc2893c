"""Several hands at a correction at once, on real connections: one outcome, one person of a number, no deadlock."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from functools import partial

import pytest

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.kit.tests.racing import at_once
from gonghui.members.actions import forget
from gonghui.members.actions.corrections import Right
from gonghui.members.models import CorrectionRequest, Farewell, Person
from gonghui.members.tests.test_corrections import (
    NEW_ID,
    again,
    approved,
    asked,
    person_of,
    refused,
    withdrawn,
)
from gonghui.members.tests.transferring import new_admin
from gonghui.orgs.actions import merge_union
from tests.cast import new_person, new_union

pytestmark = pytest.mark.django_db(transaction=True)


def codes(said: list) -> Counter:
    return Counter(one.code if isinstance(one, DomainError) else type(one).__name__ for one in said)


def test_six_taps_at_once_open_one_request(cast):
    said = codes(at_once(*[partial(asked, cast)] * 6))
    assert said == {"CorrectionRequest": 1, "correction_open": 5}


def test_two_of_the_staff_at_once_decide_once(cast):
    new_admin(cast, "second", "city")
    row = asked(cast)
    said = codes(at_once(partial(approved, cast, row), partial(refused, cast, row, who="second")))
    assert said == {"CorrectionRequest": 1, "illegal_move": 1}
    assert (person_of(cast).name == "陈晓梅") == (again(row).state == "approved")


def test_withdrawal_and_approval_at_once_have_one_outcome(cast):
    row = asked(cast)
    said = codes(at_once(partial(approved, cast, row), partial(withdrawn, cast, row)))
    assert said == {"CorrectionRequest": 1, "illegal_move": 1}
    left = again(row)
    assert (left.state, person_of(cast).name) in (("approved", "陈晓梅"), ("withdrawn", "陈小梅"))
    assert (left.name is None) == (left.state == "withdrawn")


def test_two_people_corrected_to_one_number_at_once_end_as_one(cast):
    rows = [asked(cast, name, Right(id_type="resident_id", id_no=NEW_ID)) for name in ("mei", "lan")]
    said = codes(at_once(*[partial(approved, cast, row) for row in rows]))
    assert said == {"CorrectionRequest": 1, "correction_taken": 1}
    assert len([name for name in ("mei", "lan") if person_of(cast, name).id_no == NEW_ID]) == 1


def test_number_written_by_a_roster_in_the_same_instant_is_taken(cast):
    row = asked(cast, right=Right(id_type="resident_id", id_no=NEW_ID))
    said = at_once(
        partial(approved, cast, row),
        partial(new_person, "周明", NEW_ID, "13800000077", cast.unions["factory"], verified=False),
    )
    assert len([one for one in said if isinstance(one, Exception)]) == 1
    people = Person.objects.unscoped("test").all()
    assert len([one for one in people if one.id_no == NEW_ID]) == 1


def test_approval_and_asking_while_the_union_merges_follow_it(cast):
    mill = new_union("江口纺织厂工会", "enterprise", cast.unions["district"])
    row = asked(cast)
    merging = partial(
        merge_union, cast.actor("province_admin"), union_id=cast.unions["factory"].pk, into_id=mill.pk, reason="两厂合并"
    )  # fmt: skip
    said = codes(
        at_once(partial(approved, cast, row), merging, partial(asked, cast, "hua", Right(name="李建花")))
    )
    assert said == {"CorrectionRequest": 2, "UnionEnded": 1}
    assert (again(row).state, person_of(cast).name) == ("approved", "陈晓梅")
    assert CorrectionRequest.objects.unscoped("test").get(person=cast.people["hua"]).union == mill


def test_approval_while_the_account_is_given_up_writes_back_nobody(cast):
    row = asked(cast, "hua", Right(name="李建花"))
    now = clock.now()
    farewell = Farewell.objects.create(
        user=cast.users["hua"], person=cast.people["hua"], due_at=now + dt.timedelta(days=15)
    )
    Farewell.objects.unscoped("test").filter(pk=farewell.pk).update(due_at=now - dt.timedelta(seconds=1))
    said = at_once(
        partial(approved, cast, row),
        partial(forget.carry_out, Actor.system("test"), farewell_id=farewell.pk),
    )
    assert said[1] is True
    assert codes(said[:1]) in ({"CorrectionRequest": 1}, {"illegal_move": 1})
    left, person = again(row), person_of(cast, "hua")
    assert (left.name, left.was_name, person.id_no, person.forgotten_at is not None) == (
        None,
        None,
        None,
        True,
    )
    assert person.name not in {"李建华", "李建花"}
