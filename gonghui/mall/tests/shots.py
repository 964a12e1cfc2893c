"""Picture files as phones, shops and strangers send them; each made here, none from anywhere."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image, ImageDraw

HOME = (23.1291, 113.2644)
"""Where the phone stood, and what must not be left of it."""


def shot(size: tuple[int, int] = (600, 600), colour: str = "#c5321c", kind: str = "JPEG", **how) -> bytes:
    """A plain picture with a mark in it, so that two colours are two pictures."""
    image = Image.new("RGB", size, colour)
    ImageDraw.Draw(image).ellipse((size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2), fill="#fdf3ec")
    return saved(image, kind, **how)


def saved(image: Image.Image, kind: str = "JPEG", **how) -> bytes:
    out = BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def from_a_phone(size: tuple[int, int] = (800, 600), orientation: int = 6) -> bytes:
    """Lying on its side, with the place, the phone and a comment in it."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x9286] = orientation, "SecretPhone", "<script>alert(1)</script>"
    exif[0x8825] = {1: "N", 2: (23.0, 7.0, 44.76), 3: "E", 4: (113.0, 15.0, 51.84), 29: "2026:11:22"}
    return shot(size, exif=exif.tobytes())


def clear(size: tuple[int, int] = (400, 400)) -> bytes:
    """A PNG through which the page would be seen."""
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((100, 100, 300, 300), fill=(197, 50, 28, 255))
    return saved(image, "PNG")


def huge_png(width: int, height: int, words: int = 0) -> bytes:
    """Some kilobytes that unfold to gigabytes; `words`: megabytes of a comment that do."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    if words:
        head += chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(b" " * words * 2**20, 9))
    rows = zlib.compress(b"\x00" * 4_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def endless_jpeg(scans: int = 2_000) -> bytes:
    """The last scan of a progressive picture over and over: each goes over the whole picture."""
    content = shot((1000, 1000), progressive=True)
    last = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + last * scans + b"\xff\xd9"


def huge_webp(side: int = 16_384) -> bytes:
    """A head that announces a canvas and nothing on it."""
    canvas = struct.pack("<I", side - 1)[:3] * 2
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x00\x00\x00\x00" + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


HTML = b"<html><script>alert(document.cookie)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
GIF_HTML = b"GIF89a/*" + HTML + b"*/=1;"
HOSTILE = {
    "html that begins as a gif": GIF_HTML,
    "svg with a script": SVG,
    "svg that begins as xml": b'<?xml version="1.0"?>' + SVG,
    "html that begins as a jpeg": b"\xff\xd8\xff\xe0" + HTML + b"\xff\xd9",
    "jpeg cut off": shot((900, 900), quality=95)[:4000],
    "jpeg of its head alone": shot()[:200],
    "png cut off": clear()[:300],
    "webp cut off": shot(kind="WEBP")[:120],
    "webp that announces a wall": huge_webp(),
    "jpeg without an end": endless_jpeg(),
    "png with an endless comment": huge_png(600, 600, words=80),
    "a real gif": saved(Image.new("P", (300, 300)), "GIF"),
    "a real tiff": saved(Image.new("RGB", (300, 300)), "TIFF"),
    "a real bmp": saved(Image.new("RGB", (300, 300)), "BMP"),
    "a pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF",
    "an empty file": b"",
    "zeros": b"\x00" * 5000,
}
