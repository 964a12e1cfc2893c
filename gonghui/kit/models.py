"""The row every table of ours is, and the audit trail."""

from __future__ import annotations

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.chain import ChainBlock, ChainMark
from gonghui.kit.scope import Everyone, Nobody, Rule, ScopedManager, machinery


class Row(models.Model):
    """Says who may see it (`scope`) and what is recorded of its changes (`audit`); both are checked at start."""

    scope: Rule
    audit: Audit
    kept_by_database: tuple[str, ...] = ()
    """Columns that triggers alone write; by privilege too (kit.rights)."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(_("建立时间"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("更新时间"), db_default=Now(), auto_now=True, editable=False)

    objects = ScopedManager()

    class Meta:
        abstract = True

    def validate_unique(self, exclude=None):
        with machinery():
            super().validate_unique(exclude=exclude)

    def validate_constraints(self, exclude=None):
        with machinery():
            super().validate_constraints(exclude=exclude)


class MovedDay(Row):
    """One day as a notice of the State Council has it: worked though a weekend, or off though a weekday (kit.workdays)."""

    scope = Everyone("a public calendar")
    audit = Audit.ALL

    on = models.DateField(_("日期"), unique=True)
    is_worked = models.BooleanField(_("上班"), default=False)
    name = models.CharField(_("名目"), max_length=20)
    notice = models.CharField(_("依据"), max_length=80)

    class Meta:
        verbose_name = verbose_name_plural = _("放假和调休")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(name="") & ~models.Q(notice=""), name="kit_moved_day_by_a_notice"
            )
        ]

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d} {self.name}"


class AuditEntry(models.Model):
    """One line per write and per unmasking. Append-only: the database refuses update, delete and truncate."""

    scope = Nobody("read through audit.trail_of() of one object the reader may see")
    audit = Audit.no("it is the audit trail")

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=Now())
    actor_id = models.BigIntegerField(null=True)
    channel = models.TextField(default="", db_default="")
    request_id = models.TextField(default="", db_default="")
    reason = models.TextField(default="", db_default="")
    op = models.TextField()
    table_name = models.TextField()
    row_id = models.BigIntegerField(null=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    nonce = models.UUIDField(null=True, db_default=RandomUUID())
    """So that what was taken out cannot be guessed from the block it is sealed in; it goes with it."""

    objects = ScopedManager()

    class Meta:
        db_table = "kit_audit"
        verbose_name = verbose_name_plural = _("审计记录")
        indexes = [models.Index(fields=["table_name", "row_id", "id"], name="kit_audit_row")]

    def __str__(self) -> str:
        return f"{self.op} {self.table_name}#{self.row_id}"


class TrailBlock(ChainBlock):
    """Lines of the trail under one root; each block names the one before it (kit.trail)."""

    scope = Everyone("roots say nothing about anybody; whoever keeps one can hold us to it")
    audit = Audit.no("append-only; chained")

    class Meta(ChainBlock.Meta):
        verbose_name = verbose_name_plural = _("审计记录的封存区块")


class TrailMark(ChainMark):
    scope = Nobody("the sealing job alone")
    audit = Audit.no("a mark that only moves forward")


class TrailRedaction(models.Model):
    """What a line's leaf was before a column that the trail may no longer keep was taken out of it (kit.audit)."""

    scope = Nobody("read by whoever verifies the trail")
    audit = Audit.no("append-only; the trail's own record of what it lost")

    entry_id = models.BigIntegerField(primary_key=True)
    leaf = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=Now())

    objects = ScopedManager()


class TrailProof(models.Model):
    """What the nightly reading of the whole trail found."""

    scope = Nobody("read by doctor and by whoever asks whether the service is ready")
    audit = Audit.no("append-only")

    at = models.DateTimeField(db_default=Now())
    rows = models.BigIntegerField()
    redacted = models.BigIntegerField()
    wrong = models.JSONField(default=list)
    """At most ten numbers of blocks that do not follow or do not hold what they held."""

    objects = ScopedManager()


class SentForm(models.Model):
    """One drawing of a console form that was sent, and where what it made is looked at."""

    scope = Nobody("the form's own key")
    audit = Audit.no("what the form did stands in the trail of the rows it made")

    key = models.UUIDField(primary_key=True)
    goes_to = models.CharField(max_length=300, default="")
    at = models.DateTimeField(db_default=Now())

    objects = ScopedManager()

    class Meta:
        verbose_name = verbose_name_plural = _("提交过的表单")

    def __str__(self) -> str:
        return str(self.key)


class Resealing(models.Model):
    """How far a table has come under the current keys (kit.resealing)."""

    scope = Nobody("read by the job and by the command line")
    audit = Audit.no("counts only; what it writes says nothing new")

    table = models.CharField(max_length=63, primary_key=True)
    seal_key = models.PositiveIntegerField()
    index_key = models.PositiveIntegerField()
    upto = models.BigIntegerField(default=0)
    """Id of the last row looked at."""
    rows_seen = models.BigIntegerField(default=0)
    rows_done = models.BigIntegerField(default=0)
    rows_lost = models.BigIntegerField(default=0)
    """Of this pass, to writers who were quicker; another pass looks at them again."""
    rows_refused = models.BigIntegerField(default=0)
    """By a guard of the table; their key cannot be retired."""
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = verbose_name_plural = _("换密钥的进度")

    def __str__(self) -> str:
        return self.table
