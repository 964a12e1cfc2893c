"""What is published of a draw, and how one is voided: written once, by two people where it undoes something."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import BySubtree, Everyone


class DrawTerms(Row):
    """规则 of a release's draws beyond its own fields; fixed when it is announced."""

    scope = Everyone("printed in the announcement")
    audit = Audit.ALL

    release = models.OneToOneField("benefits.Release", models.CASCADE, related_name="draw_terms")
    weight_per_loss = models.PositiveSmallIntegerField(
        _("落选一次加的权重"), default=0, help_text=_("0 表示人人机会相同。")
    )
    weight_max = models.PositiveSmallIntegerField(_("最高权重"), default=1)
    gap_minutes = models.PositiveSmallIntegerField(_("截止后几分钟开签"), default=10)

    class Meta:
        verbose_name = verbose_name_plural = _("抽签规则")
        constraints = [
            models.CheckConstraint(
                condition=Q(weight_max__range=(1, 100)),
                name="benefits_draw_weight_max",
                violation_error_message=_("最高权重为 1 到 100。"),
            )
        ]


class DrawPage(Row):
    """公示: the three stages as published, word for word. Each is written once (sql/50_draw_pages.sql)."""

    scope = Everyone("published for anybody to check; tokens stand for persons")
    audit = Audit.CHANGES

    draw = models.OneToOneField("benefits.Draw", models.PROTECT, related_name="page")
    announced = models.JSONField()
    closed = models.JSONField(null=True)
    drawn = models.JSONField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("抽签公示")


class DrawVoid(Row):
    """作废: asked for by one, decided by another; the draw, its page and its entries stay."""

    scope = BySubtree("draw__release__union__path", verb="releases.view")
    audit = Audit.ALL

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待批准")
        APPROVED = "approved", _("已作废")
        REJECTED = "rejected", _("未批准")

    draw = models.ForeignKey("benefits.Draw", models.PROTECT, related_name="voids", verbose_name=_("抽签"))
    reason = models.CharField(_("原因"), max_length=200)
    proposed_by = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="+", verbose_name=_("提出人")
    )
    decided_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("批准人")
    )
    state = models.CharField(
        _("状态"), max_length=10, choices=State.choices, default=State.PROPOSED, editable=False
    )

    class Meta:
        verbose_name = verbose_name_plural = _("抽签作废")
        constraints = [
            models.UniqueConstraint(
                fields=["draw"], condition=Q(state="proposed"), name="benefits_draw_void_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed")
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="benefits_draw_void_by_two",
                violation_error_message=_("提出和批准作废的不能是同一个人。"),
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="benefits_draw_void_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.draw} {self.get_state_display()}"


DRAW_VOID_VERBS = {
    "approve": {"proposed": "approved"},
    "reject": {"proposed": "rejected"},
}
