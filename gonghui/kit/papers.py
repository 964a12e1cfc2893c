"""What an uploaded document is, read from its bytes, never from its name."""

from __future__ import annotations

import struct


def paper_kind(content: bytes) -> str | None:
    """Its media type, whole from head to end; None of whatever only bears the name or the first bytes."""
    return next((kind for kind, fits in PAPER_KINDS.items() if fits(content)), None)


def _is_jpeg(content: bytes) -> bool:
    return content[:3] == b"\xff\xd8\xff" and b"\xff\xd9" in content[-64:]


def _is_png(content: bytes) -> bool:
    if content[:8] != b"\x89PNG\r\n\x1a\n" or content[12:16] != b"IHDR" or len(content) < 24:
        return False
    width, height = struct.unpack(">II", content[16:24])
    return 0 < width <= 20_000 and 0 < height <= 20_000 and b"IEND" in content[-64:]


def _is_pdf(content: bytes) -> bool:
    return content[:5] == b"%PDF-" and b"%%EOF" in content[-1024:]


PAPER_KINDS = {"image/jpeg": _is_jpeg, "image/png": _is_png, "application/pdf": _is_pdf}
PAPER_EXTENSIONS = {"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}
