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
    BEREAVEMENT = "bereavement", _("丧葬慰问（会员去世）")
    FAMILY_LOSS = "family_loss", _("丧葬慰问（亲属去世）")
    RETIREMENT = "retirement", _("退休离岗慰问")
    TRAINING = "training", _("培训奖励")
    EVENT_PRIZE = "event_prize", _("活动奖励（个人）")
    TEAM_PRIZE = "team_prize", _("活动奖励（团体）")
    SOUVENIR = "souvenir", _("纪念品")
    MEAL = "meal", _("活动用餐")
    CLOTHING = "clothing", _("文体服装")
    OUTING = "outing", _("春秋游")
    RETREAT = "retreat", _("疗休养")
    HEALTH = "health", _("体检")
    COUPON = "coupon", _("普惠补贴")
    JOINING = "joining", _("入会礼")


MONTH_DAY = "^((0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))?$"
BOUNDED = (
    Q(share_whole__isnull=False)
    | ~Q(given_until="")
    | ~Q(spent_until="")
    | Q(most_days__isnull=False)
    | ~Q(condition="")
)
"""Rules that say more than a cap."""


class BenefitRule(Row):
    """A cap for one person and period, or a bound of another kind, or both. Empty fields match everything; every rule that
    matches has to hold. Caps are held by sql/20_rulebook.sql, the other bounds by `funds.bounds`."""

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
    cap_fen = models.BigIntegerField(_("每人限额（分）"), null=True, blank=True)
    """Null: no cap, only what stands in the fields after the clause."""
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
    evidence = models.CharField(_("核实所见"), max_length=300, blank=True, default="", db_default="")
    """What was read: number and date of the document, the words of the article, where it is kept."""
    writer = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("写入人")
    )
    """Null: came with the product."""

    share_part = models.PositiveSmallIntegerField(null=True, blank=True)
    share_whole = models.PositiveSmallIntegerField(_("至多占参加人数的比例"), null=True, blank=True)
    """At most `share_part` of every `share_whole` who took part: 15 of 100, 2 of 3."""
    given_until = models.CharField(_("每年最晚发放日"), max_length=5, blank=True, default="", db_default="")
    spent_until = models.CharField(_("每年最晚使用日"), max_length=5, blank=True, default="", db_default="")
    """Month and day, "03-31". What is given is spent in the same year, or in the next where `spent_until` is the earlier."""
    most_days = models.PositiveSmallIntegerField(_("最多几天"), null=True, blank=True)
    most_days_paired = models.PositiveSmallIntegerField(_("对口地区最多几天"), null=True, blank=True)
    condition = models.CharField(_("须确认的要求"), max_length=200, blank=True, default="", db_default="")
    """What no machine sees: the maker affirms it, and the words stay with what was given."""

    class Meta:
        verbose_name = verbose_name_plural = _("支出规则")
        constraints = [
            models.CheckConstraint(
                condition=(Q(cap_fen=None, max_count=None) | Q(cap_fen__isnull=False, cap_fen__gte=0))
                & ~Q(clause=""),
                name="funds_rule_whole",
            ),
            models.CheckConstraint(
                condition=Q(cap_fen__isnull=False) | BOUNDED, name="funds_rule_says_something"
            ),
            models.CheckConstraint(
                condition=Q(share_part=None, share_whole=None)
                | Q(
                    share_part__isnull=False,
                    share_part__gte=1,
                    share_whole__isnull=False,
                    share_whole__gte=F("share_part"),
                ),
                name="funds_rule_share",
            ),
            models.CheckConstraint(
                condition=Q(given_until__regex=MONTH_DAY) & Q(spent_until__regex=MONTH_DAY),
                name="funds_rule_month_days",
            ),
            models.CheckConstraint(
                condition=Q(most_days_paired=None)
                | Q(most_days__isnull=False, most_days__gte=1, most_days_paired__gte=F("most_days")),
                name="funds_rule_days",
            ),
            models.CheckConstraint(
                condition=Q(effective_until=None) | Q(effective_until__gt=F("effective_from")),
                name="funds_rule_dates_in_order",
                violation_error_message=_("失效日期要晚于生效日期。"),
            ),
            models.CheckConstraint(
                condition=Q(is_verified=False) | (Q(verified_by__isnull=False) & ~Q(evidence="")),
                name="funds_rule_verified_by",
            ),
            models.CheckConstraint(
                condition=Q(writer=None) | Q(verified_by=None) | ~Q(writer=F("verified_by")),
                name="funds_rule_writer_is_not_verifier",
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
