"""The till without network: what a phone fetches before, and hands in after."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from gonghui.benefits.packs import pack_of
from gonghui.bills.actions.offline import hand_in_sales
from gonghui.bills.offline import OfflineSale
from gonghui.bills.selling import WORD_MAX
from gonghui.kit import clock
from gonghui.kit.errors import BAD_INPUT, DomainError, require
from gonghui.payments.models.payments import AMOUNT_FEN_MAX
from gonghui.portal.till import plain_text
from gonghui.portal.views.clerk import SCANS_AT_ONCE_MAX, stores_of

TEXT_MAX = 80


@require_POST
def hand_in(request: HttpRequest) -> JsonResponse:
    """What a phone sold without network: {"pack": token, "sales": [{key, text, amount, due, at, section, family}]}."""
    stores_of(request)
    try:
        body = json.loads(request.body)
        handed, sales = body["pack"], [_sale(one) for one in body["sales"]]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        raise DomainError(BAD_INPUT, detail=_("离线记录的格式不对")) from None
    require(len(sales) <= SCANS_AT_ONCE_MAX, BAD_INPUT, detail=_("一次最多交 200 条离线记录"))
    said = hand_in_sales(request.actor, pack=pack_of(str(handed), takes_late=True), sales=sales)
    return JsonResponse(
        {"sales": [{"key": str(one.key), "taken": one.taken, "sentence": one.sentence} for one in said]}
    )


def _sale(raw: dict[str, Any]) -> OfflineSale:
    amount, due = int(raw["amount"]), int(raw["due"])
    if not 0 < amount <= AMOUNT_FEN_MAX or not 0 <= due <= amount:
        raise ValueError("no such sum")
    return OfflineSale(
        key=UUID(raw["key"]),
        text=plain_text(str(raw["text"]).encode("ascii", "ignore").decode())[:TEXT_MAX],
        amount_fen=amount,
        due_fen=due,
        at=datetime.fromtimestamp(int(raw["at"]) / 1000, clock.CHINA),
        section=_plain(raw.get("section", ""))[:WORD_MAX],
        is_family=bool(raw.get("family")),
    )


def _plain(text: Any) -> str:
    return plain_text(str(text).encode(errors="ignore").decode())
