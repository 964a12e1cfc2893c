"""How many WeChat messages each member has allowed: one tap, one message. WeChat itself tells nobody the rest."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.fields import BlindIndexField, SealedTextField
from gonghui.kit.models import Row
from gonghui.kit.scope import ByKey, Nobody

BALANCE_MAX = 99


class WechatQuota(Row):
    """What is left of one member for one WeChat template: the sum of its entries, kept by the database."""

    scope = ByKey("person", "person_id")
    audit = Audit.no("the sum of its entries, which stay")
    kept_by_database = ("balance",)

    person = models.ForeignKey(
        "members.Person", models.CASCADE, related_name="+", db_index=False, verbose_name=_("会员")
    )
    wechat_template = models.CharField(_("微信模板编号"), max_length=64)
    balance = models.SmallIntegerField(_("还可以发"), default=0, db_default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("微信订阅次数")
        constraints = [
            models.UniqueConstraint(fields=["person", "wechat_template"], name="wechat_quota_once"),
            models.CheckConstraint(
                condition=Q(balance__gte=0, balance__lte=BALANCE_MAX), name="wechat_quota_never_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.wechat_template} × {self.balance}"


class QuotaEntry(Row):
    """One allowing, one use, one return, one correction. Only added to."""

    scope = ByKey("person", "quota__person_id")
    audit = Audit.no("append-only: it is its own record")

    class Reason(models.TextChoices):
        ALLOWED = "allowed", _("本人点了允许")
        USED = "used", _("发出一条")
        RETURNED = "returned", _("没有发出，退回")
        CORRECTED = "corrected", _("按微信的答复更正")
        CONFIRMED = "confirmed", _("同一次允许，另一边也说了")

    quota = models.ForeignKey(WechatQuota, models.CASCADE, related_name="entries")
    change = models.SmallIntegerField()
    reason = models.CharField(max_length=10, choices=Reason)
    key = models.CharField(max_length=120, unique=True)
    delivery_id = models.BigIntegerField(null=True)
    pair = models.OneToOneField("self", models.CASCADE, null=True, related_name="paired")
    """The entry that counted the same consent: the phone's word, or WeChat's."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__in=("allowed", "returned"), change=1)
                | Q(reason="used", change=-1)
                | Q(reason="corrected", change__lt=0)
                | Q(reason="confirmed", change=0),
                name="wechat_entry_sign",
            ),
            models.CheckConstraint(
                condition=Q(reason="confirmed", pair__isnull=False)
                | (~Q(reason="confirmed") & Q(pair__isnull=True)),
                name="wechat_entry_pair",
            ),
            models.CheckConstraint(
                condition=Q(reason__in=("allowed", "corrected", "confirmed")) | Q(delivery_id__isnull=False),
                name="wechat_entry_of_a_delivery",
            ),
        ]


class WechatEvent(Row):
    """One thing WeChat pushed, by the hash of who, what and when: pushed again, it is known."""

    scope = Nobody("asked by its key")
    audit = Audit.no("what it changed is kept where it changed it")

    class Verdict(models.TextChoices):
        TAKEN = "taken", _("已记下")
        NOTHING = "nothing", _("没有要记的")
        UNKNOWN = "unknown", _("不知道是谁的微信")

    key = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=40)
    person = models.ForeignKey("members.Person", models.CASCADE, null=True, related_name="+")
    verdict = models.CharField(max_length=8, choices=Verdict)


class LocalSubscription(Row):
    """The stand-in's WeChat: how often it may still send one template to one phone, and what it sent."""

    scope = Nobody("the stand-in's own memory")
    audit = Audit.no("belongs to a stand-in")

    openid = SealedTextField()
    openid_index = BlindIndexField(context="wechat-openid", of="openid")
    wechat_template = models.CharField(max_length=64)
    left = models.SmallIntegerField(default=0)
    is_refused = models.BooleanField(default=False)
    sent = models.JSONField(default=list)
    """What reached the phone, newest last: {data, page}."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["openid_index", "wechat_template"], name="local_subscription_once"
            ),
            models.CheckConstraint(condition=Q(left__gte=0), name="local_subscription_left"),
        ]
