"""支出规则: what may be spent on one person, as rows with the clause they come from; and what has been."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.funds.models.sources import SourceKind, SourceLevel
from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree, Everyone, Nobody


class BenefitCategory(models.TextChoices):
    FESTIVAL = "festival", _("节日慰问")
    BIRTHDAY = "birthday", _("生日慰问")
    MARRIAGE = "marriage", _("婚育慰问")
    ILLNESS = "illness", _("住院慰问")
    BEREAVEMENT = "bereavement", _("丧葬慰问")
    RETIREMENT = "retirement", _("退休离岗慰问")
    TRAINING = "training", _("培训奖励")
    EVENT_PRIZE = "event_prize", _("活动奖励")
    SOUVENIR = "souvenir", _("纪念品")
    MEAL = "meal", _("活动用餐")
    CLOTHING = "clothing", _("文体服装")
    OUTING = "outing", _("春秋游")
    RETREAT = "retreat", _("疗休养")
    HEALTH = "health", _("体检")
    COUPON = "coupon", _("普惠补贴")
    JOINING = "joining", _("入会礼")


class BenefitRule(Row):
    """A cap for one person and period. Empty fields match everything; every rule that matches has to hold."""

    scope = Everyone("regulations are public")
    audit = Audit.ALL

    class Period(models.TextChoices):
        EVENT = "event", _("每次")
        DAY = "day", _("每天")
        MONTH = "month", _("每月")
        YEAR = "year", _("每年")

    region = models.ForeignKey("orgs.Region", models.PROTECT, related_name="+", verbose_name=_("适用地区"))
    source_kind = models.CharField(_("经费性质"), max_length=12, choices=SourceKind, blank=True)
    source_level = models.CharField(_("经费级别"), max_length=12, choices=SourceLevel, blank=True)
    category = models.CharField(_("用途"), max_length=12, choices=BenefitCategory)
    festival = models.SlugField(
        _("节日"), max_length=24, blank=True, help_text=_("不填表示这一类的所有节日合计。")
    )
    cap_fen = models.BigIntegerField(_("每人限额（分）"))
    period = models.CharField(_("周期"), max_length=6, choices=Period)
    max_count = models.PositiveSmallIntegerField(_("每个周期最多几次"), null=True, blank=True)
    effective_from = models.DateField(_("生效日期"))
    effective_until = models.DateField(_("失效日期"), null=True, blank=True)
    clause = models.CharField(_("依据"), max_length=200)
    """The document, its number and article, as a member would look it up."""
    is_verified = models.BooleanField(_("已核实"), default=False)
    """Somebody has read the document itself; until then the rule binds all the same, and says so."""
    verified_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("核实人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("支出规则")
        constraints = [
            models.CheckConstraint(condition=Q(cap_fen__gte=0) & ~Q(clause=""), name="funds_rule_whole"),
            models.CheckConstraint(
                condition=Q(effective_until=None) | Q(effective_until__gt=F("effective_from")),
                name="funds_rule_dates_in_order",
                violation_error_message=_("失效日期要晚于生效日期。"),
            ),
            models.CheckConstraint(
                condition=Q(is_verified=False) | Q(verified_by__isnull=False), name="funds_rule_verified_by"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_category_display()} · {self.clause}"


class BenefitTally(Row):
    """What one person had under one rule in one period: the row that serialises all who would give more."""

    scope = Nobody("read by the rulebook alone")
    audit = Audit.no("follows from BenefitUse, each of which names the tallies it counts in")

    rule = models.ForeignKey(BenefitRule, models.PROTECT, related_name="tallies")
    person = models.ForeignKey("members.Person", models.PROTECT, related_name="+", db_index=False)
    period = models.CharField(max_length=64)
    """ "2026", "2026-10", "2026-10-01", or what the event is called."""
    amount_fen = models.BigIntegerField(default=0, db_default=0)
    count = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("限额累计")
        constraints = [
            models.UniqueConstraint(fields=["person", "rule", "period"], name="funds_tally_once"),
            models.CheckConstraint(condition=Q(amount_fen__gte=0), name="funds_tally_amount"),
        ]


class BenefitUse(Row):
    """What was given to one person, once for each occasion: the record behind the tallies."""

    scope = AnyOf(ByKey("person", "person_id"), BySubtree("union__path", verb="budgets.view"))
    audit = Audit.no("written with its transfers; only what came back of it grows")

    person = models.ForeignKey("members.Person", models.PROTECT, related_name="+", db_index=False)
    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("发放工会"))
    category = models.CharField(_("用途"), max_length=12, choices=BenefitCategory)
    festival = models.SlugField(_("节日"), max_length=24, blank=True)
    amount_fen = models.BigIntegerField(_("金额（分）"))
    given_on = models.DateField(_("发放日期"))
    occasion = models.CharField(_("凭证"), max_length=64)
    """ "grant:17", "bill:203": once for each person."""
    returned_fen = models.BigIntegerField(_("已退回（分）"), default=0, db_default=0)
    tallies = ArrayField(models.BigIntegerField(), default=list, db_default=[], editable=False)
    """Ids of the tallies it counts in: one for each rule that bound it."""

    class Meta:
        verbose_name = verbose_name_plural = _("发放记录")
        constraints = [
            models.UniqueConstraint(fields=["person", "occasion"], name="funds_use_once"),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="funds_use_amount"),
            models.CheckConstraint(
                condition=Q(returned_fen__gte=0, returned_fen__lte=F("amount_fen")), name="funds_use_returned"
            ),
        ]
