"""Products: drafted by the supplier or the union, reviewed by another, put up and taken down. Baskets and favourites."""

from __future__ import annotations

from dataclasses import dataclass

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.states import move
from gonghui.mall import errors
from gonghui.mall.actions.ordering import require_there
from gonghui.mall.buying import require_quantity
from gonghui.mall.models import BasketLine, Favourite, Product, Shop
from gonghui.mall.models.shelf import PRODUCT_VERBS
from gonghui.partners.interests import refuse_own_merchant
from gonghui.partners.models import Store

WHY = "locked by its own verb"


@dataclass(frozen=True, slots=True)
class ProductFacts:
    section_id: int
    title: str
    code: str
    list_fen: int
    market_fen: int
    about: str = ""
    origins: tuple[str, ...] = ()
    stock: int = 0


# --- shops --------------------------------------------------------------------------------------------------


@action
def open_shop(actor: Actor, *, store: Store, returns_to: str) -> Shop:
    """A store of a partner begins to send what it sells; one that stands is opened again."""
    require(actor.may("mall.write", store.partner.union.path))
    shop, _is_new = Shop.objects.unscoped(WHY).get_or_create(store=store, defaults={"returns_to": returns_to})
    shop.returns_to, shop.is_open = returns_to, True
    shop.save(update_fields=["returns_to", "is_open", "updated_at"])
    return shop


@action
def close_shop(actor: Actor, *, shop_id: int, reason: str) -> Shop:
    """Nothing new is sold; what was ordered is sent."""
    shop = _locked_shop(actor.because(reason), shop_id)
    shop.is_open = False
    shop.save(update_fields=["is_open", "updated_at"])
    return shop


@action
def reopen_shop(actor: Actor, *, shop_id: int) -> Shop:
    shop = _locked_shop(actor, shop_id)
    shop.is_open = True
    shop.save(update_fields=["is_open", "updated_at"])
    return shop


def _locked_shop(actor: Actor, shop_id: int) -> Shop:
    found = Shop.objects.unscoped(WHY).select_related("store__partner__union").select_for_update(of=("self",))
    shop = found.filter(pk=shop_id).first()
    require(shop, NOT_FOUND)
    require(actor.may("mall.write", shop.store.partner.union.path))
    return shop


# --- products -----------------------------------------------------------------------------------------------


def locked_product(product_id: int) -> Product:
    found = Product.objects.unscoped(WHY).select_related("shop__store__partner__union")
    product = found.select_for_update(of=("self",), no_key=True).filter(pk=product_id).first()
    require(product, NOT_FOUND)
    return product


def require_shops_product(actor: Actor, shop: Shop) -> None:
    is_own = shop.store_id in actor.owns("books")
    require(is_own or actor.may("mall.write", shop.store.partner.union.path), NOT_FOUND)


@action
def draft_product(actor: Actor, *, shop: Shop, facts: ProductFacts) -> Product:
    require_shops_product(actor, shop)
    product = Product(shop=shop, maker_id=actor.user_id)
    return _written(product, facts, is_new=True)


@action
def rewrite_product(actor: Actor, *, product_id: int, facts: ProductFacts) -> Product:
    """A draft only; its maker is whoever wrote it last. Stock is not touched: it has a verb of its own."""
    product = locked_product(product_id)
    require_shops_product(actor, product.shop)
    require(product.state == Product.State.DRAFT, errors.ONLY_A_DRAFT, state=product.get_state_display())
    product.maker_id = actor.user_id
    return _written(product, facts)


def _written(product: Product, facts: ProductFacts, *, is_new: bool = False) -> Product:
    for name in ("section_id", "title", "code", "list_fen", "market_fen", "about"):
        setattr(product, name, getattr(facts, name))
    product.origins = list(facts.origins)
    if is_new:
        product.stock = facts.stock
    product.full_clean(exclude=["maker", "checker"])
    product.save()
    return product


@action
def submit_product(actor: Actor, *, product_id: int) -> Product:
    product = locked_product(product_id)
    require_shops_product(actor, product.shop)
    move(product, PRODUCT_VERBS, "submit", reason="")
    return product


@action
def approve_product(actor: Actor, *, product_id: int) -> Product:
    """By somebody else than its maker, who has no hand in the supplier; from now on members see it."""
    product = _under_review(actor, product_id)
    require(product.maker_id != actor.user_id, errors.OWN_PRODUCT)
    move(product, PRODUCT_VERBS, "approve", checker_id=actor.user_id)
    return product


@action
def send_back_product(actor: Actor, *, product_id: int, reason: str) -> Product:
    product = _under_review(actor, product_id)
    require(reason.strip(), errors.REASON_MISSING)
    move(product, PRODUCT_VERBS, "send_back", reason=reason.strip()[:200], checker_id=None)
    return product


def _under_review(actor: Actor, product_id: int) -> Product:
    product = locked_product(product_id)
    partner = product.shop.store.partner
    require(actor.may("mall.review", partner.union.path))
    refuse_own_merchant(actor, [partner.pk])
    return product


@action
def take_down_product(actor: Actor, *, product_id: int) -> Product:
    """Nobody buys it any more; what was ordered is sent."""
    return _moved(actor, product_id, "take_down")


@action
def put_up_product(actor: Actor, *, product_id: int) -> Product:
    """As it was reviewed."""
    return _moved(actor, product_id, "put_up")


@action
def reopen_product(actor: Actor, *, product_id: int) -> Product:
    """A draft again, to be changed and reviewed anew."""
    return _moved(actor, product_id, "rewrite", checker_id=None)


def _moved(actor: Actor, product_id: int, verb: str, **changes) -> Product:
    product = locked_product(product_id)
    require_shops_product(actor, product.shop)
    move(product, PRODUCT_VERBS, verb, **changes)
    return product


@action
def add_stock(actor: Actor, *, product_id: int, pieces: int) -> Product:
    """More came in, or some are gone: `pieces` may be below zero, the stock never is."""
    product = locked_product(product_id)
    require_shops_product(actor, product.shop)
    require(type(pieces) is int and product.stock + pieces >= 0, errors.BAD_STOCK, stock=product.stock)
    product.stock += pieces
    product.save(update_fields=["stock", "updated_at"])
    return product


# --- the member ---------------------------------------------------------------------------------------------


@action
def put_in_basket(
    actor: Actor, *, product_id: int, quantity: int, is_more: bool = False
) -> BasketLine | None:
    """So many of it, or with `is_more` so many more; 0 takes it out."""
    require(actor.person_id, errors.NOT_A_MEMBER)
    mine = BasketLine.objects.visible_to(actor).filter(product_id=product_id)
    if quantity == 0:
        mine.delete()
        return None
    product = Product.objects.unscoped(WHY).select_related("shop").filter(pk=product_id).first()
    require(product, NOT_FOUND)
    line = mine.select_for_update().first()
    wanted = quantity + (line.quantity if line and is_more else 0)
    require_quantity(wanted)
    require_there(product, wanted)
    if line is None:
        return BasketLine.objects.create(person_id=actor.person_id, product=product, quantity=wanted)
    line.quantity = wanted
    line.save(update_fields=["quantity", "updated_at"])
    return line


@action
def mark_favourite(actor: Actor, *, product_id: int, is_liked: bool) -> None:
    require(actor.person_id, errors.NOT_A_MEMBER)
    require(Product.objects.visible_to(actor).filter(pk=product_id).exists(), NOT_FOUND)
    if is_liked:
        row = Favourite(person_id=actor.person_id, product_id=product_id)
        Favourite.objects.bulk_create([row], ignore_conflicts=True)
    else:
        Favourite.objects.visible_to(actor).filter(product_id=product_id).delete()
