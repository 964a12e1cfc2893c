"""Pictures of products: shown by their name, put up and moved by the supplier."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from gonghui.kit.errors import DomainError
from gonghui.mall import queries
from gonghui.mall.actions import pictures
from gonghui.mall.supplier_views import product_page, sent_pictures, supplier

YEAR_S = 365 * 24 * 3600
MOVES = {"first": None, "earlier": -1, "later": 1}


@require_safe
def picture(request: HttpRequest, name: str, size: str) -> HttpResponse:
    """The name is made of the bytes, so an answer holds for ever; it is kept for others only where everybody may see it."""
    content, is_open = queries.picture_file(request.actor, name, size)
    return HttpResponse(
        content,
        content_type="image/webp",
        headers={
            "Cache-Control": f"{'public' if is_open else 'private'}, max-age={YEAR_S}, immutable",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )


@require_POST
def upload(request: HttpRequest, product_id: str) -> HttpResponse:
    row = queries.own_product(supplier(request), int(product_id))
    try:
        count = pictures.upload_pictures(request.actor, product_id=row.pk, contents=sent_pictures(request))
    except DomainError as error:
        return product_page(request, queries.own_product(request.actor, row.pk), error)
    messages.success(request, ngettext("%d 张图片已上传。", "%d 张图片已上传。", count) % count)
    return redirect("mall_product_own", row.pk)


@require_POST
def move(request: HttpRequest, picture_id: str, verb: str) -> HttpResponse:
    actor, pk = supplier(request), int(picture_id)
    use = queries.own_picture(actor, pk)
    try:
        if verb == "remove":
            pictures.remove_picture(actor, picture_id=pk)
        else:
            pictures.move_picture(actor, picture_id=pk, by=MOVES[verb])
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("mall_product_own", use.product_id)
