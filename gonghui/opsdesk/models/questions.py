"""答疑: a question of an administrator and what everybody said of it. The moves stand in sql/20_questions.sql as well."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit import clock
from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree
from gonghui.opsdesk.scopes import ANSWER

OPEN = ("asked", "taken", "asked_back", "escalated", "fixed", "answered")
HELD = ("taken", "asked_back", "escalated", "fixed", "answered", "confirmed", "digested")
"""States in which somebody of the desk has it in hand, or had to the end."""
DESK_TURN = ("asked", "taken", "fixed")
# verb → {from: to}; the same moves stand in sql/20_questions.sql.
VERBS = {
    "take": {"asked": "taken"},
    "put_back": {"taken": "asked"},
    "ask_back": {"taken": "asked_back"},
    "reply": {"asked_back": "taken"},
    "escalate": {"taken": "escalated"},
    "fix": {"escalated": "fixed"},
    "return": {"escalated": "taken"},
    "answer": dict.fromkeys(("taken", "fixed"), "answered"),
    "confirm": {"answered": "confirmed"},
    "lapse": {"answered": "confirmed"},
    "reopen": {"answered": "asked"},
    "digest": {"confirmed": "digested"},
    "withdraw": dict.fromkeys(("asked", "taken", "asked_back"), "closed"),
    "close": dict.fromkeys(("taken", "asked_back", "confirmed", "digested"), "closed"),
    "silence": {"asked_back": "closed"},
}
TITLE_MAX, WORDS_MAX = 60, 2000


class Question(Row):
    class Category(models.TextChoices):
        CONSULT = "consult", _("咨询")
        SOLVE = "solve", _("求决")
        FAULT = "fault", _("系统故障")
        SUGGEST = "suggest", _("意见建议")

    class State(models.TextChoices):
        ASKED = "asked", _("待受理")
        TAKEN = "taken", _("办理中")
        ASKED_BACK = "asked_back", _("待提问人补充")
        ESCALATED = "escalated", _("技术团队处理中")
        FIXED = "fixed", _("已修复，待答复")
        ANSWERED = "answered", _("已答复，待确认")
        CONFIRMED = "confirmed", _("已解决")
        DIGESTED = "digested", _("已解决，选入五问五答")
        CLOSED = "closed", _("已结束")

    scope = AnyOf(ByKey("user", "asker_id"), BySubtree("union__path", verb=ANSWER))
    audit = Audit.CHANGES

    key = models.UUIDField(unique=True, editable=False)
    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("提问工会"))
    asker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("提问人"))
    category = models.CharField(_("类别"), max_length=8, choices=Category)
    title = models.CharField(_("问题"), max_length=TITLE_MAX)
    body = models.TextField(_("说明"), max_length=WORDS_MAX, blank=True)
    screen = models.CharField(_("出现在哪个页面"), max_length=200, blank=True)
    pinyin = models.CharField(max_length=512, editable=False, default="")
    grams = ArrayField(models.TextField(), default=list, editable=False)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.ASKED, editable=False)
    due_on = models.DateField(_("最迟"), null=True, editable=False)
    """Of whoever has the next word; none when it is over."""
    officer = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("受理人")
    )
    same_as = models.ForeignKey(
        "opsdesk.Answer",
        models.PROTECT,
        null=True,
        related_name="asked_again",
        editable=False,
        verbose_name=_("同一问题"),
    )
    reopened_at = models.DateTimeField(_("重新提出"), null=True, editable=False)
    closed_at = models.DateTimeField(_("了结时间"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("问题")
        indexes = [
            GinIndex(fields=["grams"], name="question_grams"),
            models.Index(fields=["asker", "-id"], name="question_of_asker"),
            models.Index(fields=["state", "due_on"], condition=Q(closed_at=None), name="question_due"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=OPEN, due_on__isnull=False, closed_at=None)
                | (~Q(state__in=OPEN) & Q(due_on=None, closed_at__isnull=False)),
                name="question_due_while_open",
            ),
            models.CheckConstraint(
                condition=Q(state="closed")
                | Q(state__in=HELD, officer__isnull=False)
                | Q(state="asked", officer=None),
                name="question_in_somebodys_hand",
            ),
            models.CheckConstraint(condition=~Q(officer=F("asker")), name="question_not_by_its_asker"),
            models.CheckConstraint(
                condition=Q(screen="") | Q(screen__regex=r"^/([^/\\]|$)"), name="question_screen_inside"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def number(self) -> str:
        return f"WT{self.pk:07d}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_overdue(self) -> bool:
        return self.due_on is not None and self.due_on < clock.today()


class QuestionEntry(Row):
    """One word in the thread, for good: who said what, when, and where it led."""

    class By(models.TextChoices):
        ASKER = "asker", _("提问人")
        DESK = "desk", _("答疑台")
        TEAM = "team", _("技术团队")
        CLOCK = "clock", _("到期")

    scope = AnyOf(ByKey("user", "question__asker_id"), BySubtree("question__union__path", verb=ANSWER))
    audit = Audit.no("append-only by trigger: it is the record")

    question = models.ForeignKey(Question, models.PROTECT, related_name="entries", verbose_name=_("问题"))
    at = models.DateTimeField(_("时间"))
    by = models.CharField(_("谁"), max_length=5, choices=By)
    author = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("账号")
    )
    verb = models.CharField(max_length=10)
    state = models.CharField(_("之后的状态"), max_length=10, choices=Question.State)
    words = models.TextField(_("内容"), max_length=WORDS_MAX, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("问题经过")
        ordering = ["question", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(by="clock", author=None) | (~Q(by="clock") & Q(author__isnull=False)),
                name="question_entry_by_somebody",
            ),
        ]
