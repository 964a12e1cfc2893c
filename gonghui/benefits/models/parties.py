"""同行人: who comes along, sealed and written down before the claim, so that the claim itself need not carry names."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.fields import SealedJSONField
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey


class Party(Row):
    """One per person and release; moved onto the voucher once there is one. Organisers see it there, on the voucher."""

    scope = AnyOf(ByKey("person", "person_id"), ByKey("person", "booked_by_id"))
    audit = Audit.CHANGES

    release = models.ForeignKey(
        "benefits.Release", models.CASCADE, related_name="parties", db_index=False, verbose_name=_("投放")
    )
    person = models.ForeignKey(
        "members.Person", models.CASCADE, related_name="parties", verbose_name=_("会员")
    )
    booked_by = models.ForeignKey(
        "members.Person", models.CASCADE, null=True, related_name="+", verbose_name=_("代订人")
    )
    names = SealedJSONField(_("同行人"))

    class Meta:
        verbose_name = verbose_name_plural = _("同行人")
        constraints = [models.UniqueConstraint(fields=["release", "person"], name="benefits_party_once")]
