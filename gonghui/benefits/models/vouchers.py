"""券 and 候补: what a member holds after a claim, and who is next."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.fields import SealedJSONField
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree

# Theirs or booked by them; nobody's for an actor who is no person, where `booked_by_id=None` would be everybody's.
OWN = AnyOf(ByKey("person", "person_id"), ByKey("person", "booked_by_id"))

# A seat of a voucher in one of these states is back in the pool.
GONE_STATES = ("returned", "expired", "voided")
RETURNABLE_STATES = ("held", "confirmed")

# verb → {from: to}; the same table stands in sql/20_vouchers.sql, where the database enforces it.
VOUCHER_VERBS = {
    "confirm": {"held": "confirmed"},
    "exchange": {"confirmed": "exchanged"},
    "redeem": {"confirmed": "redeemed", "exchanged": "redeemed", "no_show": "redeemed"},
    "return": {"held": "returned", "confirmed": "returned"},
    "expire": {"held": "expired", "confirmed": "expired"},
    "void": {"held": "voided", "confirmed": "voided", "exchanged": "voided"},
    "miss": {"confirmed": "no_show", "exchanged": "no_show"},
    # Of a priced offer only: its bill was cancelled or wholly refunded (sql/60_priced.sql).
    "restore": {"redeemed": "confirmed"},
}


class Voucher(Row):
    """Written by the SQL functions only. Seats of living vouchers + remaining = capacity, whoever writes."""

    class State(models.TextChoices):
        HELD = "held", _("待确认")
        CONFIRMED = "confirmed", _("待使用")
        EXCHANGED = "exchanged", _("已换票")
        REDEEMED = "redeemed", _("已使用")
        RETURNED = "returned", _("已退回")
        EXPIRED = "expired", _("已过期")
        NO_SHOW = "no_show", _("未到场")
        VOIDED = "voided", _("已作废")

    scope = AnyOf(
        OWN,
        BySubtree("release__union__path", verb="vouchers.view"),
        ByKey("store", "pool__store_id"),
    )
    audit = Audit.CHANGES

    # One composite key (pool, release) → pool replaces the two single ones: see sql/20_vouchers.sql.
    pool = models.ForeignKey(
        "benefits.Pool",
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="vouchers",
        verbose_name=_("场次"),
    )
    release = models.ForeignKey(
        "benefits.Release",
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="vouchers",
        verbose_name=_("投放"),
    )
    person = models.ForeignKey(
        "members.Person", models.PROTECT, related_name="vouchers", db_index=False, verbose_name=_("会员")
    )
    booked_by = models.ForeignKey(
        "members.Person",
        models.PROTECT,
        null=True,
        db_index=False,
        related_name="booked_vouchers",
        verbose_name=_("代订人"),
    )
    nth = models.PositiveSmallIntegerField(_("第几张"), default=0)
    seats = models.PositiveSmallIntegerField(_("人数"), default=1)
    companions = SealedJSONField(_("同行人"), null=True)
    code = models.CharField(_("券码"), max_length=16)
    serial = models.PositiveIntegerField(_("到达序号"))
    claim_key = models.UUIDField(unique=True, editable=False)
    from_waitlist = models.BooleanField(_("候补所得"), default=False)
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, editable=False)
    claimed_at = models.DateTimeField(_("领取时间"))
    confirm_by = models.DateTimeField(_("最晚确认时间"), null=True)
    settled_at = models.DateTimeField(_("了结时间"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("券")
        indexes = [
            models.Index(fields=["person", "-id"], name="benefits_voucher_of_person"),
            models.Index(
                fields=["booked_by", "-id"],
                condition=Q(booked_by__isnull=False),
                name="benefits_voucher_booked",
            ),
            models.Index(fields=["confirm_by"], condition=Q(state="held"), name="benefits_voucher_held"),
        ]
        constraints = [
            # Not unique=True: that adds a second index for LIKE, which nothing asks and every win would pay.
            models.UniqueConstraint(fields=["code"], name="benefits_voucher_code"),
            models.UniqueConstraint(fields=["pool", "serial"], name="benefits_voucher_serial"),
            models.UniqueConstraint(
                fields=["release", "person", "nth"],
                condition=~Q(state__in=GONE_STATES),
                name="benefits_voucher_one_each",
                violation_error_message=_("这位会员在本次投放中已经有票。"),
            ),
            models.CheckConstraint(condition=Q(seats__gte=1), name="benefits_voucher_seats"),
            models.CheckConstraint(
                condition=~Q(state="held") | Q(confirm_by__isnull=False), name="benefits_voucher_held_until"
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def is_live(self) -> bool:
        return self.state not in GONE_STATES


class WaitEntry(Row):
    class State(models.TextChoices):
        WAITING = "waiting", _("候补中")
        PROMOTED = "promoted", _("已补上")
        LEFT = "left", _("已退出")
        LAPSED = "lapsed", _("已失效")

    scope = AnyOf(
        OWN,
        BySubtree("release__union__path", verb="vouchers.view"),
    )
    audit = Audit.CHANGES

    pool = models.ForeignKey(
        "benefits.Pool",
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="wait_entries",
        verbose_name=_("场次"),
    )
    release = models.ForeignKey(
        "benefits.Release",
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="wait_entries",
        verbose_name=_("投放"),
    )
    person = models.ForeignKey(
        "members.Person", models.PROTECT, related_name="wait_entries", verbose_name=_("会员")
    )
    booked_by = models.ForeignKey(
        "members.Person", models.PROTECT, null=True, related_name="+", verbose_name=_("代订人")
    )
    seats = models.PositiveSmallIntegerField(_("人数"), default=1)
    position = models.PositiveIntegerField(_("候补序号"))
    claim_key = models.UUIDField(unique=True, editable=False)
    state = models.CharField(
        _("状态"), max_length=10, choices=State.choices, default=State.WAITING, editable=False
    )
    settled_at = models.DateTimeField(_("了结时间"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("候补")
        indexes = [
            models.Index(
                fields=["pool", "position"], condition=Q(state="waiting"), name="benefits_wait_line"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["pool", "position"], name="benefits_wait_position"),
            models.UniqueConstraint(
                fields=["release", "person", "pool"],
                condition=Q(state="waiting"),
                name="benefits_wait_once",
                violation_error_message=_("这位会员已经在候补名单上。"),
            ),
            models.CheckConstraint(condition=Q(seats__gte=1), name="benefits_wait_seats"),
        ]

    def __str__(self) -> str:
        return f"{self.pool_id}#{self.position}"
