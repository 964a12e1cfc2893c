"""投诉: a member's complaint about a bill, its lines, and what everybody said of it. Facts never change (sql/)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.complaints.tones import CHIPS
from gonghui.kit import clock
from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree

OPEN = ("open", "answered", "escalated")
RULED = ("upheld", "partly", "rejected")
# verb → {from: to}; the same moves stand in sql/10_complaints.sql. A merchant may give in until the union has ruled.
VERBS = {
    "agree": dict.fromkeys(OPEN, "agreed"),
    "answer": {"open": "answered"},
    "accept": {"answered": "accepted"},
    "escalate": {"answered": "escalated"},
    "overdue": {"open": "escalated"},
    "lapse": {"answered": "lapsed"},
    "uphold": {"escalated": "upheld"},
    "uphold_part": {"escalated": "partly"},
    "reject": {"escalated": "rejected"},
    "withdraw": dict.fromkeys(OPEN, "withdrawn"),
}
WORDS_MAX = 500


class Complaint(Row):
    class Kind(models.TextChoices):
        OVERCHARGED = "overcharged", _("多收了钱")
        NO_DISCOUNT = "no_discount", _("该优惠没优惠")
        NOT_GIVEN = "not_given", _("没拿到东西或服务")
        QUALITY = "quality", _("质量问题")
        MANNER = "manner", _("态度问题")
        OTHER = "other", _("其他")

    class Wanted(models.TextChoices):
        REFUND = "refund", _("退这些")
        EXPLANATION = "explanation", _("说明情况")
        APOLOGY = "apology", _("道歉")
        OTHER = "other", _("其他处理")

    class State(models.TextChoices):
        OPEN = "open", _("待商家答复")
        ANSWERED = "answered", _("商家已答复")
        ESCALATED = "escalated", _("工会裁定中")
        AGREED = "agreed", _("商家已同意")
        ACCEPTED = "accepted", _("会员已接受")
        UPHELD = "upheld", _("裁定支持")
        PARTLY = "partly", _("裁定部分支持")
        REJECTED = "rejected", _("裁定不支持")
        WITHDRAWN = "withdrawn", _("已撤回")
        LAPSED = "lapsed", _("没有再提，已了结")

    scope = AnyOf(
        ByKey("person", "bill__person_id"),
        ByKey("books", "bill__store_id"),
        BySubtree("bill__union__path", verb="complaints.view"),
    )
    audit = Audit.CHANGES

    key = models.UUIDField(unique=True, editable=False)
    bill = models.ForeignKey("bills.Bill", models.PROTECT, related_name="complaints", verbose_name=_("账单"))
    kind = models.CharField(_("哪里不对"), max_length=12, choices=Kind)
    wanted = models.CharField(_("希望"), max_length=12, choices=Wanted)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.OPEN, editable=False)
    due_on = models.DateField(_("最迟"), null=True, editable=False)
    """Of whoever has the next word; none when it is over."""
    refund = models.OneToOneField(
        "bills.BillRefund",
        models.PROTECT,
        null=True,
        related_name="complaint",
        verbose_name=_("更正账目的退货"),
    )
    arbiter = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("裁定人")
    )
    closed_at = models.DateTimeField(_("了结时间"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("投诉")
        indexes = [
            models.Index(fields=["bill", "id"], name="complaint_of_bill"),
            models.Index(fields=["state", "due_on"], condition=Q(closed_at=None), name="complaint_due"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=OPEN, due_on__isnull=False, closed_at=None)
                | (~Q(state__in=OPEN) & Q(due_on=None, closed_at__isnull=False)),
                name="complaint_due_while_open",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RULED, arbiter__isnull=False) | (~Q(state__in=RULED) & Q(arbiter=None)),
                name="complaint_ruled_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(refund=None) | Q(state__in=["agreed", "upheld", "partly"]),
                name="complaint_refund_of_a_yes",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return f"TS{self.pk:08d}"

    @property
    def chip(self) -> str:
        return CHIPS[self.state]

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_overdue(self) -> bool:
        return self.due_on is not None and self.due_on < clock.today()


class ComplaintLine(Row):
    """A line of the bill that is complained about; in one open complaint at a time."""

    scope = AnyOf(
        ByKey("person", "complaint__bill__person_id"),
        ByKey("books", "complaint__bill__store_id"),
        BySubtree("complaint__bill__union__path", verb="complaints.view"),
    )
    audit = Audit.no("facts never change; what became of it stands in the thread")

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="lines", verbose_name=_("投诉"))
    line = models.ForeignKey(
        "bills.BillLine", models.PROTECT, related_name="complaint_lines", verbose_name=_("商品")
    )
    is_open = models.BooleanField(default=True, editable=False)
    """Follows the complaint, by trigger."""
    is_upheld = models.BooleanField(_("支持"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("投诉的商品")
        ordering = ["complaint", "line"]
        constraints = [
            models.UniqueConstraint(fields=["complaint", "line"], name="complaint_line_once"),
            models.UniqueConstraint(
                fields=["line"], condition=Q(is_open=True), name="complaint_line_in_one_open"
            ),
        ]


class ComplaintEntry(Row):
    """One word in the thread, for good: who said what, when, and where it led."""

    class By(models.TextChoices):
        MEMBER = "member", _("会员")
        MERCHANT = "merchant", _("商家")
        UNION = "union", _("工会")
        CLOCK = "clock", _("到期")

    scope = AnyOf(
        ByKey("person", "complaint__bill__person_id"),
        ByKey("books", "complaint__bill__store_id"),
        BySubtree("complaint__bill__union__path", verb="complaints.view"),
    )
    audit = Audit.no("append-only by trigger: it is the record")

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="entries", verbose_name=_("投诉"))
    at = models.DateTimeField(_("时间"))
    by = models.CharField(_("谁"), max_length=8, choices=By)
    author = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("账号")
    )
    state = models.CharField(_("之后的状态"), max_length=10, choices=Complaint.State)
    words = models.CharField(_("内容"), max_length=WORDS_MAX, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("投诉经过")
        ordering = ["complaint", "id"]
        constraints = [
            models.UniqueConstraint(fields=["complaint", "state"], name="complaint_entry_once_a_state"),
            models.CheckConstraint(
                condition=Q(by="clock", author=None)
                | Q(by="member")
                | Q(by__in=["merchant", "union"], author__isnull=False),
                name="complaint_entry_by_somebody",
            ),
        ]
