"""What this process keeps of pages and queries."""

from django.core.cache import caches

from gonghui.kit.pace import PACE


def forget_kept() -> None:
    """As for a reader who comes first."""
    for name in ("default", "shelf"):
        caches[name].clear()
    PACE.asked.clear()
