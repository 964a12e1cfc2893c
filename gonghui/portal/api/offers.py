"""Offers, and what a basket would cost. A dry run: nothing is taken, held or used."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router

from gonghui.bills.pricing import Applied, Line, Quote, Refused
from gonghui.bills.selling import typed_line
from gonghui.portal.api import bill_schemas as shapes
from gonghui.portal.api import schemas
from gonghui.portal.distances import place_of
from gonghui.portal.queries import offers as found
from gonghui.portal.till import plain_text

router = Router(tags=["offers"])
REFUSALS = schemas.REFUSALS
PAGE_SIZE = 20


@router.get("/offers", response={200: shapes.OffersOut, **REFUSALS}, auth=None)
def offers(
    request: HttpRequest,
    store_id: int | None = Query(None, ge=1, le=2**63 - 1),
    page: int = Query(1, ge=1, le=10_000),
):
    """What can be used now comes first; with a token, for its holder. With the header `X-Near: 23.129,113.264` (latitude,
    longitude) the nearest first; the place is used for this one answer and kept nowhere."""
    everything = found.offers_now(request.actor, store_id=store_id, near=place_of(request))
    begin = (page - 1) * PAGE_SIZE
    return {
        "items": [offer_out(one) for one in everything[begin : begin + PAGE_SIZE]],
        "count": len(everything),
    }


def offer_out(one: found.OfferShown) -> shapes.OfferOut:
    return shapes.OfferOut(
        offer_id=one.offer_id, title=one.title, says=one.says, when=[line for line in one.when if line],
        is_usable=one.is_usable, is_open=one.is_open, opens_at=one.opens, needs_voucher=one.row.needs_voucher,
        vouchers=one.vouchers, pause_reason=one.pause_reason, groups=one.groups,
        stores=[shapes.StoreOut(store_id=store.pk, name=store.name, address=store.address) for store in one.stores],
    )  # fmt: skip


@router.post("/offers/quote", response={200: shapes.QuoteOut, **REFUSALS})
def quote(request: HttpRequest, body: shapes.QuoteIn):
    """Every offer of the store, applied or refused with its reason; for the holder of the token."""
    lines = lines_of(body.lines)
    return quote_out(found.dry_run(request.actor, body.store_id, lines, points=body.points))


def lines_of(lines: list[shapes.LineIn]) -> tuple[Line, ...]:
    return tuple(
        typed_line(
            plain_text(one.name), one.price_fen, one.quantity, plain_text(one.section), plain_text(one.code)
        )
        for one in lines
    )


def quote_out(quote: Quote) -> shapes.QuoteOut:
    return shapes.QuoteOut(
        list_fen=quote.list_fen, discount_fen=quote.discount_fen, points=quote.points, points_most=quote.points_most,
        due_fen=quote.due_fen, applied=[applied_out(one) for one in quote.applied],
        refused=[refused_out(one) for one in quote.refused],
    )  # fmt: skip


def applied_out(one: Applied) -> shapes.AppliedOut:
    parts = [shapes.ShareOut(payer=part.payer, fen=part.fen) for part in one.parts]
    return shapes.AppliedOut(
        offer_id=one.offer_id, title=one.title, discount_fen=one.discount_fen, gift=one.gift, parts=parts
    )


def refused_out(one: Refused) -> shapes.RefusedOut:
    return shapes.RefusedOut(
        offer_id=one.offer_id, title=one.title, code=one.code, detail=one.sentence, advice=one.advice,
        missing_fen=one.missing_fen,
    )  # fmt: skip
