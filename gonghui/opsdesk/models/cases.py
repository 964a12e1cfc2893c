"""优秀案例: how a union ran its platform well, told by its administrators, judged by a desk above, read by everybody below."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree
from gonghui.opsdesk.models.broadcasts import BODY_MAX
from gonghui.opsdesk.scopes import ANSWER, ASK, AtOrAbove

# verb → {from: to}; the same moves stand in sql/cases/60_cases.sql.
VERBS = {
    "award": {"submitted": "awarded"},
    "pass_over": {"submitted": "passed"},
    "withdraw": {"submitted": "withdrawn"},
}
TITLE_MAX, RESULTS_MAX, PRAISE_MAX = 60, 300, 200


class CaseAward(Row):
    class State(models.TextChoices):
        SUBMITTED = "submitted", _("待评选")
        AWARDED = "awarded", _("优秀案例")
        PASSED = "passed", _("未入选")
        WITHDRAWN = "withdrawn", _("已撤回")

    scope = AnyOf(
        ByKey("user", "author_id"),
        BySubtree("union__path", verb=ANSWER),
        AtOrAbove("judge__path", verb=ASK, state="awarded"),
    )
    audit = Audit.ALL

    key = models.UUIDField(unique=True, editable=False)
    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("工会"))
    author = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("提交人"))
    year = models.PositiveSmallIntegerField(_("年度"))
    title = models.CharField(_("案例"), max_length=TITLE_MAX)
    text = models.TextField(_("做法"), max_length=BODY_MAX)
    results = models.CharField(_("成效"), max_length=RESULTS_MAX)
    state = models.CharField(_("状态"), max_length=9, choices=State, default=State.SUBMITTED, editable=False)
    judge = models.ForeignKey(
        "orgs.Union", models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("评选工会")
    )
    officer = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("评选人")
    )
    words = models.CharField(_("评语"), max_length=PRAISE_MAX, blank=True, editable=False)
    decided_at = models.DateTimeField(_("评选时间"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("优秀案例")
        indexes = [
            models.Index(fields=["judge", "-decided_at"], condition=Q(state="awarded"), name="case_awarded")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=("awarded", "passed"),
                    judge__isnull=False, officer__isnull=False, decided_at__isnull=False,
                ) & ~Q(words="")
                | Q(state__in=("submitted", "withdrawn"), judge=None, officer=None, decided_at=None, words=""),
                name="case_judged_by_somebody",
            ),
            models.CheckConstraint(condition=~Q(officer=F("author")), name="case_not_by_its_author"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title
