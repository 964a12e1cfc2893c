"""Zip packages and the XML in them, when neither can be trusted."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO
from xml.parsers import expat

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import DomainError
from gonghui.kit.sheets.cells import Limits
from gonghui.kit.sheets.errors import BOMB, BROKEN, OTHER_KIND, OTHER_SHEET, PASSWORD

CHUNK_BYTES = 2**18
TOKEN_BYTES_MAX = 2**21
"""One tag or attribute longer than this is an attack: the parser must hold it whole."""
PARTS_MAX = 5000
ZIP_ENCRYPTED = 0x1
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    expat.ExpatError,
    EOFError,
    RuntimeError,  # zipfile: packed in a way it does not know
    OSError,
    ValueError,
)

ANCHORS = (
    ("xl/workbook.bin", OTHER_SHEET, _("二进制工作簿（.xlsb）")),
    ("content.xml", OTHER_SHEET, _("OpenDocument（.ods）")),
    ("index/document.iwa", OTHER_SHEET, _("Numbers ")),
    ("word/document.xml", OTHER_KIND, _("Word 文档")),
    ("ppt/presentation.xml", OTHER_KIND, _("演示文稿")),
)


class MeteredPart:
    """Counts what really comes out: sizes in the zip directory are only claims."""

    def __init__(self, stream: IO[bytes], packed_bytes: int, limits: Limits):
        self._stream, self._limits, self._out = stream, limits, 0
        self._allowed = min(
            limits.unpacked_bytes, max(limits.ratio_free_bytes, limits.ratio * max(packed_bytes, 1))
        )

    def read(self, size: int = CHUNK_BYTES) -> bytes:
        chunk = self._stream.read(size)
        self._out += len(chunk)
        if self._out > self._allowed:
            raise DomainError(BOMB)
        return chunk

    def close(self) -> None:
        self._stream.close()


class Package:
    """A zip whose directory has been looked over; part names are compared without case."""

    def __init__(self, file: BinaryIO, limits: Limits):
        with damage_refused():
            self._zip = zipfile.ZipFile(file)
        self._limits = limits
        self._parts = {_part_name(info.filename): info for info in self._zip.infolist()}
        self._refuse_bomb()
        if any(info.flag_bits & ZIP_ENCRYPTED for info in self._parts.values()):
            raise DomainError(PASSWORD)

    def _refuse_bomb(self) -> None:
        parts, limits = self._zip.infolist(), self._limits
        swollen = any(
            info.file_size > max(limits.ratio_free_bytes, limits.ratio * max(info.compress_size, 1))
            for info in parts
        )
        if swollen or len(parts) > PARTS_MAX or sum(info.file_size for info in parts) > limits.unpacked_bytes:
            raise DomainError(BOMB)

    def __contains__(self, name: str) -> bool:
        return _part_name(name) in self._parts

    @contextmanager
    def opened(self, name: str) -> Iterator[MeteredPart]:
        info = self._parts.get(_part_name(name))
        if info is None:
            raise DomainError(BROKEN)
        with damage_refused(), self._zip.open(info) as stream:
            yield MeteredPart(stream, info.compress_size, self._limits)

    def refuse_other_documents(self) -> None:
        for anchor, reason, kind in ANCHORS:
            if anchor in self:
                raise DomainError(reason, kind=kind)
        raise DomainError(OTHER_KIND, kind=_("压缩包"))

    def close(self) -> None:
        self._zip.close()


@contextmanager
def damage_refused() -> Iterator[None]:
    try:
        yield
    except DAMAGE as damage:
        raise DomainError(BROKEN) from damage


def _part_name(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def wary_parser() -> expat.XMLParserType:
    """Office files never declare a document type; entity bombs always do."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def _refuse_doctype(*_args: object) -> None:
    raise DomainError(BROKEN)


def parsed(parser: expat.XMLParserType, part: MeteredPart) -> Iterator[None]:
    """Feeds the part to the parser, one step a chunk."""
    fed = 0
    while chunk := part.read(CHUNK_BYTES):
        parser.Parse(chunk)
        fed += len(chunk)
        if fed - parser.CurrentByteIndex > TOKEN_BYTES_MAX:
            raise DomainError(BROKEN)
        yield
    parser.Parse(b"", True)


def each_element(part: MeteredPart, on_start: Callable[[str, dict[str, str]], None]) -> None:
    """Calls `on_start(local name, attributes with local names)` for every element of a small part."""

    def start(tag: str, attributes: dict[str, str]) -> None:
        on_start(local(tag), {local(name): value for name, value in attributes.items()})

    parser = wary_parser()
    parser.StartElementHandler = start
    for _step in parsed(parser, part):
        pass


def local(name: str) -> str:
    return name.rpartition(":")[2]
