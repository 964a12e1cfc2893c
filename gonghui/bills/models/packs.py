"""券包: several vouchers claimed at once and used apart; the pack a new member is welcomed with."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree, Nobody


class PackItem(Row):
    """`count` vouchers of one pool in every pack of a release. Stands and falls with the pack's draft (sql/40_packs.sql)."""

    scope = BySubtree("pack__union__path", verb="releases.view")
    audit = Audit.ALL

    pack = models.ForeignKey(
        "benefits.Release", models.CASCADE, related_name="pack_items", verbose_name=_("礼包")
    )
    pool = models.ForeignKey("benefits.Pool", models.PROTECT, related_name="in_packs", verbose_name=_("券"))
    count = models.PositiveSmallIntegerField(_("每包几张"), default=1)

    class Meta:
        verbose_name = verbose_name_plural = _("礼包里的券")
        ordering = ["pack", "id"]
        constraints = [
            models.UniqueConstraint(fields=["pack", "pool"], name="bills_pack_item_once"),
            models.CheckConstraint(condition=Q(count__range=(1, 30)), name="bills_pack_item_count"),
        ]

    def __str__(self) -> str:
        return f"{self.pack_id}/{self.pool_id}"


class PackOpening(Row):
    """A pack voucher whose vouchers were given out: in the same transaction, once."""

    scope = Nobody("read with the voucher")
    audit = Audit.no("append-only; the vouchers are the record")

    voucher = models.OneToOneField("benefits.Voucher", models.PROTECT, related_name="opening")
    given = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("拆开的礼包")


class WelcomePack(Row):
    """入会礼包: who joins a union of the release's audience from now on gets one of this pool."""

    scope = BySubtree("pool__release__union__path", verb="releases.view")
    audit = Audit.ALL

    pool = models.ForeignKey("benefits.Pool", models.PROTECT, related_name="welcomes", verbose_name=_("礼包"))
    ended_at = models.DateTimeField(_("停用时间"), null=True, editable=False)
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("经办人"))

    class Meta:
        verbose_name = verbose_name_plural = _("入会礼包")
        constraints = [
            models.UniqueConstraint(
                fields=["pool"], condition=Q(ended_at=None), name="bills_welcome_pack_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.pool)


class WelcomeGift(Row):
    """One person is welcomed once, whichever unions they join."""

    scope = AnyOf(
        ByKey("person", "person_id"), BySubtree("welcome__pool__release__union__path", verb="vouchers.view")
    )
    audit = Audit.no("append-only; the voucher is the record")

    person = models.OneToOneField("members.Person", models.PROTECT, related_name="welcome_gift")
    welcome = models.ForeignKey(WelcomePack, models.PROTECT, related_name="gifts")
    voucher = models.OneToOneField("benefits.Voucher", models.PROTECT, related_name="welcome_gift")

    class Meta:
        verbose_name = verbose_name_plural = _("入会礼")
