"""健康关爱计划: how many places for whom, what a check-up costs and who pays which part, when there is room at a hospital."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, BySubtree, Where

PUBLIC_STATES = ("open", "closed")

# verb → {from: to}; the same table stands in sql/10_plans.sql.
PLAN_VERBS = {
    "review": {"draft": "reviewed"},
    "send_back": {"reviewed": "draft"},
    "open": {"reviewed": "open"},
    "close": {"reviewed": "closed", "open": "closed"},
}


class HealthPlan(Row):
    """`taken` is moved by the enrolments' own trigger only and never passes `quota`. What was reviewed does not change."""

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        REVIEWED = "reviewed", _("已复核")
        OPEN = "open", _("报名中")
        CLOSED = "closed", _("已结束")

    scope = AnyOf(BySubtree("union__path", verb="health.view"), Where(state__in=PUBLIC_STATES))
    audit = Audit.ALL

    union = models.ForeignKey(
        "orgs.Union", models.PROTECT, related_name="health_plans", verbose_name=_("主办工会")
    )
    title = models.CharField(_("名称"), max_length=120)
    about = models.TextField(_("说明"), blank=True, max_length=2000)
    groups = ArrayField(
        models.SlugField(),
        verbose_name=_("面向的群体"),
        default=list,
        blank=True,
        help_text=_("新就业形态群体；名单上的人另外算。"),
    )
    quota = models.PositiveIntegerField(_("名额"))
    taken = models.PositiveIntegerField(_("已占名额"), default=0, editable=False)
    waitlist_max = models.PositiveIntegerField(_("候补上限"), default=500, help_text=_("0 表示不设候补。"))
    next_position = models.PositiveIntegerField(default=1, editable=False)
    budget = models.ForeignKey(
        "funds.Budget", models.PROTECT, related_name="health_plans", verbose_name=_("补贴从哪个预算出")
    )
    commitment = models.ForeignKey(
        "funds.Commitment",
        models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("预留"),
    )
    reserved_times = models.PositiveSmallIntegerField(default=0, editable=False)
    """A commitment given back is not taken up again: each review after a return makes one of its own."""
    opens_at = models.DateTimeField(_("报名开始"))
    closes_at = models.DateTimeField(_("报名截止"))
    starts_on = models.DateField(_("体检开始"))
    ends_on = models.DateField(_("体检截止"))
    pay_within_hours = models.PositiveSmallIntegerField(
        _("付款时限（小时）"), default=24, help_text=_("有了名额以后多久内付清自付部分。")
    )
    free_cancel_days = models.PositiveSmallIntegerField(
        _("提前几天取消全额退款"), default=2, help_text=_("没有预约时总是全额退。")
    )
    late_refund_percent = models.PositiveSmallIntegerField(_("晚于此取消退百分之几"), default=0)
    reschedule_days = models.PositiveSmallIntegerField(_("最晚提前几天改期"), default=1)
    reschedule_max = models.PositiveSmallIntegerField(_("最多改期几次"), default=2)
    no_show_rebooks = models.PositiveSmallIntegerField(
        _("未到检可以再约几次"), default=1, help_text=_("用完以后名额收回。")
    )
    no_show_refund_percent = models.PositiveSmallIntegerField(_("收回名额时退百分之几"), default=0)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.DRAFT, editable=False)
    maker = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="+", editable=False, verbose_name=_("经办人")
    )
    checker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("复核人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("健康关爱计划")
        constraints = [
            models.CheckConstraint(
                condition=Q(quota__gte=1, taken__gte=0, taken__lte=F("quota")),
                name="health_places_within_quota",
                violation_error_message=_("名额至少 1 个，不能少于已占的。"),
            ),
            models.CheckConstraint(
                condition=Q(opens_at__lt=F("closes_at")) & Q(starts_on__lte=F("ends_on")),
                name="health_plan_times_in_order",
                violation_error_message=_("开始要早于截止。"),
            ),
            models.CheckConstraint(
                condition=Q(late_refund_percent__lte=100, no_show_refund_percent__lte=100),
                name="health_plan_percent",
                violation_error_message=_("退款比例在 0 到 100 之间。"),
            ),
            models.CheckConstraint(
                condition=Q(pay_within_hours__gte=1, pay_within_hours__lte=720),
                name="health_plan_pay_within",
                violation_error_message=_("付款时限在 1 到 720 小时之间。"),
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | (Q(checker__isnull=False) & ~Q(maker=F("checker"))),
                name="health_plan_maker_is_not_checker",
                violation_error_message=_("复核人不能是经办人自己。"),
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(commitment__isnull=False), name="health_plan_is_covered"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def purpose(self) -> str:
        """Of the money set aside next; `health:` is what the payments for places are for."""
        return f"plan:{self.pk}" if self.reserved_times <= 1 else f"plan:{self.pk}:{self.reserved_times}"


class PlanPerson(Row):
    """名单: somebody who may take part whatever group the roster says."""

    scope = BySubtree("plan__union__path", verb="health.view")
    audit = Audit.ALL

    plan = models.ForeignKey(HealthPlan, models.CASCADE, related_name="listed", verbose_name=_("计划"))
    person = models.ForeignKey("members.Person", models.PROTECT, related_name="+", verbose_name=_("职工"))

    class Meta:
        verbose_name = verbose_name_plural = _("计划名单")
        constraints = [models.UniqueConstraint(fields=["plan", "person"], name="health_listed_once")]

    def __str__(self) -> str:
        return f"{self.plan_id}/{self.person_id}"


class Package(Row):
    """套餐: the check-up of one hospital at its list price, to the fen: worker + union + hospital."""

    scope = AnyOf(BySubtree("plan__union__path", verb="health.view"), Where(plan__state__in=PUBLIC_STATES))
    audit = Audit.ALL

    plan = models.ForeignKey(HealthPlan, models.CASCADE, related_name="packages", verbose_name=_("计划"))
    store = models.ForeignKey(
        "partners.Store", models.PROTECT, related_name="health_packages", verbose_name=_("体检机构")
    )
    title = models.CharField(_("套餐"), max_length=80)
    includes = models.TextField(_("包括"), blank=True, max_length=1000)
    list_fen = models.PositiveIntegerField(_("原价（分）"))
    co_pay_fen = models.PositiveIntegerField(_("职工自付（分）"))
    subsidy_fen = models.PositiveIntegerField(_("工会补贴（分）"))
    concession_fen = models.PositiveIntegerField(_("医院优惠（分）"), default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("体检套餐")
        ordering = ["plan", "id"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "store", "title"], name="health_package_once"),
            models.CheckConstraint(
                condition=Q(list_fen=F("co_pay_fen") + F("subsidy_fen") + F("concession_fen"))
                & Q(co_pay_fen__gt=0),
                name="health_package_adds_up",
                violation_error_message=_("职工自付、工会补贴和医院优惠加起来要等于原价，自付要大于零。"),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def paid_in_fen(self) -> int:
        """By the worker and the union: where the hospital's part begins."""
        return self.co_pay_fen + self.subsidy_fen


class Slot(Row):
    """号源: so many people at one hospital, one day, from one time on; `taken` is moved by the appointments' trigger."""

    scope = AnyOf(BySubtree("plan__union__path", verb="health.view"), Where(plan__state__in=PUBLIC_STATES))
    audit = Audit.no("its counter moves with the appointments, which are the record")

    plan = models.ForeignKey(HealthPlan, models.CASCADE, related_name="slots", verbose_name=_("计划"))
    store = models.ForeignKey(
        "partners.Store", models.PROTECT, related_name="health_slots", verbose_name=_("体检机构")
    )
    day = models.DateField(_("日期"))
    from_time = models.TimeField(_("从"))
    to_time = models.TimeField(_("到"))
    capacity = models.PositiveSmallIntegerField(_("可约人数"))
    taken = models.PositiveSmallIntegerField(_("已约"), default=0, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("号源")
        ordering = ["day", "from_time", "id"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "store", "day", "from_time"], name="health_slot_once"),
            models.CheckConstraint(
                condition=Q(taken__gte=0, taken__lte=F("capacity")),
                name="health_slot_never_overbooked",
                violation_error_message=_("可约人数不能少于已约的。"),
            ),
            models.CheckConstraint(
                condition=Q(from_time__lt=F("to_time")),
                name="health_slot_times_in_order",
                violation_error_message=_("开始要早于结束。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.from_time:%H:%M}"

    @property
    def left(self) -> int:
        return self.capacity - self.taken
