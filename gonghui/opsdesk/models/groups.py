"""管理员工作群: who belongs is computed from grants when asked, never copied; and how many days the desk gives itself."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, BySubtree
from gonghui.opsdesk.scopes import ANSWER, ASK, InGroup
from gonghui.orgs.roles import ROLES

READERS = tuple(role.code for role in ROLES.values() if ASK in role.verbs)
"""Roles that can open the desk; nobody else is told anything there."""
USUAL = ("org_admin", "operator")
DAYS_MAX = 60


def usual_roles() -> list[str]:
    return list(USUAL)


class OperatorGroup(Row):
    class Rule(models.TextChoices):
        SUBTREE = "subtree", _("本工会和全部下级的管理员")
        DIRECT = "direct", _("直接下级工会的管理员")
        PICKED = "picked", _("只有挑选的工会和账号")

    scope = AnyOf(BySubtree("union__path", verb=ANSWER), InGroup())
    audit = Audit.ALL

    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("所属工会"))
    name = models.CharField(_("群名"), max_length=64)
    rule = models.CharField(_("成员"), max_length=8, choices=Rule)
    roles = ArrayField(
        models.CharField(max_length=24, choices=[(code, ROLES[code].name) for code in READERS]),
        verbose_name=_("角色"),
        default=usual_roles,
    )
    duty = models.CharField(_("职责"), max_length=200, blank=True)
    ended_at = models.DateTimeField(_("解散时间"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("管理员工作群")
        constraints = [
            models.UniqueConstraint(
                fields=["union", "name"], condition=Q(ended_at=None), name="group_name_once"
            ),
            models.CheckConstraint(condition=Q(roles__len__gt=0), name="group_of_some_role"),
        ]

    def __str__(self) -> str:
        return self.name


class GroupPick(Row):
    """Picked beside the rule: a union, whose administrators belong then, or one account."""

    scope = BySubtree("group__union__path", verb=ANSWER)
    audit = Audit.ALL

    group = models.ForeignKey(OperatorGroup, models.CASCADE, related_name="picks", verbose_name=_("工作群"))
    union = models.ForeignKey(
        "orgs.Union", models.PROTECT, null=True, related_name="+", verbose_name=_("工会")
    )
    user = models.ForeignKey(
        "accounts.User", models.CASCADE, null=True, related_name="+", verbose_name=_("账号")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("挑选的成员")
        constraints = [
            models.CheckConstraint(
                condition=Q(union__isnull=False) ^ Q(user__isnull=False), name="pick_is_of_one"
            ),
            models.UniqueConstraint(
                fields=["group", "union", "user"], nulls_distinct=False, name="pick_once"
            ),
        ]


def days_field(label, default: int) -> models.PositiveSmallIntegerField:
    return models.PositiveSmallIntegerField(
        label, default=default, validators=[MinValueValidator(1), MaxValueValidator(DAYS_MAX)]
    )


class DeskRule(Row):
    """Working days of a union's desk; the nearest at or above the asker's union holds."""

    scope = BySubtree("union__path", verb=ANSWER)
    audit = Audit.ALL

    union = models.OneToOneField("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("工会"))
    answer_days = days_field(_("答复（工作日）"), 2)
    reply_days = days_field(_("等提问人补充（工作日）"), 5)
    confirm_days = days_field(_("等提问人确认（工作日）"), 5)
    mend_days = days_field(_("技术团队处理（工作日）"), 10)
    digest_days = days_field(_("五问五答每隔（天）"), 14)
    """Days of the calendar: after so many the editors are told that the next issue is due."""

    class Meta:
        verbose_name = verbose_name_plural = _("答疑时限")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    answer_days__range=(1, DAYS_MAX),
                    reply_days__range=(1, DAYS_MAX),
                    confirm_days__range=(1, DAYS_MAX),
                    mend_days__range=(1, DAYS_MAX),
                ),
                name="desk_days_sound",
            ),
            models.CheckConstraint(
                condition=Q(digest_days__range=(1, DAYS_MAX)), name="desk_digest_days_sound"
            ),
        ]

    def __str__(self) -> str:
        return str(self.union)
