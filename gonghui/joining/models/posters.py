"""Posters with a code, how often each was scanned, and how long a union may take to review."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import BySubtree

CODE = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Nothing that is misread when a code is typed off paper."""
CODE_LENGTH = 8


class JoinPoster(Row):
    """入会海报: hangs in one place and leads to one union or transit pool."""

    scope = BySubtree("union__path", verb="joining.view")
    audit = Audit.ALL

    code = models.CharField(_("海报码"), max_length=CODE_LENGTH, unique=True, editable=False)
    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("加入的工会"))
    place = models.CharField(_("张贴地点"), max_length=40)
    group = models.SlugField(_("预设职业群体"), blank=True)
    is_active = models.BooleanField(_("使用中"), default=True, editable=False)
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("制作人"))

    class Meta:
        verbose_name = verbose_name_plural = _("入会海报")
        indexes = [models.Index(fields=["union", "-id"], name="join_poster_of_union")]
        constraints = [models.CheckConstraint(condition=~Q(place=""), name="join_poster_has_a_place")]

    def __str__(self) -> str:
        return f"{self.place} {self.code}"


class PosterDay(Row):
    """How often a poster was opened on one day."""

    scope = BySubtree("poster__union__path", verb="joining.view")
    audit = Audit.no("a count, one up at each scan")

    poster = models.ForeignKey(JoinPoster, models.CASCADE, related_name="days")
    on = models.DateField()
    scans = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["poster", "on"], name="join_poster_day_once")]


class JoinRule(Row):
    """How many working days a union may take to review; who has none of its own has that of the next one above."""

    scope = BySubtree("union__path", verb="joining.view")
    audit = Audit.ALL

    union = models.OneToOneField("orgs.Union", models.CASCADE, related_name="+", verbose_name=_("工会"))
    review_days = models.PositiveSmallIntegerField(
        _("审核期限（工作日）"),
        default=10,
        help_text=_("从提交的次日起算，1 到 60 个工作日。下级没有另定的，也按这个。"),
    )

    class Meta:
        verbose_name = verbose_name_plural = _("审核期限")
        constraints = [
            models.CheckConstraint(
                condition=Q(review_days__gte=1, review_days__lte=60), name="join_rule_days_in_bounds"
            )
        ]

    def __str__(self) -> str:
        return f"{self.union} {self.review_days}"
