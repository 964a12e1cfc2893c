"""What a person reads under 消息, and what the stand-in for SMS sent."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.fields import BlindIndexField, SealedTextField
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, Nobody

OWN_PATH = Q(link="") | Q(link__regex=r"^/([^/\\]|$)")


class MessageKind(models.TextChoices):
    TICKET = "ticket", _("票券")
    REMINDER = "reminder", _("提醒")
    ACTIVITY = "activity", _("活动")
    SURVEY = "survey", _("评价")
    SECURITY = "security", _("账号安全")
    POINTS = "points", _("福豆")
    NOTICE = "notice", _("工会通知")


class Message(Row):
    """What a person reads under 消息; before somebody is verified, their account reads it."""

    scope = AnyOf(ByKey("person", "person_id"), ByKey("user", "user_id"))
    audit = Audit.CHANGES.hiding("title", "body")

    person = models.ForeignKey("members.Person", models.CASCADE, null=True, related_name="messages")
    user = models.ForeignKey("accounts.User", models.CASCADE, null=True, related_name="+")
    send = models.ForeignKey("notices.Send", models.SET_NULL, null=True, related_name="+")
    once = models.CharField(max_length=120, null=True, unique=True)  # noqa: DJ001  NULL: may repeat
    kind = models.CharField(max_length=16, choices=MessageKind)
    title = models.CharField(max_length=80)
    body = models.TextField(blank=True)
    link = models.CharField(max_length=200, blank=True)
    read_at = models.DateTimeField(null=True)
    liked_at = models.DateTimeField(null=True)

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
            models.CheckConstraint(
                condition=Q(liked_at__isnull=True) | Q(send__isnull=False, read_at__isnull=False),
                name="message_liked_was_read",
            ),
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
