"""Map tiles: whose, if anybody's. The repository names no host; without one a map stands on ground of its own."""

from __future__ import annotations

import re
from functools import lru_cache

from django.conf import settings
from django.core.checks import Error

ADDRESS = re.compile(r"^(https?)://((?:\{s\}\.)?[a-z0-9.-]+(?::\d{1,5})?)/[^\s\"'<>]*$", re.IGNORECASE)
DATUMS = ("wgs84", "gcj02")


@lru_cache(maxsize=8)
def tile_origin(template: str) -> str:
    """Where its pictures come from, for the content security policy: https://*.tiles.example; empty: nowhere."""
    found = ADDRESS.match(template)
    if not found or not all(part in template for part in ("{z}", "{x}", "{y}")):
        return ""
    return f"{found[1].lower()}://{found[2].lower().replace('{s}', '*')}"


def tile_facts() -> dict[str, str]:
    """What a page tells its maps; an address that is none is told to nobody."""
    if not tile_origin(settings.GONGHUI_MAP_TILES):
        return {}
    return {
        "tiles": settings.GONGHUI_MAP_TILES,
        "credit": settings.GONGHUI_MAP_CREDIT,
        "datum": settings.GONGHUI_MAP_DATUM,
    }


def map_tiles_are_an_address(app_configs=None, **_kwargs) -> list[Error]:
    found = []
    if settings.GONGHUI_MAP_TILES and not tile_origin(settings.GONGHUI_MAP_TILES):
        hint = "https://tiles.example/{z}/{x}/{y}.png"
        found.append(Error("GONGHUI_MAP_TILES is no address of tiles", hint=hint, id="kit.E004"))
    if settings.GONGHUI_MAP_DATUM not in DATUMS:
        found.append(Error(f"GONGHUI_MAP_DATUM is none of {', '.join(DATUMS)}", id="kit.E005"))
    return found
