"""Telling people: messages, sends to many, templates, preferences, and the quota of WeChat."""

from gonghui.notices.models.messages import OWN_PATH, Message, MessageKind, SentSms
from gonghui.notices.models.preferences import Preference, QuietHours
from gonghui.notices.models.sends import (
    Channel,
    Delivery,
    DeliveryState,
    HeldOut,
    Send,
    SendRule,
    SendState,
    Why,
    Word,
)
from gonghui.notices.models.templates import Template
from gonghui.notices.models.wechat import LocalSubscription, QuotaEntry, WechatEvent, WechatQuota

__all__ = [
    "OWN_PATH",
    "Channel",
    "Delivery",
    "DeliveryState",
    "HeldOut",
    "LocalSubscription",
    "Message",
    "MessageKind",
    "Preference",
    "QuietHours",
    "QuotaEntry",
    "Send",
    "SendRule",
    "SendState",
    "SentSms",
    "Template",
    "WechatEvent",
    "WechatQuota",
    "Why",
    "Word",
]
