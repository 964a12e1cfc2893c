"""指标口径: how a figure of the reports is counted, in words. A changed definition is a new version."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import Everyone


class Measure(Row):
    scope = Everyone("definitions are printed under every report")
    audit = Audit.ALL

    code = models.SlugField(_("代码"))
    version = models.PositiveSmallIntegerField(_("版本"), default=1)
    nth = models.PositiveSmallIntegerField(_("次序"))
    name = models.CharField(_("指标"), max_length=48)
    text = models.CharField(_("口径"), max_length=300)

    class Meta:
        verbose_name = verbose_name_plural = _("结算指标口径")
        ordering = ["nth", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="settlement_measure_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"
