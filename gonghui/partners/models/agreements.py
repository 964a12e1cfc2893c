"""合作协议 (SM-11): what the merchant gives up, for how long, and when it is paid."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.fields import SealedTextField
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree
from gonghui.partners.models.purchases import Selection

IN_FORCE = ("effective", "expiring")
# No two of these of one partner and union share a day: EXCLUDE partner_agreements_do_not_overlap.
BINDING = ("signed", *IN_FORCE)
AGREEMENT_VERBS = {
    "sign": {"draft": "signed"},
    "start": {"signed": "effective"},
    "warn": {"effective": "expiring"},
    "renew": {"effective": "renewed", "expiring": "renewed"},
    "expire": {"effective": "expired", "expiring": "expired"},
    "terminate": {"signed": "terminated", "effective": "terminated", "expiring": "terminated"},
}


class Agreement(Row):
    """Drafted by one, sent for signing by another of the union, signed by the merchant; the text signed is kept with its hash."""

    scope = AnyOf(ByKey("partner", "partner_id"), BySubtree("union__path", verb="partners.view"))
    audit = Audit.ALL

    class State(models.TextChoices):
        DRAFT = "draft", _("待签署")
        SIGNED = "signed", _("已签署，未生效")
        EFFECTIVE = "effective", _("生效中")
        EXPIRING = "expiring", _("即将到期")
        RENEWED = "renewed", _("已续签")
        EXPIRED = "expired", _("已到期")
        TERMINATED = "terminated", _("已终止")

    class Cycle(models.TextChoices):
        MONTHLY = "monthly", _("每月")
        HALF_MONTHLY = "half_monthly", _("每半月")
        WEEKLY = "weekly", _("每周")

    partner = models.ForeignKey(
        "partners.Partner", models.PROTECT, related_name="agreements", verbose_name=_("合作单位")
    )
    union = models.ForeignKey(
        "orgs.Union", models.PROTECT, related_name="agreements", verbose_name=_("签约工会")
    )
    concession = models.TextField(_("让利内容"), max_length=2000)
    concession_permille = models.PositiveSmallIntegerField(
        _("让利（千分比）"), default=0, help_text=_("让利 10% 填 100。")
    )
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("截止日期"), null=True, blank=True, help_text=_("不填为长期有效。"))
    cycle = models.CharField(_("结算周期"), max_length=12, choices=Cycle, default=Cycle.MONTHLY)
    silent_days = models.PositiveSmallIntegerField(
        _("逾期未答复视为确认（天）"),
        null=True,
        blank=True,
        help_text=_("结算单发出后多少天没有答复就算确认；不填则一直等商户确认。"),
    )
    fee_bp = models.PositiveSmallIntegerField(
        _("服务费（万分比）"), default=0, help_text=_("结算款的 0.6% 填 60；不收填 0。")
    )
    """Of what the union hands over; how it is counted stands in settlement/sql/30_fees.sql and in the text."""
    is_purchase = models.BooleanField(
        _("工会出钱采购"),
        default=False,
        db_default=False,
        help_text=_("工会用经费向这家单位买东西或服务的，要写明怎样选定；职工自己去消费、工会只补贴的不算。"),
    )
    purchase_fen = models.BigIntegerField(_("预计一年采购（分）"), null=True, blank=True)
    chosen_by = models.CharField(
        _("选定方式"), max_length=12, choices=Selection, default="", blank=True, db_default="", editable=False
    )
    chosen_why = models.CharField(
        _("理由或文件"), max_length=300, default="", blank=True, db_default="", editable=False
    )
    quotes = models.JSONField(_("比较过的报价"), default=list, db_default=[], editable=False)
    """[{"supplier": name, "fen": price}], the chosen one's among them."""
    payout_account = SealedTextField(null=True, blank=True, verbose_name=_("收款账号"))
    payout_shown = models.CharField(_("收款账户"), max_length=120, blank=True, editable=False)
    """Name, bank and the last four digits: what pages and statements show."""
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.DRAFT, editable=False)
    renews = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="renewal",
        verbose_name=_("续签自"),
        editable=False,
    )
    text = models.TextField(_("协议正文"), blank=True, editable=False)
    text_sha256 = models.CharField(_("正文指纹"), max_length=64, blank=True, editable=False)
    maker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("拟稿人"), editable=False
    )
    """Nobody: a standing agreement of a partner from before agreements were kept here."""
    checker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("复核人"), editable=False
    )
    sent_at = models.DateTimeField(_("送签时间"), null=True, editable=False)
    signer = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("签署账号"),
        editable=False,
    )
    signed_name = SealedTextField(null=True, blank=True, verbose_name=_("签署人"), editable=False)
    signed_at = models.DateTimeField(_("签署时间"), null=True, editable=False)
    ended_at = models.DateTimeField(_("结束时间"), null=True, editable=False)
    reason = models.CharField(_("终止原因"), max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("合作协议")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(starts_on__lte=F("ends_on")),
                name="partner_agreement_dates_in_order",
                violation_error_message=_("开始日期不能晚于截止日期。"),
            ),
            models.CheckConstraint(
                condition=Q(concession_permille__lte=1000), name="partner_agreement_concession_in_range"
            ),
            models.CheckConstraint(
                condition=Q(silent_days=None) | Q(silent_days__range=(3, 90)),
                name="partner_agreement_silence_is_days",
                violation_error_message=_("视为确认的天数在 3 到 90 之间。"),
            ),
            models.CheckConstraint(
                condition=Q(fee_bp__lte=10_000),
                name="partner_agreement_fee_in_range",
                violation_error_message=_("服务费在 0 到 100% 之间。"),
            ),
            models.CheckConstraint(
                condition=Q(fee_bp=0) | Q(state="draft") | Q(signed_at__isnull=False),
                name="partner_agreement_fee_is_signed",
            ),
            models.CheckConstraint(
                condition=Q(is_purchase=False) | Q(purchase_fen__gt=0),
                name="partner_agreement_purchase_sum",
                violation_error_message=_("由工会出钱采购的，请填预计一年采购多少元。"),
            ),
            models.CheckConstraint(
                condition=Q(checker=None) | ~Q(maker=F("checker")),
                name="partner_agreement_maker_is_not_checker",
                violation_error_message=_("复核人不能是拟稿人自己。"),
            ),
            models.CheckConstraint(
                condition=Q(state="draft")
                | Q(maker=None, signer=None)
                | (
                    Q(checker__isnull=False, signer__isnull=False, signed_at__isnull=False)
                    & ~Q(text_sha256="")
                ),
                name="partner_agreement_signed_when_binding",
            ),
        ]
        indexes = [models.Index(fields=["partner", "starts_on"], name="agreement_of_partner")]

    def __str__(self) -> str:
        return f"{self.partner} {self.starts_on}"

    @property
    def fee_shown(self) -> str:
        return f"{self.fee_bp / 100:g}%" if self.fee_bp else str(_("不收"))

    def is_in_force(self, day: date) -> bool:
        return (
            self.state in BINDING and self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)
        )
