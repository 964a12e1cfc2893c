"""Partners, their stores (venues), halls and the clerks who honour vouchers there."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree, Where


class Partner(Row):
    scope = AnyOf(Where(state="active"), BySubtree("union__path", verb="partners.view"))
    audit = Audit.ALL

    union = models.ForeignKey(
        "orgs.Union", models.PROTECT, related_name="partners", verbose_name=_("签约工会")
    )
    name = models.CharField(_("合作单位"), max_length=96)
    kind = models.CharField(
        _("类别"),
        max_length=16,
        choices=[
            ("park", _("公园景区")),
            ("cinema", _("影院")),
            ("theatre", _("剧场")),
            ("museum", _("场馆")),
            ("sports", _("运动场馆")),
            ("cruise", _("游船")),
            ("library", _("书店图书馆")),
            ("palace", _("工人文化宫")),
            ("department", _("政府部门")),
            ("other", _("其他")),
        ],
    )
    since = models.DateField(_("合作开始"))
    state = models.CharField(
        _("状态"), max_length=10, default="active", choices=[("active", _("合作中")), ("ended", _("已退出"))]
    )

    class Meta:
        verbose_name = verbose_name_plural = _("合作单位")

    def __str__(self) -> str:
        return self.name


class Store(Row):
    """门店或场馆: where vouchers are honoured."""

    scope = AnyOf(
        Where(partner__state="active"),
        ByKey("store", "id"),
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

    scope = AnyOf(ByKey("user", "user_id"), BySubtree("store__partner__union__path", verb="partners.view"))
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
