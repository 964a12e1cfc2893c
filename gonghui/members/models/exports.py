"""Lists of people taken along as a sheet: asked for by one, agreed to by another, gone after a week."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.fields import SealedBytesField
from gonghui.kit.models import Row
from gonghui.kit.scope import BySubtree, Nobody

DOWNLOADS_MAX = 3


class ExportRequest(Row):
    """导出申请: these rows, for this reason, masked or not; the rows are fixed when it is asked."""

    scope = BySubtree("union__path", verb="exports.view", line_own="maker_id")
    audit = Audit.ALL.hiding("row_ids")

    class State(models.TextChoices):
        ASKED = "asked", _("待审批")
        REFUSED = "refused", _("未同意")
        APPROVED = "approved", _("生成中")
        MADE = "made", _("可以下载")
        GONE = "gone", _("已删除")

    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("范围"))
    table = models.CharField(_("内容"), max_length=64, editable=False)
    """Label of the model whose list it is."""
    title = models.CharField(_("名单"), max_length=64)
    asked = models.CharField(_("筛选"), max_length=300, blank=True)
    row_ids = ArrayField(models.BigIntegerField(), editable=False)
    rows_count = models.PositiveIntegerField(_("行数"))
    rows_done = models.PositiveIntegerField(_("已生成"), default=0, editable=False)
    reason = models.CharField(_("用途"), max_length=200)
    is_unmasked = models.BooleanField(_("完整号码"), default=False)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.ASKED, editable=False)
    answer = models.CharField(_("审批意见"), max_length=200, blank=True, editable=False)
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("申请人"))
    checker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("审批人")
    )
    decided_at = models.DateTimeField(_("审批时间"), null=True, editable=False)
    ends_at = models.DateTimeField(_("下载截止"), null=True, editable=False)
    downloads = models.PositiveSmallIntegerField(_("已下载次数"), default=0, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("名单导出")
        indexes = [models.Index(fields=["union", "-id"], name="members_export_of_union")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="asked", checker=None) | ~Q(state="asked") & Q(checker__isnull=False) & ~Q(maker=F("checker")),
                name="members_export_maker_is_not_checker",
            ),
            models.CheckConstraint(condition=Q(downloads__lte=DOWNLOADS_MAX), name="members_export_few_downloads"),
            models.CheckConstraint(condition=~Q(reason=""), name="members_export_has_a_reason"),
            models.CheckConstraint(
                condition=~Q(state="made") | Q(ends_at__isnull=False), name="members_export_ends"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def number(self) -> str:
        return f"E{self.pk:06d}"


class ExportFile(Row):
    """The sheet itself, sealed; gone when it may no longer be taken."""

    scope = Nobody("read by the one who asked, through actions.exports")
    audit = Audit.no("belongs to the request, which is audited; each taking is recorded")

    request = models.OneToOneField(ExportRequest, models.CASCADE, related_name="file")
    content = SealedBytesField()
