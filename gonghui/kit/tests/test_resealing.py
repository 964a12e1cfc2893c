"""Rotation in the background: readers and writers go on, a killed run goes on, a concurrent write wins, a key in use stays."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from gonghui.accounts.actions.sign_in import open_account
from gonghui.accounts.models import PhoneCode, User
from gonghui.kit import crypto, fields, resealing
from gonghui.kit.actors import Actor
from gonghui.kit.crypto import CannotOpen, KeysMissing, get_keyring
from gonghui.kit.models import Resealing
from gonghui.members.models import Person
from gonghui.members.queries import person_with_id

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")
ID_NO = "440101199003070122"


def use(ring, monkeypatch) -> None:
    """As a restart with another key file."""
    for module in {crypto, fields, resealing, *importers()}:
        monkeypatch.setattr(module, "get_keyring", lambda: ring)


def importers() -> list:
    import sys

    return [
        m
        for name, m in list(sys.modules.items())
        if name.startswith("gonghui.") and hasattr(m, "get_keyring")
    ]


def people():
    return Person.objects.unscoped("test")


def raw(person: Person) -> tuple[bytes, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id_no, phone, row_secret, id_index FROM members_person WHERE id = %s", [person.pk]
        )
        return tuple(bytes(value) for value in cursor.fetchone())


def trail_length() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kit_audit")
        return cursor.fetchone()[0]


@pytest.fixture
def rotated(monkeypatch):
    """Both keys are new; what was written before lies under the old ones."""

    def rotate():
        ring = get_keyring().rotated("seal").rotated("index")
        use(ring, monkeypatch)
        return ring

    return rotate


def test_everything_is_written_anew_and_reads_as_before(cast, rotated):
    mei = cast.people["mei"]
    before = raw(mei)
    ring = rotated()
    assert person_with_id("resident_id", ID_NO) == mei
    length = trail_length()
    assert resealing.reseal_all()
    after = raw(mei)
    assert all(a != b for a, b in zip(after, before, strict=True))
    assert [ring.key_id_of(one) for one in after[:3]] == [ring.current_id("seal")] * 3
    assert after[3] == ring.blind_index("id_no", ID_NO)
    found = people().get(pk=mei.pk)
    assert (found.id_no, found.phone) == (ID_NO, "13800000001")
    assert trail_length() == length
    assert not Resealing.objects.unscoped("test").filter(finished_at=None).exists()
    assert raw(mei) == after and resealing.reseal_all() and raw(mei) == after


def test_row_without_a_secret_gets_one(cast, rotated):
    mei = cast.people["mei"]
    ring = get_keyring()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE members_person SET id_no = %s, phone = %s, row_secret = NULL WHERE id = %s",
            [
                ring.seal("members.Person.id_no", ID_NO.encode()),
                ring.seal("members.Person.phone", b"138"),
                mei.pk,
            ],
        )
    Resealing.objects.unscoped("test").all().delete()
    assert resealing.reseal_all()
    assert [one[0] for one in raw(mei)[:3]] == [2, 2, 1]
    assert people().get(pk=mei.pk).id_no == ID_NO


def test_look_ups_find_rows_under_either_key_while_it_runs(cast, rotated):
    rotated()
    user = cast.users["mei"]
    assert User.objects.unscoped("test").get(phone_index="13800000001").pk == user.pk
    assert list(User.objects.unscoped("test").filter(phone_index__in=["13800000001", "x"])) == [user]
    assert open_account(SYSTEM, phone="13800000001").pk == user.pk
    assert resealing.reseal_all()
    assert open_account(SYSTEM, phone="13800000001").pk == user.pk


def test_killed_run_goes_on_where_it_stopped(cast, rotated, monkeypatch):
    rotated()
    monkeypatch.setattr(resealing, "BATCH_ROWS", 2)
    table = next(t for t in resealing.tables() if t.name == "members_person")
    run = resealing.progress_of(table, resealing.get_keyring())
    resealing.reseal_batch(table, run, resealing.get_keyring())
    left = Resealing.objects.unscoped("test").get(table="members_person")
    assert (left.rows_seen, left.rows_done, left.finished_at) == (2, 2, None)
    assert resealing.reseal_all()
    again = Resealing.objects.unscoped("test").get(table="members_person")
    assert again.rows_seen == people().count()


def test_write_that_came_between_wins(cast, rotated, monkeypatch):
    ring = rotated()
    mei = people().get(pk=cast.people["mei"].pk)
    write = resealing._write

    def late(table, changes):
        if table.name == "members_person":
            mei.phone = "13900000009"
            mei.save(update_fields=["phone", "phone_index"])
        return write(table, changes)

    monkeypatch.setattr(resealing, "_write", late)
    assert resealing.reseal_all()
    found = people().get(pk=mei.pk)
    assert (found.phone, found.id_no) == ("13900000009", ID_NO)
    assert found.phone_index == ring.blind_index("phone", "13900000009")


def test_key_in_use_is_not_retired_and_one_done_with_is(cast, rotated, monkeypatch):
    old = get_keyring().current_id("seal"), get_keyring().current_id("index")
    ring = rotated()
    assert "members_person" in resealing.still_needed("seal", old[0])
    assert "members_person" in resealing.still_needed("index", old[1])
    PhoneCode.objects.unscoped("test").all().delete()
    assert resealing.reseal_all()
    assert resealing.still_needed("seal", old[0]) == {}
    assert resealing.still_needed("index", old[1]) == {}
    with pytest.raises(KeysMissing):
        ring.without("seal", ring.current_id("seal"))
    bare = ring.without("seal", old[0]).without("index", old[1])
    use(bare, monkeypatch)
    assert people().get(pk=cast.people["mei"].pk).phone == "13800000001"
    assert person_with_id("resident_id", ID_NO) == cast.people["mei"]
    with pytest.raises(CannotOpen):
        bare.open("x", get_keyring().seal("x", b"y")[:1] + old[0].to_bytes(2, "big") + bytes(40))


@pytest.mark.django_db(transaction=True)
def test_readers_and_writers_go_on_meanwhile(cast, rotated, monkeypatch):
    Person.objects.bulk_create(
        Person(name=f"职工{n}", id_no=f"44010119950101{n:04}", phone=f"1370000{n:04}") for n in range(300)
    )
    rotated()
    monkeypatch.setattr(resealing, "BATCH_ROWS", 20)
    ids = list(people().filter(name__startswith="职工").order_by("pk").values_list("pk", flat=True))
    wrong, stop = [], threading.Event()

    def read():
        while not stop.is_set():
            for person in people().filter(pk__in=ids[::7]):
                if not (person.phone or "").startswith("13") or not (person.id_no or "").startswith("4401"):
                    wrong.append(person.pk)
        connection.close()

    def write():
        for nth, pk in enumerate(ids):
            person = people().get(pk=pk)
            person.phone = f"1390000{nth:04}"
            person.save(update_fields=["phone", "phone_index"])
        connection.close()

    workers = [threading.Thread(target=read), threading.Thread(target=write)]
    for one in workers:
        one.start()
    try:
        assert resealing.reseal_all()
        workers[1].join()
    finally:
        stop.set()
        workers[0].join()
    assert wrong == []
    ring = resealing.get_keyring()
    for nth, person in enumerate(people().filter(pk__in=ids).order_by("pk")):
        assert person.phone == f"1390000{nth:04}"
        assert person.phone_index == ring.blind_index("phone", person.phone)
    assert resealing.still_needed("seal", 1) == {}
