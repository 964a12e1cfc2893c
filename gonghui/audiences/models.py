"""受众: who is meant, in saved wordings; the members who are, in slices; how that came about, run by run."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import BySubtree, Nobody

SALT_BYTES = 16
OPEN_RUNS = ("waiting", "running")
COUNT_SHOWN_MIN = 10
"""Of sensitive audiences: fewer people than this are not counted out (I28)."""


def new_salt() -> bytes:
    return secrets.token_bytes(SALT_BYTES)


class Audience(Row):
    """Whom a union means. Its people are always live members below that union, whatever its wording says."""

    class Rule(models.IntegerChoices):
        HOURLY = 1, _("每小时")
        SIX_HOURLY = 6, _("每 6 小时")
        DAILY = 24, _("每天")

    class State(models.TextChoices):
        ACTIVE = "active", _("使用中")
        RETIRED = "retired", _("已停用")

    scope = BySubtree("union__path", verb="audiences.view")
    audit = Audit.ALL

    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("所属工会"))
    name = models.CharField(_("名称"), max_length=60)
    note = models.CharField(_("说明"), max_length=200, blank=True)
    rule = models.PositiveSmallIntegerField(_("更新"), choices=Rule, default=Rule.DAILY)
    """Hours after which what is kept is too old; news of a single member does not wait for it."""
    state = models.CharField(
        _("状态"), max_length=8, choices=State, default=State.ACTIVE, editable=False, db_default="active"
    )
    is_sensitive = models.BooleanField(_("含敏感标签"), default=False, editable=False)
    """Its wording, or that of an audience it asks, uses sensitive personal data."""
    salt = models.BinaryField(default=new_salt, editable=False)
    """Draws its random shares; never shown, never changed."""
    maker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("建立人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("受众")
        indexes = [models.Index(fields=["union", "state"], name="audience_of_union")]
        constraints = [
            models.UniqueConstraint(
                fields=["union", "name"], condition=Q(state="active"), name="audience_name_once"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="audience_has_name"),
        ]

    def __str__(self) -> str:
        return self.name


class AudienceVersion(Row):
    """One wording, for good: what was sent or released by it can be read for ever. The highest number is in force."""

    scope = BySubtree("audience__union__path", verb="audiences.view")
    audit = Audit.ALL

    audience = models.ForeignKey(
        Audience, models.PROTECT, related_name="versions", verbose_name=_("受众"), db_index=False
    )
    number = models.PositiveIntegerField(_("版本"))
    predicate = models.JSONField(_("条件"))
    uses = ArrayField(models.BigIntegerField(), default=list, verbose_name=_("引用的受众"))
    """Audiences it asks. In no circle: by trigger (sql/)."""
    topics = ArrayField(models.TextField(), default=list)
    """Kinds of news that may change whether somebody is in."""
    is_sensitive = models.BooleanField(default=False)
    """Its own leaves are."""
    maker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("修改人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("受众条件")
        constraints = [
            models.UniqueConstraint(fields=["audience", "number"], name="audience_version_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="audience_version_from_one"),
        ]
        indexes = [
            GinIndex(fields=["uses"], name="audience_version_uses"),
            GinIndex(fields=["topics"], name="audience_version_topics"),
        ]

    def __str__(self) -> str:
        return f"{self.audience} · {self.number}"


class AudienceTally(Row):
    """How many are in and since when that is so; what went wrong last."""

    scope = BySubtree("audience__union__path", verb="audiences.view")
    audit = Audit.no("figures kept by the runs, which stay")

    audience = models.OneToOneField(Audience, models.CASCADE, related_name="tally")
    version = models.ForeignKey(AudienceVersion, models.PROTECT, null=True, related_name="+", db_index=False)
    """Whose people the slices hold."""
    count = models.PositiveIntegerField(_("人数"), default=0)
    made_at = models.DateTimeField(_("算好时间"), null=True)
    """What was written before this moment is in it."""
    failures = models.PositiveSmallIntegerField(default=0)
    """In a row."""
    problem = models.CharField(_("问题"), max_length=300, blank=True)
    retry_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("受众人数")
        indexes = [models.Index(fields=["made_at"], name="audience_tally_made")]

    def due_at(self, rule_h: int):
        """When it is to be made anew; None: at once."""
        if self.retry_at is not None:
            return self.retry_at
        return None if self.made_at is None else self.made_at + timedelta(hours=rule_h)


class AudienceSlice(Row):
    """The people of one audience whose id / 4096 is `slice_no`, sorted. A slice without people is no row."""

    scope = Nobody("through audiences.queries.people_in, which keeps to the owner's subtree")
    audit = Audit.no("computed; AudienceMove says who came and went")

    audience = models.ForeignKey(Audience, models.CASCADE, related_name="slices", db_index=False)
    slice_no = models.IntegerField()
    people = ArrayField(models.BigIntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["audience", "slice_no"], name="audience_slice_once"),
        ]
        # One member's news looks for who holds them.
        indexes = [models.Index(fields=["slice_no"], name="audience_slice_of")]


class AudienceRun(Row):
    """One rebuild of one audience, done or failed; the list of them is the history of its size."""

    class Cause(models.TextChoices):
        SAVED = "saved", _("条件有改动")
        RULE = "rule", _("到时更新")
        ASKED = "asked", _("手动更新")
        NEWS = "news", _("名册有变动")

    class State(models.TextChoices):
        WAITING = "waiting", _("排队中")
        RUNNING = "running", _("正在算")
        DONE = "done", _("已算好")
        FAILED = "failed", _("没有算成")

    scope = BySubtree("audience__union__path", verb="audiences.view")
    audit = Audit.no("its own record")

    audience = models.ForeignKey(Audience, models.CASCADE, related_name="runs", db_index=False)
    version = models.ForeignKey(AudienceVersion, models.PROTECT, related_name="+", db_index=False)
    cause = models.CharField(_("起因"), max_length=8, choices=Cause)
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.WAITING)
    again = models.CharField(max_length=8, blank=True, default="", db_default="")
    """Why another follows it: what was asked for or told while it was at work, which it may have looked at before."""
    token = models.UUIDField(null=True)
    """Of the worker that holds it; another one here means it was taken over."""
    beat_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(_("开始"), null=True)
    ended_at = models.DateTimeField(_("结束"), null=True)
    people = models.PositiveIntegerField(_("人数"), null=True)
    entered = models.PositiveIntegerField(_("进入"), default=0)
    left = models.PositiveIntegerField(_("离开"), default=0)
    problem = models.CharField(_("问题"), max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("受众更新")
        indexes = [models.Index(fields=["audience", "-id"], name="audience_run_of")]
        constraints = [
            models.UniqueConstraint(
                fields=["audience"], condition=Q(state__in=OPEN_RUNS), name="audience_run_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state="running", token__isnull=False, beat_at__isnull=False)
                | ~Q(state="running"),
                name="audience_run_is_held",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")), name="audience_run_times"
            ),
        ]


class AudienceMove(Row):
    """Somebody came into an audience or left it. The first build of all is no coming. Kept for a season (forgetting)."""

    scope = Nobody("through audiences.queries of one audience the reader may see")
    audit = Audit.no("append-only record itself")

    audience = models.ForeignKey(Audience, models.CASCADE, related_name="moves", db_index=False)
    run = models.ForeignKey(
        AudienceRun, models.SET_NULL, null=True, related_name="+", db_index=False, db_constraint=False
    )
    """None: one member's news."""
    # Two million rows a rebuild: the person was there when the statement read them, and persons are never deleted.
    person = models.ForeignKey(
        "members.Person", models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    has_entered = models.BooleanField()

    class Meta:
        indexes = [
            models.Index(fields=["audience", "-id"], name="audience_move_of"),
            BrinIndex(fields=["created_at"], name="audience_move_day"),
        ]


class AudienceNews(Row):
    """Some members did something an audience asks; written by the tables' triggers, gone once it was looked at."""

    scope = Nobody("taken by the job that looks at it")
    audit = Audit.no("what was done stands in the table that told of it")

    topic = models.TextField()
    people = ArrayField(models.BigIntegerField())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(people__len__gte=1, people__len__lte=1000), name="audience_news_of_somebody"
            ),
        ]


class PeopleList(Row):
    """名单: people pasted or uploaded, as they were found below one union; it does not change afterwards."""

    scope = BySubtree("union__path", verb="audiences.view")
    audit = Audit.CHANGES

    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("所属工会"))
    name = models.CharField(_("名单"), max_length=60)
    people = ArrayField(models.BigIntegerField(), editable=False)
    maker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("建立人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("名单")
        indexes = [models.Index(fields=["union", "-id"], name="people_list_of_union")]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="people_list_has_name")]

    def __str__(self) -> str:
        return self.name
