"""What an uploaded licence is, read from its bytes."""

from __future__ import annotations

import struct

from gonghui.kit.errors import require
from gonghui.partners import errors

LICENCE_MAX_MB = 5


def media_type_of(content: bytes) -> str:
    """One of the three kinds taken, whole from head to end; refuses whatever only bears the name or the first bytes."""
    require(len(content) <= LICENCE_MAX_MB * 1024 * 1024, errors.FILE_TOO_LARGE, limit_mb=LICENCE_MAX_MB)
    for kind, fits in KINDS.items():
        if fits(content):
            return kind
    require(False, errors.NOT_A_PICTURE)
    raise AssertionError("refused above")


def _is_jpeg(content: bytes) -> bool:
    return content[:3] == b"\xff\xd8\xff" and b"\xff\xd9" in content[-64:]


def _is_png(content: bytes) -> bool:
    if content[:8] != b"\x89PNG\r\n\x1a\n" or content[12:16] != b"IHDR":
        return False
    width, height = struct.unpack(">II", content[16:24])
    return 0 < width <= 20_000 and 0 < height <= 20_000 and b"IEND" in content[-64:]


def _is_pdf(content: bytes) -> bool:
    return content[:5] == b"%PDF-" and b"%%EOF" in content[-1024:]


KINDS = {"image/jpeg": _is_jpeg, "image/png": _is_png, "application/pdf": _is_pdf}
