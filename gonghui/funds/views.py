"""经费公示: which decisions on money were taken, by how many hands; open to everybody, without names."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gonghui.funds.decided import published_decisions

PAGE_SIZE = 20
WORDS_MAX = 40


@require_safe
def decisions(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("q", "").strip()[:WORDS_MAX]
    page = Paginator(published_decisions(asked), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "funds/decisions.html", {"page": page, "asked": asked})
