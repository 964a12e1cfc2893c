"""What an uploaded picture is, read from its bytes and drawn anew: nothing of the file itself is kept.

What we serve was encoded here from plain pixels, so neither a place (EXIF, XMP) nor a script can come along.
"""

from __future__ import annotations

import hashlib
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageFilter, ImageOps

from gonghui.kit.errors import DomainError, require
from gonghui.mall import errors
from gonghui.mall.models.pictures import NEAR_SQUARE

PICTURE_MAX_MB = 8
FORMATS = ("JPEG", "PNG", "WEBP")
SIDE_MIN, SIDE_MAX, LONGER_MAX = 200, 12_000, 5
PIXELS_MAX = {"JPEG": 60_000_000}
PIXELS_ELSE_MAX = 25_000_000
"""A JPEG is opened at an eighth, a quarter or a half of its size; the others unfold whole."""
SCANS_MAX = 64
"""Of a JPEG, each of which goes over the whole picture again; a camera makes ten, a file made to keep us busy a million."""
SQUARES = {"thumb": 160, "card": 480}
WHOLE = 1280
QUALITY = 80
ONE_AT_A_TIME = threading.Lock()
"""However many upload at once, a process unfolds one picture."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One picture in the sizes we show. `name` is made of what it shows; the sides are those of `whole`."""

    name: str
    width: int
    height: int
    files: dict[str, bytes]


def drawn_from(content: bytes) -> Drawn:
    """Refuses what is no JPEG, PNG or WebP, whatever it is called; what is cut off; what is far too large or too small."""
    require(len(content) <= PICTURE_MAX_MB * 2**20, errors.PICTURE_TOO_LARGE, limit_mb=PICTURE_MAX_MB)
    require(content[:2] != b"\xff\xd8" or content.count(b"\xff\xda") <= SCANS_MAX, errors.NOT_A_PICTURE)
    with ONE_AT_A_TIME, _refusing_what_breaks(), Image.open(BytesIO(content), formats=FORMATS) as found:
        _require_size(found)
        found.draft("RGB", (WHOLE, WHOLE))
        whole = _plain(found)
    return drawn(whole)


def drawn(whole: Image.Image) -> Drawn:
    """Of plain pixels."""
    files = {"whole": _encoded(whole)}
    for name, side in SQUARES.items():
        files[name] = _encoded(_square(whole, side))
    digest = hashlib.sha256(b"".join(files[name] for name in sorted(files)))
    return Drawn(digest.hexdigest()[:32], whole.width, whole.height, files)


@contextmanager
def _refusing_what_breaks() -> Iterator[None]:
    """A decoder breaks in many ways on a file made to break it; every one of them means: no picture."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except DomainError:
        raise
    except (Exception, Image.DecompressionBombError) as broken:
        raise DomainError(errors.NOT_A_PICTURE) from broken


def _require_size(found: Image.Image) -> None:
    """From the head, before anything is unfolded."""
    short, long = sorted(found.size)
    most = PIXELS_MAX.get(found.format or "", PIXELS_ELSE_MAX)
    require(long <= SIDE_MAX and short * long <= most, errors.PICTURE_TOO_WIDE, most=most // 1_000_000)
    fits = short >= SIDE_MIN and long <= short * LONGER_MAX
    require(fits, errors.PICTURE_SHAPE, least=SIDE_MIN, longer=LONGER_MAX)


def _plain(found: Image.Image) -> Image.Image:
    """Upright, on white where it was clear, no larger than is shown; pixels and nothing else."""
    upright = ImageOps.exif_transpose(found)
    is_clear = upright.has_transparency_data
    pixels = upright.convert("RGBA" if is_clear else "RGB")
    pixels.thumbnail((WHOLE, WHOLE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    plain = Image.new("RGB", pixels.size, "white")
    plain.paste(pixels, mask=pixels.getchannel("A") if is_clear else None)
    return plain


def _square(whole: Image.Image, side: int) -> Image.Image:
    """What is nearly square is cut to the middle; what is long stands whole before itself, blurred."""
    filled = ImageOps.fit(whole, (side, side), Image.Resampling.LANCZOS)
    if NEAR_SQUARE[0] <= whole.width / whole.height <= NEAR_SQUARE[1]:
        return filled
    ground = Image.blend(
        filled.filter(ImageFilter.GaussianBlur(side / 16)), Image.new("RGB", filled.size, "white"), 0.4
    )
    inside = ImageOps.contain(whole, (side, side), Image.Resampling.LANCZOS)
    ground.paste(inside, ((side - inside.width) // 2, (side - inside.height) // 2))
    return ground


def _encoded(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "WEBP", quality=QUALITY, method=2)
    return out.getvalue()
