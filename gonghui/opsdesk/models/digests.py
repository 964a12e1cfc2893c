"""五问五答: an issue of exactly five answers, drafted by one and published by another, never changed afterwards."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree
from gonghui.opsdesk.models.answers import Answer
from gonghui.opsdesk.models.questions import TITLE_MAX, WORDS_MAX
from gonghui.opsdesk.scopes import ANSWER, ASK, AtOrAbove

FIVE = 5
UNPUBLISHED = ("draft", "submitted")
# verb → {from: to}; the same moves stand in sql/40_digests.sql.
VERBS = {
    "submit": {"draft": "submitted"},
    "return": {"submitted": "draft"},
    "publish": {"submitted": "published"},
    "discard": {"draft": "discarded"},
}


class DigestIssue(Row):
    class State(models.TextChoices):
        DRAFT = "draft", _("编辑中")
        SUBMITTED = "submitted", _("待复核")
        PUBLISHED = "published", _("已发布")
        DISCARDED = "discarded", _("已作废")

    scope = AnyOf(
        BySubtree("union__path", verb=ANSWER), AtOrAbove("union__path", verb=ASK, state="published")
    )
    audit = Audit.ALL

    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("主办工会"))
    number = models.PositiveIntegerField(_("期号"), editable=False)
    foreword = models.CharField(_("编者的话"), max_length=300, blank=True)
    period_from = models.DateField(_("本期从"), editable=False)
    period_to = models.DateField(_("到"), editable=False)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.DRAFT, editable=False)
    maker = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="+", editable=False, verbose_name=_("编辑")
    )
    reviewer = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("复核人")
    )
    published_at = models.DateTimeField(_("发布时间"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("五问五答")
        constraints = [
            models.UniqueConstraint(
                fields=["union", "number"], condition=~Q(state="discarded"), name="digest_number_once"
            ),
            models.UniqueConstraint(
                fields=["union"], condition=Q(state__in=UNPUBLISHED), name="digest_one_in_the_making"
            ),
            models.CheckConstraint(
                condition=Q(state="published", reviewer__isnull=False, published_at__isnull=False)
                | (~Q(state="published") & Q(reviewer=None, published_at=None)),
                name="digest_published_by_somebody",
            ),
            models.CheckConstraint(condition=~Q(reviewer=F("maker")), name="digest_not_by_its_maker"),
            models.CheckConstraint(
                condition=Q(period_to__gte=F("period_from")), name="digest_period_in_order"
            ),
        ]

    def __str__(self) -> str:
        return str(_("五问五答 第 {n} 期")).format(n=self.number)


class DigestEntry(Row):
    """One of the five, in the words of the day it was chosen; an answer is in one issue of a union."""

    scope = AnyOf(
        BySubtree("union__path", verb=ANSWER), AtOrAbove("union__path", verb=ASK, issue__state="published")
    )
    audit = Audit.ALL

    issue = models.ForeignKey(DigestIssue, models.PROTECT, related_name="entries", verbose_name=_("期"))
    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", editable=False)
    answer = models.ForeignKey(Answer, models.PROTECT, related_name="digested", verbose_name=_("问答"))
    place = models.PositiveSmallIntegerField(_("第几问"))
    title = models.CharField(_("问"), max_length=TITLE_MAX)
    body = models.TextField(_("问题说明"), max_length=WORDS_MAX, blank=True)
    text = models.TextField(_("答"), max_length=WORDS_MAX)

    class Meta:
        verbose_name = verbose_name_plural = _("五问之一")
        ordering = ["issue", "place"]
        constraints = [
            models.UniqueConstraint(fields=["issue", "place"], name="digest_place_once"),
            models.UniqueConstraint(fields=["union", "answer"], name="digest_answer_once_a_union"),
            models.CheckConstraint(condition=Q(place__range=(1, FIVE)), name="digest_place_of_five"),
        ]


class DigestRead(Row):
    """An account opened the issue; counted once."""

    scope = AnyOf(ByKey("user", "user_id"), BySubtree("issue__union__path", verb=ANSWER))
    audit = Audit.no("counted only")

    issue = models.ForeignKey(DigestIssue, models.PROTECT, related_name="reads")
    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issue", "user"], name="digest_read_once")]
