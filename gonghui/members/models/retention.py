"""How long what is kept: rules as data, and what they have removed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import Everyone

DAYS = (1, 3650)


class RetentionRule(Row):
    """保存期限 of one kind; which kinds there are, the apps say (members.retention)."""

    scope = Everyone("how long things are kept is nobody's secret")
    audit = Audit.ALL

    kind = models.SlugField(_("代码"), unique=True, editable=False)
    days = models.PositiveSmallIntegerField(_("保存天数"))
    removed = models.BigIntegerField(_("累计删除"), default=0, editable=False)
    removed_last = models.BigIntegerField(_("上次删除"), default=0, editable=False)
    ran_at = models.DateTimeField(_("上次执行"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("保存期限")
        constraints = [models.CheckConstraint(condition=Q(days__range=DAYS), name="members_retention_days")]

    def __str__(self) -> str:
        return self.kind
