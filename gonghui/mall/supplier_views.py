"""The supplier's side: products written and handed in, orders accepted and sent, after-sales answered."""

from __future__ import annotations

from collections.abc import Iterator

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
from gonghui.mall.actions.pictures import upload_pictures
from gonghui.mall.forms import ProductForm
from gonghui.mall.models import Product, Shop
from gonghui.mall.models.pictures import PICTURES_MAX
from gonghui.mall.pictures import PICTURE_MAX_MB
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
    return _written(request, {"form": form, "shop": shop, "shops": shops})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def product(request: HttpRequest, product_id: str) -> HttpResponse:
    row = queries.own_product(supplier(request), int(product_id))
    form = ProductForm(request.POST if request.method == "POST" else None, product=row)
    return _written(request, {"form": form, "shop": row.shop, "product": row})


def product_page(request: HttpRequest, row: Product, error: DomainError) -> HttpResponse:
    """As it is kept, with why something was refused."""
    return _page(request, {"form": ProductForm(product=row), "product": row, "error": error}, error.status)


def _page(request: HttpRequest, facts: dict, status: int = 200) -> HttpResponse:
    limits = {"pictures_max": PICTURES_MAX, "picture_max_mb": PICTURE_MAX_MB}
    return render(request, "mall/merchant/product.html", {"tab": "me", **limits, **facts}, status=status)


def _written(request: HttpRequest, facts: dict) -> HttpResponse:
    form, row = facts["form"], facts.get("product")
    if request.method != "POST" or not form.is_valid():
        return _page(request, facts, 422 if form.errors else 200)
    try:
        row = _saved(request, form, facts["shop"], row)
        if request.FILES:
            upload_pictures(request.actor, product_id=row.pk, contents=sent_pictures(request))
        if request.POST.get("do") == "submit":
            shelf.submit_product(request.actor, product_id=row.pk)
    except ValidationError as invalid:
        form.add_error(None, invalid.messages)
        return _page(request, facts, 422)
    except DomainError as error:
        return _refused(request, facts, row, error)
    messages.success(
        request, _("已提交，工会复核后上架。") if request.POST.get("do") == "submit" else _("草稿已保存。")
    )
    return redirect(*PANEL)


def _refused(request: HttpRequest, facts: dict, row: Product | None, error: DomainError) -> HttpResponse:
    """What was new is a draft by now, where only its pictures were refused: what goes on goes on there."""
    if row is None or facts.get("product"):
        return _page(request, {**facts, "error": error}, error.status)
    messages.error(request, _("草稿已保存。%s") % error)
    return redirect("mall_product_own", row.pk)


def sent_pictures(request: HttpRequest) -> Iterator[bytes]:
    """Each read when its turn comes, never more of it than is taken."""
    for file in request.FILES.getlist("pictures"):
        yield file.read(PICTURE_MAX_MB * 2**20 + 1)


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
