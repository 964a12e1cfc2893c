"""Where a store stands, so that members find it on the map."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.partners import errors
from gonghui.partners.actions.people import may_staff
from gonghui.partners.models import Store

# China, roughly: enough to tell two numbers that changed places.
LATITUDES, LONGITUDES = (3, 54), (73, 136)
STEP = Decimal("0.000001")


@action
def locate_store(actor: Actor, *, store_id: int, latitude: Decimal, longitude: Decimal) -> Store:
    """By its union, or whoever runs it. Degrees of WGS 84, as phones say them; a tenth of a metre is kept."""
    found = Store.objects.visible_to(actor).filter(pk=store_id).select_related("partner__union")
    store = found.first()
    require(store is not None, NOT_FOUND)
    require(may_staff(actor, store))
    require(not _is_in_china(longitude, latitude), errors.PLACE_TURNED_ROUND)
    require(_is_in_china(latitude, longitude), errors.PLACE_FAR_OFF)
    store.latitude, store.longitude = (one.quantize(STEP, ROUND_HALF_UP) for one in (latitude, longitude))
    store.save(update_fields=["latitude", "longitude", "updated_at"])
    return store


def _is_in_china(latitude: Decimal, longitude: Decimal) -> bool:
    return LATITUDES[0] <= latitude <= LATITUDES[1] and LONGITUDES[0] <= longitude <= LONGITUDES[1]
