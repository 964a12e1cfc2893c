"""People, whether they are verified, and which union they belong to. Registered, verified and member are three states."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.fields import BlindIndexField, SealedTextField
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree, Everyone, Nobody


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

    scope = AnyOf(ByKey("person", "id"), BySubtree("memberships__union__path", verb="members.view"))
    audit = Audit.ALL

    user = models.OneToOneField(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="person", verbose_name=_("账号")
    )
    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("姓名"), max_length=64)
    pinyin = models.CharField(max_length=256, editable=False, default="")
    grams = ArrayField(models.TextField(), default=list, editable=False)
    id_type = models.CharField(_("证件类型"), max_length=16, default="resident_id")
    id_no = SealedTextField(_("证件号码"), null=True, blank=True)
    id_index = BlindIndexField(context="id_no", of="id_no", null=True, editable=False)
    phone = SealedTextField(_("手机号"), null=True, blank=True)
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
                condition=~Q(verification="verified") | Q(id_index__isnull=False, verified_at__isnull=False),
                name="verified_has_id_and_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_verified(self) -> bool:
        return self.verification == Verification.VERIFIED


class Membership(Row):
    """会籍: at most one live one a person; it follows the labour relation (会籍管理办法 第二、三条)."""

    scope = AnyOf(ByKey("person", "person_id"), BySubtree("union__path", verb="members.view"))
    audit = Audit.ALL

    person = models.ForeignKey(Person, models.PROTECT, related_name="memberships", verbose_name=_("职工"))
    union = models.ForeignKey(
        "orgs.Union", models.PROTECT, related_name="memberships", verbose_name=_("所属工会")
    )
    status = models.CharField(
        _("会籍状态"),
        max_length=12,
        default="active",
        choices=[
            ("active", _("在籍")),
            ("transferring", _("转接中")),
            ("retained", _("保留会籍")),
            ("exited", _("已退会")),
            ("expelled", _("已除名")),
            ("ended", _("已终止")),
        ],
    )
    joined_on = models.DateField(_("入会日期"), null=True, blank=True)
    source = models.CharField(_("入会渠道"), max_length=16, default="batch")
    left_on = models.DateField(_("离会日期"), null=True, blank=True)

    LIVE = ("active", "transferring", "retained")

    class Meta:
        verbose_name = verbose_name_plural = _("会籍")
        indexes = [models.Index(fields=["union", "status"], name="membership_of_union")]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(status__in=("active", "transferring", "retained")),
                name="one_live_membership",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.union}"


class MembershipChange(Row):
    """会籍变动: somebody died, retired, left, or moved to another union. One notes it with its document, another confirms."""

    scope = AnyOf(
        ByKey("person", "person_id"),
        BySubtree("union__path", verb="members.view"),
        BySubtree("to_union__path", verb="members.view"),
    )
    audit = Audit.ALL

    class Kind(models.TextChoices):
        DIED = "died", _("离世")
        RETIRED = "retired", _("退休")
        LEFT = "left", _("退会")
        MOVED = "moved", _("转会")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待复核")
        CONFIRMED = "confirmed", _("已生效")
        REFUSED = "refused", _("已退回")

    membership = models.ForeignKey(Membership, models.PROTECT, related_name="changes", verbose_name=_("会籍"))
    person = models.ForeignKey(
        Person, models.PROTECT, related_name="membership_changes", verbose_name=_("职工")
    )
    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("所在工会"))
    to_union = models.ForeignKey(
        "orgs.Union", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("转入工会")
    )
    kind = models.CharField(_("变动"), max_length=8, choices=Kind)
    happened_on = models.DateField(_("发生日期"))
    document = models.CharField(_("证明文号"), max_length=80)
    reason = models.CharField(_("说明"), max_length=200)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.PROPOSED, editable=False)
    answer = models.CharField(_("退回原因"), max_length=200, blank=True, editable=False)
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("经办人"))
    checker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("复核人")
    )
    decided_at = models.DateTimeField(_("复核时间"), null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("会籍变动")
        constraints = [
            models.UniqueConstraint(
                fields=["membership"], condition=Q(state="proposed"), name="members_change_one_open"
            ),
            models.UniqueConstraint(
                fields=["membership", "kind"], condition=Q(state="confirmed"), name="members_change_once"
            ),
            models.CheckConstraint(
                condition=Q(kind="moved", to_union__isnull=False) & ~Q(to_union=F("union"))
                | ~Q(kind="moved") & Q(to_union__isnull=True),
                name="members_change_moves_elsewhere",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed") | Q(checker__isnull=False) & ~Q(maker=F("checker")),
                name="members_change_maker_is_not_checker",
            ),
            models.CheckConstraint(
                condition=~Q(document="") & ~Q(reason=""), name="members_change_has_its_document"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.get_kind_display()}"


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


class VerificationTry(Row):
    """Each attempt at a real-name check: three a day."""

    scope = ByKey("user", "user_id")
    audit = Audit.no("append-only record itself")

    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="+")
    on = models.DateField()
    provider = models.CharField(max_length=24)
    outcome = models.CharField(max_length=24)

    class Meta:
        indexes = [models.Index(fields=["user", "on"], name="verification_try_day")]


class MergeCase(Row):
    """The same ID number claimed by two accounts: a person looks, no second verified person arises (I01)."""

    scope = BySubtree("person__memberships__union__path", verb="members.view")
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


class RosterImport(Row):
    """One uploaded roster: checked first, applied by a second step; counts and refused rows stay to be looked at."""

    scope = BySubtree("union__path", verb="rosters.view")
    audit = Audit.ALL

    union = models.ForeignKey("orgs.Union", models.PROTECT, related_name="+", verbose_name=_("工会"))
    file_name = models.CharField(_("文件名"), max_length=200)
    file_hash = models.BinaryField(editable=False)
    sheet_name = models.CharField(_("工作表"), max_length=64, blank=True)
    headings = models.JSONField(_("表头"), default=list)
    """Of the cells of refused rows."""
    state = models.CharField(
        _("状态"),
        max_length=10,
        default="checking",
        choices=[
            ("checking", _("检查中")),
            ("checked", _("待确认")),
            ("applying", _("导入中")),
            ("applied", _("已导入")),
            ("failed", _("失败")),
            ("dropped", _("已放弃")),
        ],
    )
    rows_total = models.PositiveIntegerField(_("行数"), default=0)
    count_new = models.PositiveIntegerField(_("新增"), default=0)
    count_changed = models.PositiveIntegerField(_("变更"), default=0)
    count_same = models.PositiveIntegerField(_("无变化"), default=0)
    count_refused = models.PositiveIntegerField(_("退回"), default=0)
    notes = models.JSONField(_("提示"), default=list)
    problem = models.TextField(_("问题"), blank=True)
    maker = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("经办人"))
    applied_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("确认人")
    )
    applied_at = models.DateTimeField(_("导入时间"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("名册导入")
        indexes = [models.Index(fields=["union", "-id"], name="roster_of_union")]

    def __str__(self) -> str:
        return self.file_name


class RosterSheet(Row):
    """The uploaded sheet of one import, sealed, and how far a run has come; gone once applied or given up."""

    scope = BySubtree("roster__union__path", verb="rosters.view")
    audit = Audit.no("personal data of a whole roster; the import is audited")

    roster = models.OneToOneField(RosterImport, models.CASCADE, related_name="sheet")
    content = models.BinaryField()
    run = models.UUIDField(null=True)
    """The run that holds the sheet; an older one stops when it sees another here."""
    rows_read = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)


class RosterRefusal(Row):
    """A row sent back: its line, its cells (sealed) and why."""

    scope = BySubtree("roster__union__path", verb="rosters.view")
    audit = Audit.no("belongs to the import, which is audited")

    roster = models.ForeignKey(RosterImport, models.CASCADE, related_name="refusals")
    line_no = models.PositiveIntegerField(_("行号"))
    reasons = models.JSONField(_("原因"))
    cells = SealedTextField()

    class Meta:
        indexes = [models.Index(fields=["roster", "line_no"], name="roster_refusal_line")]
