"""群发: a reviewed template to people of one's own unions. Above a size a second person releases it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from gonghui.audiences.actions.saving import OF_EMPLOYERS
from gonghui.audiences.errors import HEALTH_OF_EMPLOYER
from gonghui.audiences.models import Audience, AudienceVersion
from gonghui.audiences.queries import require_usable
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import now
from gonghui.kit.errors import NOT_ALLOWED, NOT_FOUND, require
from gonghui.kit.ports import PortFailed, port
from gonghui.members.groups import are_sensitive
from gonghui.members.models import Membership
from gonghui.notices import errors
from gonghui.notices.actions.sends import defer_delivery, new_send, sql_of
from gonghui.notices.models import Channel, Send, SendRule, SendState, Template
from gonghui.orgs.models import Union

TWO_FROM = 1000
"""Where no union on the way up has set a rule."""


@dataclass(frozen=True, slots=True)
class Meant:
    """Who is meant: `people` is a scoped queryset of one column of person ids, `words` says so, an audience names its version;
    `groups` are the worker groups it was narrowed to."""

    people: QuerySet
    words: str = ""
    audience: Audience | None = None
    audience_version: AudienceVersion | None = None
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """What is sent, by what, and when."""

    template_id: int
    channels: tuple[str, ...]
    goes_at: datetime | None = None
    is_urgent: bool = False
    holdout_percent: int = 0


@action
def propose_send(actor: Actor, *, key: str, union_id: int, meant: Meant, terms: Terms) -> Send:
    """Recipients are settled now, and live members of the union or below it only, whatever `people` says.

    One that tells of sensitive data goes also to nobody at all: a refusal would say that there is none.
    """
    union = sending_union(actor, union_id)
    is_sensitive = tells_sensitive(actor, union, meant)
    template = template_to_send(union, terms.template_id, terms.channels)
    require(terms.goes_at is None or terms.goes_at > now(), errors.TIME_PASSED)
    people = within(union, meant.people)
    needs_two = is_large(people.distinct().count(), union, is_sensitive=is_sensitive)
    facts = {
        "union": union, "maker_id": actor.user_id, "template": template, "kind": template.kind, "title": template.title,
        "body": template.body, "link": template.link, "channels": list(terms.channels), "chosen": meant.words[:200],
        "audience": meant.audience, "audience_version": meant.audience_version, "is_sensitive": is_sensitive,
        "goes_at": terms.goes_at,
        "is_urgent": terms.is_urgent, "holdout_percent": terms.holdout_percent, "needs_two": needs_two,
        "state": SendState.PROPOSED if needs_two else SendState.WAITING,
    }  # fmt: skip
    send, is_new = new_send(key, people, facts)
    require(send.union_id == union.pk and send.maker_id == actor.user_id, NOT_FOUND)
    if is_new:
        require(send.recipients or is_sensitive, errors.NOBODY_MEANT)
        if not needs_two:
            defer_delivery(send.pk, at=terms.goes_at)
    return send


def sending_union(actor: Actor, union_id: int) -> Union:
    union = Union.objects.visible_to(actor).filter(pk=union_id).first()
    require(union, NOT_FOUND)
    require(actor.user_id and actor.may("notices.send", union.path), NOT_ALLOWED)
    return union


def tells_sensitive(actor: Actor, union: Union, meant: Meant) -> bool:
    """Whether who gets it tells of sensitive personal data; then by whoever may use it, as audiences demand."""
    audience = meant.audience
    require_usable(actor, path=union.path, groups=meant.groups, audience=audience)
    if audience is None or not audience.is_sensitive:
        return are_sensitive(meant.groups)
    is_of_employer = union.kind in OF_EMPLOYERS
    require(not is_of_employer or audience.union_id == union.pk, HEALTH_OF_EMPLOYER)
    return True


def is_large(people: int, union: Union, *, is_sensitive: bool) -> bool:
    """A second person releases it. Of sensitive ones by the last of its ten, which tells no more than what is shown."""
    if is_sensitive:
        people = people // 10 * 10 + 9
    return people >= two_from(union)


def template_to_send(union: Union, template_id: int, channels: tuple[str, ...]) -> Template:
    """Reviewed, of this union or one above it, with words for each of the channels."""
    found = Template.objects.unscoped("of the union or one above").select_related("union")
    template = found.filter(pk=template_id).first()
    require(template is not None and union.path.startswith(template.union.path), NOT_FOUND)
    require(template.state == Template.State.APPROVED, errors.TEMPLATE_NOT_READY)
    require(channels, errors.CHANNEL_NEEDS_WORDS, channel="")
    has_words: dict[str, bool] = {
        Channel.INBOX: True, Channel.SMS: bool(template.sms_text), Channel.WECHAT: bool(template.wechat_template),
    }  # fmt: skip
    for channel in channels:
        label = Channel(channel).label if channel in Channel.values else channel
        require(has_words.get(channel), errors.CHANNEL_NEEDS_WORDS, channel=label)
    if Channel.WECHAT in channels:
        require(has_wechat(), errors.WECHAT_NOT_READY)
    return template


def has_wechat() -> bool:
    try:
        port("wechat_messages")
    except PortFailed:
        return False
    return True


def within(union: Union, people: QuerySet) -> QuerySet:
    """Those of them who are live members here; refused where nobody scoped them."""
    sql_of(people)
    live = Membership.objects.unscoped("narrowed to the sender's own unions").filter(
        union__path__startswith=union.path, status__in=Membership.LIVE
    )
    return live.filter(person_id__in=people.order_by()).values("person_id")


def two_from(union: Union) -> int:
    """The nearest union's rule on the way up."""
    way_up = [int(part) for part in union.path.split(".") if part]
    rules = SendRule.objects.unscoped("rules on the way up").filter(union_id__in=way_up)
    sizes = dict(rules.values_list("union_id", "two_from"))
    return next((sizes[pk] for pk in reversed(way_up) if pk in sizes), TWO_FROM)
