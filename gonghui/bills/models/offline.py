"""What one pack of a clerk's phone has sold without network."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import Nobody


class PackUse(Row):
    """Bills of one offline pack and what unions and employers gave on them; never more than its bounds, by the database."""

    scope = Nobody("a counter of actions.offline")
    audit = Audit.no("moves with every bill of the pack; the bills are the record")

    store = models.ForeignKey("partners.Store", models.PROTECT, related_name="+", db_index=False)
    clerk = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", db_index=False)
    issued_at = models.DateTimeField()
    used = models.PositiveIntegerField(default=0)
    most = models.PositiveIntegerField()
    funded_fen = models.PositiveBigIntegerField(default=0)
    most_fen = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = verbose_name_plural = _("离线收银用量")
        constraints = [
            models.UniqueConstraint(fields=["store", "clerk", "issued_at"], name="bills_pack_use_once"),
            models.CheckConstraint(
                condition=Q(used__lte=F("most"), funded_fen__lte=F("most_fen")),
                name="bills_pack_never_overused",
            ),
        ]
