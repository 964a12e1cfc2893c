"""传话: one announcement to administrators below; its words never change, a correction is a new one."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit import clock
from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree
from gonghui.opsdesk.models.groups import OperatorGroup
from gonghui.opsdesk.scopes import ANSWER, Received

BODY_MAX = 4000


class Broadcast(Row):
    class Kind(models.TextChoices):
        DESK = "desk", _("通知")
        RELEASE = "release", _("版本说明")
        DIGEST = "digest", _("五问五答")

    scope = AnyOf(BySubtree("union__path", verb=ANSWER), Received())
    audit = Audit.ALL

    key = models.UUIDField(unique=True, editable=False)
    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("发出工会"))
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("经办人"))
    kind = models.CharField(_("类别"), max_length=8, choices=Kind, default=Kind.DESK)
    title = models.CharField(_("标题"), max_length=60)
    body = models.TextField(_("内容"), max_length=BODY_MAX)
    link = models.CharField(max_length=200, blank=True)
    wanted_by = models.DateField(_("请在这天前确认"), null=True, blank=True)
    below = models.ForeignKey(
        "orgs.Union", models.PROTECT, null=True, related_name="+", verbose_name=_("全部管理员（含下级）")
    )
    roles = ArrayField(models.CharField(max_length=24), default=list, verbose_name=_("角色"))
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="correction", verbose_name=_("更正")
    )
    recipients_count = models.PositiveIntegerField(_("人数"), default=0, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("传话")
        constraints = [
            models.CheckConstraint(condition=~Q(supersedes=models.F("id")), name="broadcast_not_its_own"),
            models.CheckConstraint(
                condition=Q(link="") | Q(link__regex=r"^/([^/\\]|$)"), name="broadcast_links_inside"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_superseded(self) -> bool:
        return hasattr(self, "correction")

    @property
    def is_late(self) -> bool:
        return self.wanted_by is not None and self.wanted_by < clock.today()


class BroadcastGroup(Row):
    """To which groups it went."""

    scope = BySubtree("broadcast__union__path", verb=ANSWER)
    audit = Audit.no("written with its broadcast and never changed")

    broadcast = models.ForeignKey(Broadcast, models.PROTECT, related_name="to_groups")
    group = models.ForeignKey(OperatorGroup, models.PROTECT, related_name="+", verbose_name=_("工作群"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["broadcast", "group"], name="broadcast_group_once")]


class BroadcastRecipient(Row):
    """One account of a broadcast, settled when it was sent; each moment is written once and stays."""

    scope = AnyOf(ByKey("user", "user_id"), BySubtree("broadcast__union__path", verb=ANSWER))
    audit = Audit.no("its moments are the record, and stay by trigger")

    broadcast = models.ForeignKey(Broadcast, models.PROTECT, related_name="recipients")
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("账号"))
    told_at = models.DateTimeField(_("送达"), null=True)
    read_at = models.DateTimeField(_("已读"), null=True)
    acknowledged_at = models.DateTimeField(_("确认"), null=True)
    reminded_at = models.DateTimeField(_("提醒"), null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["broadcast", "user"], name="broadcast_reaches_once"),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None) | Q(read_at__isnull=False),
                name="acknowledged_after_reading",
            ),
        ]
        indexes = [
            models.Index(fields=["broadcast", "id"], condition=Q(told_at=None), name="broadcast_untold"),
            models.Index(fields=["user", "-id"], name="broadcast_of_user"),
        ]
