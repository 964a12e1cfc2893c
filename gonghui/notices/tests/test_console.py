"""The screen of sends: the contract of every screen, and how far each has come."""

from __future__ import annotations

from django.urls import reverse

from gonghui.kit.actors import Actor
from gonghui.members.models import Person
from gonghui.notices.actions import Notice, tell_many
from gonghui.notices.actions.sends import deliver, deliver_inbox_batch
from gonghui.notices.models import Message, Send
from tests.console_contract import ConsoleContract

SYSTEM = Actor.system("test")
NOTICE = Notice("activity", "国庆游船今晚开抢", "今晚 20:00 开抢。", "/activities/1")


def a_send(union, key: str = "release:1:opening") -> Send:
    people = Person.objects.unscoped("test").values_list("pk", flat=True)
    return tell_many(SYSTEM, send_key=key, people=people, notice=NOTICE, union_id=union.pk)


class TestSendScreen(ConsoleContract):
    model = Send
    sightless = ("judge",)

    def own(self, cast):
        return a_send(cast.unions["factory"])

    def foreign(self, cast):
        return a_send(cast.unions["riders"], "release:2:opening")

    def more(self, cast, count):
        for number in range(count):
            a_send(cast.unions["district"], f"release:3:{number}")


def test_progress_of_a_send_is_seen_while_it_goes_on(cast, client, monkeypatch):
    monkeypatch.setattr("gonghui.notices.actions.sends.BATCH", 3)
    send = a_send(cast.unions["city"])
    page = cast.sign_in(client, "city_admin")
    seen = [shown(page, send)]
    deliver_inbox_batch(SYSTEM, send_id=send.pk)
    seen.append(shown(page, send))
    deliver(SYSTEM, send_id=send.pk)
    seen.append(shown(page, send))
    assert seen == [("0 / 4", "已发出 0 人"), ("3 / 4", "已发出 3 人"), ("4 / 4", "已发出 4 人")]


def shown(client, send: Send) -> tuple[str, str]:
    """What the list says, and the page."""
    listed = client.get(reverse("admin:notices_send_changelist")).content.decode()
    page = client.get(reverse("admin:notices_send_change", args=[send.pk])).content.decode()
    figures = next(f"{n} / 4" for n in range(5) if f">{n} / 4<" in listed)
    return figures, next(f"已发出 {n} 人" for n in range(5) if f"已发出 {n} 人" in page)


def test_stopped_from_its_page_it_sends_no_more(cast, client):
    send = a_send(cast.unions["city"])
    stop = reverse("admin:notices_send_stop", args=[send.pk])
    assert cast.sign_in(client, "city_admin").post(stop).status_code == 302
    deliver(SYSTEM, send_id=send.pk)
    assert (Send.objects.unscoped("test").get().state, Message.objects.unscoped("test").count()) == (
        "stopped",
        0,
    )
