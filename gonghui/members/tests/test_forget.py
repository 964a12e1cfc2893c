"""Giving up an account: asked with a code, taken back, put off, carried out once; what staff cannot do."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from gonghui.accounts.actions.sign_in import open_account
from gonghui.accounts.models import Device, PhoneCode, User
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.members import errors, leaving
from gonghui.members.actions import forget
from gonghui.members.leaving import Hindrance
from gonghui.members.models import Consent, Farewell, Forgotten, Membership, Person

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


def asked(cast, name: str = "mei", **facts) -> Farewell:
    actor = cast.actor(name)
    code = forget.request_farewell_code(actor, **facts)
    return forget.ask_farewell(actor, code=code, **facts)


def make_due(farewell: Farewell) -> None:
    """The days are over."""
    past = clock.now() - dt.timedelta(seconds=1)
    Farewell.objects.unscoped("test").filter(pk=farewell.pk).update(due_at=past)


def person_of(cast, name: str) -> Person:
    return Person.objects.unscoped("test").get(pk=cast.people[name].pk)


@pytest.fixture
def hindered():
    """Something that one may agree to lose, and something that must be done first."""
    found: list[Hindrance] = []

    def ask(_who):
        return found

    leaving.hindrances.append(ask)
    yield found
    leaving.hindrances.remove(ask)


def test_asking_needs_the_code_sent_to_ones_own_phone(cast):
    actor = cast.actor("mei")
    forget.request_farewell_code(actor)
    with pytest.raises(DomainError):
        forget.ask_farewell(actor, code="000000")
    assert not Farewell.objects.unscoped("test").exists()
    assert person_of(cast, "mei").phone == "13800000001"


def test_nothing_happens_for_fifteen_days_and_it_can_be_taken_back(cast):
    farewell = asked(cast)
    assert dt.timedelta(days=14, hours=23) < farewell.due_at - clock.now() <= dt.timedelta(days=15)
    assert not forget.carry_out(SYSTEM, farewell_id=farewell.pk)
    with pytest.raises(DomainError) as again:
        forget.record_farewell(cast.actor("mei"), gives_up=[])
    assert again.value.reason is errors.FAREWELL_OPEN
    forget.take_back_farewell(cast.actor("mei"))
    make_due(farewell)
    assert not forget.carry_out(SYSTEM, farewell_id=farewell.pk)
    assert person_of(cast, "mei").name == "陈小梅"
    with pytest.raises(DomainError) as nothing:
        forget.take_back_farewell(cast.actor("mei"))
    assert nothing.value.reason is errors.FAREWELL_NONE
    asked_again = Farewell.objects.create(
        user=cast.users["mei"], person=cast.people["mei"], due_at=clock.now() + forget.COOLS_OFF
    )
    assert asked_again.state == "cooling"


def test_when_the_days_are_over_person_and_account_are_empty(cast):
    make_due(farewell := asked(cast))
    Device.objects.create(user=cast.users["mei"], session_hash=b"h", label="手机", seen_at=clock.now())
    assert forget.due_farewells() == [farewell.pk]
    assert forget.carry_out(SYSTEM, farewell_id=farewell.pk)
    person = person_of(cast, "mei")
    told = (person.name, person.id_no, person.phone, person.birth_date, person.row_secret, person.user_id)
    assert told == (f"已注销会员{person.pk}", None, None, None, None, None)
    user = User.objects.unscoped("test").get(pk=cast.users["mei"].pk)
    assert (user.phone, user.row_secret, user.is_active, user.display_name) == (None, None, False, "")
    assert not Device.objects.unscoped("test").filter(user=user).exists()
    assert not Consent.objects.unscoped("test").filter(user=user).exists()
    membership = Membership.objects.unscoped("test").get(person=person)
    assert (membership.status, membership.left_on) == ("exited", clock.today())
    stone = Forgotten.objects.unscoped("test").get()
    assert (stone.token, stone.user_id_then) == (cast.people["mei"].token, user.pk)
    assert not forget.carry_out(SYSTEM, farewell_id=farewell.pk)


def test_account_of_somebody_unknown_is_given_up_alike(cast):
    make_due(farewell := asked(cast, "stranger"))
    assert forget.carry_out(SYSTEM, farewell_id=farewell.pk)
    user = User.objects.unscoped("test").get(pk=cast.users["stranger"].pk)
    assert (user.phone, user.is_active) == (None, False)


def test_what_hinders_is_named_and_nothing_is_lost_without_a_word(cast, hindered):
    hindered += [
        Hindrance("debt", "有一张账单没有付。", "请先付款。"),
        Hindrance("gold", "还有 3 福豆。", "可以放弃。", may_give_up=True),
    ]
    for given, what in (((), "账单"), (("debt", "gold"), "账单")):
        with pytest.raises(DomainError) as refused:
            asked(cast, gives_up=given)
        assert refused.value.reason is errors.FAREWELL_HINDERED
        assert what in str(refused.value)
    del hindered[0]
    with pytest.raises(DomainError, match="3 福豆"):
        asked(cast)
    assert not Farewell.objects.unscoped("test").exists()
    assert not PhoneCode.objects.unscoped("test").exists()
    assert asked(cast, gives_up=["gold", "moon"]).gives_up == ["gold"]


def test_what_came_up_since_puts_it_off(cast, hindered):
    make_due(farewell := asked(cast))
    hindered.append(Hindrance("debt", "有一张账单没有付。", "请先付款。"))
    assert not forget.carry_out(SYSTEM, farewell_id=farewell.pk)
    assert person_of(cast, "mei").name == "陈小梅"
    hindered.clear()
    assert forget.carry_out(SYSTEM, farewell_id=farewell.pk)


def test_staff_give_up_no_member_and_not_themselves(cast):
    with pytest.raises(DomainError) as refused:
        forget.record_farewell(cast.actor("anonymous"), gives_up=[])
    assert refused.value.code == "sign_in_first"
    found = leaving.what_hinders(forget.who_leaves(cast.users["city_admin"].pk))
    assert [(h.code, h.may_give_up) for h in found] == [("staff", False)]
    farewell = asked(cast)
    assert not Farewell.objects.visible_to(cast.actor("city_admin")).exists()
    with pytest.raises(DomainError):
        forget.take_back_farewell(cast.actor("city_admin"))
    with pytest.raises(DomainError):
        forget.take_back_farewell(cast.actor("hua"))
    assert Farewell.objects.unscoped("test").get().pk == farewell.pk


def test_database_refuses_to_carry_out_early(cast):
    farewell = asked(cast)
    with pytest.raises(IntegrityError, match="members_farewell_cools_off"), transaction.atomic():
        Farewell.objects.unscoped("test").filter(pk=farewell.pk).update(state="done", ended_at=clock.now())


def test_killed_half_way_nothing_was_done_and_the_next_run_does_all(cast, monkeypatch):
    make_due(farewell := asked(cast))

    def killed(_user_id, _moment):
        raise KeyboardInterrupt

    monkeypatch.setattr(forget, "_empty_account", killed)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        forget.carry_out(SYSTEM, farewell_id=farewell.pk)
    assert (person_of(cast, "mei").name, person_of(cast, "mei").phone) == ("陈小梅", "13800000001")
    monkeypatch.undo()
    assert forget.due_farewells() == [farewell.pk]
    assert forget.carry_out(SYSTEM, farewell_id=farewell.pk)


def test_stale_copy_of_a_forgotten_person_cannot_be_written_back(cast):
    stale, account = person_of(cast, "mei"), User.objects.unscoped("test").get(pk=cast.users["mei"].pk)
    _ = stale.id_no, account.phone
    make_due(farewell := asked(cast))
    forget.carry_out(SYSTEM, farewell_id=farewell.pk)
    for row, guard in ((stale, "members_forgotten_stays"), (account, "accounts_forgotten_stays")):
        with pytest.raises(IntegrityError, match=guard), transaction.atomic():
            row.save()
    assert person_of(cast, "mei").id_no is None


def test_joining_again_makes_a_new_person_and_a_new_account(cast):
    make_due(farewell := asked(cast))
    forget.carry_out(SYSTEM, farewell_id=farewell.pk)
    user = open_account(SYSTEM, phone="13800000001")
    again = Person.objects.create(name="陈小梅", id_no="440101199003070122", phone="13800000001", user=user)
    assert (user.pk, again.pk) != (cast.users["mei"].pk, cast.people["mei"].pk)
    assert again.phone == "13800000001"


def test_restored_backup_is_forgotten_again_and_nobody_else(cast):
    mei = cast.users["mei"]
    made_at = User.objects.unscoped("test").get(pk=mei.pk).created_at
    stone = forget.Tombstone(cast.people["mei"].token, mei.pk, made_at)
    other = forget.Tombstone(None, cast.users["hua"].pk, made_at + dt.timedelta(days=1))
    wrong = forget.Tombstone(
        cast.people["mei"].token,
        cast.users["hua"].pk,
        User.objects.unscoped("test").get(pk=cast.users["hua"].pk).created_at,
    )
    assert [forget.forget_again(SYSTEM, tombstone=one) for one in (other, wrong, stone, stone)] == [
        False,
        False,
        True,
        False,
    ]
    assert person_of(cast, "mei").id_no is None
    assert person_of(cast, "hua").name == "李建华"


def test_tombstone_cannot_be_changed(cast):
    make_due(farewell := asked(cast))
    forget.carry_out(SYSTEM, farewell_id=farewell.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Forgotten.objects.unscoped("test").update(token=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Forgotten.objects.unscoped("test").delete()


def test_table_of_people_that_says_nothing_does_not_start(monkeypatch):
    assert leaving.every_table_of_people_answers() == []
    monkeypatch.delitem(leaving.parts, "mall.Favourite")
    found = leaving.every_table_of_people_answers()
    assert [(error.id, error.obj._meta.label) for error in found] == [("members.E001", "mall.Favourite")]
    assert set(leaving.parts) <= {m._meta.label for m in apps.get_models()}


def test_every_table_that_stays_says_why():
    assert [part.label for part in leaving.parts.values() if part.forget is None and not part.because] == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_forget_one_person_once(cast):
    make_due(farewell := asked(cast))
    done, barrier = [], threading.Barrier(2)

    def work():
        barrier.wait()
        try:
            done.append(forget.carry_out(SYSTEM, farewell_id=farewell.pk))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert sorted(done) == [False, True]
    assert Forgotten.objects.unscoped("test").count() == 1
