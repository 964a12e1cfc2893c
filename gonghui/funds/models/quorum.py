"""多人复核: from which sum on how many people have to agree, and who has agreed to what."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import BySubtree


class Matter(models.TextChoices):
    BUDGET = "budget", _("预算")
    CHANGE = "change", _("预算调整")
    GRANT = "grant", _("发放福豆")
    PAYOUT = "payout", _("付款批次")


class QuorumRule(Row):
    """Of a union and all below it: whoever stands lower may ask for more hands, never for fewer."""

    scope = BySubtree("union__path", verb="budgets.view")
    audit = Audit.ALL

    union = models.ForeignKey(
        "orgs.Union", models.PROTECT, related_name="quorum_rules", verbose_name=_("工会及其下级")
    )
    matter = models.CharField(_("事项"), max_length=8, choices=Matter)
    above_fen = models.BigIntegerField(_("从多少分起"), default=0)
    hands = models.PositiveSmallIntegerField(_("要几位复核"), default=2)
    is_active = models.BooleanField(_("在用"), default=True)

    class Meta:
        verbose_name = verbose_name_plural = _("多人复核规定")
        constraints = [
            models.UniqueConstraint(fields=["union", "matter", "above_fen"], name="funds_quorum_rule_once"),
            models.CheckConstraint(
                condition=Q(hands__gte=2, hands__lte=5, above_fen__gte=0), name="funds_quorum_hands"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.union} {self.get_matter_display()}"


class Consent(Row):
    """One person's yes to one matter, as it was then. Append-only; what is sent back or done anew needs new ones."""

    scope = BySubtree("union__path", verb="budgets.view")
    audit = Audit.no("append-only by trigger")

    matter = models.CharField(_("事项"), max_length=8, choices=Matter)
    subject = models.BigIntegerField(_("编号"))
    title = models.CharField(_("内容"), max_length=200)
    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("工会"))
    amount_fen = models.BigIntegerField(_("金额（分）"))
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("复核人"))
    nth = models.PositiveSmallIntegerField(_("第几位"))
    hands = models.PositiveSmallIntegerField(_("共要几位"))
    is_open = models.BooleanField(default=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("复核记录")
        constraints = [
            models.UniqueConstraint(
                fields=["matter", "subject", "user"], condition=Q(is_open=True), name="funds_consent_once"
            ),
            models.UniqueConstraint(
                fields=["matter", "subject", "nth"], condition=Q(is_open=True), name="funds_consent_in_turn"
            ),
            models.CheckConstraint(condition=Q(nth__gte=1, nth__lte=F("hands")), name="funds_consent_counts"),
        ]
        indexes = [models.Index(fields=["union", "-id"], name="funds_consent_of_union")]

    def __str__(self) -> str:
        return self.title

    @property
    def left(self) -> int:
        """How many more have to agree."""
        return self.hands - self.nth
