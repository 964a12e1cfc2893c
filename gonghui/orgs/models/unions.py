"""The union tree, employers, regions, lines of industry, and grants."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.accounts.models import User
from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree, Everyone
from gonghui.orgs.codes import EMPLOYER_CATEGORIES, Evidenced
from gonghui.orgs.roles import ROLES


class Region(Row):
    """Administrative division; `code` after GB/T 2260 (province to county) and the statistical codes below it."""

    scope = Everyone("public geography")
    audit = Audit.no("reference data")

    code = models.CharField(_("代码"), max_length=12, unique=True)
    name = models.CharField(_("名称"), max_length=64)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="children", verbose_name=_("上级")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("行政区划")

    def __str__(self) -> str:
        return self.name


class IndustryLine(Row):
    scope = Everyone("list of industrial unions' lines")
    audit = Audit.ALL

    code = models.SlugField(_("代码"), unique=True)
    name = models.CharField(_("产业"), max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = _("产业")

    def __str__(self) -> str:
        return self.name


class Employer(Evidenced, Row):
    """用人单位: a thing of its own with its own code, whether or not it has a union."""

    scope = BySubtree("unions__path", verb="unions.view")
    audit = Audit.ALL

    name = models.CharField(_("单位名称"), max_length=128)
    uscc = models.CharField(_("统一社会信用代码"), max_length=18, unique=True, null=True, blank=True)
    category = models.CharField(_("单位类别"), max_length=3, blank=True, choices=EMPLOYER_CATEGORIES)
    industry_code = models.CharField(_("行业代码"), max_length=4, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("用人单位")

    def __str__(self) -> str:
        return self.name


class UnionKind(models.TextChoices):
    PROVINCE = "province", _("省总工会")
    CITY = "city", _("市总工会")
    DISTRICT = "district", _("区县总工会")
    STREET = "street", _("街道乡镇总工会")
    INDUSTRY = "industry", _("产业工会")
    FEDERATION = "federation", _("工会联合会")
    ENTERPRISE = "enterprise", _("基层工会")
    GROUP = "group", _("工会小组")
    POOL = "pool", _("周转库")
    """Holds those who have no union of their own yet; at most one directly below a union."""


ENDED = ("merged", "dissolved")


class Union(Evidenced, Row):
    """工会. `path` is the chain of ids from the root, each ended by a dot: "1.23.456." — a subtree is a prefix."""

    scope = BySubtree("path", verb="unions.view", line_field="industry_line__code")
    audit = Audit.ALL

    Kind = UnionKind

    name = models.CharField(_("工会名称"), max_length=128)
    pinyin = models.CharField(max_length=512, editable=False, default="")
    grams = ArrayField(models.TextField(), default=list, editable=False)
    kind = models.CharField(_("类别"), max_length=16, choices=UnionKind)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("上级工会")
    )
    path = models.CharField(max_length=255, unique=True, editable=False)
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, verbose_name=_("所在地区"))
    industry_line = models.ForeignKey(
        IndustryLine, models.PROTECT, null=True, blank=True, verbose_name=_("产业")
    )
    employer = models.ForeignKey(
        Employer, models.PROTECT, null=True, blank=True, related_name="unions", verbose_name=_("用人单位")
    )
    uscc = models.CharField(_("工会统一社会信用代码"), max_length=18, unique=True, null=True, blank=True)
    status = models.CharField(
        _("状态"),
        max_length=12,
        choices=[
            ("active", _("正常")),
            ("suspended", _("暂停")),
            ("merged", _("已合并")),
            ("dissolved", _("已撤销")),
        ],
        default="active",
    )
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="merged",
        verbose_name=_("并入"),
    )

    class Meta:
        verbose_name = verbose_name_plural = _("工会")
        indexes = [
            models.Index(OpClass(F("path"), name="text_pattern_ops"), name="union_path_prefix"),
            GinIndex(fields=["grams"], name="union_grams"),
            models.Index(fields=["parent", "pinyin"], name="union_children_sorted"),
            models.Index(fields=["pinyin", "id"], name="union_by_pinyin"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(parent=F("id")), name="union_not_its_own_parent"),
            models.CheckConstraint(
                condition=Q(status="merged", merged_into__isnull=False) & ~Q(merged_into=F("id"))
                | ~Q(status="merged") & Q(merged_into=None),
                name="union_merged_into_another",
            ),
            models.UniqueConstraint(
                fields=["parent"],
                condition=Q(kind="pool", status__in=("active", "suspended")),
                name="union_one_pool",
            ),
            models.UniqueConstraint(
                fields=["employer"],
                condition=Q(kind="enterprise", status__in=("active", "suspended")),
                name="union_one_an_employer",
            ),
            models.CheckConstraint(
                condition=~Q(kind="pool") | Q(parent__isnull=False, uscc=None, employer=None),
                name="union_pool_is_no_legal_person",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_pool(self) -> bool:
        return self.kind == UnionKind.POOL


class Staff(User):
    """Accounts of staff as administrators of grants see them; which of them: `queries.seen_staff`."""

    scope = BySubtree("grants__union__path", verb="grants.write")
    audit = Audit.ALL

    class Meta:
        proxy = True
        verbose_name = verbose_name_plural = _("工作人员")


class Grant(Row):
    """A role held by a user over a subtree, between dates, handed on by somebody who held it."""

    scope = AnyOf(ByKey("user", "user_id"), BySubtree("union__path", verb="grants.write"))
    audit = Audit.ALL

    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="grants", verbose_name=_("账号"))
    role = models.CharField(_("角色"), max_length=24, choices=[(r.code, r.name) for r in ROLES.values()])
    union = models.ForeignKey(Union, models.PROTECT, related_name="grants", verbose_name=_("工会"))
    industry_line = models.ForeignKey(
        IndustryLine, models.PROTECT, null=True, blank=True, verbose_name=_("限定产业")
    )
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("结束日期"), null=True, blank=True)
    ended_at = models.DateTimeField(_("收回时间"), null=True, blank=True, editable=False)
    """Taken back before its dates ran out; the dates stay as they were given."""
    granted_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("授权人")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("授权")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="grant_dates_in_order",
            ),
            models.CheckConstraint(condition=~Q(user=F("granted_by")), name="grant_not_to_oneself"),
            models.UniqueConstraint(
                fields=["user", "role", "union", "industry_line", "starts_on"],
                nulls_distinct=False,
                condition=Q(ended_at__isnull=True),
                name="grant_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} · {self.union}"
