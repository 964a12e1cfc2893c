"""转会: a member moves to the union where they work now. The member asks, the old union lets go, the new one takes in (sql/)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit import clock
from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree
from gonghui.members.models.memberships import Membership, lives_in
from gonghui.members.models.people import Person
from gonghui.orgs.scopes import by_union

OPEN = ("opened", "released")
# verb → {from: to}; the same moves stand in sql/10_transfers.sql. `overtaken` comes from the database alone.
VERBS = {
    "release": {"opened": "released"},
    "accept": {"released": "accepted"},
    "refuse": dict.fromkeys(OPEN, "refused"),
    "cancel": dict.fromkeys(OPEN, "cancelled"),
}
WORDS_MAX = 200
DAYS_MAX = 90


class Silence(models.TextChoices):
    """What it means that nobody answered in time."""

    WAIT = "wait", _("继续等")
    PASS = "pass", _("视为同意")
    ESCALATE = "escalate", _("转上一级办理")


class TransferRule(Row):
    """Of a union and all below it; the nearest decides. Without one, the product's own holds (`transfer_terms`)."""

    scope = BySubtree("union__path", verb="members.view")
    audit = Audit.ALL

    union = models.ForeignKey(
        "orgs.Union", models.PROTECT, related_name="transfer_rules", verbose_name=_("工会及其下级")
    )
    release_days = models.PositiveSmallIntegerField(_("转出几个工作日内答复"), default=10)
    release_silence = models.CharField(
        _("转出到期未答复"), max_length=8, choices=Silence, default=Silence.PASS
    )
    accept_days = models.PositiveSmallIntegerField(_("接收几个工作日内答复"), default=10)
    accept_silence = models.CharField(
        _("接收到期未答复"), max_length=8, choices=Silence, default=Silence.ESCALATE
    )
    clause = models.CharField(_("依据"), max_length=200)
    is_active = models.BooleanField(_("在用"), default=True)

    class Meta:
        verbose_name = verbose_name_plural = _("转会期限规定")
        constraints = [
            models.UniqueConstraint(
                fields=["union"], condition=Q(is_active=True), name="members_transfer_rule_once",
                violation_error_message=_("这个工会已经有一条在用的规定，请先停用它。"),
            ),
            models.CheckConstraint(
                condition=Q(
                    release_days__gte=1, release_days__lte=DAYS_MAX, accept_days__gte=1, accept_days__lte=DAYS_MAX
                ),
                name="members_transfer_rule_days",
                violation_error_message=_("期限要在 1 到 90 个工作日之间。"),
            ),
            models.CheckConstraint(
                condition=Q(release_silence__in=Silence.values, accept_silence__in=Silence.values),
                name="members_transfer_rule_answers",
            ),
            models.CheckConstraint(condition=~Q(clause=""), name="members_transfer_rule_has_a_clause"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.union} · {self.clause}"


def _side(union: str, *, person: str = "person") -> BySubtree:
    """Whoever is bound to a line of industry sees the member where they live: not yet at the new union, no longer at the old."""
    return by_union(
        union,
        verb="members.view",
        line_also=lives_in(union, person=person),
    )


SIDES = {side: _side(side) for side in ("from_union", "to_union")}


class TransferRequest(Row):
    """One move from union to union. Its membership is `transferring` as long as it is open, by the database."""

    class State(models.TextChoices):
        OPENED = "opened", _("待原工会转出")
        RELEASED = "released", _("待新工会接收")
        ACCEPTED = "accepted", _("已转入")
        REFUSED = "refused", _("未同意")
        CANCELLED = "cancelled", _("已取消")
        OVERTAKEN = "overtaken", _("因其他变动了结")

    scope = AnyOf(ByKey("person", "person_id"), *SIDES.values())
    audit = Audit.ALL

    membership = models.ForeignKey(
        Membership, models.PROTECT, related_name="transfers", verbose_name=_("会籍")
    )
    person = models.ForeignKey(Person, models.PROTECT, related_name="transfers", verbose_name=_("职工"))
    from_union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("原工会"))
    to_union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("新工会"))
    was = models.CharField(max_length=12, editable=False)
    """Of the membership before: what it is again when nothing comes of this."""
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.OPENED, editable=False)
    key = models.UUIDField(null=True, editable=False)
    """Of whoever asked by the API: the same again is this one."""
    opener = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="+", editable=False, verbose_name=_("提出人")
    )
    document = models.CharField(_("介绍信文号"), max_length=80, blank=True)
    """Of papers a member brought to the counter; empty where the member asked themselves."""
    reason = models.CharField(_("原因"), max_length=WORDS_MAX, blank=True)
    desk = models.ForeignKey(
        "orgs.Union", models.PROTECT, related_name="+", editable=False, verbose_name=_("现由谁办")
    )
    """Whose turn it is: the old union, then the new one, or a level above either that said nothing."""
    due_on = models.DateField(_("最迟"), null=True, editable=False)
    """The last day of whoever has the next word; none when it is over."""
    silence = models.CharField(_("到期未答复"), max_length=8, choices=Silence, blank=True, editable=False)
    """What that day means, as it was promised when their turn began."""
    rule = models.ForeignKey(
        TransferRule, models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("期限规定")
    )
    releaser = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("转出人")
    )
    decider = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("办结人")
    )
    closed_at = models.DateTimeField(_("办结时间"), null=True, editable=False)
    became = models.OneToOneField(
        Membership,
        models.PROTECT,
        null=True,
        related_name="came_by",
        editable=False,
        verbose_name=_("新会籍"),
    )

    class Meta:
        verbose_name = verbose_name_plural = _("转会")
        indexes = [
            models.Index(fields=["person", "-id"], name="transfer_of_person"),
            models.Index(fields=["from_union", "state"], name="transfer_out_of"),
            models.Index(fields=["to_union", "state"], name="transfer_into"),
            models.Index(fields=["due_on"], condition=Q(closed_at=None), name="transfer_due"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["membership"], condition=Q(state__in=OPEN), name="members_transfer_one_open"
            ),
            models.UniqueConstraint(fields=["person", "key"], name="members_transfer_key_once"),
            models.CheckConstraint(
                condition=Q(
                    state__in=["opened", "released", "accepted", "refused", "cancelled", "overtaken"]
                ),
                name="members_transfer_state",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, due_on__isnull=False, closed_at=None, silence__in=Silence.values)
                | ~Q(state__in=OPEN) & Q(due_on=None, closed_at__isnull=False, silence=""),
                name="members_transfer_due_while_open",
            ),
            models.CheckConstraint(
                condition=~Q(from_union=F("to_union")) | Q(state="overtaken"), name="members_transfer_elsewhere"
            ),
            models.CheckConstraint(condition=Q(was__in=["active", "retained"]), name="members_transfer_was"),
            models.CheckConstraint(
                condition=Q(became=None) | Q(state="accepted"), name="members_transfer_became"
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted", decider=F("opener")), name="members_transfer_two_hands"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.person} → {self.to_union}"

    @property
    def number(self) -> str:
        return f"ZH{self.pk:08d}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_overdue(self) -> bool:
        return self.due_on is not None and self.due_on < clock.today()


class TransferStep(Row):
    """One step of it, for good: who did what, when; by the clock, under which rule."""

    class By(models.TextChoices):
        MEMBER = "member", _("会员")
        UNION = "union", _("工会")
        CLOCK = "clock", _("到期")
        CHANGE = "change", _("会籍变动")

    class Kind(models.TextChoices):
        OPENED = "opened", _("提出转会")
        RELEASED = "released", _("原工会同意转出")
        ACCEPTED = "accepted", _("新工会接收")
        REFUSED = "refused", _("未同意")
        CANCELLED = "cancelled", _("取消")
        OVERTAKEN = "overtaken", _("因其他变动了结")
        ESCALATED = "escalated", _("转上一级办理")
        AIMED = "aimed", _("改转另一个工会")

    scope = AnyOf(
        ByKey("person", "transfer__person_id"),
        _side("transfer__from_union", person="transfer__person"),
        _side("transfer__to_union", person="transfer__person"),
    )
    audit = Audit.no("append-only by trigger: it is the record")

    transfer = models.ForeignKey(
        TransferRequest, models.PROTECT, related_name="steps", verbose_name=_("转会")
    )
    at = models.DateTimeField(_("时间"))
    kind = models.CharField(_("步骤"), max_length=10, choices=Kind)
    by = models.CharField(_("谁"), max_length=8, choices=By)
    author = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("账号")
    )
    union = models.ForeignKey(
        "orgs.Union", models.PROTECT, null=True, related_name="+", verbose_name=_("工会")
    )
    """Whose answer it was, or to whom it went."""
    rule = models.ForeignKey(
        TransferRule, models.PROTECT, null=True, related_name="+", verbose_name=_("依据的规定")
    )
    words = models.CharField(_("说明"), max_length=WORDS_MAX, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("转会经过")
        ordering = ["transfer", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["transfer", "kind"],
                condition=~Q(kind__in=["escalated", "aimed"]),
                name="members_transfer_step_once",
            ),
            models.CheckConstraint(
                condition=Q(by="clock", author=None)
                | Q(by="change")
                | Q(by__in=["member", "union"], author__isnull=False),
                name="members_transfer_step_by_somebody",
            ),
        ]
