"""What a file is, by its bytes alone."""

from __future__ import annotations

import re
from typing import BinaryIO

from django.utils.translation import gettext_lazy as _

from gonghui.kit.errors import DomainError
from gonghui.kit.sheets.cells import Limits
from gonghui.kit.sheets.errors import EMPTY, OLD_XML, OTHER_KIND, PASSWORD, TOO_BIG, WEB_PAGE

HEAD_BYTES = 4096
BLOCK_BYTES = 2**20
OLE_MAGIC = bytes.fromhex("D0CF11E0A1B11AE1")
MAGICS = (
    (b"\x89PNG", _("PNG 图片")),
    (b"\xff\xd8\xff", _("JPEG 图片")),
    (b"GIF8", _("GIF 图片")),
    (b"BM", _("BMP 图片")),
    (b"II*\x00", _("TIFF 图片")),
    (b"MM\x00*", _("TIFF 图片")),
    (b"%PDF", _("PDF 文件")),
    (b"{\\rtf", _("RTF 文档")),
    (b"Rar!", _("RAR 压缩包")),
    (b"7z\xbc\xaf", _("7z 压缩包")),
    (b"\x1f\x8b", _("gzip 压缩包")),
    (b"MZ", _("可执行程序")),
    (b"\x7fELF", _("可执行程序")),
)
WEB_PAGE_START = re.compile(rb"<(!doctype\s+html|html|head|meta|body|table|style|div)\b", re.IGNORECASE)
XML_SPREADSHEET = b"urn:schemas-microsoft-com:office:spreadsheet"


def file_size(file: BinaryIO) -> int:
    size = file.seek(0, 2)
    file.seek(0)
    return size


def sniff(file: BinaryIO, limits: Limits) -> str:
    """`zip`, `ole` or `text`; everything else is refused by name."""
    size = file_size(file)
    if size == 0:
        raise DomainError(EMPTY)
    if size > limits.file_bytes:
        raise DomainError(TOO_BIG, limit_mb=limits.file_bytes // 2**20)
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if head.startswith(b"PK"):
        return "zip"
    if head.startswith(OLE_MAGIC):
        _refuse_other_ole(file)
        return "ole"
    _refuse_by_magic(head)
    _refuse_markup(head)
    return "text"


def _refuse_by_magic(head: bytes) -> None:
    for magic, kind in MAGICS:
        # Two letters alone may well begin a text ("BMI,…").
        if head.startswith(magic) and (len(magic) > 2 or b"\x00" in head):
            raise DomainError(OTHER_KIND, kind=kind)


def _refuse_markup(head: bytes) -> None:
    text = head.removeprefix(b"\xef\xbb\xbf")
    if text[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        text = text[2:].replace(b"\x00", b"")
    text = text.lstrip()
    if XML_SPREADSHEET in text and text.startswith(b"<"):
        raise DomainError(OLD_XML)
    is_page = text.startswith(b"<") and WEB_PAGE_START.search(text)
    if is_page or (text[:13].lower() == b"mime-version:" and b"text/html" in text.lower()):
        raise DomainError(WEB_PAGE)


def _refuse_other_ole(file: BinaryIO) -> None:
    """An encrypted .xlsx and an old Word document wear the same envelope as .xls."""
    if _contains(file, "EncryptedPackage".encode("utf-16-le")):
        raise DomainError(PASSWORD)
    if _contains(file, "WordDocument".encode("utf-16-le")):
        raise DomainError(OTHER_KIND, kind=_("Word 文档"))
    if _contains(file, "PowerPoint Document".encode("utf-16-le")):
        raise DomainError(OTHER_KIND, kind=_("演示文稿"))


def _contains(file: BinaryIO, needle: bytes) -> bool:
    file.seek(0)
    tail = b""
    found = False
    while not found and (block := file.read(BLOCK_BYTES)):
        found = needle in tail + block
        tail = block[-len(needle) :]
    file.seek(0)
    return found
