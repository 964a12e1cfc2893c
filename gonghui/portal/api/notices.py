"""消息设置 and the taps that allow WeChat messages, for mini-programs."""

from __future__ import annotations

from datetime import time
from typing import Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from gonghui.notices.actions import like_message, read_message
from gonghui.notices.actions.preferences import may_be_off, set_preference, set_quiet_hours
from gonghui.notices.actions.quota import TEMPLATES_MAX, record_tap
from gonghui.notices.queries import quiet_hours_of, subscriptions_of, switches_of
from gonghui.portal.api.schemas import REFUSALS, Id

router = Router(tags=["account"])
Answer = Literal["accept", "reject", "ban", "filter", "acceptWithAudio", "acceptWithForcePush"]


class SwitchOut(Schema):
    kind: str
    channel: str
    is_on: bool
    is_fixed: bool


class QuietHours(Schema):
    starts: time
    ends: time
    is_on: bool = True


class MessageSettingsOut(Schema):
    quiet_hours: QuietHours
    switches: list[SwitchOut]


class SwitchIn(Schema):
    kind: str = Field(max_length=16)
    channel: str = Field(max_length=8)
    is_on: bool


class SubscriptionOut(Schema):
    template: str
    title: str
    left: int


class TapIn(Schema):
    """`answers` as wx.requestSubscribeMessage gives them; `key` is the tap's own."""

    key: UUID
    answers: dict[str, Answer] = Field(max_length=TEMPLATES_MAX)


class TapOut(Schema):
    added: int


@router.get("/me/message-settings", response={200: MessageSettingsOut, **REFUSALS})
def settings(request: HttpRequest):
    quiet = quiet_hours_of(request.actor)
    return {
        "quiet_hours": {"starts": quiet.starts, "ends": quiet.ends, "is_on": quiet.is_on},
        "switches": [
            {"kind": kind, "channel": channel, "is_on": is_on, "is_fixed": not may_be_off(kind, channel)}
            for (kind, channel), is_on in switches_of(request.actor).items()
        ],
    }


@router.put("/me/message-settings/switch", response={204: None, **REFUSALS})
def switch(request: HttpRequest, body: SwitchIn):
    set_preference(request.actor, kind=body.kind, channel=body.channel, is_on=body.is_on)
    return Status(204, None)


@router.put("/me/message-settings/quiet-hours", response={204: None, **REFUSALS})
def quiet_hours(request: HttpRequest, body: QuietHours):
    """In China's time; SMS and WeChat messages wait until they end."""
    starts, ends = body.starts.replace(tzinfo=None), body.ends.replace(tzinfo=None)
    set_quiet_hours(request.actor, starts=starts, ends=ends, is_on=body.is_on)
    return Status(204, None)


@router.get("/me/wechat-messages", response={200: list[SubscriptionOut], **REFUSALS})
def subscriptions(request: HttpRequest):
    """Templates to ask for with wx.requestSubscribeMessage, and how many messages are left of each."""
    return subscriptions_of(request.actor)


@router.post("/me/wechat-messages", response={200: TapOut, **REFUSALS})
def tap(request: HttpRequest, body: TapIn):
    """What the member answered. The same key again adds nothing."""
    answers = {name: "accept" if said.startswith("accept") else said for name, said in body.answers.items()}
    return {"added": record_tap(request.actor, key=body.key, answers=answers)}


@router.put("/me/messages/{message_id}/like", response={204: None, **REFUSALS})
def like(request: HttpRequest, message_id: Id):
    """A message of a send, which this reads as well."""
    read_message(request.actor, message_id=message_id)
    like_message(request.actor, message_id=message_id)
    return Status(204, None)


@router.delete("/me/messages/{message_id}/like", response={204: None, **REFUSALS})
def unlike(request: HttpRequest, message_id: Id):
    like_message(request.actor, message_id=message_id, is_liked=False)
    return Status(204, None)
