"""编号: what an office calls an offer in its own sheets, so that the same sheet sent twice is the same offers."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import BySubtree


class OfferKey(Row):
    """Of one offer of its union, for good (sql/80_offer_keys.sql)."""

    scope = BySubtree("union__path", verb="releases.view")
    audit = Audit.no("append-only by trigger")

    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("工会"))
    terms = models.OneToOneField(
        "bills.OfferTerms", models.PROTECT, related_name="sheet_key", verbose_name=_("优惠")
    )
    key = models.CharField(_("编号"), max_length=40)

    class Meta:
        verbose_name = verbose_name_plural = _("优惠编号")
        constraints = [
            models.UniqueConstraint(fields=["union", "key"], name="bills_offer_key_once"),
            models.CheckConstraint(
                condition=~Q(key="") & ~Q(key__startswith="#"), name="bills_offer_key_is_the_offices_own"
            ),
        ]

    def __str__(self) -> str:
        return self.key
