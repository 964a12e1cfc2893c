"""预算: nested, each an account that cannot be overdrawn; commitments are accounts beneath it."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import BySubtree

# verb → {from: to}
BUDGET_VERBS = {
    "submit": {"draft": "submitted"},
    "send_back": {"submitted": "draft"},
    "approve": {"submitted": "approved"},
    "adjust": {"approved": "adjusting"},
    "settle": {"adjusting": "approved"},
    "close": {"approved": "closed"},
}
CHANGE_VERBS = {"approve": {"proposed": "approved"}, "reject": {"proposed": "rejected"}}
COMMITMENT_VERBS = {"release": {"reserved": "released"}}


class ExpenseClass(models.TextChoices):
    """支出类别 of the union accounting system."""

    ACTIVITY = "activity", _("职工活动支出")
    RIGHTS = "rights", _("维权支出")
    BUSINESS = "business", _("业务支出")
    OFFICE = "office", _("行政支出")
    CAPITAL = "capital", _("资本性支出")
    SUBSIDY = "subsidy", _("补助下级支出")
    INSTITUTION = "institution", _("事业支出")
    OTHER = "other", _("其他支出")


class BudgetCategory(models.TextChoices):
    """What the money is for, among what reaches members; the rulebook goes by it."""

    FESTIVAL = "festival", _("节日慰问")
    BIRTHDAY = "birthday", _("生日慰问")
    CARE = "care", _("慰问帮扶")
    ACTIVITY = "activity", _("职工活动")
    COUPON = "coupon", _("普惠补贴")
    HEALTH = "health", _("健康关爱")
    TRAINING = "training", _("职工教育")
    GENERAL = "general", _("综合")


class Budget(Row):
    """Approved: its account holds what its parent (or its source) gave it. Spending goes through the account only."""

    scope = BySubtree("union__path", verb="budgets.view")
    audit = Audit.ALL

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        SUBMITTED = "submitted", _("待批准")
        APPROVED = "approved", _("执行中")
        ADJUSTING = "adjusting", _("调整中")
        CLOSED = "closed", _("已结清")

    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="budgets", verbose_name=_("工会"))
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("上级预算")
    )
    source = models.ForeignKey(
        "funds.FundSource", models.PROTECT, related_name="budgets", verbose_name=_("经费来源")
    )
    """The same as its parent's: a budget's money keeps its origin at every level."""
    name = models.CharField(_("预算"), max_length=96)
    category = models.CharField(_("用途"), max_length=12, choices=BudgetCategory)
    expense_class = models.CharField(
        _("支出类别"), max_length=12, choices=ExpenseClass, blank=True, db_default=""
    )
    """Empty only of budgets from before it was asked."""
    amount_fen = models.BigIntegerField(_("金额（分）"))
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("截止日期"))
    resolution = models.CharField(
        _("集体决策记录"), max_length=120, blank=True, help_text=_("会议名称、日期和文号，批准前必填。")
    )
    account = models.OneToOneField(
        "ledger.LedgerAccount",
        models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("账户"),
    )
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.DRAFT, editable=False)
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("经办人"))
    checker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("批准人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("预算")
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="funds_budget_amount"),
            models.CheckConstraint(
                condition=Q(starts_on__lte=F("ends_on")),
                name="funds_budget_dates_in_order",
                violation_error_message=_("开始日期不能晚于截止日期。"),
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "submitted"])
                | (
                    Q(checker__isnull=False, account__isnull=False)
                    & ~Q(resolution="")
                    & ~Q(maker=F("checker"))
                ),
                name="funds_budget_maker_is_not_checker",
                violation_error_message=_("批准人不能是经办人自己，集体决策记录不能空。"),
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="funds_budget_not_its_own_parent"),
        ]

    def __str__(self) -> str:
        return self.name

    UNCLASSED = _("未归类")

    @property
    def class_name(self) -> str:
        return str(self.get_expense_class_display() or self.UNCLASSED)

    def is_open_on(self, day: date) -> bool:
        return (
            self.state in (self.State.APPROVED, self.State.ADJUSTING)
            and self.starts_on <= day <= self.ends_on
        )


class BudgetChange(Row):
    """调整: more from the parent, or some of what is unused back to it; by two people."""

    scope = BySubtree("budget__union__path", verb="budgets.view")
    audit = Audit.ALL

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待批准")
        APPROVED = "approved", _("已批准")
        REJECTED = "rejected", _("未批准")

    budget = models.ForeignKey(Budget, models.PROTECT, related_name="changes", verbose_name=_("预算"))
    delta_fen = models.BigIntegerField(_("增减（分）"))
    reason = models.CharField(_("原因"), max_length=200)
    resolution = models.CharField(_("集体决策记录"), max_length=120)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.PROPOSED, editable=False)
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("经办人"))
    checker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("批准人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("预算调整")
        constraints = [
            models.UniqueConstraint(
                fields=["budget"], condition=Q(state="proposed"), name="funds_change_one_open"
            ),
            models.CheckConstraint(
                condition=~Q(delta_fen=0) & ~Q(reason="") & ~Q(resolution=""), name="funds_change_whole"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed") | (Q(checker__isnull=False) & ~Q(maker=F("checker"))),
                name="funds_change_maker_is_not_checker",
                violation_error_message=_("批准人不能是经办人自己。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.budget} {self.delta_fen / 100:+,.2f}"


class Commitment(Row):
    """预留: money of one budget set aside for one purpose. Consumed from its account; what is left goes back."""

    scope = BySubtree("budget__union__path", verb="budgets.view")
    audit = Audit.ALL

    class State(models.TextChoices):
        RESERVED = "reserved", _("已预留")
        RELEASED = "released", _("已结清")

    budget = models.ForeignKey(Budget, models.PROTECT, related_name="commitments", verbose_name=_("预算"))
    purpose = models.CharField(_("用于"), max_length=64)
    """What it is for: "grant:17", "release:203". One purpose, one commitment of a budget."""
    amount_fen = models.BigIntegerField(_("金额（分）"))
    account = models.OneToOneField(
        "ledger.LedgerAccount", models.PROTECT, related_name="+", editable=False, verbose_name=_("账户")
    )
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.RESERVED, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("经费预留")
        constraints = [
            models.UniqueConstraint(fields=["budget", "purpose"], name="funds_commitment_once"),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="funds_commitment_amount"),
        ]

    def __str__(self) -> str:
        return self.purpose
