"""Tables of the app."""

from gonghui.mall.models.interest import Interest, RankingSnapshot, Subsidy
from gonghui.mall.models.orders import AfterSale, MallOrder, OrderLine
from gonghui.mall.models.pictures import Picture, PictureFile, ProductPicture
from gonghui.mall.models.retunes import Retune
from gonghui.mall.models.shelf import BasketLine, Favourite, Product, Shop

__all__ = [
    "AfterSale",
    "BasketLine",
    "Favourite",
    "Interest",
    "MallOrder",
    "OrderLine",
    "Picture",
    "PictureFile",
    "Product",
    "ProductPicture",
    "RankingSnapshot",
    "Retune",
    "Shop",
    "Subsidy",
]
