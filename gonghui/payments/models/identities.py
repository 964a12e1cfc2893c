"""微信身份: by which openid WeChat knows a payer, and the rounds through its authorisation that found it out."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.fields import BlindIndexField, SealedTextField
from gonghui.kit.models import Row
from gonghui.kit.scope import ByKey, Nobody


class PayerIdentity(Row):
    """One person's own WeChat under one appid. Who pays on another member's WeChat does not get it."""

    scope = ByKey("person", "person_id")
    audit = Audit.ALL

    person = models.ForeignKey(
        "members.Person", models.CASCADE, related_name="payer_identities", db_index=False
    )
    appid = models.CharField(_("公众号"), max_length=32)
    openid = SealedTextField(_("微信身份"))
    openid_index = BlindIndexField(context="wechat-openid", of="openid")

    class Meta:
        verbose_name = verbose_name_plural = _("微信付款身份")
        constraints = [
            models.UniqueConstraint(fields=["person", "appid"], name="payment_identity_one_a_person"),
            models.UniqueConstraint(fields=["appid", "openid_index"], name="payment_identity_one_person"),
        ]

    def __str__(self) -> str:
        return f"{self.appid} #{self.pk}"


class IdentityRound(Row):
    """One way through the authorisation: of one session, good once. Its state is known by hash only."""

    scope = Nobody("asked by the hash of its state")
    audit = Audit.no("passing: ten minutes")

    person = models.ForeignKey("members.Person", models.CASCADE, related_name="+")
    state_hash = models.BinaryField(max_length=32, unique=True)
    session_hash = models.BinaryField(max_length=32)
    back = models.CharField(max_length=200)
    """Our own path where the member was."""
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("微信授权过程")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(back__startswith="/") & ~models.Q(back__startswith="//"),
                name="payment_round_own_path",
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
