"""核销: the store, gate or window honours a voucher, once of each kind."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree


class Redemption(Row):
    class Kind(models.TextChoices):
        CHECK_IN = "check_in", _("入场")
        EXCHANGE = "exchange", _("换票")

    scope = AnyOf(
        ByKey("store", "store_id"),
        ByKey("person", "voucher__person_id"),
        BySubtree("voucher__release__union__path", verb="vouchers.view"),
    )
    audit = Audit.CHANGES

    voucher = models.ForeignKey(
        "benefits.Voucher", models.PROTECT, related_name="redemptions", db_index=False, verbose_name=_("券")
    )
    kind = models.CharField(_("种类"), max_length=8, choices=Kind.choices)
    at = models.DateTimeField(_("核销时间"))
    store = models.ForeignKey(
        "partners.Store",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="redemptions",
        verbose_name=_("门店"),
    )
    clerk = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("经手人"))
    arrived = models.PositiveSmallIntegerField(_("到场人数"), default=1)
    idempotency_key = models.UUIDField(unique=True, editable=False)
    offline = models.BooleanField(_("离线核销"), default=False)
    device = models.CharField(_("设备"), max_length=80, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("核销")
        indexes = [models.Index(fields=["store", "-at"], name="benefits_redemption_of_store")]
        constraints = [
            models.UniqueConstraint(
                fields=["voucher", "kind"],
                name="benefits_redemption_once",
                violation_error_message=_("这张券已经核销过。"),
            ),
            models.CheckConstraint(condition=Q(arrived__gte=1), name="benefits_redemption_arrived"),
        ]

    def __str__(self) -> str:
        return f"{self.voucher_id} {self.kind}"
