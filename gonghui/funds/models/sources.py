"""经费来源: whose money it is, and what has arrived of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import BySubtree


class SourceKind(models.TextChoices):
    UNION_FUND = "union_fund", _("工会经费")
    DUES = "dues", _("会费")
    SPECIAL = "special", _("专项资金")
    GOVERNMENT = "government", _("财政补助")
    EMPLOYER = "employer", _("单位行政经费")


class SourceLevel(models.TextChoices):
    """Of the union whose money it is: what may be bought depends on it (domain E2)."""

    PROVINCE = "province", _("省级")
    CITY = "city", _("市级")
    DISTRICT = "district", _("区县级")
    GRASSROOTS = "grassroots", _("基层")


class FundSource(Row):
    """Money arrives by receipts only; budgets take from what has arrived, never more."""

    scope = BySubtree("union__path", verb="budgets.view")
    audit = Audit.ALL

    union = models.ForeignKey(
        "orgs.Union", models.PROTECT, related_name="fund_sources", verbose_name=_("工会")
    )
    name = models.CharField(_("经费来源"), max_length=96)
    kind = models.CharField(_("性质"), max_length=12, choices=SourceKind)
    level = models.CharField(_("级别"), max_length=12, choices=SourceLevel)
    account = models.OneToOneField(
        "ledger.LedgerAccount", models.PROTECT, related_name="+", editable=False, verbose_name=_("账户")
    )
    closed_at = models.DateTimeField(_("停用时间"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("经费来源")
        constraints = [models.UniqueConstraint(fields=["union", "name"], name="funds_source_once")]

    def __str__(self) -> str:
        return self.name


class FundReceipt(Row):
    """到账: one document, one transfer."""

    scope = BySubtree("source__union__path", verb="budgets.view")
    audit = Audit.ALL

    source = models.ForeignKey(
        FundSource, models.PROTECT, related_name="receipts", verbose_name=_("经费来源")
    )
    amount_fen = models.BigIntegerField(_("金额（分）"))
    document = models.CharField(_("凭证号"), max_length=64)
    """Bank slip or allocation letter; the same document again is the same receipt."""
    received_on = models.DateField(_("到账日期"))
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("经办人"))
    key = models.UUIDField(unique=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("经费到账")
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="funds_receipt_amount"),
            models.UniqueConstraint(fields=["source", "document"], name="funds_receipt_document_once"),
        ]

    def __str__(self) -> str:
        return self.document
