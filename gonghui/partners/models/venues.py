"""Partners in their tree (group, mall, store), their stores (venues), halls and the clerks who honour vouchers there."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree, Where


class PartnerKind(models.TextChoices):
    PARK = "park", _("公园景区")
    CINEMA = "cinema", _("影院")
    THEATRE = "theatre", _("剧场")
    MUSEUM = "museum", _("场馆")
    SPORTS = "sports", _("运动场馆")
    CRUISE = "cruise", _("游船")
    LIBRARY = "library", _("书店图书馆")
    PALACE = "palace", _("工人文化宫")
    DEPARTMENT = "department", _("政府部门")
    FOOD = "food", _("餐饮食堂")
    RETAIL = "retail", _("商超零售")
    CAR = "car", _("汽车服务")
    HEALTH = "health", _("医疗体检")
    LIVING = "living", _("生活服务")
    OTHER = "other", _("其他")


# SM-11; an exit is for good: whoever wants to come back applies again.
PARTNER_VERBS = {
    "suspend": {"active": "suspended"},
    "resume": {"suspended": "active"},
    "exit": {"active": "exited", "suspended": "exited"},
}


class Partner(Row):
    scope = AnyOf(
        Where(state="active"), ByKey("partner", "id"), BySubtree("union__path", verb="partners.view")
    )
    audit = Audit.ALL

    class State(models.TextChoices):
        ACTIVE = "active", _("合作中")
        SUSPENDED = "suspended", _("已暂停")
        EXITED = "exited", _("已退出")

    class GroupKind(models.TextChoices):
        SINGLE = "single", _("单独经营")
        GROUP = "group", _("集团")
        MALL = "mall", _("商场")
        BRAND = "brand", _("品牌")

    union = models.ForeignKey(
        "orgs.Union", models.PROTECT, related_name="partners", verbose_name=_("签约工会")
    )
    name = models.CharField(_("合作单位"), max_length=96)
    kind = models.CharField(_("类别"), max_length=16, choices=PartnerKind)
    group_kind = models.CharField(_("层级"), max_length=8, choices=GroupKind, default=GroupKind.SINGLE)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("上级商户")
    )
    """Group → mall → shop; that nothing lies above itself is held by a trigger."""
    uscc = models.CharField(_("统一社会信用代码"), max_length=18, blank=True)
    since = models.DateField(_("合作开始"))
    state = models.CharField(_("状态"), max_length=10, default=State.ACTIVE, choices=State, editable=False)
    honours_until = models.DateField(_("已领的券兑付到"), null=True, blank=True, editable=False)
    """Set by the exit: until then its clerks honour what members already hold."""

    class Meta:
        verbose_name = verbose_name_plural = _("合作单位")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["active", "suspended"], honours_until=None) | Q(state="exited"),
                name="partner_state_known",
            ),
            models.CheckConstraint(condition=~Q(parent=models.F("id")), name="partner_not_its_own_parent"),
            models.UniqueConstraint(
                fields=["uscc"],
                condition=~Q(uscc="") & ~Q(state="exited"),
                name="partner_uscc_once",
                violation_error_message=_("这个统一社会信用代码已经是合作单位。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Store(Row):
    """门店或场馆: where vouchers are honoured."""

    scope = AnyOf(
        Where(partner__state="active"),
        ByKey("store", "id"),
        ByKey("books", "id"),
        BySubtree("partner__union__path", verb="partners.view"),
    )
    audit = Audit.ALL

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="stores", verbose_name=_("合作单位"))
    name = models.CharField(_("场馆"), max_length=96)
    address = models.CharField(_("地址"), max_length=200, blank=True)
    latitude = models.DecimalField(_("纬度"), max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(_("经度"), max_digits=9, decimal_places=6, null=True, blank=True)
    phone = models.CharField(_("联系电话"), max_length=24, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("场馆")

    def __str__(self) -> str:
        return self.name


class Hall(Row):
    scope = AnyOf(
        Where(store__partner__state="active"),
        BySubtree("store__partner__union__path", verb="partners.view"),
    )
    audit = Audit.ALL

    store = models.ForeignKey(Store, models.PROTECT, related_name="halls", verbose_name=_("场馆"))
    name = models.CharField(_("厅"), max_length=48)
    seats = models.PositiveIntegerField(_("座位数"))

    class Meta:
        verbose_name = verbose_name_plural = _("厅")
        constraints = [
            models.CheckConstraint(condition=Q(seats__gt=0), name="hall_has_seats"),
            models.UniqueConstraint(fields=["store", "name"], name="hall_name_once"),
        ]

    def __str__(self) -> str:
        return f"{self.store} {self.name}"


class Clerk(Row):
    """店员: a user who may honour vouchers at one store."""

    scope = AnyOf(
        ByKey("user", "user_id"),
        ByKey("books", "store_id"),
        BySubtree("store__partner__union__path", verb="partners.view"),
    )
    audit = Audit.ALL

    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="desks", verbose_name=_("账号"))
    store = models.ForeignKey(Store, models.CASCADE, related_name="clerks", verbose_name=_("场馆"))
    ended_at = models.DateTimeField(_("离岗时间"), null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("店员")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "store"], condition=Q(ended_at__isnull=True), name="clerk_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.store}"
