"""Which union a person belongs to, and what is noted to change it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey
from gonghui.members.models.people import LIVE, Person
from gonghui.members.models.people import NextNumber as NextNumber  # migrations speak of it here
from gonghui.orgs.scopes import by_union


class Membership(Row):
    """会籍: at most one live one a person; it follows the labour relation (会籍管理办法 第二、三条). Its number is theirs."""

    LIVE = LIVE

    scope = AnyOf(
        ByKey("person", "person_id"),
        by_union(
            "union",
            verb="members.view",
            line_also=Q(status__in=LIVE),
        ),
    )
    audit = Audit.ALL

    person = models.ForeignKey(Person, models.PROTECT, related_name="memberships", verbose_name=_("职工"))
    union = models.ForeignKey(
        "orgs.Union", models.PROTECT, related_name="memberships", verbose_name=_("所属工会")
    )
    status = models.CharField(
        _("会籍状态"),
        max_length=12,
        default="active",
        choices=[
            ("active", _("在籍")),
            ("transferring", _("转接中")),
            ("retained", _("保留会籍")),
            ("exited", _("已退会")),
            ("expelled", _("已除名")),
            ("ended", _("已终止")),
        ],
    )
    joined_on = models.DateField(_("入会日期"), null=True, blank=True)
    source = models.CharField(_("入会渠道"), max_length=16, default="batch")
    left_on = models.DateField(_("离会日期"), null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("会籍")
        indexes = [
            BrinIndex(fields=["created_at"], name="membership_day"),
            models.Index(fields=["union", "status"], name="membership_of_union"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(status__in=("active", "transferring", "retained")),
                name="one_live_membership",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.union}"

    @property
    def is_transit(self) -> bool:
        """In a transit pool: online benefits only, until they have a union of their own (M6)."""
        return self.union.is_pool


def lives_in(union: str, *, person: str = "person") -> Callable[[], Q]:
    """The person whom a row names is a live member of this union of its: for grants bound to a line of industry."""

    def condition() -> Q:
        live = Membership.objects.unscoped("asked of a row in its scope").filter(
            status__in=LIVE, person_id=OuterRef(f"{person}_id"), union_id=OuterRef(f"{union}_id")
        )
        return Q(Exists(live))

    return condition


class MembershipChange(Row):
    """会籍变动: somebody died, retired, lost their work, left… One notes it with its document, another confirms."""

    scope = AnyOf(
        ByKey("person", "person_id"),
        by_union(
            "union",
            verb="members.view",
            line_also=lives_in("union"),
        ),
        by_union(
            "to_union",
            verb="members.view",
            line_also=lives_in("to_union"),
        ),
    )
    audit = Audit.ALL.hiding("document", "reason", "answer")

    class Kind(models.TextChoices):
        DIED = "died", _("离世")
        RETIRED = "retired", _("退休")
        LAID_OFF = "laid_off", _("失业")
        RESUMED = "resumed", _("重新就业")
        LEFT = "left", _("退会")
        EXPELLED = "expelled", _("除名")
        EMIGRATED = "emigrated", _("出境定居")
        MOVED = "moved", _("转会")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待复核")
        CONFIRMED = "confirmed", _("已生效")
        REFUSED = "refused", _("已退回")

    membership = models.ForeignKey(Membership, models.PROTECT, related_name="changes", verbose_name=_("会籍"))
    person = models.ForeignKey(
        Person, models.PROTECT, related_name="membership_changes", verbose_name=_("职工")
    )
    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("所在工会"))
    to_union = models.ForeignKey(
        "orgs.Union", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("转入工会")
    )
    kind = models.CharField(_("变动"), max_length=10, choices=Kind)
    happened_on = models.DateField(_("发生日期"))
    document = models.CharField(_("证明文号"), max_length=80)
    reason = models.CharField(_("说明"), max_length=200)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.PROPOSED, editable=False)
    answer = models.CharField(_("退回原因"), max_length=200, blank=True, editable=False)
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("经办人"))
    checker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("复核人")
    )
    decided_at = models.DateTimeField(_("复核时间"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("会籍变动")
        constraints = [
            models.UniqueConstraint(
                fields=["membership"], condition=Q(state="proposed"), name="members_change_one_open"
            ),
            # Retiring and losing one's work may come again, after a resumption: the trigger in sql/ counts those.
            models.UniqueConstraint(
                fields=["membership", "kind"],
                condition=Q(state="confirmed") & ~Q(kind__in=["retired", "laid_off", "resumed"]),
                name="members_change_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="moved", to_union__isnull=False) & ~Q(to_union=F("union"))
                | ~Q(kind="moved") & Q(to_union__isnull=True),
                name="members_change_moves_elsewhere",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed") | Q(checker__isnull=False) & ~Q(maker=F("checker")),
                name="members_change_maker_is_not_checker",
            ),
            models.CheckConstraint(
                condition=~Q(document="") & ~Q(reason=""), name="members_change_has_its_document"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.get_kind_display()}"
