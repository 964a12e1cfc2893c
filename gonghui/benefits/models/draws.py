"""抽签: a commitment published before, a seed shown after, and nothing that can be changed in between."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.fields import SealedTextField
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree, Where

DRAW_VERBS = {
    "publish": {"configured": "published"},
    "draw": {"published": "drawn"},
    "void": {"published": "voided", "drawn": "voided"},
}


class Draw(Row):
    """Once published its commitment cannot change, and it is drawn once: triggers in sql/40_draws.sql."""

    class State(models.TextChoices):
        CONFIGURED = "configured", _("已设定")
        PUBLISHED = "published", _("已公示")
        DRAWN = "drawn", _("已抽签")
        VOIDED = "voided", _("已作废")

    scope = AnyOf(
        BySubtree("release__union__path", verb="releases.view"),
        Where(state__in=["published", "drawn", "voided"]),
    )
    audit = Audit.ALL

    release = models.ForeignKey(
        "benefits.Release", models.PROTECT, related_name="draws", verbose_name=_("投放")
    )
    pool = models.ForeignKey("benefits.Pool", models.PROTECT, related_name="draws", verbose_name=_("场次"))
    seed = SealedTextField(_("种子"))
    seed_hash = models.CharField(_("种子摘要"), max_length=64)
    revealed_seed = models.CharField(_("公布的种子"), max_length=64, blank=True)
    entries_root = models.CharField(_("名单摘要"), max_length=64, blank=True)
    entries_count = models.PositiveIntegerField(_("报名人数"), default=0)
    published_at = models.DateTimeField(_("公示时间"), null=True)
    drawn_at = models.DateTimeField(_("抽签时间"), null=True)
    void_reason = models.TextField(_("作废原因"), blank=True)
    state = models.CharField(
        _("状态"), max_length=10, choices=State.choices, default=State.CONFIGURED, editable=False
    )

    class Meta:
        verbose_name = verbose_name_plural = _("抽签")
        constraints = [
            models.UniqueConstraint(
                fields=["pool"],
                condition=~Q(state="voided"),
                name="benefits_draw_one_per_pool",
                violation_error_message=_("这一场已经有抽签，不能再设一次。"),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["published", "drawn"])
                | (~Q(entries_root="") & ~Q(seed_hash="") & Q(published_at__isnull=False)),
                name="benefits_draw_commitment_complete",
            ),
            models.CheckConstraint(
                condition=~Q(state="drawn") | (~Q(revealed_seed="") & Q(drawn_at__isnull=False)),
                name="benefits_draw_seed_revealed",
            ),
            models.CheckConstraint(
                condition=~Q(state="voided") | ~Q(void_reason=""),
                name="benefits_draw_void_has_reason",
                violation_error_message=_("作废抽签要写明原因。"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pool)


class DrawEntry(Row):
    """报名: one per person and draw pool; frozen with the draw's publication."""

    scope = AnyOf(
        ByKey("person", "person_id"),
        ByKey("person", "booked_by_id"),
        BySubtree("release__union__path", verb="releases.view"),
    )
    audit = Audit.CHANGES

    release = models.ForeignKey(
        "benefits.Release", models.PROTECT, related_name="draw_entries", verbose_name=_("投放")
    )
    pool = models.ForeignKey(
        "benefits.Pool", models.PROTECT, related_name="draw_entries", verbose_name=_("场次")
    )
    person = models.ForeignKey(
        "members.Person", models.PROTECT, related_name="draw_entries", verbose_name=_("会员")
    )
    booked_by = models.ForeignKey(
        "members.Person", models.PROTECT, null=True, related_name="+", verbose_name=_("代订人")
    )
    seats = models.PositiveSmallIntegerField(_("人数"), default=1)
    weight = models.PositiveIntegerField(_("权重"), default=1)
    rank = models.PositiveIntegerField(_("抽签名次"), null=True)
    outcome = models.CharField(_("结果"), max_length=8, blank=True)
    voucher = models.OneToOneField(
        "benefits.Voucher", models.PROTECT, null=True, related_name="draw_entry", verbose_name=_("券")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("抽签报名")
        constraints = [
            models.UniqueConstraint(
                fields=["pool", "person"],
                name="benefits_draw_entry_once",
                violation_error_message=_("这位会员已经报名。"),
            ),
            models.UniqueConstraint(fields=["pool", "rank"], name="benefits_draw_entry_rank"),
            models.CheckConstraint(
                condition=Q(seats__gte=1) & Q(weight__gte=1), name="benefits_draw_entry_limits"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["", "won", "lost"]), name="benefits_draw_entry_outcome"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pool_id}/{self.person_id}"
