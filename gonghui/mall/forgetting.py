"""What becomes of orders when somebody is forgotten: they stay, and nobody opens any more where they went."""

from django.apps import apps
from django.utils.translation import gettext_lazy as _

from gonghui.mall.models.orders import AFTER_SALE_OPEN
from gonghui.members.leaving import (
    BUSINESS,
    FINANCE,
    Hindrance,
    Leaving,
    changes,
    goes,
    hinders,
    lies_open,
    stays,
)

OVER = ("completed", "cancelled", "refunded", "returned")

changes(
    "mall.MallOrder",
    _("商城订单"),
    _("订单按财务规定保存；收件人、电话和地址的密钥销毁，谁也打不开"),
    "person",
    row_secret=None,
)
stays("mall.OrderLine", _("订单里的商品"), FINANCE)
stays("mall.AfterSale", _("售后"), _("裁定要有据可查"))
goes("mall.BasketLine", _("购物车"))
goes("mall.Favourite", _("收藏"))
goes("mall.Interest", _("商城热度统计"))
lies_open("mall.Shop", "returns_to", because=BUSINESS)


@hinders
def orders_open(leaving: Leaving):
    orders = leaving.rows("mall.MallOrder", "person")
    sales = apps.get_model("mall.AfterSale").objects.unscoped("of one who wants to go")
    open_sales = sales.filter(line__order__person_id=leaving.person_id, state__in=AFTER_SALE_OPEN)
    if leaving.person_id and (orders.exclude(state__in=OVER).exists() or open_sales.exists()):
        yield Hindrance(
            "orders", _("您在惠工商城还有没完成的订单或售后。"), _("请等收货完成，或先取消、撤回。")
        )
