"""消息设置: which kinds a member wants by which channel, and when their phone stays silent."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import ByKey
from gonghui.notices.models.messages import MessageKind
from gonghui.notices.models.sends import Channel

ALWAYS_INBOX = ("security", "ticket", "points")
"""What happened to one's own account, tickets and points stays in the app's messages."""


class Preference(Row):
    """A switch a member has moved; a kind nobody moved is on."""

    scope = ByKey("person", "person_id")
    audit = Audit.ALL

    person = models.ForeignKey(
        "members.Person", models.CASCADE, related_name="+", verbose_name=_("会员"), db_index=False
    )
    kind = models.CharField(_("类别"), max_length=16, choices=MessageKind)
    channel = models.CharField(_("渠道"), max_length=8, choices=Channel)
    is_on = models.BooleanField(_("接收"))

    class Meta:
        verbose_name = verbose_name_plural = _("消息设置")
        constraints = [
            models.UniqueConstraint(fields=["person", "kind", "channel"], name="preference_once"),
            models.CheckConstraint(
                condition=Q(is_on=True) | ~(Q(kind="security") | Q(channel="inbox", kind__in=ALWAYS_INBOX)),
                name="preference_own_affairs_stay_on",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.get_channel_display()}"


class QuietHours(Row):
    """When no SMS and no WeChat message goes to this member, in China's time; without a row 22:00-8:00."""

    scope = ByKey("person", "person_id")
    audit = Audit.ALL

    person = models.OneToOneField("members.Person", models.CASCADE, related_name="+", verbose_name=_("会员"))
    starts = models.TimeField(_("开始"))
    ends = models.TimeField(_("结束"))
    is_on = models.BooleanField(_("免打扰"), default=True)

    class Meta:
        verbose_name = verbose_name_plural = _("免打扰时段")
        constraints = [
            models.CheckConstraint(condition=~Q(starts=F("ends")), name="quiet_hours_have_a_length")
        ]

    def __str__(self) -> str:
        return f"{self.starts:%H:%M}-{self.ends:%H:%M}"
