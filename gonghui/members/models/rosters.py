"""Uploaded rosters."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.fields import SealedBytesField, SealedTextField
from gonghui.kit.models import Row
from gonghui.orgs.scopes import by_union


class RosterImport(Row):
    """One uploaded roster: checked first, applied by a second step; counts and refused rows stay to be looked at."""

    scope = by_union(
        "union",
        verb="rosters.view",
        line_own="maker_id",
    )
    audit = Audit.ALL

    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("工会"))
    file_name = models.CharField(_("文件名"), max_length=200)
    file_hash = models.BinaryField(editable=False)
    sheet_name = models.CharField(_("工作表"), max_length=64, blank=True)
    headings = models.JSONField(_("表头"), default=list)
    """Of the cells of refused rows."""
    state = models.CharField(
        _("状态"),
        max_length=10,
        default="checking",
        choices=[
            ("checking", _("检查中")),
            ("checked", _("待确认")),
            ("applying", _("导入中")),
            ("applied", _("已导入")),
            ("failed", _("失败")),
            ("dropped", _("已放弃")),
        ],
    )
    rows_total = models.PositiveIntegerField(_("行数"), default=0)
    count_new = models.PositiveIntegerField(_("新增"), default=0)
    count_changed = models.PositiveIntegerField(_("变更"), default=0)
    count_same = models.PositiveIntegerField(_("无变化"), default=0)
    count_refused = models.PositiveIntegerField(_("退回"), default=0)
    notes = models.JSONField(_("提示"), default=list)
    problem = models.TextField(_("问题"), blank=True)
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("经办人"))
    applied_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("确认人")
    )
    applied_at = models.DateTimeField(_("导入时间"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("名册导入")
        indexes = [models.Index(fields=["union", "-id"], name="roster_of_union")]

    def __str__(self) -> str:
        return self.file_name


class RosterSheet(Row):
    """The uploaded sheet of one import, sealed, and how far a run has come; gone once applied or given up."""

    scope = by_union(
        "roster__union",
        verb="rosters.view",
        line_own="roster__maker_id",
    )
    audit = Audit.no("personal data of a whole roster; the import is audited")

    sealed_by_hand = {"content": "members.RosterSheet.content"}

    roster = models.OneToOneField(RosterImport, models.CASCADE, related_name="sheet")
    content = models.BinaryField()
    run = models.UUIDField(null=True)
    """The run that holds the sheet; an older one stops when it sees another here."""
    rows_read = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)


class RosterBlock(Row):
    """Rows as the check read them, sealed, so that applying need not read the sheet again; gone with it."""

    scope = by_union(
        "sheet__roster__union",
        verb="rosters.view",
        line_own="sheet__roster__maker_id",
    )
    audit = Audit.no("personal data of a whole roster; the import is audited")

    sheet = models.ForeignKey(RosterSheet, models.CASCADE, related_name="blocks", db_index=False)
    number = models.PositiveIntegerField()
    rows = models.PositiveIntegerField()
    content = SealedBytesField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sheet", "number"], name="roster_block_once")]


class RosterRefusal(Row):
    """A row sent back: its line, its cells (sealed) and why."""

    scope = by_union(
        "roster__union",
        verb="rosters.view",
        line_own="roster__maker_id",
    )
    audit = Audit.no("belongs to the import, which is audited")

    roster = models.ForeignKey(RosterImport, models.CASCADE, related_name="refusals")
    line_no = models.PositiveIntegerField(_("行号"))
    reasons = models.JSONField(_("原因"))
    cells = SealedTextField()

    class Meta:
        indexes = [models.Index(fields=["roster", "line_no"], name="roster_refusal_line")]
