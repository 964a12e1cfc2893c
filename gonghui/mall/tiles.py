"""Which drawn picture stands for a section; files in static/mall/tiles."""

from __future__ import annotations

TILES = {
    "festival": "gift", "birthday": "cake", "village": "farm", "fruit": "farm", "grain": "grain", "daily": "daily",
    "seafood": "sea", "tea": "tea", "home": "home", "books": "book", "summer": "tea", "family": "gift",
}  # fmt: skip
FALLBACK = "basket"


def tile_path(section_code: str) -> str:
    """A section nobody drew gets a basket, never a broken picture."""
    return f"mall/tiles/{TILES.get(section_code, FALLBACK)}.svg"
