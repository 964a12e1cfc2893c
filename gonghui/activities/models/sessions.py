"""场次: when and where; one session is one pool of places."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from gonghui.activities.models.activities import PUBLIC_STATES
from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree, Where

# verb → {from: to} (SM-12)
SESSION_VERBS = {
    "release": {"scheduled": "released"},
    "sell_out": {"released": "sold_out"},
    "restock": {"sold_out": "released"},
    "close": {"scheduled": "closed", "released": "closed", "sold_out": "closed"},
    "start": {"scheduled": "running", "released": "running", "sold_out": "running", "closed": "running"},
    "finish": {"running": "done"},
    "reschedule": {"released": "scheduled", "sold_out": "scheduled", "closed": "scheduled"},
    "cancel": dict.fromkeys(("scheduled", "released", "sold_out", "closed", "running"), "cancelled"),
}


class TimeSpan(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Session(Row):
    """A hall never holds two at once, nor more people than it seats: the database refuses both."""

    scope = AnyOf(
        BySubtree("activity__union__path", verb="activities.view"),
        Where(activity__state__in=PUBLIC_STATES),
        ByKey("store", "store_id"),
    )
    audit = Audit.ALL

    class State(models.TextChoices):
        SCHEDULED = "scheduled", _("待开放")
        RELEASED = "released", _("可预约")
        SOLD_OUT = "sold_out", _("已约满")
        CLOSED = "closed", _("预约结束")
        RUNNING = "running", _("进行中")
        DONE = "done", _("已结束")
        CANCELLED = "cancelled", _("已取消")

    activity = models.ForeignKey(
        "activities.Activity", models.PROTECT, related_name="sessions", verbose_name=_("活动")
    )
    store = models.ForeignKey(
        "partners.Store",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="sessions",
        verbose_name=_("场馆"),
    )
    hall = models.ForeignKey(
        "partners.Hall", models.PROTECT, null=True, blank=True, related_name="sessions", verbose_name=_("厅")
    )
    label = models.CharField(_("场次名称"), max_length=80)
    starts_at = models.DateTimeField(_("开始时间"))
    ends_at = models.DateTimeField(_("结束时间"))
    seats = models.PositiveIntegerField(_("名额"))
    pool = models.OneToOneField(
        "benefits.Pool",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="session",
        editable=False,
        verbose_name=_("名额池"),
    )
    state = models.CharField(
        _("状态"), max_length=10, choices=State.choices, default=State.SCHEDULED, editable=False
    )
    cancel_reason = models.CharField(_("取消原因"), max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("场次")
        ordering = ["starts_at", "id"]
        indexes = [models.Index(fields=["state", "starts_at"], name="activities_session_timetable")]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at__lt=F("ends_at")),
                name="activities_session_times_in_order",
                violation_error_message=_("开始时间要早于结束时间。"),
            ),
            models.CheckConstraint(
                condition=Q(seats__gte=1),
                name="activities_session_has_seats",
                violation_error_message=_("名额至少为 1。"),
            ),
            models.CheckConstraint(
                condition=~Q(state="cancelled") | ~Q(cancel_reason=""),
                name="activities_cancelled_with_reason",
            ),
            models.UniqueConstraint(
                fields=["activity", "label"],
                condition=~Q(state="cancelled"),
                name="activities_session_label_once",
                violation_error_message=_("这个活动已经有同名的场次。"),
            ),
            ExclusionConstraint(
                name="activities_hall_holds_one_at_a_time",
                expressions=[
                    ("hall", RangeOperators.EQUAL),
                    (TimeSpan("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(hall__isnull=False) & ~Q(state="cancelled"),
                violation_error_message=_("这个厅在这段时间已经有别的场次。"),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def place(self) -> str:
        """Where to go, as the ticket says it."""
        return str(self.hall or self.store or "")
