"""The document an application is founded on."""

from __future__ import annotations

from gonghui.kit.errors import require
from gonghui.kit.papers import paper_kind
from gonghui.orgs import errors

PAPER_MAX_MB = 5
PAPER_NAME_MAX = 120


def media_type_of(content: bytes) -> str:
    """What the file is, its bytes say."""
    require(len(content) <= PAPER_MAX_MB * 2**20, errors.PAPER_TOO_LARGE, limit_mb=PAPER_MAX_MB)
    kind = paper_kind(content)
    require(kind, errors.PAPER_UNKNOWN)
    return kind or ""
