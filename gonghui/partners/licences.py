"""What an uploaded licence is, read from its bytes."""

from __future__ import annotations

from gonghui.kit.errors import require
from gonghui.kit.papers import paper_kind
from gonghui.partners import errors

LICENCE_MAX_MB = 5


def media_type_of(content: bytes) -> str:
    """One of the three kinds taken; refuses whatever only bears the name or the first bytes."""
    require(len(content) <= LICENCE_MAX_MB * 1024 * 1024, errors.FILE_TOO_LARGE, limit_mb=LICENCE_MAX_MB)
    kind = paper_kind(content)
    require(kind, errors.NOT_A_PICTURE)
    return kind or ""
