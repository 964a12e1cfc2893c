"""热度: what consenting members looked at, marked and bought, by the day; the nightly ranking; subsidies drawn up from it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import ByKey, BySubtree, Nobody

RANKED_MAX = 10
"""前十类 (N18)."""


class Interest(Row):
    class Kind(models.TextChoices):
        VIEW = "view", _("浏览")
        FAVOURITE = "favourite", _("收藏")
        PURCHASE = "purchase", _("购买")

    scope = ByKey("person", "person_id")
    audit = Audit.no("counted for the ranking only, and deleted with the consent")

    person = models.ForeignKey("members.Person", models.CASCADE, related_name="+", verbose_name=_("会员"))
    product = models.ForeignKey("mall.Product", models.CASCADE, related_name="+", verbose_name=_("商品"))
    kind = models.CharField(_("行为"), max_length=10, choices=Kind)
    day = models.DateField(_("日期"))

    class Meta:
        verbose_name = verbose_name_plural = _("商城行为")
        indexes = [models.Index(fields=["day", "product"], name="mall_interest_of_day")]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "product", "kind", "day"], name="mall_interest_once_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.kind} {self.day}"


class RankingSnapshot(Row):
    """`items`: at most ten sections, the best first: code, name, views, favourites, purchases, score. Never changes."""

    scope = Nobody("sums of sections, read by queries.snapshots() for those with mall.view")
    audit = Audit.no("append-only by trigger")

    from_day = models.DateField(_("从"))
    to_day = models.DateField(_("到"))
    version = models.PositiveSmallIntegerField(_("算法版本"))
    weights = models.JSONField(_("权重"))
    items = models.JSONField(_("排名"))

    class Meta:
        verbose_name = verbose_name_plural = _("热度排名")
        constraints = [
            models.UniqueConstraint(fields=["to_day", "version"], name="mall_ranking_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.to_day} v{self.version}"


class Subsidy(Row):
    """An offer drawn up from a snapshot, which stays with it; reviewed and put up as any offer."""

    scope = BySubtree("terms__offer__union__path", verb="mall.view")
    audit = Audit.ALL

    snapshot = models.ForeignKey(
        RankingSnapshot, models.PROTECT, related_name="subsidies", verbose_name=_("热度排名")
    )
    terms = models.OneToOneField(
        "bills.OfferTerms", models.PROTECT, related_name="mall_subsidy", verbose_name=_("优惠")
    )
    retune = models.ForeignKey(
        "mall.Retune", models.PROTECT, null=True, related_name="subsidies", verbose_name=_("月度调整")
    )
    """None: drawn up before there were any."""
    section = models.ForeignKey(
        "funds.Section", models.PROTECT, null=True, related_name="+", verbose_name=_("专区")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("商城补贴")

    def __str__(self) -> str:
        return f"{self.snapshot_id}/{self.terms_id}"
