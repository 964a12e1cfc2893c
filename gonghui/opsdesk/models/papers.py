"""附件: screenshots and documents beside a question, sealed; what a file is, its bytes say."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.fields import SealedBytesField
from gonghui.kit.models import Row
from gonghui.kit.papers import PAPER_EXTENSIONS, PAPER_KINDS
from gonghui.kit.scope import AnyOf, ByKey, BySubtree
from gonghui.opsdesk.models.questions import Question
from gonghui.opsdesk.scopes import ANSWER

PAPERS_MAX, PAPER_MAX_MB = 6, 5


class QuestionPaper(Row):
    """Seen by whoever sees the thread, and by nobody else; it stays with the question."""

    scope = AnyOf(ByKey("user", "question__asker_id"), BySubtree("question__union__path", verb=ANSWER))
    audit = Audit.no("a whole document, append-only by trigger: it is its own record")

    question = models.ForeignKey(Question, models.PROTECT, related_name="papers", verbose_name=_("问题"))
    place = models.PositiveSmallIntegerField(_("第几个"))
    author = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("账号"))
    content = SealedBytesField(verbose_name=_("文件"))
    media_type = models.CharField(max_length=24, choices=[(kind, kind) for kind in PAPER_KINDS])
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()

    class Meta:
        verbose_name = verbose_name_plural = _("问题附件")
        ordering = ["question", "place"]
        constraints = [
            models.UniqueConstraint(fields=["question", "place"], name="question_paper_place_once"),
            models.UniqueConstraint(fields=["question", "digest"], name="question_paper_once"),
            models.CheckConstraint(condition=Q(place__range=(1, PAPERS_MAX)), name="question_papers_few"),
            models.CheckConstraint(
                condition=Q(size__range=(1, PAPER_MAX_MB * 2**20)), name="question_paper_not_too_large"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Ours, never the one it was uploaded with: that may name a person."""
        number = f"WT{self.question_id:07d}"
        return (
            str(_("{number} 附件 {place}")).format(number=number, place=self.place)
            + PAPER_EXTENSIONS[self.media_type]
        )

    @property
    def is_picture(self) -> bool:
        return self.media_type.startswith("image/")
