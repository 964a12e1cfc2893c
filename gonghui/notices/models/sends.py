"""One announcement to many, by one channel or several, and how far it has come with each person."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import BySubtree
from gonghui.notices.models.messages import OWN_PATH, MessageKind


class Channel(models.TextChoices):
    INBOX = "inbox", _("站内消息")
    SMS = "sms", _("短信")
    WECHAT = "wechat", _("微信订阅消息")


class SendState(models.TextChoices):
    PROPOSED = "proposed", _("待放行")
    WAITING = "waiting", _("等待")
    SENDING = "sending", _("发送中")
    PAUSED = "paused", _("已暂停")
    DONE = "done", _("已完成")
    STOPPED = "stopped", _("已停止")
    DECLINED = "declined", _("未放行")


class Send(Row):
    """One announcement to many: recipients settled when made, nobody gets it twice, a killed job resumes."""

    scope = BySubtree("union__path", verb="notices.view")
    audit = Audit.ALL.hiding("recipients")

    key = models.CharField(max_length=120, unique=True)
    """The same key again is the same send: nothing goes out twice."""
    union = models.ForeignKey(
        "orgs.Union", models.PROTECT, null=True, related_name="+", verbose_name=_("发送工会")
    )
    maker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("经办人")
    )
    template = models.ForeignKey(
        "notices.Template", models.PROTECT, null=True, related_name="+", verbose_name=_("模板")
    )
    kind = models.CharField(_("类别"), max_length=16, choices=MessageKind)
    title = models.CharField(_("标题"), max_length=80)
    body = models.TextField(_("内容"), blank=True)
    link = models.CharField(max_length=200, blank=True)
    channels = ArrayField(models.CharField(max_length=8, choices=Channel), verbose_name=_("渠道"))
    audience = models.ForeignKey(
        "audiences.Audience", models.PROTECT, null=True, related_name="+", verbose_name=_("受众")
    )
    audience_version = models.ForeignKey(
        "audiences.AudienceVersion", models.PROTECT, null=True, related_name="+", verbose_name=_("受众的条件")
    )
    """As it was worded when this was sent."""
    is_sensitive = models.BooleanField(_("含敏感标签"), default=False, db_default=False, editable=False)
    """Who gets it tells of sensitive personal data: its numbers are shown in tens. For good (sql/40_sensitive_sends.sql)."""
    chosen = models.CharField(_("发给谁"), max_length=200, blank=True)
    """In words: who was meant."""
    goes_at = models.DateTimeField(_("定时"), null=True)
    is_urgent = models.BooleanField(_("紧急"), default=False, db_default=False)
    """Goes out in quiet hours as well."""
    state = models.CharField(_("状态"), max_length=10, default=SendState.WAITING, choices=SendState)
    recipients = models.PositiveIntegerField(_("人数"), default=0)
    holdout_percent = models.PositiveSmallIntegerField(_("对照组（%）"), default=0, db_default=0)
    needs_two = models.BooleanField(_("需要放行"), default=False, db_default=False)
    checker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("放行人")
    )
    decided_at = models.DateTimeField(_("放行时间"), null=True)
    answer = models.CharField(_("不放行的原因"), max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("群发通知")
        indexes = [
            models.Index(
                fields=["state"],
                condition=Q(state__in=("waiting", "sending")),
                name="send_open",
            )
        ]
        constraints = [
            models.CheckConstraint(condition=OWN_PATH, name="send_links_inside"),
            models.CheckConstraint(
                condition=Q(checker__isnull=True) | Q(maker__isnull=True) | ~Q(checker=F("maker")),
                name="send_by_two",
            ),
            models.CheckConstraint(
                condition=Q(needs_two=False)
                | Q(state__in=("proposed", "stopped"))
                | Q(checker__isnull=False, decided_at__isnull=False),
                name="send_released_first",
            ),
            models.CheckConstraint(condition=Q(holdout_percent__lte=50), name="send_holds_out_half_at_most"),
        ]

    def __str__(self) -> str:
        return self.title


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("等待")
    TAKEN = "taken", _("排到了")
    CALLING = "calling", _("正在发")
    DONE = "done", _("已送达")
    FAILED = "failed", _("没有发成")
    SKIPPED = "skipped", _("不发")
    UNSURE = "unsure", _("不能确定")


class Why(models.TextChoices):
    """Why somebody did not get it by a channel."""

    NONE = "", ""
    MUTED = "muted", _("自己关闭了这类消息")
    NO_CONSENT = "no_consent", _("没有同意接收短信")
    NO_PHONE = "no_phone", _("没有手机号")
    NO_OPENID = "no_openid", _("没有连接微信")
    NO_QUOTA = "no_quota", _("没有剩下的微信订阅次数")
    REFUSED = "refused", _("微信说本人已拒收")
    WRONG_DATA = "wrong_data", _("微信不收这个模板或内容")
    DOWN = "down", _("通道几次都没有接通")


class Word(models.TextChoices):
    """What a channel says of a message that it took."""

    NONE = "", ""
    ARRIVED = "arrived", _("已送到手机")
    REFUSED = "refused", _("没有送到手机")


class Delivery(Row):
    """One person of a send, by one channel."""

    scope = BySubtree("send__union__path", verb="notices.view")
    audit = Audit.no("progress of a send, which is audited")

    send = models.ForeignKey(Send, models.CASCADE, related_name="deliveries")
    person = models.ForeignKey("members.Person", models.CASCADE, related_name="+")
    channel = models.CharField(max_length=8, choices=Channel, default=Channel.INBOX, db_default=Channel.INBOX)
    state = models.CharField(
        max_length=8, choices=DeliveryState, default=DeliveryState.WAITING, db_default=DeliveryState.WAITING
    )
    why = models.CharField(max_length=12, choices=Why, blank=True, default="", db_default="")
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    not_before = models.DateTimeField(null=True)
    holds_quota = models.BooleanField(default=False, db_default=False)
    """One of the member's WeChat messages is set aside for this row."""
    word = models.CharField(max_length=8, choices=Word, blank=True, default="", db_default="")
    """What WeChat said of it afterwards."""
    sent_at = models.DateTimeField(null=True)
    clicked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["send", "channel", "person"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(holds_quota=False)
                | Q(channel="wechat", state__in=("waiting", "taken", "calling")),
                name="delivery_holds_quota_of_wechat",
            ),
            models.CheckConstraint(
                condition=Q(word="") | Q(channel="wechat"), name="delivery_word_of_wechat"
            ),
        ]
        indexes = [
            models.Index(
                fields=["send", "channel", "state", "id"],
                condition=Q(state__in=("waiting", "taken", "calling")),
                name="delivery_open",
            )
        ]


class HeldOut(Row):
    """Would have been told, and was not: whom the told are compared with."""

    scope = BySubtree("send__union__path", verb="notices.view")
    audit = Audit.no("drawn with the send, which is audited")

    send = models.ForeignKey(Send, models.CASCADE, related_name="held_out", db_index=False)
    person = models.ForeignKey("members.Person", models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["send", "person"], name="held_out_once")]


class SendRule(Row):
    """From how many people on a second person releases a send of this union and of those below it."""

    scope = BySubtree("union__path", verb="notices.view")
    audit = Audit.ALL

    union = models.OneToOneField("orgs.Union", models.CASCADE, related_name="+", verbose_name=_("工会"))
    two_from = models.PositiveIntegerField(
        _("多少人起要放行"),
        help_text=_("到这个人数的群发，由另一位同事看过人数和内容后放行；下级工会没有另设的，也按这里。"),
    )

    class Meta:
        verbose_name = verbose_name_plural = _("群发规则")
        constraints = [models.CheckConstraint(condition=Q(two_from__gte=1), name="send_rule_of_somebody")]

    def __str__(self) -> str:
        return f"{self.union} · {self.two_from}"
