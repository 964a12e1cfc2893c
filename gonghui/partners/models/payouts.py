"""收款账户: where a merchant is paid. Entered by its owner, read by those who settle."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.fields import SealedTextField
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree


class PayoutAccount(Row):
    scope = AnyOf(ByKey("partner", "partner_id"), BySubtree("partner__union__path", verb="settlements.view"))
    audit = Audit.ALL

    partner = models.OneToOneField(
        "partners.Partner", models.PROTECT, related_name="payout", verbose_name=_("合作单位")
    )
    holder = models.CharField(_("户名"), max_length=96)
    bank = models.CharField(_("开户银行"), max_length=96)
    account = SealedTextField(verbose_name=_("账号"))
    entered_by = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="+", verbose_name=_("填写人"), editable=False
    )

    class Meta:
        verbose_name = verbose_name_plural = _("收款账户")
        constraints = [
            models.CheckConstraint(condition=~Q(holder="") & ~Q(bank=""), name="payout_account_whole")
        ]

    def __str__(self) -> str:
        return f"{self.holder} · {self.bank}"
