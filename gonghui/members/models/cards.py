"""The card a member shows at a till."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import ByKey, Nobody
from gonghui.members.models.people import Person


class MemberCard(Row):
    """付款码: by which a member is known at a till. Made on first show; another code when the phone was lost."""

    scope = ByKey("person", "person_id")
    audit = Audit.ALL

    person = models.OneToOneField(Person, models.CASCADE, related_name="card", verbose_name=_("会员"))
    code = models.CharField(_("码"), max_length=8, unique=True)
    has_paid: bool
    """Of the code at hand; annotated where a code is read."""

    class Meta:
        verbose_name = verbose_name_plural = _("付款码")


class PayCodeUse(Row):
    """A minute's code of a card has paid; once, by the constraint."""

    scope = Nobody("asked by the one who spends it")
    audit = Audit.no("append-only record itself")

    card = models.ForeignKey(MemberCard, models.CASCADE, related_name="uses")
    minute = models.PositiveIntegerField()
    """Minutes since 1970."""
    clerk = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["card", "minute"], name="members_pay_code_pays_once")]
