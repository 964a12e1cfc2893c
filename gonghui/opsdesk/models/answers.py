"""问答库: an answer published without names for everybody below, how often it was read and who asked the same."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree
from gonghui.opsdesk.models.questions import TITLE_MAX, WORDS_MAX, Question
from gonghui.opsdesk.scopes import ANSWER, ASK, AtOrAbove


class Answer(Row):
    """Written anew by the desk from a question and its answer: nothing of the asker stands here."""

    scope = AnyOf(
        BySubtree("union__path", verb=ANSWER), AtOrAbove("union__path", verb=ASK, withdrawn_at__isnull=True)
    )
    audit = Audit.ALL

    question = models.OneToOneField(
        Question, models.PROTECT, related_name="published", verbose_name=_("来自问题")
    )
    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("发布工会"))
    category = models.CharField(_("类别"), max_length=8, choices=Question.Category)
    title = models.CharField(_("问"), max_length=TITLE_MAX)
    body = models.TextField(_("问题说明"), max_length=WORDS_MAX, blank=True)
    text = models.TextField(_("答"), max_length=WORDS_MAX)
    pinyin = models.CharField(max_length=512, editable=False, default="")
    grams = ArrayField(models.TextField(), default=list, editable=False)
    author = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("发布人"))
    withdrawn_at = models.DateTimeField(_("撤下时间"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("问答库")
        indexes = [GinIndex(fields=["grams"], name="answer_grams")]

    def __str__(self) -> str:
        return self.title


class AnswerMark(Row):
    """An account read an answer, or asks the same; each once."""

    class Kind(models.TextChoices):
        READ = "read", _("看过")
        SAME = "same", _("同问")

    scope = AnyOf(ByKey("user", "user_id"), BySubtree("answer__union__path", verb=ANSWER))
    audit = Audit.no("counted only")

    answer = models.ForeignKey(Answer, models.CASCADE, related_name="marks")
    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="+")
    kind = models.CharField(max_length=4, choices=Kind)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["answer", "user", "kind"], name="answer_mark_once")]
