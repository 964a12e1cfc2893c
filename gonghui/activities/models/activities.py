"""活动: what happens on a holiday, who organises it and how it is judged afterwards."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, BySubtree, Where

PUBLIC_STATES = ("announced", "open", "ended", "evaluated", "kept", "retired")

# verb → {from: to} (SM-12)
ACTIVITY_VERBS = {
    "review": {"draft": "reviewed"},
    "send_back": {"reviewed": "draft"},
    "announce": {"reviewed": "announced"},
    "open": {"announced": "open"},
    "end": {"announced": "ended", "open": "ended"},
    "evaluate": {"ended": "evaluated"},
    "keep": {"evaluated": "kept"},
    "retire": {"evaluated": "retired"},
}


class Activity(Row):
    """Moved by the verbs of SM-12 only; its releases are those of its offer, and open one by one."""

    scope = AnyOf(BySubtree("union__path", verb="activities.view"), Where(state__in=PUBLIC_STATES))
    audit = Audit.ALL

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        REVIEWED = "reviewed", _("已复核")
        ANNOUNCED = "announced", _("已预告")
        OPEN = "open", _("进行中")
        ENDED = "ended", _("已结束")
        EVALUATED = "evaluated", _("已评估")
        KEPT = "kept", _("保留")
        RETIRED = "retired", _("退出")

    union = models.ForeignKey(
        "orgs.Union", models.PROTECT, related_name="activities", verbose_name=_("主办工会")
    )
    holiday = models.ForeignKey(
        "activities.HolidayPeriod",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="activities",
        verbose_name=_("节日"),
    )
    kind = models.ForeignKey(
        "activities.ActivityKind", models.PROTECT, related_name="activities", verbose_name=_("类型")
    )
    partner = models.ForeignKey(
        "partners.Partner",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="activities",
        verbose_name=_("合作单位"),
    )
    offer = models.OneToOneField(
        "benefits.Offer", models.PROTECT, related_name="activity", verbose_name=_("权益与费用")
    )
    title = models.CharField(_("名称"), max_length=80)
    summary = models.CharField(_("一句话简介"), max_length=160, blank=True)
    body = models.TextField(_("详细介绍"), blank=True)
    cover = models.SlugField(_("封面"), blank=True, help_text=_("不填表示用该类型的封面。"))
    details = models.JSONField(_("专有信息"), default=dict, blank=True)
    state = models.CharField(
        _("状态"), max_length=10, choices=State.choices, default=State.DRAFT, editable=False
    )
    maker = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="+", editable=False, verbose_name=_("经办人")
    )
    checker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("复核人")
    )
    announced_at = models.DateTimeField(_("预告时间"), null=True, editable=False)
    evaluation = models.JSONField(_("评估"), null=True, editable=False)
    verdict_reason = models.CharField(_("保留或退出的理由"), max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("活动")
        ordering = ["-announced_at", "-id"]
        indexes = [models.Index(fields=["state", "-announced_at"], name="activities_public_list")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft") | (Q(checker__isnull=False) & ~Q(maker=F("checker"))),
                name="activities_maker_is_not_checker",
                violation_error_message=_("复核人不能是经办人自己。"),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=PUBLIC_STATES) | Q(announced_at__isnull=False),
                name="activities_announced_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["evaluated", "kept", "retired"]) | Q(evaluation__isnull=False),
                name="activities_judged_on_an_evaluation",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["kept", "retired"]) | ~Q(verdict_reason=""),
                name="activities_verdict_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_public(self) -> bool:
        return self.state in PUBLIC_STATES

    @property
    def cover_key(self) -> str:
        return self.cover or self.kind.cover

    @property
    def cost_per_head_fen(self) -> int:
        """What the union and the employer pay for one place."""
        return self.offer.union_fen + self.offer.employer_fen
