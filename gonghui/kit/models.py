"""The row every table of ours is, and the audit trail."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.scope import Nobody, Rule, ScopedManager, machinery


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

    objects = ScopedManager()

    class Meta:
        db_table = "kit_audit"
        verbose_name = verbose_name_plural = _("审计记录")
        indexes = [models.Index(fields=["table_name", "row_id", "id"], name="kit_audit_row")]

    def __str__(self) -> str:
        return f"{self.op} {self.table_name}#{self.row_id}"


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
