"""惠工地图 for city apps: the stores that give something to members, nearest first."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router

from gonghui.partners.models.venues import PartnerKind
from gonghui.portal.api import schemas
from gonghui.portal.api import store_schemas as shapes
from gonghui.portal.distances import place_of
from gonghui.portal.queries import stores as found
from gonghui.portal.queries.stores import Given, StoreShown, Wanted

router = Router(tags=["offers"])
REFUSALS = schemas.REFUSALS
PAGE_SIZE = 50


@router.get("/stores", response={200: shapes.MapStoresOut, **REFUSALS}, auth=None)
def stores(
    request: HttpRequest,
    kind: PartnerKind | None = None,
    now: bool = False,
    family: bool = False,
    mine: bool = False,
    page: int = Query(1, ge=1, le=10_000),
):
    """With a token, for its holder. With the header `X-Near: 23.129,113.264` (latitude, longitude) the nearest first; the
    place is used for this one answer and kept nowhere. `now`, `family`, `mine`: only what can be used at this moment, by
    the family too, by the holder of the token."""
    wanted = Wanted(kind.value if kind else "", now, family, mine)
    everything = found.stores_now(request.actor, wanted, near=place_of(request))
    begin = (page - 1) * PAGE_SIZE
    return {
        "items": [store_out(one) for one in everything[begin : begin + PAGE_SIZE]],
        "count": len(everything),
    }


def store_out(one: StoreShown) -> shapes.MapStoreOut:
    row = one.store
    return shapes.MapStoreOut(
        store_id=row.pk, name=row.name, partner=row.partner.name, kind=one.kind, kind_label=one.kind_label,
        address=row.address, phone=row.phone, latitude=row.latitude, longitude=row.longitude,
        metres=None if one.metres is None else round(one.metres), is_usable=one.is_usable,
        offers=[given_out(given) for given in one.given],
    )  # fmt: skip


def given_out(given: Given) -> shapes.GivenOut:
    shown = given.shown
    return shapes.GivenOut(
        offer_id=shown.offer_id, title=shown.title, says=shown.says, when=shown.when_here, is_usable=given.is_usable,
        is_open=given.is_open, is_mine=given.suits, opens_at=shown.opens, family=shown.terms.family,
        needs_voucher=shown.row.needs_voucher, groups=shown.groups,
    )  # fmt: skip
