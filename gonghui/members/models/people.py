"""People, and which groups of workers they belong to."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.fields import BlindIndexField, RowSealedTextField, RowSecretField
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, Everyone
from gonghui.orgs.scopes import by_union

NUMBER_MIN = 100_000_000_000
LIVE = ("active", "transferring", "retained")
"""Of a membership: whoever is bound to a line of industry sees those and nothing of the past (docs/decisions/0020)."""


class NextNumber(Func):
    """The database makes it, so that rosters copied in get theirs as well: a sequence with two check digits (sql/)."""

    function = "members_next_number"
    output_field = models.BigIntegerField()


class Verification(models.TextChoices):
    NONE = "none", _("未实名")
    VERIFIED = "verified", _("已实名")
    REVOKED = "revoked", _("已撤销")


class WorkerGroup(Row):
    """外卖配送员, 网约车司机…: data, never code."""

    scope = Everyone("list of worker groups")
    audit = Audit.ALL

    code = models.SlugField(_("代码"), unique=True)
    name = models.CharField(_("群体"), max_length=32)
    kind = models.CharField(_("类别"), max_length=24, default="new_employment")

    class Meta:
        verbose_name = verbose_name_plural = _("职业群体")

    def __str__(self) -> str:
        return self.name


class Person(Row):
    """One person, one identity, across every channel. The union they belong to is their live `Membership`."""

    scope = AnyOf(
        ByKey("person", "id"),
        by_union(
            "memberships__union",
            verb="members.view",
            line_also=Q(memberships__status__in=LIVE),
        ),
    )
    audit = Audit.ALL.hiding("name", "pinyin", "grams", "birth_date")

    user = models.OneToOneField(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="person", verbose_name=_("账号")
    )
    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.BigIntegerField(_("会籍号"), db_default=NextNumber(), unique=True, editable=False)
    """For life, whatever becomes of their memberships; no update changes it (sql/)."""
    name = models.CharField(_("姓名"), max_length=64)
    pinyin = models.CharField(max_length=256, editable=False, default="")
    grams = ArrayField(models.TextField(), default=list, editable=False)
    id_type = models.CharField(_("证件类型"), max_length=24, default="resident_id")
    id_no = RowSealedTextField(_("证件号码"), null=True, blank=True)
    id_index = BlindIndexField(context="id_no", of="id_no", null=True, editable=False)
    phone = RowSealedTextField(_("手机号"), null=True, blank=True)
    phone_index = BlindIndexField(context="phone", of="phone", null=True, editable=False)
    gender = models.CharField(
        _("性别"), max_length=6, blank=True, choices=[("male", _("男")), ("female", _("女"))]
    )
    birth_date = models.DateField(_("出生日期"), null=True, blank=True)
    groups = ArrayField(models.SlugField(), default=list, blank=True, verbose_name=_("职业群体"))
    verification = models.CharField(
        _("实名状态"), max_length=10, choices=Verification, default=Verification.NONE
    )
    verified_at = models.DateTimeField(_("实名时间"), null=True, blank=True)
    verified_by = models.CharField(_("实名方式"), max_length=24, blank=True)
    row_secret = RowSecretField()
    forgotten_at = models.DateTimeField(_("注销时间"), null=True, blank=True, editable=False)
    """The account was given up (members.actions.forget): a pseudonym from then on, for good (sql/)."""

    class Meta:
        verbose_name = verbose_name_plural = _("职工")
        indexes = [
            GinIndex(fields=["grams"], name="person_grams"),
            GinIndex(fields=["groups"], name="person_groups"),
            models.Index(fields=["phone_index"], name="person_phone"),
            models.Index(fields=["pinyin", "id"], name="person_pinyin"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["id_type", "id_index"], name="one_person_per_id_number"),
            models.CheckConstraint(
                condition=Q(number__gte=NUMBER_MIN) & Q(number=F("number") / 97 * 97 + 1),
                name="members_number_of_person_checks",
            ),
            models.CheckConstraint(
                condition=~Q(verification="verified") | Q(id_index__isnull=False, verified_at__isnull=False),
                name="verified_has_id_and_time",
            ),
            models.CheckConstraint(
                condition=~Q(verified_by__in=("phone", "sms", "wechat")), name="members_proof_is_no_phone"
            ),
            models.CheckConstraint(
                condition=Q(forgotten_at=None)
                | Q(
                    row_secret__isnull=True,
                    id_no__isnull=True,
                    id_index__isnull=True,
                    phone__isnull=True,
                    phone_index__isnull=True,
                    birth_date__isnull=True,
                    user__isnull=True,
                    pinyin="",
                    grams=[],
                    groups=[],
                    gender="",
                )
                & ~Q(verification="verified"),
                name="members_forgotten_keeps_nothing",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_verified(self) -> bool:
        return self.verification == Verification.VERIFIED


class Delegation(Row):
    """A member lets somebody book for them (a daughter for her mother); either may end it."""

    scope = AnyOf(ByKey("person", "person_id"), ByKey("person", "delegate_id"))
    audit = Audit.ALL

    person = models.ForeignKey(Person, models.CASCADE, related_name="delegations", verbose_name=_("本人"))
    delegate = models.ForeignKey(Person, models.CASCADE, related_name="bookable", verbose_name=_("代订人"))
    relation = models.CharField(_("关系"), max_length=16, default="family")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(person=F("delegate")), name="delegation_to_another"),
            models.UniqueConstraint(
                fields=["person", "delegate"], condition=Q(ended_at__isnull=True), name="delegation_once"
            ),
        ]
