"""权益: what is given, on which terms, and who pays which part of it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import BySubtree

PAYERS = ("merchant_fen", "union_fen", "employer_fen", "points_fen", "worker_fen")


class Offer(Row):
    """The parts of the price add up to the list price, to the fen; the database refuses anything else."""

    # Members reach an offer through a release they see.
    scope = BySubtree("union__path", verb="releases.view")
    audit = Audit.ALL

    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="offers", verbose_name=_("工会"))
    title = models.CharField(_("名称"), max_length=120)
    kind = models.CharField(_("种类"), max_length=40)
    terms = models.TextField(_("使用说明"), blank=True)
    list_price_fen = models.PositiveIntegerField(_("原价（分）"), default=0)
    merchant_fen = models.PositiveIntegerField(_("商家让利（分）"), default=0)
    union_fen = models.PositiveIntegerField(_("工会补贴（分）"), default=0)
    employer_fen = models.PositiveIntegerField(_("单位补贴（分）"), default=0)
    points_fen = models.PositiveIntegerField(_("积分抵扣（分）"), default=0)
    worker_fen = models.PositiveIntegerField(_("职工支付（分）"), default=0)
    is_priced = models.BooleanField(_("按账单使用"), default=False, editable=False)
    """Its price is worked out at the counter (`bills`): its vouchers are used on a bill, not by a tap."""

    class Meta:
        verbose_name = verbose_name_plural = _("权益")
        constraints = [
            models.CheckConstraint(
                condition=Q(list_price_fen=sum((F(p) for p in PAYERS[1:]), F(PAYERS[0]))),
                name="benefits_offer_split_adds_up",
                violation_error_message=_("商家、工会、单位、积分和职工各付的钱加起来要等于原价。"),
            ),
        ]

    def __str__(self) -> str:
        return self.title
