"""Columns sealed under their row's secret: lazily opened, never sealed by a query that knows no row, shredded with it."""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import FieldError
from django.db import IntegrityError, connection, transaction

from gonghui.accounts.models import User
from gonghui.kit.crypto import CannotOpen, Keyring, get_keyring
from gonghui.kit.fields import Sealed
from gonghui.members.models import Person

pytestmark = pytest.mark.django_db
CONTEXT = "members.Person.phone"


def raw(person: Person, column: str = "phone") -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM members_person WHERE id = %s", [person.pk])
        return bytes(cursor.fetchone()[0])


def people(**asked):
    return Person.objects.unscoped("test").filter(**asked)


def test_bytes_open_only_with_the_secret_of_their_row():
    ring = Keyring.generate()
    sealed = ring.seal(CONTEXT, b"138", row_secret=b"a" * 32)
    assert sealed[0] == 2
    assert ring.open(CONTEXT, sealed, row_secret=b"a" * 32) == b"138"
    for other in (None, b"b" * 32):
        with pytest.raises(CannotOpen):
            ring.open(CONTEXT, sealed, row_secret=other)
    with pytest.raises(CannotOpen):
        Keyring.generate().open(CONTEXT, sealed, row_secret=b"a" * 32)
    assert ring.rotated("seal").open(CONTEXT, sealed, row_secret=b"a" * 32) == b"138"


def test_row_gets_its_secret_and_opens_what_lies_under_it():
    made = Person.objects.create(name="张伟", phone="13800000001", id_no="440106199001011235")
    assert raw(made)[0] == 2
    assert raw(made, "id_no")[0] == 2
    assert raw(made, "row_secret")[0] == 1
    found = people(pk=made.pk).get()
    assert (found.phone, found.id_no) == ("13800000001", "440106199001011235")
    assert people(pk=made.pk).only("id").get().phone == "13800000001"
    assert isinstance(people(pk=made.pk).values_list("phone", flat=True).get(), Sealed)
    other = Person.objects.create(name="王芳", phone="13800000001")
    assert other.row_secret != made.row_secret
    with connection.cursor() as cursor:
        cursor.execute("UPDATE members_person SET phone = %s WHERE id = %s", [raw(made), other.pk])
    with pytest.raises(CannotOpen):
        _ = people(pk=other.pk).get().phone


def test_save_leaves_what_was_not_touched_as_it_lies():
    made = Person.objects.create(name="张伟", phone="13800000001", id_no="440106199001011235")
    before = raw(made), raw(made, "id_no")
    found = people(pk=made.pk).get()
    found.name = "张大伟"
    found.save()
    assert (raw(made), raw(made, "id_no")) == before
    found.phone = "13800000002"
    found.save(update_fields=["phone", "phone_index"])
    assert people(pk=made.pk).get().phone == "13800000002"
    assert raw(made, "id_no") == before[1]


def test_query_that_knows_no_row_raises_and_changes_nothing():
    made = Person.objects.create(name="张伟", phone="13800000001")
    with pytest.raises(FieldError, match="RowSealer"), transaction.atomic():
        people(pk=made.pk).update(phone="13800000002")
    made.phone = "13800000002"
    with pytest.raises(FieldError, match="RowSealer"), transaction.atomic():
        people().bulk_update([made], ["phone"])
    assert people(pk=made.pk).get().phone == "13800000001"
    people(pk=made.pk).update(phone=None)
    assert people(pk=made.pk).get().phone is None


def test_row_older_than_its_secret_is_read_and_written_as_before():
    made = Person.objects.create(name="张伟")
    old = get_keyring().seal(CONTEXT, b"13800000001")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE members_person SET phone = %s, row_secret = NULL WHERE id = %s", [old, made.pk]
        )
    found = people(pk=made.pk).get()
    assert found.phone == "13800000001"
    found.phone = "13800000002"
    found.save(update_fields=["phone"])
    assert raw(made)[0] == 1
    assert people(pk=made.pk).get().phone == "13800000002"


def test_secret_cannot_go_while_something_lies_under_it():
    made = Person.objects.create(name="张伟", phone="13800000001")
    with pytest.raises(IntegrityError, match="members_person_has_its_secret"), transaction.atomic():
        people(pk=made.pk).update(row_secret=None)
    assert people(pk=made.pk).get().phone == "13800000001"
    user = User.objects.create(phone="13800000001")
    with pytest.raises(IntegrityError, match="accounts_user_has_its_secret"), transaction.atomic():
        User.objects.unscoped("test").filter(pk=user.pk).update(row_secret=None)


def trail(table: str, row_id: int) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT op, before, after FROM kit_audit WHERE table_name = %s AND row_id = %s ORDER BY id",
            [table, row_id],
        )
        return [(op, *(side and json.loads(side) for side in sides)) for op, *sides in cursor.fetchall()]


def test_trail_says_that_a_name_changed_and_never_what_it_was():
    made = Person.objects.create(name="张伟", pinyin="zhang wei", grams=["张"], phone="13800000001")
    made.name = "张大伟"
    made.phone = "13800000002"
    made.save()
    (_insert, _none, added), (_update, before, after) = trail("members_person", made.pk)
    assert not {"name", "pinyin", "grams", "row_secret", "phone_index"} & set(added)
    assert added["phone"].startswith("\\x02")
    assert (before["name"], after["name"]) == ("…", "…")
    assert (before["phone_index"], after["phone_index"]) == ("…", "…")
    assert before["phone"] != after["phone"]
    gone = made.pk
    made.delete()
    assert not {"name", "row_secret"} & set(trail("members_person", gone)[-1][1])


def test_trail_keeps_no_sealed_bytes_that_a_key_alone_opens():
    made = Person.objects.create(name="张伟")
    old = [get_keyring().seal(CONTEXT, number) for number in (b"13800000001", b"13800000002")]
    with connection.cursor() as cursor:
        for sealed in old:
            cursor.execute(
                "UPDATE members_person SET phone = %s, row_secret = NULL WHERE id = %s", [sealed, made.pk]
            )
    assert trail("members_person", made.pk)[-1][1:] == ({"phone": "…"}, {"phone": "…"})
