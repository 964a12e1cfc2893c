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
        BILL = "bill", _("买单")

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
                # On a bill it may be used again once the bill is undone; `bills` holds that it is on one at a time.
                condition=~Q(kind="bill"),
                name="benefits_redemption_once",
                violation_error_message=_("这张券已经核销过。"),
            ),
            models.CheckConstraint(condition=Q(arrived__gte=1), name="benefits_redemption_arrived"),
        ]

    def __str__(self) -> str:
        return f"{self.voucher} {self.get_kind_display()}"


class OfflineException(Row):
    """An offline redemption the server could not take as it was: two desks honoured one ticket, or the limits were passed."""

    class Why(models.TextChoices):
        ALREADY_USED = "already_used", _("另一处已先核销")
        NOT_USABLE = "not_usable", _("券当时已不能使用")
        FORGED = "forged", _("二维码不是本系统的")
        LIMITS = "limits", _("超出离线时限或次数")

    scope = AnyOf(
        ByKey("store", "store_id"), BySubtree("voucher__release__union__path", verb="vouchers.view")
    )
    audit = Audit.ALL

    voucher = models.ForeignKey(
        "benefits.Voucher", models.PROTECT, related_name="offline_exceptions", verbose_name=_("券")
    )
    store = models.ForeignKey("partners.Store", models.PROTECT, related_name="+", verbose_name=_("门店"))
    clerk = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("经手人"))
    at = models.DateTimeField(_("离线核销时间"))
    arrived = models.PositiveSmallIntegerField(_("到场人数"))
    why = models.CharField(_("原因"), max_length=12, choices=Why.choices)
    idempotency_key = models.UUIDField(unique=True, editable=False)
    settled_at = models.DateTimeField(_("处理时间"), null=True, blank=True)
    note = models.CharField(_("处理说明"), max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("离线核销例外")
        indexes = [models.Index(fields=["store", "-at"], name="benefits_offline_of_store")]

    def __str__(self) -> str:
        return f"{self.voucher} {self.get_why_display()}"
