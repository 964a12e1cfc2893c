"""Telling people: messages inside the product, and sends that reach many by message and SMS."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.fields import BlindIndexField, SealedTextField
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree, Nobody

OWN_PATH = Q(link="") | Q(link__regex=r"^/([^/\\]|$)")


class MessageKind(models.TextChoices):
    TICKET = "ticket", _("票券")
    REMINDER = "reminder", _("提醒")
    ACTIVITY = "activity", _("活动")
    SURVEY = "survey", _("评价")
    SECURITY = "security", _("账号安全")
    NOTICE = "notice", _("工会通知")


class Channel(models.TextChoices):
    INBOX = "inbox", _("站内消息")
    SMS = "sms", _("短信")


class Send(Row):
    """One announcement to many: recipients settled when made, nobody gets it twice, a killed job resumes."""

    scope = BySubtree("union__path", verb="notices.view")
    audit = Audit.ALL

    key = models.CharField(max_length=120, unique=True)
    """The same key again is the same send: nothing goes out twice."""
    union = models.ForeignKey(
        "orgs.Union", models.PROTECT, null=True, related_name="+", verbose_name=_("发送工会")
    )
    maker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("经办人")
    )
    kind = models.CharField(_("类别"), max_length=16, choices=MessageKind)
    title = models.CharField(_("标题"), max_length=80)
    body = models.TextField(_("内容"), blank=True)
    link = models.CharField(max_length=200, blank=True)
    channels = ArrayField(models.CharField(max_length=8, choices=Channel))
    state = models.CharField(
        _("状态"),
        max_length=10,
        default="waiting",
        choices=[
            ("waiting", _("等待")),
            ("sending", _("发送中")),
            ("done", _("已完成")),
            ("stopped", _("已停止")),
        ],
    )
    recipients = models.PositiveIntegerField(_("人数"), default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("群发通知")
        constraints = [models.CheckConstraint(condition=OWN_PATH, name="send_links_inside")]

    def __str__(self) -> str:
        return self.title


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("等待")
    SMS = "sms", _("待发短信")
    TAKEN = "taken", _("短信发送中")
    DONE = "done", _("已送达")
    FAILED = "failed", _("短信失败")


class Delivery(Row):
    """One person of a send."""

    scope = BySubtree("send__union__path", verb="notices.view")
    audit = Audit.no("progress of a send, which is audited")

    send = models.ForeignKey(Send, models.CASCADE, related_name="deliveries")
    person = models.ForeignKey("members.Person", models.CASCADE, related_name="+")
    state = models.CharField(
        max_length=8, choices=DeliveryState, default=DeliveryState.WAITING, db_default=DeliveryState.WAITING
    )
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["send", "person"], name="delivery_once")]
        indexes = [
            models.Index(
                fields=["send", "state", "id"],
                condition=~Q(state__in=("done", "failed")),
                name="delivery_open",
            )
        ]


class Message(Row):
    """What a person reads under 消息; before somebody is verified, their account reads it."""

    scope = AnyOf(ByKey("person", "person_id"), ByKey("user", "user_id"))
    audit = Audit.CHANGES

    person = models.ForeignKey("members.Person", models.CASCADE, null=True, related_name="messages")
    user = models.ForeignKey("accounts.User", models.CASCADE, null=True, related_name="+")
    send = models.ForeignKey(Send, models.SET_NULL, null=True, related_name="+")
    once = models.CharField(max_length=120, null=True, unique=True)  # noqa: DJ001  NULL: may repeat
    kind = models.CharField(max_length=16, choices=MessageKind)
    title = models.CharField(max_length=80)
    body = models.TextField(blank=True)
    link = models.CharField(max_length=200, blank=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("消息")
        indexes = [
            models.Index(fields=["person", "-id"], name="message_of_person"),
            models.Index(fields=["user", "-id"], condition=Q(user__isnull=False), name="message_of_user"),
            models.Index(fields=["person"], condition=Q(read_at__isnull=True), name="message_unread"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=False) ^ Q(user__isnull=False), name="message_has_one_reader"
            ),
            models.UniqueConstraint(fields=["send", "person"], name="message_once_a_send"),
            models.CheckConstraint(condition=OWN_PATH, name="message_links_inside"),
        ]

    def __str__(self) -> str:
        return self.title


class SentSms(Row):
    """What the local stand-in "sent": for the demo, tests and drills. Purged after a week."""

    scope = Nobody("read by queries.sms_sent_to by full phone number")
    audit = Audit.no("belongs to a stand-in")

    key = models.CharField(max_length=120, unique=True)
    phone = SealedTextField()
    phone_index = BlindIndexField(context="phone", of="phone")
    text = SealedTextField()
    asked = models.PositiveIntegerField(default=1)
    """How often this key was asked for; it went out once."""

    class Meta:
        indexes = [models.Index(fields=["phone_index", "-id"], name="sent_sms_latest")]
