"""The screen of sends: the contract of every screen, and how far each has come."""

from __future__ import annotations

from django.urls import reverse

from gonghui.kit.actors import Actor
from gonghui.members.models import Person
from gonghui.notices.actions import Notice, tell_many
from gonghui.notices.actions.sends import deliver, deliver_inbox_batch
from gonghui.notices.actions.templates import draft_template
from gonghui.notices.models import Message, Send, SendRule, Template
from gonghui.notices.tests.stage import WORDS
from tests.console_contract import ConsoleContract

SYSTEM = Actor.system("test")
NOTICE = Notice("activity", "国庆游船今晚开抢", "今晚 20:00 开抢。", "/activities/1")


def a_send(union, key: str = "release:1:opening") -> Send:
    people = Person.objects.unscoped("test").values_list("pk", flat=True)
    return tell_many(SYSTEM, send_key=key, people=people, notice=NOTICE, union_id=union.pk)


class TestTemplateScreen(ConsoleContract):
    model = Template

    def own(self, cast):
        return draft_template(cast.actor("city_admin"), union_id=cast.unions["factory"].pk, words=WORDS)

    def foreign(self, cast):
        return draft_template(cast.actor("sister_admin"), union_id=cast.unions["riders"].pk, words=WORDS)

    def more(self, cast, count):
        for _number in range(count):
            self.own(cast)


class TestSendRuleScreen(ConsoleContract):
    model = SendRule
    change, wrong = {"two_from": 300}, {"two_from": 0}

    def own(self, cast):
        return SendRule.objects.create(union=cast.unions["factory"], two_from=500)

    def foreign(self, cast):
        return SendRule.objects.create(union=cast.unions["riders"], two_from=500)

    def more(self, cast, count):
        for name in ("city", "district")[:count]:
            SendRule.objects.create(union=cast.unions[name], two_from=500)


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
    assert seen == [("0 / 4", "已处理 0 条"), ("3 / 4", "已处理 3 条"), ("4 / 4", "已处理 4 条")]


def shown(client, send: Send) -> tuple[str, str]:
    """What the list says, and the page."""
    listed = client.get(reverse("admin:notices_send_changelist")).content.decode()
    page = client.get(reverse("admin:notices_send_change", args=[send.pk])).content.decode()
    figures = next(f"{n} / 4" for n in range(5) if f">{n} / 4<" in listed)
    return figures, next(f"已处理 {n} 条" for n in range(5) if f"已处理 {n} 条" in page)


def test_stopped_from_its_page_it_sends_no_more(cast, client):
    send = a_send(cast.unions["city"])
    stop = reverse("admin:notices_send_stop", args=[send.pk])
    assert cast.sign_in(client, "city_admin").post(stop).status_code == 302
    deliver(SYSTEM, send_id=send.pk)
    assert (Send.objects.unscoped("test").get().state, Message.objects.unscoped("test").count()) == (
        "stopped",
        0,
    )
