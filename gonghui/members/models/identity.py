"""Whether people are who they say, and what they agreed to."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import ByKey
from gonghui.members.models.people import LIVE, Person
from gonghui.orgs.scopes import by_union


class VerificationTry(Row):
    """Each attempt at a real-name check: three a day of an account, and three that failed of a document and of a device."""

    scope = ByKey("user", "user_id")
    audit = Audit.no("append-only record itself")

    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="+")
    on = models.DateField()
    provider = models.CharField(max_length=24)
    outcome = models.CharField(max_length=24)
    document_mark = models.BinaryField(null=True, editable=False)
    """Keyed hash of the document and the day: counts that day's tries at it, and tells nothing on the next."""
    device_mark = models.BinaryField(null=True, editable=False)
    """Hash of the browser's mark, as `accounts.Device` has it."""

    class Meta:
        indexes = [
            models.Index(fields=["user", "on"], name="verification_try_day"),
            models.Index(
                fields=["document_mark"], condition=Q(document_mark__isnull=False), name="try_at_document"
            ),
            models.Index(
                fields=["device_mark", "on"], condition=Q(device_mark__isnull=False), name="try_on_device"
            ),
        ]


class MergeCase(Row):
    """The same ID number claimed by two accounts: a person looks, no second verified person arises (I01)."""

    scope = by_union(
        "person__memberships__union",
        verb="members.view",
        line_also=Q(person__memberships__status__in=LIVE),
    )
    audit = Audit.ALL

    person = models.ForeignKey(Person, models.PROTECT, related_name="merge_cases", verbose_name=_("职工"))
    claimant = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("新账号"))
    reason = models.CharField(_("原因"), max_length=32)
    state = models.CharField(
        _("状态"),
        max_length=12,
        default="open",
        choices=[("open", _("待处理")), ("kept", _("维持")), ("moved", _("已转移"))],
    )

    class Meta:
        verbose_name = verbose_name_plural = _("身份冲突")
        constraints = [
            models.UniqueConstraint(
                fields=["person", "claimant"], condition=Q(state="open"), name="one_open_merge_case"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.get_state_display()}"


class Consent(Row):
    """Consent per purpose and version; withdrawing is one tap, like giving."""

    scope = ByKey("user", "user_id")
    audit = Audit.ALL

    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=32)
    version = models.CharField(max_length=16)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "purpose", "version"],
                condition=Q(withdrawn_at__isnull=True),
                name="consent_once",
            )
        ]
