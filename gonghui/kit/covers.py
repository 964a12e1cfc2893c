"""Which drawn scene stands for a kind of activity or a place; files in static/kit/covers."""

KINDS = frozenset({"sport", "film", "culture", "learning", "lecture", "leisure", "family"})
SCENES = KINDS | {"river", "wetland", "moon", "national"}
FALLBACK = "culture"


def cover_path(kind: str, key: str = "") -> str:
    """A known `key` wins over the kind; an unknown kind gets the fallback, never a broken picture."""
    name = key if key in SCENES else kind if kind in SCENES else FALLBACK
    return f"kit/covers/{name}.svg"
