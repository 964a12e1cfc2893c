"""Tables of the app."""

from gonghui.mall.models.orders import AfterSale, MallOrder, OrderLine
from gonghui.mall.models.shelf import BasketLine, Favourite, Product, Shop

__all__ = ["AfterSale", "BasketLine", "Favourite", "MallOrder", "OrderLine", "Product", "Shop"]
