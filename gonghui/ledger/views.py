"""账本公示: the chain of sealed blocks, open to everybody. Roots and fingerprints say nothing of anybody's money."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gonghui.kit.identifiers import row_id
from gonghui.ledger.day_proofs import DAYS_FORM
from gonghui.ledger.day_proofs import as_published as day_as_published
from gonghui.ledger.days import published_days
from gonghui.ledger.models import Block, DayTotals, Ledger
from gonghui.ledger.proofs import as_published
from gonghui.ledger.queries import last_block_of_each_day

DAYS_SHOWN = 30
AT_ONCE = 1_000
BLOCKS_FORM = "gonghui-ledger-blocks-1"


@require_safe
def blocks(request: HttpRequest) -> HttpResponse:
    """The last block of each day: who notes one can prove later that nothing before it was rewritten."""
    days = last_block_of_each_day(DAYS_SHOWN)
    shown = [
        {"number": block.number, "at": block.sealed_at, "count": block.count, "hash": bytes(block.hash).hex()}
        for block in days
    ]
    return render(request, "ledger/blocks.html", {"blocks": shown})


@require_safe
def blocks_json(request: HttpRequest) -> HttpResponse:
    """Block after block from `after` on, with everything to compute each fingerprint and the chain anew."""
    after = row_id(request.GET.get("after", "")) or 0
    found = Block.objects.filter(number__gt=after).order_by("number")[:AT_ONCE]
    return JsonResponse({"form": BLOCKS_FORM, "blocks": [as_published(block) for block in found]})


@require_safe
def days(request: HttpRequest) -> HttpResponse:
    """每日总额: what all accounts together received and gave until a day's end; each names the one before."""
    found = list(published_days()[: DAYS_SHOWN * len(Ledger)])
    shown = [
        {"day": day, "ledgers": [day_facts(row) for row in found if row.day == day]}
        for day in sorted({row.day for row in found}, reverse=True)
    ]
    return render(request, "ledger/days.html", {"days": shown})


def day_facts(row: DayTotals) -> dict[str, object]:
    return {"is_money": row.ledger == Ledger.FEN, "name": row.get_ledger_display(), "total": row.credits,
            "accounts": row.accounts, "block": row.block_id, "hash": bytes(row.hash).hex()}  # fmt: skip


@require_safe
def days_json(request: HttpRequest) -> HttpResponse:
    """Day after day from number `after` on, with everything to compute each fingerprint and the chain anew."""
    after = row_id(request.GET.get("after", "")) or 0
    found = published_days().filter(number__gt=after).order_by("number", "ledger")[:AT_ONCE]
    return JsonResponse({"form": DAYS_FORM, "days": [day_as_published(row) for row in found]})
