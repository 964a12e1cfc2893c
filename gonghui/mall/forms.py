"""What members and suppliers type. What the forms hold is checked again by the actions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from gonghui.funds.models import Section
from gonghui.kit.console.asking import YuanField
from gonghui.mall.actions.shelf import ProductFacts
from gonghui.mall.buying import ADDRESS_MAX, PHONE_MAX, RECEIVER_MAX, ShipTo
from gonghui.mall.models import AfterSale, MallOrder, Product
from gonghui.mall.models.shelf import QUANTITY_MAX, Origin

STOCK_MAX = 1_000_000


class MallForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)


class CheckoutForm(MallForm):
    receiver = forms.CharField(
        label=_("收件人"), max_length=RECEIVER_MAX, error_messages={"required": _("请填写收件人。")},
        widget=forms.TextInput({"autocomplete": "name"}),
    )  # fmt: skip
    phone = forms.CharField(
        label=_("手机号"), max_length=PHONE_MAX, error_messages={"required": _("请填写手机号。")},
        widget=forms.TextInput({"type": "tel", "inputmode": "tel", "autocomplete": "tel"}),
    )  # fmt: skip
    address = forms.CharField(
        label=_("详细地址"), max_length=ADDRESS_MAX, error_messages={"required": _("请填写详细地址。")},
        help_text=_("省市区、街道、门牌。加密保存，只给发货的商家看。"),
        widget=forms.Textarea({"rows": 2, "autocomplete": "street-address"}),
    )  # fmt: skip

    @property
    def ship_to(self) -> ShipTo:
        given = self.cleaned_data
        return ShipTo(given["receiver"].strip(), given["phone"].strip(), given["address"].strip())


class AfterSaleForm(MallForm):
    quantity = forms.IntegerField(
        label=_("几件"), min_value=1, max_value=QUANTITY_MAX, initial=1,
        error_messages={"required": _("请填写几件。")},
    )  # fmt: skip
    wanted = forms.ChoiceField(
        label=_("希望怎么处理"), choices=AfterSale.Wanted, initial="refund", widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("原因"), max_length=200, widget=forms.Textarea({"rows": 3}),
        error_messages={"required": _("请写明原因。")}, help_text=_("商家会看到这句话。"),
    )  # fmt: skip


class ProductForm(MallForm):
    """Prices are typed in yuan. Stock is asked for once: later it has a form of its own."""

    title = forms.CharField(label=_("商品名称"), max_length=60)
    section = forms.ModelChoiceField(
        Section.objects.order_by("id"), label=_("专区"), empty_label=None,
        help_text=_("职工的福豆只能在发放时指定的专区用。"),
    )  # fmt: skip
    list_fen = YuanField(label=_("商城价（元）"), min_value=Decimal("0.01"))
    market_fen = YuanField(
        label=_("市场价（元）"), min_value=Decimal("0.01"), help_text=_("并排给会员看，不能低于商城价。")
    )
    stock = forms.IntegerField(label=_("库存（件）"), min_value=0, max_value=STOCK_MAX, initial=0)
    code = forms.CharField(
        label=_("商品编码"), max_length=40, help_text=_("本店内不重复，账单和结算单上都有它。")
    )
    origins = forms.MultipleChoiceField(
        label=_("来源"), choices=Origin, required=False, widget=forms.CheckboxSelectMultiple
    )
    about = forms.CharField(
        label=_("说明"), required=False, max_length=2000, widget=forms.Textarea({"rows": 4})
    )

    def __init__(self, *args: Any, product: Product | None = None, **kwargs: Any) -> None:
        if product:
            known = {
                name: getattr(product, name) for name in ("title", "section", "code", "origins", "about")
            }
            prices = {name: Decimal(getattr(product, name)) / 100 for name in ("list_fen", "market_fen")}
            kwargs["initial"] = known | prices
        super().__init__(*args, **kwargs)
        if product:
            del self.fields["stock"]

    def facts(self) -> ProductFacts:
        given = self.cleaned_data
        return ProductFacts(
            section_id=given["section"].pk,
            title=given["title"].strip(),
            code=given["code"].strip(),
            list_fen=given["list_fen"],
            market_fen=given["market_fen"],
            about=given["about"].strip(),
            origins=tuple(given["origins"]),
            stock=given.get("stock", 0),
        )


def known_address(last: MallOrder | None) -> dict[str, Any]:
    """Of one's own last order."""
    return {"receiver": last.receiver, "phone": last.phone, "address": last.address} if last else {}
