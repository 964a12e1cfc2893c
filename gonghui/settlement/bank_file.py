"""The file the bank takes: one row a payout. The same payouts give the same bytes; no text in it runs as a formula."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from gonghui.kit.sheets import Column, write_xlsx

EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class PayoutRow:
    number: str
    payee: str
    bank: str
    account: str
    amount_fen: int
    purpose: str


def bank_file(rows: Sequence[PayoutRow]) -> bytes:
    columns = [
        Column(_("序号"), 8, "number"), Column(_("付款编号"), 20), Column(_("收款户名"), 32), Column(_("开户行"), 28),
        Column(_("收款账号"), 28), Column(_("金额（元）"), 16, "money"), Column(_("用途"), 40),
    ]  # fmt: skip
    lines = [
        [nth, row.number, row.payee, row.bank, row.account, row.amount_fen, row.purpose]
        for nth, row in enumerate(rows, 1)
    ]
    target = io.BytesIO()
    write_xlsx(target, columns, lines, sheet_name=_("付款"))
    return _without_time(target.getvalue())


def _without_time(book: bytes) -> bytes:
    """The moment of writing stands in the properties of a workbook; out with it, or no two hashes were alike."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            if part.filename == "docProps/core.xml":
                continue
            text = old.read(part)
            if part.filename in ("[Content_Types].xml", "_rels/.rels"):
                text = _without_properties(text)
            new.writestr(zipfile.ZipInfo(part.filename, EPOCH), text, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _without_properties(xml: bytes) -> bytes:
    """Drops the element that names docProps/core.xml."""
    mark = xml.index(b"docProps/core.xml")
    start, end = xml.rindex(b"<", 0, mark), xml.index(b"/>", mark) + 2
    return xml[:start] + xml[end:]


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def packed(content: bytes) -> str:
    return base64.b64encode(content).decode()


def unpacked(text: str) -> bytes:
    return base64.b64decode(text)
