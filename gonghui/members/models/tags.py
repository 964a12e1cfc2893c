"""What is known of a person beside their work: honours, hardship, disability. With its evidence, from a day, until a day."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.actors import Actor
from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import NOTHING, AnyOf, ByKey
from gonghui.members.models.people import LIVE, Person
from gonghui.orgs.scopes import by_union

SENSITIVE = ("hardship", "disabled", "illness", "injury", "low_income")
"""Sensitive personal data (个人信息保护法 第二十八条): who may see and use them holds `members.sensitive`."""


TAGGED = by_union(
    "person__memberships__union",
    verb="members.sensitive",
    line_also=Q(person__memberships__status__in=LIVE),
)


class OpenTags:
    """Those of `members.view` see honours, and nothing sensitive."""

    def condition(self, actor: Actor) -> Q:
        found = TAGGED.doing("members.view").condition(actor)
        return found if found is NOTHING else found & ~Q(kind__in=SENSITIVE)


class PersonTag(Row):
    """标签: one mark of one person. It ends, it is never taken out."""

    scope = AnyOf(ByKey("person", "person_id"), OpenTags(), TAGGED)
    audit = Audit.ALL.hiding("evidence", "ended_reason")

    class Kind(models.TextChoices):
        MODEL_WORKER = "model_worker", _("劳动模范")
        CRAFTSMAN = "craftsman", _("工匠")
        MAY_DAY_MEDAL = "may_day_medal", _("五一劳动奖章")
        ADVANCED_WORKER = "advanced_worker", _("先进工作者")
        CADRE = "cadre", _("工会干部")
        VOLUNTEER = "volunteer", _("志愿者")
        HARDSHIP = "hardship", _("困难职工")
        DISABLED = "disabled", _("残疾职工")
        ILLNESS = "illness", _("患大病")
        INJURY = "injury", _("工伤")
        LOW_INCOME = "low_income", _("低收入")

    class Source(models.TextChoices):
        SELF = "self", _("本人申报")
        ORG = "org", _("工会登记")
        VERIFICATION = "verification", _("部门核对")
        BEHAVIOUR = "behaviour", _("服务记录")

    person = models.ForeignKey(Person, models.PROTECT, related_name="tags", verbose_name=_("职工"))
    kind = models.CharField(_("标签"), max_length=16, choices=Kind)
    source = models.CharField(_("来源"), max_length=12, choices=Source, default=Source.ORG)
    evidence = models.CharField(_("依据"), max_length=120)
    """The certificate's number, the file's name: what somebody can look up."""
    since = models.DateField(_("从"))
    until = models.DateField(_("到"), null=True, blank=True)
    """The last day; none: until it is ended."""
    ended_at = models.DateTimeField(_("结束时间"), null=True, editable=False)
    ended_reason = models.CharField(_("结束原因"), max_length=200, blank=True, editable=False)
    maker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("经办人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("会员标签")
        indexes = [
            models.Index(
                fields=["kind", "person"], condition=Q(ended_at__isnull=True), name="members_tag_of_kind"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind", "since"],
                condition=Q(ended_at__isnull=True),
                name="members_tag_once",
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="members_tag_days_in_order"
            ),
            models.CheckConstraint(condition=~Q(evidence=""), name="members_tag_has_evidence"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | ~Q(ended_reason=""), name="members_tag_ended_with_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.get_kind_display()}"

    def holds_on(self, day: date) -> bool:
        return self.ended_at is None and self.since <= day and (self.until is None or day <= self.until)
