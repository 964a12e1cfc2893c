"""The supplier's side: products written and handed in, orders accepted and sent, after-sales answered."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.mall import errors, queries
from gonghui.mall.actions import after_sales, orders, shelf
from gonghui.mall.forms import ProductForm
from gonghui.mall.models import Product, Shop
from gonghui.mall.views import signed_in
from gonghui.partners.errors import NOT_A_MERCHANT

PANEL = ("merchant_panel", "mall")
PRODUCT_MOVES = {
    "submit": shelf.submit_product,
    "down": shelf.take_down_product,
    "up": shelf.put_up_product,
    "reopen": shelf.reopen_product,
}


def supplier(request: HttpRequest) -> Actor:
    actor = signed_in(request)
    require(actor.owns("books"), NOT_A_MERCHANT)
    return actor


# --- products -----------------------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def product_new(request: HttpRequest) -> HttpResponse:
    actor = supplier(request)
    shops = list(queries.own_shops(actor))
    require(shops, errors.NO_SHOP)
    shop = next((one for one in shops if str(one.pk) == request.POST.get("shop")), shops[0])
    form = ProductForm(request.POST if request.method == "POST" else None)
    return _written(request, form, shop, shops)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def product(request: HttpRequest, product_id: str) -> HttpResponse:
    row = queries.own_product(supplier(request), int(product_id))
    form = ProductForm(request.POST if request.method == "POST" else None, product=row)
    return _written(request, form, row.shop, [], row)


def _written(
    request: HttpRequest, form: ProductForm, shop: Shop, shops: list[Shop], row: Product | None = None
) -> HttpResponse:
    facts = {"tab": "me", "form": form, "shops": shops, "shop": shop, "product": row}
    if request.method != "POST" or not form.is_valid():
        return render(request, "mall/merchant/product.html", facts, status=422 if form.errors else 200)
    try:
        made = _saved(request, form, shop, row)
        if request.POST.get("do") == "submit":
            shelf.submit_product(request.actor, product_id=made.pk)
    except ValidationError as invalid:
        form.add_error(None, invalid.messages)
        return render(request, "mall/merchant/product.html", facts, status=422)
    except DomainError as error:
        return render(request, "mall/merchant/product.html", {**facts, "error": error}, status=error.status)
    messages.success(
        request, _("已提交，工会复核后上架。") if request.POST.get("do") == "submit" else _("草稿已保存。")
    )
    return redirect(*PANEL)


def _saved(request: HttpRequest, form: ProductForm, shop: Shop, row: Product | None) -> Product:
    if row is None:
        return shelf.draft_product(request.actor, shop=shop, facts=form.facts())
    return shelf.rewrite_product(request.actor, product_id=row.pk, facts=form.facts())


@require_POST
def move_product(request: HttpRequest, product_id: str, verb: str) -> HttpResponse:
    actor = supplier(request)
    row = queries.own_product(actor, int(product_id))

    def act() -> None:
        if verb == "stock":
            shelf.add_stock(actor, product_id=row.pk, pieces=whole(request.POST.get("pieces", "")))
        else:
            PRODUCT_MOVES[verb](actor, product_id=row.pk)

    return _said(request, act)


def whole(text: str) -> int | None:
    """With its sign; None where it is no whole number."""
    try:
        return int(text[:8])
    except ValueError:
        return None


# --- orders -------------------------------------------------------------------------------------------------


@require_POST
def move_order(request: HttpRequest, order_id: str, verb: str) -> HttpResponse:
    actor, given, pk = supplier(request), request.POST, int(order_id)

    def act() -> None:
        if verb == "accept":
            orders.accept_order(actor, mallorder_id=pk)
        elif verb == "ship":
            carrier, number = given.get("carrier", ""), given.get("tracking_no", "")
            orders.ship_order(actor, mallorder_id=pk, carrier=carrier, tracking_no=number)
        elif verb == "refund":
            orders.refund_order(actor, mallorder_id=pk, reason=given.get("reason", ""))
        else:
            orders.refuse_refund(actor, mallorder_id=pk, reason=given.get("reason", ""))

    return _said(request, act)


@require_POST
def move_after_sale(request: HttpRequest, after_sale_id: str, verb: str) -> HttpResponse:
    actor, given, pk = supplier(request), request.POST, int(after_sale_id)

    def act() -> None:
        if verb == "agree":
            after_sales.agree_after_sale(actor, aftersale_id=pk)
        elif verb == "refuse":
            after_sales.refuse_after_sale(actor, aftersale_id=pk, reason=given.get("reason", ""))
        else:
            is_good, number = given.get("is_good") == "1", given.get("replaced_no", "")
            after_sales.receive_after_sale(actor, aftersale_id=pk, is_good=is_good, replaced_no=number)

    return _said(request, act)


def _said(request: HttpRequest, act) -> HttpResponse:
    """Back to the list, with what came of it; a refusal in its own words."""
    try:
        act()
    except DomainError as error:
        if error.reason is NOT_FOUND:
            raise
        messages.error(request, str(error))
    else:
        messages.success(request, _("已完成。"))
    return redirect(*PANEL)
