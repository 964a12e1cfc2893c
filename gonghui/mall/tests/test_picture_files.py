"""What is read of an uploaded picture, and what is left of it: pixels and nothing else."""

from __future__ import annotations

import resource
import threading
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gonghui.kit.errors import DomainError
from gonghui.mall import pictures
from gonghui.mall.pictures import PICTURE_MAX_MB, drawn_from
from gonghui.mall.tests.shots import HOSTILE, HTML, clear, from_a_phone, huge_png, shot


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


def refused(content: bytes) -> str:
    with pytest.raises(DomainError) as refusal:
        drawn_from(content)
    return refusal.value.code


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_picture_is_drawn_anew_in_three_sizes(kind):
    found = drawn_from(shot((1600, 1200), kind=kind))
    sizes = {name: opened(content).size for name, content in found.files.items()}
    assert sizes == {"whole": (1280, 960), "card": (480, 480), "thumb": (160, 160)}
    assert {opened(content).format for content in found.files.values()} == {"WEBP"}
    assert (found.width, found.height, len(found.name)) == (1280, 960, 32)


def test_small_picture_is_not_blown_up():
    found = drawn_from(shot((300, 240)))
    assert (opened(found.files["whole"]).size, found.width) == ((300, 240), 300)


def test_place_phone_and_comments_are_gone_and_the_picture_stands_upright():
    content = from_a_phone((800, 600), orientation=6)
    assert opened(content).getexif().get_ifd(0x8825)[2] and b"SecretPhone" in content
    found = drawn_from(content)
    assert (found.width, found.height) == (600, 800)
    for kept in found.files.values():
        image = opened(kept)
        image.load()
        assert (dict(image.getexif()), set(image.info) & {"exif", "xmp", "icc_profile", "comment"}) == (
            {},
            set(),
        )
        assert not [word for word in (b"EXIF", b"SecretPhone", b"script", b"2026:11:22") if word in kept]


def test_what_hangs_behind_a_picture_is_left_behind():
    found = drawn_from(shot() + HTML + b"\xff\xd9")
    assert not [kept for kept in found.files.values() if b"<script" in kept]
    assert found == drawn_from(shot())


def test_what_is_clear_becomes_white():
    found = drawn_from(clear())
    assert opened(found.files["whole"]).convert("RGB").getpixel((10, 10)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["L", "P", "LA", "CMYK", "1", "I;16"])
def test_other_kinds_of_pixels_become_plain_ones(mode):
    out = BytesIO()
    Image.new(mode, (300, 300)).save(out, "JPEG" if mode == "CMYK" else "PNG")
    assert opened(drawn_from(out.getvalue()).files["card"]).mode == "RGB"


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_picture_is_refused(what):
    assert refused(HOSTILE[what]) in ("mall_not_a_picture", "mall_picture_too_wide")


def test_sizes_that_are_too_much_are_refused_before_they_unfold():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refused(huge_png(11_999, 11_999)) == "mall_picture_too_wide"
    assert refused(huge_png(60_000, 60_000)) == "mall_not_a_picture"
    assert refused(huge_png(12_001, 300)) == "mall_picture_too_wide"
    assert refused(shot() + b"\x00" * PICTURE_MAX_MB * 2**20) == "mall_picture_too_large"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40 * 1024


@pytest.mark.parametrize(
    ("size", "code"), [((199, 600), "mall_picture_shape"), ((1100, 210), "mall_picture_shape")]
)
def test_too_small_and_too_long_are_refused_in_words(size, code):
    assert refused(shot(size)) == code


def test_long_picture_stands_whole_in_its_square():
    wide, tall = drawn_from(shot((1000, 210))), drawn_from(shot((210, 1000)))
    for found in (wide, tall):
        card = opened(found.files["card"]).convert("RGB")
        assert card.size == (480, 480)
        red, green, _blue = card.getpixel((240, 240))
        assert red > 180 and green < 80  # itself in the middle
        assert min(card.getpixel((2, 2))) > 80  # a lighter ground in the corner


def test_same_picture_has_the_same_name_and_another_another():
    assert drawn_from(shot()).name == drawn_from(shot()).name != drawn_from(shot(colour="#225588")).name


def test_one_process_unfolds_one_picture_at_a_time(monkeypatch):
    within, most, plain = [], [], pictures._plain

    def counted(found):
        within.append(1)
        most.append(len(within))
        try:
            return plain(found)
        finally:
            within.pop()

    monkeypatch.setattr(pictures, "_plain", counted)
    content = shot((1600, 1600))
    threads = [threading.Thread(target=drawn_from, args=(content,)) for _n in range(6)]
    [one.start() for one in threads]
    [one.join() for one in threads]
    assert (len(most), max(most)) == (6, 1)


KINDS = [
    shot((240, 220)),
    shot((240, 220), kind="PNG"),
    shot((240, 220), kind="WEBP"),
    from_a_phone((240, 220)),
]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.lists(st.tuples(st.integers(0, 1), st.binary(min_size=1, max_size=6)), max_size=4),
    st.data(),
)
def test_spoilt_bytes_are_a_picture_or_a_refusal_in_words(content, hits, data):
    spoilt = bytearray(content)
    for _n, piece in hits:
        at = data.draw(st.integers(0, len(spoilt)))
        spoilt[at : at + len(piece)] = piece
    try:
        drawn_from(bytes(spoilt))
    except DomainError as refusal:
        assert refusal.code.startswith(("mall_not_a_picture", "mall_picture_"))
