"""核价: what a reviewer said about list prices that were raised before an offer, with the figures as they stood."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import BySubtree


class PriceNote(Row):
    """Written with the review that went on all the same; stays (sql/70_price_notes.sql)."""

    scope = BySubtree("terms__offer__union__path", verb="releases.view")
    audit = Audit.no("append-only by trigger")

    terms = models.ForeignKey(
        "bills.OfferTerms", models.PROTECT, related_name="price_notes", verbose_name=_("优惠")
    )
    checker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("复核人"))
    words = models.CharField(_("说明"), max_length=200)
    figures = models.JSONField(_("价格"))
    """One sentence for each of the goods, as the reviewer read it."""

    class Meta:
        verbose_name = verbose_name_plural = _("核价说明")
        constraints = [models.CheckConstraint(condition=~Q(words=""), name="bills_price_note_says_something")]

    def __str__(self) -> str:
        return self.words
