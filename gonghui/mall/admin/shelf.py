"""Shops and their products: opened by the union, reviewed by another than who wrote them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from gonghui.funds.models import Section
from gonghui.kit.console import (
    ChoicesDropdownFilter,
    ReasonForm,
    ScopedAdmin,
    SmallNameSearch,
    Verb,
    VerbForm,
    console_page,
    in_state,
    related_filter,
    state_column,
    subtree_filter,
)
from gonghui.kit.console.asking import YuanField, ask
from gonghui.kit.errors import BAD_INPUT, DomainError
from gonghui.kit.templatetags.kit import yuan
from gonghui.mall.actions import shelf as actions
from gonghui.mall.actions.shelf import ProductFacts
from gonghui.mall.forms import STOCK_MAX
from gonghui.mall.models import Product, ProductPicture, Shop
from gonghui.mall.models.shelf import Origin
from gonghui.partners.models import Store

TONES = {"draft": "info", "submitted": "warning", "listed": "success", "down": "default"}
UNION = "store__partner__union__path"
APPROVING = gettext_lazy("已核对价格不高于市场、来源属实、图片与商品相符。通过后会员马上能买。")
PICTURE = (
    '<a href="{}" target="_blank" rel="noopener">'
    '<img src="{}" alt="{}" width="160" height="160" loading="lazy"><span>{}</span></a>'
)


class StockForm(VerbForm):
    pieces = forms.IntegerField(
        label=gettext_lazy("增减多少件"),
        help_text=gettext_lazy("减少写负数。"),
        max_value=STOCK_MAX,
        min_value=-STOCK_MAX,
    )


class ShopForm(forms.Form):
    store = forms.ModelChoiceField(None, label=gettext_lazy("合作单位的店"))
    returns_to = forms.CharField(
        label=gettext_lazy("退货地址"),
        max_length=200,
        help_text=gettext_lazy("收件人、电话和地址，退货时给会员看。"),
    )

    def __init__(self, *args: Any, actor: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stores = Store.objects.visible_to(actor).filter(partner__state="active", shop=None)
        self.fields["store"].queryset = stores.select_related("partner").order_by("-id")

    def facts(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class NewProductForm(forms.Form):
    """As a supplier types it, for a shop of one's own unions."""

    shop = forms.ModelChoiceField(None, label=gettext_lazy("网上店"))
    section = forms.ModelChoiceField(Section.objects.order_by("id"), label=gettext_lazy("专区"))
    title = forms.CharField(label=gettext_lazy("商品"), max_length=60)
    code = forms.CharField(label=gettext_lazy("商品编码"), max_length=40)
    list_fen = YuanField(label=gettext_lazy("商城价（元）"), min_value=Decimal("0.01"))
    market_fen = YuanField(label=gettext_lazy("市场价（元）"), min_value=Decimal("0.01"))
    stock = forms.IntegerField(label=gettext_lazy("库存"), min_value=0, max_value=STOCK_MAX, initial=0)
    origins = forms.MultipleChoiceField(label=gettext_lazy("来源"), choices=Origin, required=False)
    about = forms.CharField(
        label=gettext_lazy("说明"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )
    halves = ("code", "list_fen", "market_fen", "stock")

    def __init__(self, *args: Any, actor: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shop"].queryset = Shop.objects.visible_to(actor).select_related("store").order_by("-id")

    def facts(self) -> dict[str, Any]:
        given = self.cleaned_data
        plain = {name: given[name] for name in ("title", "code", "list_fen", "market_fen", "stock", "about")}
        facts = ProductFacts(section_id=given["section"].pk, origins=tuple(given["origins"]), **plain)
        return {"shop": given["shop"], "facts": facts}


@console_page("mall/shops/new", name="mall_shop_new", needs="mall.write")
def shop_new(request: HttpRequest) -> HttpResponse:
    form = ShopForm(request.POST or None, actor=request.actor)
    back = reverse("admin:mall_shop_changelist")
    facts = {"title": _("开通网上店"), "says": _("网上店已开通。"), "back": back}
    return ask(request, form, actions.open_shop, goes_to=lambda _shop: back, **facts)


@console_page("mall/products/new", name="mall_product_draft", needs="mall.write")
def product_new(request: HttpRequest) -> HttpResponse:
    form = NewProductForm(request.POST or None, actor=request.actor)
    back = reverse("admin:mall_product_changelist")

    def draft(actor, **facts) -> Product:
        try:
            return actions.draft_product(actor, **facts)
        except ValidationError as invalid:
            raise DomainError(BAD_INPUT, detail="".join(invalid.messages)) from None

    facts = {"title": _("新建商品"), "says": _("草稿已建，请提交复核。"), "back": back}
    return ask(
        request, form, draft, goes_to=lambda row: reverse("admin:mall_product_change", args=[row.pk]), **facts
    )


@admin.register(Shop)
class ShopAdmin(ScopedAdmin):
    icon, order = "storefront", 10
    view_verb = "mall.view"
    search = SmallNameSearch("store__name")
    search_help_text = _("网上店名称：汉字、全拼或首字母")
    new_page = ("mall_shop_new", "mall.write", gettext_lazy("开通网上店"))
    list_display = ("store", "partner", "is_open", "returns_to")
    list_select_related = ("store__partner",)
    list_filter = (subtree_filter(UNION),)
    ordering = ("-id",)
    fields = ("store", "returns_to", "is_open")
    verbs = (
        Verb("close", gettext_lazy("停业"), actions.close_shop, "mall.write", icon="block", tone="danger", form=ReasonForm,
             when=lambda row: row.is_open, question=gettext_lazy("商品不再出售；已下的单照常发货、照常结算。")),
        Verb("reopen", gettext_lazy("恢复营业"), actions.reopen_shop, "mall.write", icon="storefront",
             when=lambda row: not row.is_open),
    )  # fmt: skip

    @display(description=gettext_lazy("合作单位"))
    def partner(self, row: Shop) -> str:
        return row.store.partner.name


@admin.register(Product)
class ProductAdmin(ScopedAdmin):
    icon, order = "inventory_2", 20
    view_verb = "mall.view"
    state_field = "state"
    search = SmallNameSearch("title")
    search_help_text = _("商品名称：汉字、全拼或首字母")
    new_page = ("mall_product_draft", "mall.write", gettext_lazy("新建商品"))
    list_display = (
        "title",
        "shop",
        "section",
        "price_shown",
        "market_shown",
        "stock",
        state_column("state", TONES),
    )
    list_select_related = ("shop__store", "section")
    list_filter = (
        subtree_filter("shop__store__partner__union__path"),
        ("state", ChoicesDropdownFilter),
        related_filter("section"),
        related_filter("shop"),
    )
    ordering = ("-id",)
    fields = (
        "title", "pictures_shown", ("shop", "section"),
        ("price_shown", "market_shown", "stock"), ("code", "origins_shown"), "about",
        ("state", "reason"), ("maker", "checker"),
    )  # fmt: skip
    verbs = (
        Verb("submit", gettext_lazy("提交复核"), actions.submit_product, "mall.write", icon="send", tone="primary",
             when=in_state("draft"), key="product_id"),
        Verb("approve", gettext_lazy("复核通过"), actions.approve_product, "mall.review", icon="fact_check", tone="primary",
             when=in_state("submitted"), question=APPROVING),
        Verb("send_back", gettext_lazy("退回"), actions.send_back_product, "mall.review", icon="undo", form=ReasonForm,
             when=in_state("submitted")),
        Verb("take_down", gettext_lazy("下架"), actions.take_down_product, "mall.write", icon="visibility_off", tone="danger",
             when=in_state("listed"), question=gettext_lazy("不再出售；已下的单照常发货。")),
        Verb("put_up", gettext_lazy("重新上架"), actions.put_up_product, "mall.write", icon="visibility",
             when=in_state("down")),
        Verb("reopen", gettext_lazy("转为草稿"), actions.reopen_product, "mall.write", icon="edit", when=in_state("down"),
             question=gettext_lazy("改好以后要重新复核。")),
        Verb("stock", gettext_lazy("改库存"), actions.add_stock, "mall.write", icon="exposure", form=StockForm),
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj=None) -> list:
        own = ["pictures_shown", "price_shown", "market_shown", "origins_shown", "maker", "checker", "reason"]
        return [*super().get_readonly_fields(request, obj), *own]

    class Media:
        css: ClassVar = {"all": ["mall/console.css"]}

    @display(description=gettext_lazy("图片"))
    def pictures_shown(self, row: Product) -> str:
        """As members will see them, the cover first; each opens whole."""
        found = ProductPicture.objects.unscoped("of a product in hand").select_related("picture")
        shown = [
            (use.picture.whole, use.picture.card, _("图 %d") % nth, _("封面") if nth == 1 else "")
            for nth, use in enumerate(found.filter(product=row).order_by("nth"), 1)
        ]
        if not shown:
            return _("没有图片，货架上用专区的图案。")
        return format_html('<div class="mall-pictures">{}</div>', format_html_join("", PICTURE, shown))

    @display(description=gettext_lazy("商城价（元）"), ordering="list_fen")
    def price_shown(self, row: Product) -> str:
        return yuan(row.list_fen)

    @display(description=gettext_lazy("市场价（元）"), ordering="market_fen")
    def market_shown(self, row: Product) -> str:
        return yuan(row.market_fen)

    @display(description=gettext_lazy("来源"))
    def origins_shown(self, row: Product) -> str:
        return "、".join(row.origin_names) or "—"
