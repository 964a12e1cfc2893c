"""How far a place is. Where the reader stands comes with the request that asks, in a header; it is used and forgotten."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

from django.http import HttpRequest
from django.utils.translation import gettext as _

from gonghui.partners.models import Store

EARTH_M = 6_371_000
NEAR = "X-Near"
"""`23.129,113.264`: latitude and longitude. A header, as addresses are written down by browsers and servers."""
FAR_M = 10_000


class Place(NamedTuple):
    latitude: float
    longitude: float


def place_of(request: HttpRequest) -> Place | None:
    """None where the phone said nothing, or nonsense."""
    parts = request.headers.get(NEAR, "")[:40].split(",")
    try:
        latitude, longitude = map(float, parts)
    except ValueError:
        return None
    is_on_earth = -90 <= latitude <= 90 and -180 <= longitude <= 180  # no number that is none is
    return Place(latitude, longitude) if is_on_earth else None


def metres_to(store: Store, place: Place | None) -> float | None:
    """As the crow flies; None where either is unknown."""
    if place is None or store.latitude is None or store.longitude is None:
        return None
    north, other = radians(place.latitude), radians(float(store.latitude))
    east = radians(float(store.longitude) - place.longitude)
    arc = sin((other - north) / 2) ** 2 + cos(north) * cos(other) * sin(east / 2) ** 2
    return 2 * EARTH_M * asin(min(1.0, sqrt(arc)))


def said_distance(metres: float) -> str:
    """About as well as a phone knows it: 150 米, 1.2 公里, 23 公里."""
    if metres < 1000:
        return _("%d 米") % max(50, round(metres / 50) * 50)
    if metres < FAR_M:
        return _("%.1f 公里") % (metres / 1000)
    return _("%d 公里") % round(metres / 1000)
