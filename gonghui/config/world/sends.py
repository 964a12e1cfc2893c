"""群发 of the demo: one that members have read for two days, one paused half-way, and others before and after a second person's word."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.db import connection
from django.utils.translation import gettext as _

from gonghui.accounts.models import User
from gonghui.audiences.models import Audience
from gonghui.audiences.queries import people_in, version_of
from gonghui.config.actors import actor_of
from gonghui.config.world.messages import send_templates
from gonghui.config.world.tree import Tree
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.members.actions.consents import give_consent
from gonghui.members.models import Person
from gonghui.notices.actions import like_message, note_click, read_message
from gonghui.notices.actions.control import decline_send, pause_send, release_send
from gonghui.notices.actions.proposals import Meant, Terms, propose_send
from gonghui.notices.actions.sends import deliver, deliver_inbox_batch
from gonghui.notices.models import Delivery, Message, Send, SendRule
from gonghui.orgs.models import Union

BUILDER = Actor.system("demo world")
CITY = "4401"
TWO_FROM = 40
READERS, ACCOUNTS = 240, 12
# What was sent two days ago was read within the hours after, most of it soon.
SPREAD = """
UPDATE notices_delivery SET sent_at = sent_at - interval '46 hours',
       clicked_at = clicked_at - interval '45 hours' + interval '40 hours' * ((id * 7919 %% 997) / 997.0) ^ 3
 WHERE send_id = %(send)s;
UPDATE notices_message SET created_at = created_at - interval '46 hours',
       read_at = read_at - interval '45.5 hours' + interval '40 hours' * ((id * 7919 %% 997) / 997.0) ^ 3,
       liked_at = liked_at - interval '45.4 hours' + interval '40 hours' * ((id * 7919 %% 997) / 997.0) ^ 3
 WHERE send_id = %(send)s;
UPDATE notices_send SET decided_at = decided_at - interval '46 hours' WHERE id = %(send)s
"""


class Outbox:
    """The city's operator proposes, its reviewer releases."""

    def __init__(self, tree: Tree, staff: dict[str, User]):
        self.union: Union = tree.by_code[CITY]
        self.writer, self.reviewer = actor_of(staff["operator"]), actor_of(staff["reviewer"])

    def proposed(self, key: str, audience: Audience, terms: Terms) -> Send:
        meant = Meant(people_in(audience.pk), audience.name, audience, version_of(audience.pk))
        return propose_send(self.writer, key=f"demo:{key}", union_id=self.union.pk, meant=meant, terms=terms)

    def released(self, key: str, audience: Audience, terms: Terms) -> Send:
        send = self.proposed(key, audience, terms)
        return release_send(self.reviewer, send_id=send.pk) if send.needs_two else send


def build_sends(tree: Tree, staff: dict[str, User], audiences: dict[str, Audience]) -> None:
    outbox = Outbox(tree, staff)
    preview, ready = send_templates()
    SendRule.objects.create(union=outbox.union, two_from=TWO_FROM)
    by_inbox = Terms(preview.pk, ("inbox",))
    _agreed(outbox.union)
    read = outbox.released(
        "read",
        audiences["riders"],
        replace(by_inbox, channels=("inbox", "sms"), holdout_percent=10, is_urgent=True),
    )
    deliver(BUILDER, send_id=read.pk)
    _attention(read)
    paused = outbox.released("paused", audiences["drivers"], replace(by_inbox, channels=("inbox", "sms")))
    deliver_inbox_batch(BUILDER, send_id=paused.pk)
    pause_send(outbox.writer, send_id=paused.pk)
    morning = (clock.now() + timedelta(days=1)).replace(hour=9, minute=30, second=0, microsecond=0)
    outbox.released(
        "tomorrow", audiences["birthday"], replace(by_inbox, template_id=ready.pk, goes_at=morning)
    )
    outbox.proposed("waits", audiences["older"], Terms(ready.pk, ("inbox",)))
    refused = outbox.proposed("refused", audiences["tenth"], by_inbox)
    if refused.needs_two:
        reason = _("对照组不发，请换成其余九成。")
        decline_send(outbox.reviewer, send_id=refused.pk, reason=reason)


def _agreed(city: Union) -> None:
    """A few have an account and agreed to short messages; all others are told in the app alone."""
    people = Person.objects.unscoped("demo world").filter(
        memberships__union__path__startswith=city.path, groups__overlap=["food_rider", "courier"], user=None, verification="verified"
    )  # fmt: skip
    for person in people.order_by("id")[:ACCOUNTS]:
        person.user = User.objects.create(phone=person.phone, display_name=person.name)
        person.save(update_fields=["user"])
        give_consent(actor_of(person.user), purpose="messages")


def _attention(send: Send) -> None:
    """Read by many, clicked by some, liked by a few; then all of it put back two days."""
    told = Message.objects.unscoped("demo world").filter(send=send).order_by("id")[:READERS]
    deliveries = Delivery.objects.unscoped("demo world").filter(send=send, channel="inbox")
    ways = dict(deliveries.values_list("person_id", "id"))
    for nth, message in enumerate(told):
        reader = Actor(keys={"person": frozenset({message.person_id})})
        read_message(reader, message_id=message.pk)
        if nth % 3 == 0:
            note_click(reader, delivery_id=ways[message.person_id])
        if nth % 11 == 0:
            like_message(reader, message_id=message.pk)
    with connection.cursor() as cursor:
        cursor.execute(SPREAD, {"send": send.pk})
