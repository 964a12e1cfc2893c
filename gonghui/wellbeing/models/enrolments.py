"""报名 and 预约: who takes part. Nothing of the body is kept: that somebody was there, and no more."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree

# A place of the quota belongs to these.
HOLDING = ("co_pay_due", "co_pay_paid", "booked", "attended", "settled")
# Whoever is in one of these may apply again, behind those who wait.
GONE = ("rejected", "cancelled", "lapsed")
UNDER_WAY = ("co_pay_due", "co_pay_paid", "booked")

# SM-26: verb → {from: to}; the same table stands in sql/20_enrolments.sql. A new date is a new appointment of the same booking.
ENROLMENT_VERBS = {
    "accept": {"applied": "eligible"},
    "reject": {"applied": "rejected"},
    "grant": {"eligible": "co_pay_due"},
    "pay": {"co_pay_due": "co_pay_paid"},
    "lapse": {"co_pay_due": "lapsed"},
    "book": {"co_pay_paid": "booked"},
    "excuse": {"booked": "co_pay_paid"},
    "miss": {"booked": "no_show"},
    "attend": {"booked": "attended"},
    "settle": {"attended": "settled"},
    "cancel": dict.fromkeys(("applied", "eligible", *UNDER_WAY), "cancelled"),
}
APPOINTMENT_VERBS = {
    "reschedule": {"booked": "rescheduled"},
    "cancel": {"booked": "cancelled"},
    "miss": {"booked": "missed"},
    "attend": {"booked": "attended"},
}


class Enrolment(Row):
    """One person's way through one plan. Seen by themselves and, with a health verb, by the union that runs the plan."""

    class State(models.TextChoices):
        APPLIED = "applied", _("待核对")
        REJECTED = "rejected", _("未通过")
        ELIGIBLE = "eligible", _("候补中")
        CO_PAY_DUE = "co_pay_due", _("待付款")
        CO_PAY_PAID = "co_pay_paid", _("待预约")
        BOOKED = "booked", _("已预约")
        ATTENDED = "attended", _("已到检")
        SETTLED = "settled", _("已结算")
        NO_SHOW = "no_show", _("未到检")
        LAPSED = "lapsed", _("逾期未付")
        CANCELLED = "cancelled", _("已取消")

    scope = AnyOf(ByKey("person", "person_id"), BySubtree("plan__union__path", verb="health.view"))
    audit = Audit.CHANGES

    plan = models.ForeignKey(
        "wellbeing.HealthPlan", models.PROTECT, related_name="enrolments", verbose_name=_("计划")
    )
    package = models.ForeignKey(
        "wellbeing.Package", models.PROTECT, related_name="enrolments", verbose_name=_("套餐")
    )
    person = models.ForeignKey(
        "members.Person", models.PROTECT, related_name="health_enrolments", verbose_name=_("职工")
    )
    key = models.UUIDField(unique=True, editable=False)
    code = models.CharField(_("到检码"), max_length=16, unique=True, editable=False)
    state = models.CharField(_("状态"), max_length=12, choices=State, editable=False)
    said_group = models.SlugField(_("本人说明的职业"), blank=True, editable=False)
    reason = models.CharField(_("原因"), max_length=200, blank=True, editable=False)
    position = models.PositiveIntegerField(_("候补序号"), null=True, editable=False)
    pay_by = models.DateTimeField(_("付款期限"), null=True, editable=False)
    payment = models.OneToOneField(
        "payments.Payment", models.PROTECT, null=True, related_name="health_enrolment", editable=False
    )
    paid_fen = models.PositiveIntegerField(_("已付（分）"), default=0, editable=False)
    """Counted once, when the news of the payment is taken in."""
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    """Payments begun."""
    reschedules = models.PositiveSmallIntegerField(_("已改期"), default=0, editable=False)
    no_shows = models.PositiveSmallIntegerField(_("未到检次数"), default=0, editable=False)
    refunded_fen = models.PositiveIntegerField(_("已退（分）"), default=0, editable=False)
    attended_at = models.DateTimeField(_("到检时间"), null=True, editable=False)
    bill = models.OneToOneField(
        "bills.Bill", models.PROTECT, null=True, related_name="health_enrolment", editable=False
    )

    class Meta:
        verbose_name = verbose_name_plural = _("健康关爱报名")
        indexes = [
            models.Index(fields=["plan", "state", "position"], name="health_enrolment_line"),
            models.Index(fields=["person", "-id"], name="health_enrolment_of_person"),
            models.Index(fields=["pay_by"], condition=Q(state="co_pay_due"), name="health_enrolment_due"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "person"], condition=~Q(state__in=GONE), name="health_enrolment_once"
            ),
            models.CheckConstraint(
                condition=~Q(state="co_pay_due") | Q(pay_by__isnull=False), name="health_due_until"
            ),
            models.CheckConstraint(
                condition=~Q(state="eligible") | Q(position__isnull=False), name="health_waiting_in_line"
            ),
            models.CheckConstraint(
                condition=~Q(state="rejected") | ~Q(reason=""), name="health_rejected_with_reason"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["co_pay_paid", "booked", "attended", "settled", "no_show"])
                | Q(payment__isnull=False, paid_fen__gt=0),
                name="health_paid_by_a_payment",
            ),
            models.CheckConstraint(
                condition=Q(refunded_fen__lte=models.F("paid_fen")), name="health_back_at_most_what_was_paid"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["attended", "settled"])
                | Q(attended_at__isnull=False, bill__isnull=False, refunded_fen=0),
                name="health_attended_is_billed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id}/{self.pk}"

    @property
    def holds_place(self) -> bool:
        return self.state in HOLDING


class Appointment(Row):
    """预约: one date at one hospital. The hospital's clerks see those of their own store."""

    class State(models.TextChoices):
        BOOKED = "booked", _("已预约")
        RESCHEDULED = "rescheduled", _("已改期")
        CANCELLED = "cancelled", _("已取消")
        MISSED = "missed", _("未到检")
        ATTENDED = "attended", _("已到检")

    scope = AnyOf(
        ByKey("person", "enrolment__person_id"),
        ByKey("store", "slot__store_id"),
        BySubtree("enrolment__plan__union__path", verb="health.view"),
    )
    audit = Audit.CHANGES

    enrolment = models.ForeignKey(
        Enrolment, models.PROTECT, related_name="appointments", verbose_name=_("报名")
    )
    slot = models.ForeignKey(
        "wellbeing.Slot", models.PROTECT, related_name="appointments", verbose_name=_("号源")
    )
    state = models.CharField(_("状态"), max_length=12, choices=State, default=State.BOOKED, editable=False)
    clerk = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("登记人"), editable=False
    )
    settled_at = models.DateTimeField(_("了结时间"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("体检预约")
        indexes = [models.Index(fields=["slot", "state"], name="health_appointment_of_slot")]
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment"],
                condition=Q(state__in=["booked", "attended"]),
                name="health_one_date_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment_id}/{self.pk}"
