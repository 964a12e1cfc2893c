"""Ratings, surveys and what the shares are measured by. Subjects are named by type and id: feedback knows no activity."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree, Everyone, Where

SCORES = (1, 5)
COMMENT_LENGTH_MAX = 500

SURVEY_VERBS = {
    "publish": {"draft": "published"},
    "retire": {"published": "retired"},
}
RATING_VERBS = {
    "hide": {"shown": "hidden"},
    "show": {"hidden": "shown"},
}


class MetricDefinition(Row):
    """How a share is counted; a changed definition is a new version, old reports keep naming the old one (I22)."""

    scope = Everyone("definitions are printed under every chart")
    audit = Audit.ALL

    code = models.SlugField(_("代码"))
    version = models.PositiveSmallIntegerField(_("版本"))
    name = models.CharField(_("指标"), max_length=48)
    text = models.CharField(_("口径"), max_length=200)
    at_least = models.PositiveSmallIntegerField(_("计为满意的最低分"))
    answers_min = models.PositiveSmallIntegerField(_("最少评价数"), help_text=_("不足时报表注明“样本不足”。"))

    class Meta:
        verbose_name = verbose_name_plural = _("指标口径")
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="feedback_metric_version_once"),
            models.CheckConstraint(condition=Q(at_least__range=SCORES), name="feedback_metric_score"),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class Survey(Row):
    """问卷: questions are data; a published version does not change, a new version is a new row."""

    scope = AnyOf(Where(state="published"), BySubtree("union__path", verb="feedback.view"))
    audit = Audit.ALL

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        PUBLISHED = "published", _("使用中")
        RETIRED = "retired", _("已停用")

    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="surveys", verbose_name=_("工会"))
    code = models.SlugField(_("代号"))
    version = models.PositiveSmallIntegerField(_("版本"), default=1)
    title = models.CharField(_("标题"), max_length=80)
    questions = models.JSONField(_("题目"))
    state = models.CharField(
        _("状态"), max_length=10, choices=State.choices, default=State.DRAFT, editable=False
    )

    class Meta:
        verbose_name = verbose_name_plural = _("问卷")
        constraints = [
            models.UniqueConstraint(fields=["union", "code", "version"], name="feedback_survey_version_once"),
            models.UniqueConstraint(
                fields=["union", "code"], condition=Q(state="published"), name="feedback_survey_one_in_use"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} v{self.version}"


class Response(Row):
    """答卷: one per person, survey and subject; never changed afterwards."""

    scope = AnyOf(ByKey("person", "person_id"), BySubtree("survey__union__path", verb="feedback.view"))
    audit = Audit.CHANGES

    survey = models.ForeignKey(Survey, models.PROTECT, related_name="responses", verbose_name=_("问卷"))
    person = models.ForeignKey(
        "members.Person", models.PROTECT, related_name="responses", verbose_name=_("会员")
    )
    subject_type = models.CharField(max_length=24)
    subject_id = models.BigIntegerField()
    answers = models.JSONField(_("回答"))

    class Meta:
        verbose_name = verbose_name_plural = _("答卷")
        indexes = [models.Index(fields=["subject_type", "subject_id"], name="feedback_response_subject")]
        constraints = [
            models.UniqueConstraint(
                fields=["survey", "person", "subject_type", "subject_id"], name="feedback_response_once"
            )
        ]


class Rating(Row):
    """评价: one per ticket or per bill. Whether its holder came, or bought, is checked above, where those are known."""

    scope = AnyOf(ByKey("person", "person_id"), BySubtree("union__path", verb="feedback.view"))
    audit = Audit.CHANGES.hiding("comment")

    class State(models.TextChoices):
        SHOWN = "shown", _("显示")
        HIDDEN = "hidden", _("已隐藏")

    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="ratings", verbose_name=_("工会"))
    subject_type = models.CharField(max_length=24)
    subject_id = models.BigIntegerField()
    person = models.ForeignKey(
        "members.Person", models.PROTECT, related_name="ratings", verbose_name=_("会员")
    )
    # No foreign keys: vouchers and bills live above.
    voucher_id = models.BigIntegerField(unique=True, null=True, editable=False)
    bill_id = models.BigIntegerField(unique=True, null=True, editable=False)
    score = models.PositiveSmallIntegerField(
        _("评分"), validators=[MinValueValidator(SCORES[0]), MaxValueValidator(SCORES[1])]
    )
    comment = models.CharField(_("评语"), max_length=COMMENT_LENGTH_MAX, blank=True)
    state = models.CharField(
        _("状态"), max_length=8, choices=State.choices, default=State.SHOWN, editable=False
    )
    hidden_reason = models.CharField(_("隐藏原因"), max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("评价")
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "score"], name="feedback_rating_subject")
        ]
        constraints = [
            models.CheckConstraint(condition=Q(score__range=SCORES), name="feedback_rating_score"),
            models.CheckConstraint(
                condition=Q(voucher_id__isnull=True) ^ Q(bill_id__isnull=True),
                name="feedback_rating_of_one_thing",
            ),
            models.CheckConstraint(
                condition=~Q(state="hidden") | ~Q(hidden_reason=""), name="feedback_rating_hidden_with_reason"
            ),
        ]

    def __str__(self) -> str:
        return "★" * self.score
