"""What the local stand-in for the provider remembers. None of it is read by anything but the stand-in."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.fields import SealedTextField
from gonghui.kit.models import Row
from gonghui.kit.scope import Nobody

STAND_IN = Nobody("the stand-in's own memory")


class LocalKey(Row):
    """RSA keys of both sides, made at first use, so that every process signs alike."""

    scope = STAND_IN
    audit = Audit.no("the stand-in's own memory")

    name = models.CharField(max_length=16, unique=True)
    pem = SealedTextField()

    class Meta:
        verbose_name = verbose_name_plural = _("模拟渠道的密钥")

    def __str__(self) -> str:
        return self.name


class LocalTrade(Row):
    """A trade, a refund, a coupon stock or a coupon, as the provider would keep it: one JSON each."""

    scope = STAND_IN
    audit = Audit.no("the stand-in's own memory")

    kind = models.CharField(max_length=8)
    number = models.CharField(max_length=64)
    facts = models.JSONField(default=dict)

    class Meta:
        verbose_name = verbose_name_plural = _("模拟渠道的记录")
        constraints = [models.UniqueConstraint(fields=["kind", "number"], name="payment_local_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class LocalNotice(Row):
    """A callback on its way: sealed and signed anew at each try, as the original does."""

    scope = STAND_IN
    audit = Audit.no("the stand-in's own memory")

    event_id = models.CharField(max_length=64, unique=True)
    envelope = models.JSONField()
    due_at = models.DateTimeField()
    times = models.IntegerField(default=1)
    """How often it is still to be delivered; a repeated one is delivered again after success."""
    tries = models.IntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("模拟渠道的通知")

    def __str__(self) -> str:
        return self.event_id
