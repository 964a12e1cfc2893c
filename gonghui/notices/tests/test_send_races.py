import subprocess
import sys

import pytest
from django.db import connection, transaction

from gonghui.kit.actors import Actor
from gonghui.kit.tests.racing import WAITING, WRITING, at_once, wait_for
from gonghui.members.models import Person
from gonghui.notices.actions import Notice, sends, tell_many
from gonghui.notices.actions.sends import deliver, deliver_inbox_batch
from gonghui.notices.models import Message, Send
from gonghui.notices.queries import send_progress

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


DELIVER = """
import sys, django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from gonghui.kit.actors import Actor
from gonghui.notices.actions import sends
sends.BATCH = 10
sends.deliver(Actor.system("test"), send_id=int(sys.argv[2]))
"""


@pytest.mark.faults
def test_worker_killed_in_the_middle_of_a_batch_leaves_nobody_out_and_nobody_twice(monkeypatch):
    monkeypatch.setattr(sends, "BATCH", 10)
    people = Person.objects.bulk_create(Person(name=f"会员{n}") for n in range(60))
    send = tell_many(SYSTEM, send_key="k", people=[p.pk for p in people], notice=Notice("notice", "通知"))
    assert deliver_inbox_batch(SYSTEM, send_id=send.pk) == 10
    held = send.deliveries.order_by("pk")[34].person_id
    with transaction.atomic():
        # The fourth batch is half written and waits to see what becomes of this row.
        Message.objects.create(send=send, person_id=held, kind="notice", title="通知")
        command = [sys.executable, "-c", DELIVER, connection.settings_dict["NAME"], str(send.pk)]
        with subprocess.Popen(command) as worker:
            wait_for(WAITING, 1)
            worker.kill()
        transaction.set_rollback(True)
    wait_for(WRITING, 0)
    readers = Message.objects.unscoped("test").values_list("person_id", flat=True)
    assert (len(readers), send_progress(send)) == (30, {"done": 30, "waiting": 30})
    deliver(SYSTEM, send_id=send.pk)
    assert sorted(readers.all()) == sorted(p.pk for p in people)
    assert Send.objects.unscoped("test").get().state == "done"
