"""Who acts for a merchant. A clerk honours vouchers; whoever has a role here also sees the merchant's money."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree


class MerchantRole(Row):
    """Over a partner and all below it, or, with `store`, over that one store."""

    scope = AnyOf(
        ByKey("user", "user_id"),
        ByKey("partner", "partner_id"),
        BySubtree("partner__union__path", verb="partners.view"),
    )
    audit = Audit.ALL

    class Role(models.TextChoices):
        OWNER = "owner", _("负责人")
        MANAGER = "manager", _("店长")

    user = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="merchant_roles", verbose_name=_("账号")
    )
    partner = models.ForeignKey(
        "partners.Partner", models.PROTECT, related_name="roles", verbose_name=_("合作单位")
    )
    store = models.ForeignKey(
        "partners.Store",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="roles",
        verbose_name=_("只管这家门店"),
    )
    role = models.CharField(_("身份"), max_length=8, choices=Role)
    ended_at = models.DateTimeField(_("离任时间"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("商户负责人")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "partner", "store"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
                name="merchant_role_once",
            ),
            models.CheckConstraint(
                condition=Q(store=None) | Q(role="manager"), name="merchant_owner_owns_the_partner"
            ),
        ]
        indexes = [
            models.Index(fields=["user"], condition=Q(ended_at=None), name="merchant_role_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.store or self.partner}"
