"""What becomes of points when their owner dies, retires, leaves or moves: the rule as a row, and what came of each lot."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree
from gonghui.members.models import MembershipChange


class Treatment(models.TextChoices):
    KEEP = "keep", _("保留到期满")
    RETURN = "return", _("期限过后退回原预算")


class LifeRule(Row):
    """Of a union and all below it; the nearest that gave the points decides. Without one, the product's own holds."""

    scope = BySubtree("union__path", verb="budgets.view")
    audit = Audit.ALL

    union = models.ForeignKey(
        "orgs.Union", models.PROTECT, related_name="life_rules", verbose_name=_("工会及其下级")
    )
    kind = models.CharField(_("变动"), max_length=10, choices=MembershipChange.Kind)
    treatment = models.CharField(_("福豆怎么办"), max_length=8, choices=Treatment)
    after_days = models.PositiveSmallIntegerField(
        _("满多少天后退回"), default=0, help_text=_("从发生之日算起；保留的填 0。")
    )
    is_stopped = models.BooleanField(
        _("期间停止使用"), default=False, help_text=_("退回以前也不能再用，未付完的账单照常办完。")
    )
    clause = models.CharField(_("依据"), max_length=200)
    is_active = models.BooleanField(_("在用"), default=True)

    class Meta:
        verbose_name = verbose_name_plural = _("会员变动福豆规定")
        constraints = [
            models.UniqueConstraint(
                fields=["union", "kind"], condition=Q(is_active=True), name="funds_life_rule_once",
                violation_error_message=_("这个工会对这种变动已经有一条在用的规定，请先停用它。"),
            ),
            models.CheckConstraint(
                condition=Q(treatment="return") | Q(treatment="keep", after_days=0, is_stopped=False),
                name="funds_life_rule_keeps_whole",
                violation_error_message=_("保留到期满的，不填天数，也不停止使用。"),
            ),
            models.CheckConstraint(
                condition=~Q(clause="") & Q(after_days__lte=3650), name="funds_life_rule_has_a_clause"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.get_treatment_display()}"


class LotFate(Row):
    """What one change of a membership means for one lot, by the rule as it was then; and what came of it."""

    scope = AnyOf(ByKey("person", "person_id"), BySubtree("union__path", verb="points.view"))
    audit = Audit.ALL

    class State(models.TextChoices):
        KEPT = "kept", _("保留")
        WAITING = "waiting", _("待退回")
        RETURNED = "returned", _("已退回预算")
        STAYED = "stayed", _("重新入会，保留")

    change = models.ForeignKey(
        "members.MembershipChange", models.PROTECT, related_name="lot_fates", verbose_name=_("会籍变动")
    )
    account = models.ForeignKey(
        "ledger.LedgerAccount", models.PROTECT, related_name="fates", verbose_name=_("福豆账户")
    )
    person = models.ForeignKey("members.Person", models.PROTECT, related_name="+", verbose_name=_("会员"))
    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("发放工会"))
    grant = models.ForeignKey("funds.PointGrant", models.PROTECT, related_name="+", verbose_name=_("发放"))
    kind = models.CharField(_("变动"), max_length=10, choices=MembershipChange.Kind)
    treatment = models.CharField(_("福豆怎么办"), max_length=8, choices=Treatment)
    clause = models.CharField(_("依据"), max_length=200)
    due_on = models.DateField(_("退回日期"), null=True)
    """From this day on what is left goes back; null where it is kept."""
    is_stopped = models.BooleanField(_("停止使用"), default=False)
    state = models.CharField(_("状态"), max_length=8, choices=State)
    points = models.BigIntegerField(_("变动时福豆"))
    returned = models.BigIntegerField(_("已退回福豆"), default=0, db_default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("会员变动后的福豆")
        constraints = [
            models.UniqueConstraint(fields=["change", "account"], name="funds_lot_fate_once"),
            models.CheckConstraint(
                condition=Q(treatment="keep", state="kept", due_on__isnull=True, is_stopped=False)
                | Q(treatment="return", state__in=("waiting", "returned"), due_on__isnull=False)
                | Q(treatment="return", state="stayed", due_on__isnull=False, is_stopped=False),
                name="funds_lot_fate_whole",
            ),
            models.CheckConstraint(condition=Q(points__gt=0, returned__gte=0), name="funds_lot_fate_points"),
        ]
        indexes = [
            models.Index(fields=["due_on"], condition=Q(treatment="return"), name="funds_lot_fate_due"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.get_state_display()}"
