"""The member's mall and the supplier's side of it."""

from collections.abc import Callable

from django.urls import URLPattern, re_path

from gonghui.kit.identifiers import ROW_ID
from gonghui.mall import order_views, picture_views, supplier_views, views

PRODUCT, ORDER, LINE, AFTER_SALE, PICTURE = (
    f"(?P<{name}_id>{ROW_ID})" for name in ("product", "order", "line", "after_sale", "picture")
)


def page(route: str, view: Callable, name: str) -> URLPattern:
    return re_path(rf"^{route}/?$", view, name=name)


members = [
    page("mall", views.shelf, "mall"),
    page("mall/favourites", views.favourites, "mall_favourites"),
    page(f"mall/products/{PRODUCT}", views.product, "mall_product"),
    page(f"mall/products/{PRODUCT}/favourite", views.favourite, "mall_favourite"),
    page(f"mall/products/{PRODUCT}/basket", views.put, "mall_put"),
    re_path(
        r"^mall/pictures/(?P<name>[0-9a-f]{32})-(?P<size>thumb|card|whole)\.webp$",
        picture_views.picture,
        name="mall_picture",
    ),
    page("mall/basket", views.basket, "mall_basket"),
    page("mall/checkout", views.checkout, "mall_checkout"),
    page("mall/orders", order_views.orders, "mall_orders"),
    page(f"mall/orders/{ORDER}", order_views.order, "mall_order"),
    page(f"mall/orders/{ORDER}/pay", order_views.pay, "mall_order_pay"),
    page(f"mall/orders/{ORDER}/(?P<verb>cancel|receive|refund)", order_views.move_order, "mall_order_move"),
    page(f"mall/lines/{LINE}/after-sale", order_views.after_sale_new, "mall_after_sale_new"),
    page(
        f"mall/after-sales/{AFTER_SALE}/(?P<verb>withdraw|appeal|sent)",
        order_views.move_after_sale,
        "mall_after_sale_move",
    ),
]
suppliers = [
    page("merchant/mall/products/new", supplier_views.product_new, "mall_product_new"),
    page(f"merchant/mall/products/{PRODUCT}", supplier_views.product, "mall_product_own"),
    page(
        f"merchant/mall/products/{PRODUCT}/(?P<verb>submit|down|up|reopen|stock)",
        supplier_views.move_product,
        "mall_product_move",
    ),
    page(f"merchant/mall/products/{PRODUCT}/pictures", picture_views.upload, "mall_picture_upload"),
    page(
        f"merchant/mall/pictures/{PICTURE}/(?P<verb>first|earlier|later|remove)",
        picture_views.move,
        "mall_picture_move",
    ),
    page(
        f"merchant/mall/orders/{ORDER}/(?P<verb>accept|ship|refund|refuse)",
        supplier_views.move_order,
        "mall_supplier_order",
    ),
    page(
        f"merchant/mall/after-sales/{AFTER_SALE}/(?P<verb>agree|refuse|receive)",
        supplier_views.move_after_sale,
        "mall_supplier_after_sale",
    ),
]
urlpatterns = [*members, *suppliers]
