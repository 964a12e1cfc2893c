import pytest

from gonghui.kit.actors import Actor
from gonghui.kit.tests.racing import at_once
from gonghui.members.models import Person
from gonghui.notices.actions import Notice, sends, tell_many
from gonghui.notices.actions.sends import deliver
from gonghui.notices.models import Message, Send

SYSTEM = Actor.system("test")


pytestmark = pytest.mark.django_db(transaction=True)


def test_three_jobs_on_one_send_at_once_reach_everybody_once(monkeypatch):
    monkeypatch.setattr(sends, "BATCH", 10)
    people = Person.objects.bulk_create(Person(name=f"会员{n}") for n in range(100))
    send = tell_many(SYSTEM, send_key="k", people=[p.pk for p in people], notice=Notice("notice", "通知"))
    at_once(*[lambda: deliver(SYSTEM, send_id=send.pk)] * 3)
    readers = Message.objects.unscoped("test").values_list("person_id", flat=True)
    assert sorted(readers) == sorted(p.pk for p in people)
    assert Send.objects.unscoped("test").get().state == "done"


def test_one_announcement_made_twice_at_once_is_one_send():
    person = Person.objects.create(name="会员")
    made = at_once(
        *[lambda: tell_many(SYSTEM, send_key="k", people=[person.pk], notice=Notice("notice", "通知"))] * 4
    )
    assert len({send.pk for send in made}) == 1
