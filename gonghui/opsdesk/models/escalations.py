"""升级: what the desk cannot mend itself, with the province's technical team; and the release note that says it is mended."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit import clock
from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree
from gonghui.opsdesk.models.broadcasts import BODY_MAX
from gonghui.opsdesk.models.questions import Question
from gonghui.opsdesk.scopes import ANSWER, ASK, AtOrAbove

OPEN = ("received", "working")
# verb → {from: to}; the same moves stand in sql/30_escalations.sql.
VERBS = {
    "work": {"received": "working"},
    "fix": dict.fromkeys(OPEN, "fixed"),
    "tell": {"fixed": "told"},
    "return": dict.fromkeys(OPEN, "returned"),
}
SUMMARY_MAX = 500


class ReleaseNote(Row):
    """版本说明: what was mended, from which day on."""

    scope = AnyOf(BySubtree("union__path", verb=ANSWER), AtOrAbove("union__path", verb=ASK))
    audit = Audit.ALL

    key = models.UUIDField(unique=True, editable=False)
    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("范围"))
    title = models.CharField(_("标题"), max_length=60)
    text = models.TextField(_("内容"), max_length=BODY_MAX)
    day = models.DateField(_("上线日期"))
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("发布人"))

    class Meta:
        verbose_name = verbose_name_plural = _("版本说明")

    def __str__(self) -> str:
        return self.title


class Escalation(Row):
    class State(models.TextChoices):
        RECEIVED = "received", _("已收到")
        WORKING = "working", _("处理中")
        FIXED = "fixed", _("已修复")
        TOLD = "told", _("已告知提问人")
        RETURNED = "returned", _("已退回答疑台")

    scope = AnyOf(BySubtree("question__union__path", verb=ANSWER), ByKey("user", "question__asker_id"))
    audit = Audit.CHANGES

    question = models.ForeignKey(Question, models.PROTECT, related_name="escalations", verbose_name=_("问题"))
    summary = models.CharField(_("请技术团队做什么"), max_length=SUMMARY_MAX)
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("升级人"))
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.RECEIVED, editable=False)
    due_on = models.DateField(_("最迟"), null=True, editable=False)
    officer = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("处理人")
    )
    note = models.ForeignKey(
        ReleaseNote,
        models.PROTECT,
        null=True,
        related_name="mended",
        editable=False,
        verbose_name=_("版本说明"),
    )

    class Meta:
        verbose_name = verbose_name_plural = _("技术升级")
        constraints = [
            models.UniqueConstraint(
                fields=["question"],
                condition=Q(state__in=["received", "working", "fixed"]),
                name="escalation_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["fixed", "told"], note__isnull=False)
                | (~Q(state__in=["fixed", "told"]) & Q(note=None)),
                name="escalation_fixed_by_a_note",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, due_on__isnull=False) | (~Q(state__in=OPEN) & Q(due_on=None)),
                name="escalation_due_while_open",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return f"JS{self.pk:06d}"

    @property
    def is_overdue(self) -> bool:
        return self.due_on is not None and self.due_on < clock.today()
