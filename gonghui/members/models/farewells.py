"""Giving up one's account, and who has done it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import ByKey, Nobody
from gonghui.members.models.people import Person


class Farewell(Row):
    """注销申请: asked by the member, taken back within the days it cools off, else carried out by a job."""

    scope = ByKey("user", "user_id")
    audit = Audit.ALL

    class State(models.TextChoices):
        COOLING = "cooling", _("等待生效")
        TAKEN_BACK = "taken_back", _("已撤回")
        DONE = "done", _("已注销")

    user = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="farewells", verbose_name=_("账号")
    )
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="farewells", verbose_name=_("职工")
    )
    state = models.CharField(_("状态"), max_length=12, choices=State, default=State.COOLING, editable=False)
    gives_up = models.JSONField(_("同意放弃"), default=list)
    """Codes of what the member was shown and agreed to lose."""
    due_at = models.DateTimeField(_("生效时间"))
    ended_at = models.DateTimeField(_("了结时间"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("注销申请")
        indexes = [models.Index(fields=["due_at"], condition=Q(state="cooling"), name="members_farewell_due")]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=~Q(state="taken_back"), name="members_farewell_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state="cooling", ended_at=None) | ~Q(state="cooling") & Q(ended_at__isnull=False),
                name="members_farewell_ends",
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(ended_at__gte=F("due_at")), name="members_farewell_cools_off"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.due_at:%Y-%m-%d}"


class Forgotten(Row):
    """A tombstone: by it somebody is forgotten again after a backup was restored. Tells nothing of who it was."""

    scope = Nobody("read by actions.forget and by the command line")
    audit = Audit.no("append-only record itself")

    token = models.UUIDField(unique=True, null=True)
    """Of the person; an account of nobody known has none."""
    user_id_then = models.BigIntegerField()
    account_made_at = models.DateTimeField()
    """With the id, tells the account from another that got the id after a restore."""
    at = models.DateTimeField(db_default=Now())
    by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = _("注销记录")
        constraints = [
            models.UniqueConstraint(fields=["user_id_then", "account_made_at"], name="members_forgotten_once")
        ]

    def __str__(self) -> str:
        return f"{self.token or self.user_id_then}"
