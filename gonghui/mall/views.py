"""The member's shelf: sections, one product, the basket, and the checkout where who pays what is said before anything moves."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gonghui.kit.actors import Actor
from gonghui.kit.errors import SIGN_IN_FIRST, DomainError, require
from gonghui.kit.identifiers import row_id
from gonghui.mall import errors, queries
from gonghui.mall.actions import shelf as actions
from gonghui.mall.actions.ordering import place_orders, price_of
from gonghui.mall.actions.ranking import note_interest
from gonghui.mall.buying import Checkout, Price
from gonghui.mall.forms import CheckoutForm, known_address
from gonghui.mall.models import BasketLine
from gonghui.mall.models.shelf import QUANTITY_MAX

PAGE_SIZE = 24


def signed_in(request: HttpRequest) -> Actor:
    require(request.actor.user_id, SIGN_IN_FIRST)
    return request.actor


def member(request: HttpRequest) -> Actor:
    actor = signed_in(request)
    require(actor.person_id, errors.NOT_A_MEMBER)
    return actor


# --- the shelf ----------------------------------------------------------------------------------------------


@never_cache
@require_safe
def shelf(request: HttpRequest) -> HttpResponse:
    section, question = request.GET.get("section", "")[:24], request.GET.get("q", "").strip()[:30]
    shelves = queries.shelves()
    found = queries.on_shelf(section, question)
    facts = {
        "tab": "home",
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "shelves": shelves,
        "section": next((one for one in shelves if one.code == section), None),
        "question": question,
        "in_basket": len(queries.basket(request.actor)) if request.actor.person_id else 0,
    }
    return render(request, "mall/shelf.html", facts)


@never_cache
@require_safe
def favourites(request: HttpRequest) -> HttpResponse:
    actor = member(request)
    found = queries.on_shelf().filter(pk__in=queries.favourites(actor))
    facts = {"tab": "home", "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))}
    return render(request, "mall/favourites.html", facts)


@never_cache
@require_safe
def product(request: HttpRequest, product_id: str) -> HttpResponse:
    queries.product_for(request.actor, int(product_id))
    note_interest(request.actor, product_ids=[int(product_id)], kind="view")
    return _product_page(request, int(product_id))


def _product_page(request: HttpRequest, product_id: int, error: DomainError | None = None) -> HttpResponse:
    row = queries.product_for(request.actor, product_id)
    actor = request.actor
    facts = {
        "tab": "home",
        "product": row,
        "is_liked": bool(actor.person_id) and row.pk in queries.favourites(actor),
        "most": min(row.stock, QUANTITY_MAX),
        "error": error,
    }
    return render(request, "mall/product.html", facts, status=error.status if error else 200)


@require_POST
def favourite(request: HttpRequest, product_id: str) -> HttpResponse:
    is_liked = request.POST.get("on") == "1"
    actions.mark_favourite(member(request), product_id=int(product_id), is_liked=is_liked)
    if is_liked:
        note_interest(request.actor, product_ids=[int(product_id)], kind="favourite")
    messages.success(request, _("已收藏。") if is_liked else _("已取消收藏。"))
    return redirect("mall_product", product_id)


@require_POST
def put(request: HttpRequest, product_id: str) -> HttpResponse:
    """Into the basket; with 马上买 straight on to its checkout. From the basket itself: so many of it."""
    actor, pk = member(request), int(product_id)
    what, quantity = request.POST.get("do", ""), row_id(request.POST.get("quantity", "1"))
    try:
        require(quantity is not None, errors.BAD_QUANTITY, most=QUANTITY_MAX)
        actions.put_in_basket(actor, product_id=pk, quantity=quantity, is_more=what == "more")
    except DomainError as error:
        return _basket_page(request, error) if what == "set" else _product_page(request, pk, error)
    if what == "buy":
        return HttpResponseRedirect(f"{reverse('mall_checkout')}?only={pk}")
    if what == "more":
        messages.success(request, _("已放进购物篮。"))
        return redirect("mall_product", pk)
    return redirect("mall_basket")


# --- basket and checkout ------------------------------------------------------------------------------------


@never_cache
@require_safe
def basket(request: HttpRequest) -> HttpResponse:
    return _basket_page(request)


def _basket_page(request: HttpRequest, error: DomainError | None = None) -> HttpResponse:
    lines = queries.basket_shown(member(request))
    facts = {
        "tab": "home",
        "shops": grouped(lines),
        "list_fen": sum(line.product.list_fen * line.quantity for line in lines),
        "error": error,
    }
    return render(request, "mall/basket.html", facts, status=error.status if error else 200)


def grouped(lines: list[BasketLine]) -> list[tuple[object, list[BasketLine]]]:
    found: dict[object, list[BasketLine]] = {}
    for line in lines:
        found.setdefault(line.product.shop, []).append(line)
    return list(found.items())


@never_cache
@sensitive_post_parameters("receiver", "phone", "address")
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    """A dry run with every fen and who gives it; then the same, for good."""
    actor = member(request)
    only = row_id((request.POST or request.GET).get("only", ""))
    lines = [line for line in queries.basket(actor) if only in (None, line.product_id)]
    if not lines and request.method != "POST":
        return redirect("mall_basket")
    if request.method != "POST":
        form = CheckoutForm(initial=known_address(queries.last_order(actor)))
        return _checkout_page(request, lines, form, points=row_id(request.GET.get("points", "")))
    form = CheckoutForm(request.POST)
    if not form.is_valid():
        return _checkout_page(request, lines, form, points=row_id(request.POST.get("points", "")), status=422)
    try:
        found = place_orders(actor, checkout=_typed(request, lines, form))
    except DomainError as error:
        return _checkout_page(request, queries.basket(actor) if only is None else lines, form, error=error)
    messages.success(request, _("下单成功。"))
    return redirect("mall_order", found[0].pk) if len(found) == 1 else redirect("mall_orders")


def _typed(request: HttpRequest, lines: list[BasketLine], form: CheckoutForm) -> Checkout:
    """What was shown is what is bought: the page carries its lines, so that a tap sent again is the same one."""
    given = request.POST
    wanted = tuple(
        (pk, quantity)
        for pk, _x, quantity in (
            (row_id(a), x, row_id(b)) for a, x, b in (one.partition("x") for one in given.getlist("line"))
        )
        if pk and quantity
    )
    try:
        key = UUID(given.get("key", ""))
    except ValueError:
        key = uuid4()
    return Checkout(
        key=key,
        wanted=wanted or tuple((line.product_id, line.quantity) for line in lines),
        ship_to=form.ship_to,
        points=row_id(given.get("points", "")),
        shown_due_fen=row_id(given.get("shown_due_fen", "")),
    )


def _checkout_page(
    request: HttpRequest,
    lines: list[BasketLine],
    form: CheckoutForm,
    *,
    points: int | None = None,
    error: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    """Drawn anew with the price as it is now; what was typed stays."""
    actor = request.actor
    price, most, error = _priced(actor, lines, points, error)
    if price is None:
        return _basket_page(request, error)
    facts = {
        "tab": "home",
        "price": price,
        "most": most,
        "held": queries.points_in_words(actor.person_id),
        "form": form,
        "only": request.POST.get("only") or request.GET.get("only") or "",
        "key": uuid4(),
        "error": error,
    }
    return render(request, "mall/checkout.html", facts, status=error.status if error else status)


def _priced(
    actor: Actor, lines: list[BasketLine], points: int | None, error: DomainError | None
) -> tuple[Price | None, int, DomainError | None]:
    """With the most points that may be used; no price where something is not there any more."""
    wanted = [(line.product_id, line.quantity) for line in lines]
    try:
        require(wanted, errors.BASKET_EMPTY)
        price = price_of(actor, wanted=wanted)
        most = price.points
        if points is not None and points > most and error is None:
            error = DomainError(errors.POINTS_NOT_HERE, most=most, asked=points)
        elif points is not None and points < most:
            price = price_of(actor, wanted=wanted, points=points)
    except DomainError as refused:
        return None, 0, error or refused
    return price, most, error
