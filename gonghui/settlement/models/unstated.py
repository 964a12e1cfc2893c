"""未出账: what is due to a merchant and stands on no statement yet, however late it turned up."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import Nobody


class Unstated(Row):
    """Written when a bill is settled or a refund made, gone with its statement line; by trigger only (sql/50_unstated.sql)."""

    scope = Nobody("read by the making of statements only")
    audit = Audit.no("kept by the triggers of bills and lines")

    bill = models.OneToOneField(
        "bills.Bill", models.PROTECT, null=True, related_name="+", verbose_name=_("账单")
    )
    refund = models.OneToOneField(
        "bills.BillRefund", models.PROTECT, null=True, related_name="+", verbose_name=_("退货")
    )
    partner = models.ForeignKey(
        "partners.Partner", models.PROTECT, related_name="+", db_index=False, verbose_name=_("商户")
    )
    at = models.DateTimeField(_("时间"))
    """When it was settled; of a refund never before its bill, which is stated first."""

    class Meta:
        verbose_name = verbose_name_plural = _("未出账")
        indexes = [models.Index(fields=["partner", "at"], name="settlement_unstated_of")]
        constraints = [
            models.CheckConstraint(
                condition=Q(bill__isnull=False, refund=None) | Q(bill=None, refund__isnull=False),
                name="settlement_unstated_is_one_thing",
            )
        ]

    def __str__(self) -> str:
        return f"{self.bill_id or self.refund_id}"
