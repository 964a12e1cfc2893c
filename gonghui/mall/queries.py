"""Reads of the mall: the shelf for members, one's own orders, what a supplier has to do."""

from __future__ import annotations

from django.db.models import Count, F, Prefetch, Q, QuerySet

from gonghui.bills.offers_live import asker_and_groups
from gonghui.funds.models import Section
from gonghui.kit import clock
from gonghui.kit.actors import ANONYMOUS, Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.mall.models import (
    AfterSale,
    BasketLine,
    Favourite,
    MallOrder,
    OrderLine,
    Picture,
    PictureFile,
    Product,
    ProductPicture,
    Shop,
)

TO_DO = ("paid", "to_ship", "refund_requested")
QUESTION_MAX = 30


def pictures(of: str = "pictures") -> Prefetch:
    """One query for those of all products in hand."""
    found = ProductPicture.objects.unscoped("of products in hand").select_related("picture")
    return Prefetch(of, found.order_by("nth"))


def lines_shown(of: str = "lines") -> Prefetch:
    """With the picture each was bought by, and the section whose drawing stands for none."""
    found = OrderLine.objects.unscoped("of orders in hand").select_related("picture", "product__section")
    return Prefetch(of, found.order_by("nth"))


# --- the shelf ----------------------------------------------------------------------------------------------


def on_shelf(section: str = "", question: str = "") -> QuerySet[Product]:
    """Newest first, what is sold out last. `question` in the title, the text or the shop's name."""
    found = Product.objects.unscoped("what everybody may buy").filter(
        state=Product.State.LISTED, shop__is_open=True, shop__store__partner__state="active"
    )
    if section:
        found = found.filter(section__code=section)
    for word in question[:QUESTION_MAX].split():
        found = found.filter(
            Q(title__icontains=word) | Q(about__icontains=word) | Q(shop__store__name__icontains=word)
        )
    return found.select_related("section", "shop__store").prefetch_related(pictures()).order_by("-id")


def shelves() -> list[Section]:
    """Sections with something in them, each with how many: `kinds`."""
    listed = Q(products__state="listed", products__shop__is_open=True)
    found = Section.objects.annotate(kinds=Count("products", filter=listed)).filter(kinds__gt=0)
    return list(found.order_by("id"))


def product_for(actor: Actor, product_id: int) -> Product:
    """On the shelf, or one's own shop's."""
    found = Product.objects.visible_to(actor).select_related("section", "shop__store__partner")
    product = found.prefetch_related(pictures()).filter(pk=product_id).first()
    require(product, NOT_FOUND)
    return product


def picture_file(actor: Actor, name: str, size: str) -> tuple[bytes, bool]:
    """The bytes, and whether everybody may see them. Who asks is looked up only where not everybody may."""
    known = Picture.objects.visible_to(ANONYMOUS).filter(name=name).exists()
    require(known or Picture.objects.visible_to(actor).filter(name=name).exists(), NOT_FOUND)
    found = PictureFile.objects.unscoped("of a picture its reader may see").filter(size=size)
    return bytes(found.values_list("content", flat=True).get(picture__name=name)), known


def favourites(actor: Actor) -> set[int]:
    return set(Favourite.objects.visible_to(actor).values_list("product_id", flat=True))


# --- the member ---------------------------------------------------------------------------------------------


def basket(actor: Actor) -> list[BasketLine]:
    return list(_basket(actor))


def basket_shown(actor: Actor) -> list[BasketLine]:
    """With pictures."""
    return list(_basket(actor).prefetch_related(pictures("product__pictures")))


def _basket(actor: Actor) -> QuerySet[BasketLine]:
    found = BasketLine.objects.visible_to(actor).select_related("product__shop__store", "product__section")
    return found.order_by("product__shop_id", "id")


def own_orders(actor: Actor) -> QuerySet[MallOrder]:
    found = MallOrder.objects.unscoped("one's own").filter(person_id=actor.person_id)
    if actor.person_id is None:
        found = found.none()
    return found.select_related("shop__store", "bill").prefetch_related(lines_shown()).order_by("-id")


def last_order(actor: Actor) -> MallOrder | None:
    return own_orders(actor).prefetch_related(None).first()


def own_order(actor: Actor, order_id: int) -> MallOrder:
    order = own_orders(actor).filter(pk=order_id).first()
    require(order, NOT_FOUND)
    return order


def after_sales_of(order: MallOrder) -> list[AfterSale]:
    found = AfterSale.objects.unscoped("of an order in hand").filter(line__order=order)
    return list(found.select_related("line").order_by("-id"))


def own_after_sale(actor: Actor, after_sale_id: int) -> AfterSale:
    found = AfterSale.objects.unscoped("one's own").select_related("line")
    mine = found.filter(pk=after_sale_id, line__order__person_id=actor.person_id or 0).first()
    require(mine, NOT_FOUND)
    return mine


def points_in_words(person_id: int) -> list[tuple[int, list[str]]]:
    """So many 福豆, and the sections they are for; none named: everywhere. Two queries."""
    asker, _groups = asker_and_groups(person_id, clock.now())
    found: dict[frozenset[str], int] = {}
    for lot in asker.lots:
        found[lot.sections] = found.get(lot.sections, 0) + lot.points
    names = dict(Section.objects.order_by("id").values_list("code", "name")) if found else {}
    return [
        (points, [name for code, name in names.items() if code in codes]) for codes, points in found.items()
    ]


# --- the supplier -------------------------------------------------------------------------------------------


def own_shops(actor: Actor) -> QuerySet[Shop]:
    found = Shop.objects.unscoped("one's own").filter(store_id__in=actor.owns("books"))
    return found.select_related("store__partner").order_by("id")


def shop_orders(actor: Actor) -> QuerySet[MallOrder]:
    found = MallOrder.objects.unscoped("of one's own shop").filter(shop__store_id__in=actor.owns("books"))
    return found.select_related("shop__store").prefetch_related("lines").order_by("id")


def orders_to_do(actor: Actor) -> QuerySet[MallOrder]:
    """The oldest first; who wants their money back before those who wait for a parcel."""
    return shop_orders(actor).filter(state__in=TO_DO).order_by(F("asked_at").asc(nulls_last=True), "id")


def orders_under_way(actor: Actor) -> QuerySet[MallOrder]:
    return shop_orders(actor).filter(state__in=("shipped", "delivered")).order_by("-id")


def after_sales_to_do(actor: Actor) -> QuerySet[AfterSale]:
    found = AfterSale.objects.unscoped("of one's own shop").filter(
        line__order__shop__store_id__in=actor.owns("books"), state__in=("applied", "agreed")
    )
    return found.select_related("line__order__shop__store").order_by("id")


def own_products(actor: Actor) -> QuerySet[Product]:
    found = Product.objects.unscoped("of one's own shop").filter(shop__store_id__in=actor.owns("books"))
    return found.select_related("section", "shop__store").prefetch_related(pictures()).order_by("-id")


def own_product(actor: Actor, product_id: int) -> Product:
    product = own_products(actor).filter(pk=product_id).first()
    require(product, NOT_FOUND)
    return product


def own_picture(actor: Actor, picture_id: int) -> ProductPicture:
    found = ProductPicture.objects.unscoped("of one's own shop")
    use = found.filter(pk=picture_id, product__shop__store_id__in=actor.owns("books")).first()
    require(use, NOT_FOUND)
    return use
