"""复式记账: accounts whose totals follow their transfers, transfers nobody can change, and the blocks that seal them.

The semantics are TigerBeetle's: debits and credits, pending and posted; a pending transfer is posted in part or whole,
voided, or expires; ids are made by the caller. What refuses is in sql/ and in the constraints here.
"""

from __future__ import annotations

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.chain import ChainBlock, ChainMark
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree, Everyone, Nobody, ScopedManager

AMOUNT_MAX = 10**15
"""Fen or points in one transfer: ten thousand times a province's year, and far from where sums overflow."""


class Ledger(models.IntegerChoices):
    """What is counted, in fen or whole points; a transfer stays within one."""

    FEN = 1, _("人民币")
    POINTS = 2, _("福豆")


class LedgerAccount(Row):
    """One purse of one owner. Credits are what it received, debits what it gave.

    `limited="debits"`: gives no more than it received, pending counted (budgets, members' points). `"credits"`: the
    mirror image (what was promised to us). Empty: may stand either way (the world outside, payables).
    """

    scope = AnyOf(ByKey("person", "person_id"), BySubtree("union__path", verb="ledger.view"))
    audit = Audit.no("its own trigger records closing and limits; totals are proven by the transfers")

    kept_by_database = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")

    class Limit(models.TextChoices):
        NONE = "", _("不限")
        DEBITS = "debits", _("支出不超过收入")
        CREDITS = "credits", _("收入不超过支出")

    ledger = models.PositiveSmallIntegerField(_("账本"), choices=Ledger)
    kind = models.CharField(_("科目"), max_length=24)
    name = models.CharField(_("账户"), max_length=120)
    """What it is within its kind, union and person: "2026:chunjie"; part of its identity."""
    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("工会"))
    person = models.ForeignKey(
        "members.Person",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="ledger_accounts",
        verbose_name=_("会员"),
    )
    within = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="parts", verbose_name=_("上级账户")
    )
    """Where its value comes from and goes back to: the budget above a budget, the budget behind a member's points."""
    expires_at = models.DateTimeField(_("到期"), null=True, blank=True)
    limited = models.CharField(_("限制"), max_length=8, choices=Limit, default=Limit.NONE, blank=True)
    closed_at = models.DateTimeField(_("关闭时间"), null=True, blank=True)
    debits_pending = models.BigIntegerField(_("待支出"), default=0, editable=False)
    debits_posted = models.BigIntegerField(_("已支出"), default=0, editable=False)
    credits_pending = models.BigIntegerField(_("待收入"), default=0, editable=False)
    credits_posted = models.BigIntegerField(_("已收入"), default=0, editable=False)

    class Meta:
        db_table = "ledger_account"
        verbose_name = verbose_name_plural = _("账户")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    debits_pending__gte=0, debits_posted__gte=0, credits_pending__gte=0, credits_posted__gte=0
                ),
                name="ledger_account_totals",
            ),
            models.CheckConstraint(
                condition=(
                    ~Q(limited="debits") | Q(credits_posted__gte=F("debits_pending") + F("debits_posted"))
                )
                & (~Q(limited="credits") | Q(debits_posted__gte=F("credits_pending") + F("credits_posted"))),
                name="ledger_account_not_overdrawn",
            ),
            models.CheckConstraint(condition=Q(ledger__in=Ledger.values), name="ledger_account_ledger"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(debits_pending=0, credits_pending=0),
                name="ledger_account_closed_at_rest",
            ),
            models.UniqueConstraint(
                fields=["kind", "union", "person", "name", "ledger"],
                nulls_distinct=False,
                name="ledger_account_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def balance(self) -> int:
        """Posted: received less given. Fen or points."""
        return self.credits_posted - self.debits_posted

    @property
    def available(self) -> int:
        """What may still be given; pending gifts count as given, pending receipts not as received."""
        return self.balance - self.debits_pending


class Transfer(models.Model):
    """Append-only: the database refuses update, delete and truncate, by trigger and by privilege."""

    scope = Nobody("read through queries.statement of an account the reader may see")
    audit = Audit.no("append-only; the transfer is its own record, sealed in blocks")

    class Kind(models.TextChoices):
        POSTED = "posted", _("入账")
        PENDING = "pending", _("预留")
        POST = "post", _("预留转入账")
        VOID = "void", _("预留撤销")

    id = models.UUIDField(primary_key=True)
    """Made by whoever orders the transfer, before ordering it: the same id again is the same transfer."""
    seq = models.BigIntegerField(_("序号"), unique=True, editable=False)
    kind = models.CharField(_("类型"), max_length=8, choices=Kind)
    ledger = models.PositiveSmallIntegerField(_("账本"), choices=Ledger)
    debit = models.ForeignKey(
        LedgerAccount,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("付出"),
    )
    credit = models.ForeignKey(
        LedgerAccount,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("收入"),
    )
    amount = models.BigIntegerField(_("数额"))
    pending = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("预留"),
    )
    released = models.BigIntegerField(default=0)
    """Of the pending transfer that this one resolves: all of it leaves the pending totals."""
    expires_at = models.DateTimeField(_("预留到期"), null=True)
    code = models.CharField(_("事由"), max_length=24)
    subject = models.CharField(_("凭证"), max_length=64, blank=True)
    """What it is about: "grant:17", "redemption:203"."""
    at = models.DateTimeField(_("时间"), db_default=Now(), editable=False)
    nonce = models.UUIDField(db_default=RandomUUID(), editable=False)
    """Known to nobody but the owners: from a sealed fingerprint nothing can be guessed back."""

    objects = ScopedManager()

    class Meta:
        verbose_name = verbose_name_plural = _("账目")
        indexes = [
            models.Index(fields=["debit", "seq"], name="ledger_transfer_debit"),
            models.Index(fields=["credit", "seq"], name="ledger_transfer_credit"),
            models.Index(fields=["subject"], condition=~Q(subject=""), name="ledger_transfer_subject"),
            models.Index(
                fields=["expires_at"], condition=Q(expires_at__isnull=False), name="ledger_transfer_expiring"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["pending"], condition=Q(pending__isnull=False), name="ledger_transfer_resolved_once"
            ),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="ledger_transfer_two_accounts"),
            models.CheckConstraint(
                condition=Q(kind="void", amount=0)
                | ~Q(kind="void") & Q(amount__gt=0, amount__lte=AMOUNT_MAX),
                name="ledger_transfer_amount",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=("posted", "pending"), pending__isnull=True, released=0)
                | Q(kind__in=("post", "void"), pending__isnull=False, released__gt=0),
                name="ledger_transfer_shape",
            ),
            models.CheckConstraint(
                condition=~Q(kind="post") | Q(amount__lte=F("released")),
                name="ledger_transfer_within_pending",
            ),
            models.CheckConstraint(
                condition=Q(kind="pending") | Q(expires_at__isnull=True),
                name="ledger_transfer_only_pending_expires",
            ),
            models.CheckConstraint(
                condition=Q(code__regex=r"^[a-z_]+$") & Q(subject__regex=r"^[A-Za-z0-9:_.-]*$"),
                name="ledger_transfer_words",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Block(ChainBlock):
    """Transfers from one `seq` to another under one root; each block names the one before it."""

    scope = Everyone("roots say nothing about anybody; whoever keeps one can hold us to it")
    audit = Audit.no("append-only; chained")

    class Meta(ChainBlock.Meta):
        verbose_name = verbose_name_plural = _("封存区块")


class SealMark(ChainMark):
    scope = Nobody("the sealing job alone")
    audit = Audit.no("a mark that only moves forward")


class Proof(Row):
    """自动核对: what the nightly proof of all books found; empty where everything agrees."""

    scope = Everyone("whether the books agree is nobody's secret; it names accounts by number only")
    audit = Audit.no("append-only")

    wrong = models.JSONField(default=list)
    """[{"name": what was checked, "of": at most ten examples}]"""

    class Meta:
        verbose_name = verbose_name_plural = _("账本自动核对")

    def __str__(self) -> str:
        return "；".join(f"{one['name']}：{'、'.join(one['of'])}" for one in self.wrong)


class DayTotals(models.Model):
    """What the accounts of one ledger add up to at the end of a day, under one root; each names the day before."""

    scope = Everyone("sums over all accounts; whoever keeps one can hold us to it")
    audit = Audit.no("append-only; chained")

    ledger = models.PositiveSmallIntegerField(_("账本"), choices=Ledger)
    number = models.PositiveIntegerField(_("第几日"))
    day = models.DateField(_("日期"))
    block = models.ForeignKey(
        Block, models.PROTECT, db_constraint=False, related_name="+", verbose_name=_("截至区块")
    )
    """The last block that counts in: the first with everything written before the day was over."""
    accounts = models.PositiveIntegerField(_("账户"))
    debits = models.BigIntegerField(_("支出合计"))
    credits = models.BigIntegerField(_("收入合计"))
    root = models.BinaryField(max_length=32)
    previous = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)
    made_at = models.DateTimeField(_("公示时间"))

    objects = ScopedManager()

    class Meta:
        db_table = "ledger_day_totals"
        verbose_name = verbose_name_plural = _("每日总额")
        constraints = [
            models.UniqueConstraint(fields=["ledger", "number"], name="ledger_day_number"),
            models.UniqueConstraint(fields=["ledger", "day"], name="ledger_day_once"),
            models.CheckConstraint(
                condition=Q(debits=F("credits"), debits__gte=0, ledger__in=Ledger.values),
                name="ledger_day_balanced",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day}"


class DayTree(models.Model):
    """The inner half of a day's tree, and the secret its salts and its order follow from; never published."""

    scope = Nobody("proofs are made from it for the owners of accounts")
    audit = Audit.no("append-only")

    totals = models.OneToOneField(DayTotals, models.PROTECT, primary_key=True, related_name="tree")
    secret = models.BinaryField(max_length=32)
    cells = models.BinaryField()
    """As `days.Cell` packs them, in the order of their accounts."""

    objects = ScopedManager()

    class Meta:
        db_table = "ledger_day_tree"
