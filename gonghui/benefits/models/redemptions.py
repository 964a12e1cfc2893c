"""核销: the store, gate or window honours a voucher, once of each kind."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.masks import mask_name, mask_phone
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree


def desk_named(row: Redemption | OfflineException) -> str:
    """Store and clerk, as far as another merchant may know them."""
    who = f"{mask_name(row.clerk.display_name)} {mask_phone(row.clerk.phone)}".strip()
    return f"{row.store.name} · {who}" if row.store else who


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

    @property
    def desk(self) -> str:
        return desk_named(self)


class OfflineException(Row):
    """An offline redemption the server could not take as it was: two desks honoured one voucher, the limits were passed, or
    a till's figure is not the price. Of a sale (`list_fen`) no money has moved."""

    class Why(models.TextChoices):
        ALREADY_USED = "already_used", _("另一处已先核销")
        NOT_USABLE = "not_usable", _("券当时已不能使用")
        FORGED = "forged", _("二维码不是本系统的")
        LIMITS = "limits", _("超出离线时限、次数或金额")
        PRICE = "price", _("金额与规则算出的不同")
        CLOCK = "clock", _("手机时间不对")

    scope = AnyOf(
        ByKey("store", "store_id"),
        ByKey("books", "store_id"),
        BySubtree("voucher__release__union__path", verb="vouchers.view"),
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
    first = models.ForeignKey(
        Redemption,
        models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("先核销的一处"),
    )
    list_fen = models.BigIntegerField(_("消费金额（分）"), null=True, editable=False)
    due_fen = models.BigIntegerField(_("已收（分）"), null=True, editable=False)
    says = models.CharField(_("系统的说明"), max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("离线核销例外")
        indexes = [models.Index(fields=["store", "-at"], name="benefits_offline_of_store")]
        constraints = [
            models.CheckConstraint(
                condition=Q(list_fen=None, due_fen=None)
                | Q(list_fen__gt=0, due_fen__gte=0, due_fen__isnull=False, due_fen__lte=models.F("list_fen")),
                name="benefits_offline_sum_of_a_sale",
            )
        ]

    def __str__(self) -> str:
        return f"{self.voucher} {self.get_why_display()}"

    @property
    def desk(self) -> str:
        return desk_named(self)

    @property
    def short_fen(self) -> int | None:
        """Of a sale: what the desk did not take, and nobody has paid it."""
        return None if self.list_fen is None else self.list_fen - self.due_fen
