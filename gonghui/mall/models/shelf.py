"""货架: shops, what they sell, what members put aside. The shelves are the sections that points know (`funds.Section`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

from gonghui.kit.audit import Audit
from gonghui.kit.models import Row
from gonghui.kit.scope import AnyOf, ByKey, BySubtree, Where
from gonghui.mall.tiles import tile_path

if TYPE_CHECKING:
    from gonghui.mall.models.pictures import Picture

QUANTITY_MAX = 99
REVIEWED = ("listed", "down")

# verb → {from: to}; the same table stands in sql/10_shelf.sql.
PRODUCT_VERBS = {
    "submit": {"draft": "submitted"},
    "approve": {"submitted": "listed"},
    "send_back": {"submitted": "draft"},
    "take_down": {"listed": "down"},
    "put_up": {"down": "listed"},
    "rewrite": {"down": "draft"},
}


class Origin(models.TextChoices):
    LOCAL_BRAND = "local_brand", _("本地优品")
    FARM_AID = "farm_aid", _("助农")
    LOCAL_FIRM = "local_firm", _("本地企业")


class Shop(Row):
    """网上店: a store of a partner that sends what it sells. Its agreement, its bills and its statements are the partner's."""

    scope = AnyOf(
        Where(is_open=True),
        ByKey("books", "store_id"),
        BySubtree("store__partner__union__path", verb="mall.view"),
    )
    audit = Audit.ALL

    store = models.OneToOneField(
        "partners.Store", models.PROTECT, related_name="shop", verbose_name=_("合作单位的店")
    )
    returns_to = models.CharField(
        _("退货地址"), max_length=200, help_text=_("收件人、电话和地址，退货时给会员看。")
    )
    is_open = models.BooleanField(_("营业中"), default=True)

    class Meta:
        verbose_name = verbose_name_plural = _("网上店")

    def __str__(self) -> str:
        return str(self.store)


class Product(Row):
    """商品. What was reviewed does not change; `stock` never falls below zero and moves with order lines and by `add_stock`."""

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        SUBMITTED = "submitted", _("待复核")
        LISTED = "listed", _("在售")
        DOWN = "down", _("已下架")

    scope = AnyOf(
        Where(state="listed", shop__is_open=True),
        ByKey("books", "shop__store_id"),
        BySubtree("shop__store__partner__union__path", verb="mall.view"),
    )
    audit = Audit.CHANGES

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="products", verbose_name=_("网上店"))
    section = models.ForeignKey(
        "funds.Section", models.PROTECT, related_name="products", verbose_name=_("专区")
    )
    title = models.CharField(_("商品"), max_length=60)
    about = models.TextField(_("说明"), blank=True, max_length=2000)
    code = models.CharField(_("商品编码"), max_length=40)
    origins = ArrayField(
        models.CharField(max_length=12, choices=Origin), verbose_name=_("来源"), default=list, blank=True
    )
    list_fen = models.PositiveIntegerField(_("商城价（分）"))
    market_fen = models.PositiveIntegerField(_("市场价（分）"))
    stock = models.IntegerField(_("库存"), default=0)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.DRAFT, editable=False)
    maker = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="+", editable=False, verbose_name=_("填写人")
    )
    checker = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("复核人")
    )
    reason = models.CharField(_("退回原因"), max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = _("商品")
        indexes = [
            models.Index(
                fields=["section", "-id"], condition=Q(state="listed"), name="mall_product_on_shelf"
            ),
            models.Index(fields=["shop", "state"], name="mall_product_of_shop"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(stock__gte=0), name="mall_stock_never_below_zero"),
            models.CheckConstraint(
                condition=Q(list_fen__gte=1, market_fen__gte=F("list_fen")),
                name="mall_price_at_most_the_markets",
                violation_error_message=_("商城价要大于 0，不能高于市场价。"),
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "submitted"])
                | (Q(checker__isnull=False) & ~Q(checker=F("maker"))),
                name="mall_product_maker_is_not_checker",
            ),
            models.UniqueConstraint(
                fields=["shop", "code"],
                name="mall_product_code_once",
                violation_error_message=_("这个商品编码已经用过。"),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def origin_names(self) -> list[str]:
        return [str(Origin(code).label) for code in self.origins]

    @property
    def tile(self) -> str:
        """The drawn picture of its section."""
        return static(tile_path(self.section.code))

    @property
    def gallery(self) -> list[Picture]:
        """In order; of a row read with its pictures."""
        return [use.picture for use in self.pictures.all()]

    @property
    def cover(self) -> Picture | None:
        """The first, as it was reviewed: while a product is being changed members see the drawn one."""
        return next(iter(self.gallery), None) if self.state in REVIEWED else None

    @property
    def saved_fen(self) -> int:
        """Less than at the market."""
        return self.market_fen - self.list_fen


class BasketLine(Row):
    scope = ByKey("person", "person_id")
    audit = Audit.no("what somebody thinks of buying is no fact yet")

    person = models.ForeignKey("members.Person", models.CASCADE, related_name="+", verbose_name=_("会员"))
    product = models.ForeignKey(Product, models.CASCADE, related_name="+", verbose_name=_("商品"))
    quantity = models.PositiveSmallIntegerField(_("数量"))

    class Meta:
        verbose_name = verbose_name_plural = _("购物篮")
        constraints = [
            models.UniqueConstraint(fields=["person", "product"], name="mall_basket_line_once"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=QUANTITY_MAX), name="mall_basket_quantity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}/{self.product_id}"


class Favourite(Row):
    scope = ByKey("person", "person_id")
    audit = Audit.no("a mark of one's own")

    person = models.ForeignKey("members.Person", models.CASCADE, related_name="+", verbose_name=_("会员"))
    product = models.ForeignKey(Product, models.CASCADE, related_name="+", verbose_name=_("商品"))

    class Meta:
        verbose_name = verbose_name_plural = _("收藏")
        constraints = [models.UniqueConstraint(fields=["person", "product"], name="mall_favourite_once")]

    def __str__(self) -> str:
        return f"{self.person_id}/{self.product_id}"
