"""How far long jobs have come, so that they go on where they were cut off."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import BySubtree, Nobody


class PoolNews(Row):
    """Serials are given under the pool's lock, so whoever sees serial n sees every one before it: a mark is enough."""

    scope = Nobody("machinery of actions.tell_pool_news")
    audit = Audit.no("a mark that only moves forward; the messages are the record")

    pool = models.OneToOneField("benefits.Pool", models.CASCADE, related_name="news")
    told_serial = models.PositiveIntegerField(default=0)


class GrantRun(Row):
    """直接发放: everybody up to `last_person_id` has been given their voucher, or had it before."""

    scope = BySubtree("release__union__path", verb="releases.view")
    audit = Audit.no("progress of a job; the vouchers are the record")

    release = models.OneToOneField(
        "benefits.Release", models.CASCADE, related_name="grant_run", verbose_name=_("投放")
    )
    last_person_id = models.BigIntegerField(default=0)
    granted = models.PositiveIntegerField(_("已发放"), default=0)
    left_out = models.PositiveIntegerField(_("名额不够未发"), default=0)
    finished_at = models.DateTimeField(_("完成时间"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("发放进度")
