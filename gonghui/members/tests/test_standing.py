"""What states of membership mean, and the number every person gets from the database."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from gonghui.members.models import Membership, Person
from gonghui.members.numbers import read_number, said_number
from gonghui.members.standing import standing_of
from gonghui.members.tests.transferring import accepted
from gonghui.orgs.actions import merge_union


def test_retained_members_keep_all_but_dues_and_vote():
    assert [standing_of(status) for status in ("active", "transferring")] == [standing_of("active")] * 2
    full, kept = standing_of("active"), standing_of("retained")
    assert (full.is_member, full.has_benefits, full.pays_dues, full.votes) == (True, True, True, True)
    assert (kept.is_member, kept.has_benefits, kept.pays_dues, kept.votes) == (True, True, False, False)


@pytest.mark.parametrize("status", ["exited", "expelled", "ended", "", None])
def test_who_is_no_member_has_no_standing(status):
    assert not any(
        (standing_of(status).is_member, standing_of(status).has_benefits, standing_of(status).votes)
    )


def test_standing_agrees_with_what_counts_as_live():
    statuses = [value for value, _label in Membership._meta.get_field("status").choices]
    assert [status for status in statuses if standing_of(status).is_member] == list(Membership.LIVE)


@pytest.mark.django_db
def test_number_is_made_by_the_database_also_for_rows_copied_in(cast):
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY members_person (token, name, pinyin, grams, id_type, row_secret, gender, groups, verification, verified_by)"
            " FROM STDIN"
        ) as copy,
    ):
        for n in range(3):
            secret = Person(name="抄").row_secret
            copy.write_row((uuid4(), f"抄{n}", "", [], "resident_id", secret, "", [], "none", ""))
    numbers = list(Person.objects.unscoped("test").order_by("id").values_list("number", flat=True))
    assert len(set(numbers)) == len(numbers) > 3
    assert {(len(str(number)), number % 97) for number in numbers} == {(12, 1)}
    made = Person.objects.create(name="单")
    assert made.number == Person.objects.unscoped("test").get(pk=made.pk).number


@pytest.mark.django_db
def test_number_is_a_persons_for_life_whatever_union_they_belong_to(cast):
    mei = cast.people["mei"]
    before = [number_of(mei), number_of(cast.people["lan"])]
    accepted(cast)
    merge_union(
        cast.actor("province_admin"), union_id=cast.unions["riders"].pk, into_id=cast.unions["sister"].pk,
        reason="上级批复合并",
    )  # fmt: skip
    Membership.objects.unscoped("test").filter(person=mei).update(status="exited")
    Membership.objects.create(person=mei, union=cast.unions["factory"])
    assert [number_of(mei), number_of(cast.people["lan"])] == before
    with pytest.raises(IntegrityError, match="members_number_stays"), transaction.atomic():
        Person.objects.unscoped("test").filter(pk=mei.pk).update(number=before[1])


def number_of(person: Person) -> int:
    return Person.objects.unscoped("test").values_list("number", flat=True).get(pk=person.pk)


@pytest.mark.django_db
def test_number_with_a_wrong_check_digit_or_a_second_time_is_impossible(cast):
    mei = number_of(cast.people["mei"])
    checks = "members_number_of_person_checks"
    for number, why in ((mei + 1, checks), (98, checks), (mei, "number")):
        with pytest.raises(IntegrityError, match=why), transaction.atomic():
            Person.objects.create(name="重", number=number)


def test_number_is_read_as_people_write_it_and_a_misread_one_is_noticed():
    number = 1000000000 * 100
    number += 98 - number % 97
    said = said_number(number)
    assert said == f"{str(number)[:4]} {str(number)[4:8]} {str(number)[8:]}"
    full_width = "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in said)
    assert read_number(said) == read_number(full_width) == read_number(f" {number} ") == number
    digits = str(number)
    for at in range(len(digits)):
        for figure in "0123456789":
            if figure != digits[at]:
                assert read_number(digits[:at] + figure + digits[at + 1 :]) is None
    for at in range(len(digits) - 1):
        exchanged = digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]
        assert exchanged == digits or read_number(exchanged) is None
    assert read_number("") is read_number("12") is read_number("无号") is None
