"""Makers of spreadsheet files, honest and dishonest, byte by byte where no library would write them."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable, Sequence

import xlsxwriter

MAIN_NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL_NS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE_NS = "http://schemas.openxmlformats.org/package/2006/relationships"
XML_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


def xlsx_of(rows: Iterable[Sequence[object]], name: str = "Sheet1") -> bytes:
    """As Excel writes it: shared strings, numbers as numbers."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet(name)
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(number, column, value)
            elif value is not None:
                sheet.write(number, column, value)
    book.close()
    return target.getvalue()


def zip_of(parts: dict[str, str | bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", packing) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return target.getvalue()


def workbook_parts(sheet_xml: str | bytes, **others: str | bytes) -> dict[str, str | bytes]:
    """The least a workbook needs. Other parts by keyword: `sharedStrings`, `styles`."""
    relations = "".join(
        f'<Relationship Id="r{kind}" Type="{REL_NS}/{kind}" Target="{kind}.xml"/>' for kind in others
    )
    parts: dict[str, str | bytes] = {
        "_rels/.rels": f'{XML_HEAD}<Relationships xmlns="{PACKAGE_NS}"><Relationship Id="r1" '
        f'Type="{REL_NS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{XML_HEAD}<workbook xmlns="{MAIN_NS}" xmlns:r="{REL_NS}"><sheets>'
        '<sheet name="名册" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{XML_HEAD}<Relationships xmlns="{PACKAGE_NS}">'
        f'<Relationship Id="rId1" Type="{REL_NS}/worksheet" Target="worksheets/sheet1.xml"/>{relations}'
        "</Relationships>",
        "xl/worksheets/sheet1.xml": sheet_xml,
    }
    return parts | {f"xl/{kind}.xml": content for kind, content in others.items()}


def sheet_xml_of(sheet_rows: str, tail: str = "") -> str:
    return f'{XML_HEAD}<worksheet xmlns="{MAIN_NS}"><sheetData>{sheet_rows}</sheetData>{tail}</worksheet>'


def xlsx_of_xml(sheet_rows: str, tail: str = "", **others: str | bytes) -> bytes:
    return zip_of(workbook_parts(sheet_xml_of(sheet_rows, tail), **others))


def zip_bomb(unpacked_mb: int) -> bytes:
    """A worksheet of one endless run of the same empty row."""
    row = '<row r="1"><c r="A1"/></row>'
    return xlsx_of_xml(row * (unpacked_mb * 2**20 // len(row)))


def lying_zip_bomb(unpacked_mb: int) -> bytes:
    """The zip directory claims that the worksheet unpacks to a few bytes."""
    bomb = bytearray(zip_bomb(unpacked_mb))
    place = 0
    while (place := bomb.find(b"PK\x01\x02", place)) >= 0:
        name_length = struct.unpack_from("<H", bomb, place + 28)[0]
        if bomb[place + 46 : place + 46 + name_length].endswith(b"sheet1.xml"):
            struct.pack_into("<I", bomb, place + 24, 1000)
        place += 46
    return bytes(bomb)


# --- .xls: BIFF8 records in a compound file -----------------------------------------------------------------

SECTOR = 512
END_OF_CHAIN, FREE, FAT_SECTOR = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
BIFF_BOF, BIFF_EOF, BIFF_SHEET, BIFF_LABEL, BIFF_NUMBER, BIFF_LOCKED = 0x809, 0x0A, 0x85, 0x204, 0x203, 0x2F


def _record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _bof(kind: int) -> bytes:
    return _record(BIFF_BOF, struct.pack("<HHHHII", 0x600, kind, 0x0DBB, 0x07CC, 0x41, 0x06))


def _xls_cell(row: int, column: int, value: object) -> bytes:
    if isinstance(value, int | float):
        return _record(BIFF_NUMBER, struct.pack("<HHHd", row, column, 0, value))
    text = str(value)
    place = struct.pack("<HHHHB", row, column, 0, len(text), 1)
    return _record(BIFF_LABEL, place + text.encode("utf-16-le"))


def xls_of(
    rows: Iterable[Sequence[object]],
    name: str = "名册",
    far_corner: tuple[int, int] | None = None,
    is_locked: bool = False,
) -> bytes:
    """`far_corner` adds one cell at that place: readers that trust bounds try to fill all memory."""
    cells = [
        _xls_cell(row, column, value)
        for row, values in enumerate(rows)
        for column, value in enumerate(values)
        if value is not None
    ]
    if far_corner:
        cells.append(_xls_cell(*far_corner, 1))
    sheet = _bof(0x10) + b"".join(cells) + _record(BIFF_EOF)
    title = name.encode("utf-16-le")
    locked = _record(BIFF_LOCKED, struct.pack("<H", 1) + bytes(52)) if is_locked else b""
    head = _bof(0x05) + locked
    entry_size = 4 + 8 + len(title)
    offset = len(head) + entry_size + 4
    entry = _record(BIFF_SHEET, struct.pack("<IBBBB", offset, 0, 0, len(name), 1) + title)
    return compound_file("Workbook", head + entry + _record(BIFF_EOF) + sheet)


def compound_file(stream_name: str, content: bytes) -> bytes:
    """An OLE envelope with one stream."""
    content = content.ljust(max(4096, -(-len(content) // SECTOR) * SECTOR), b"\0")
    sectors = len(content) // SECTOR
    fat_sectors = -(-(sectors + 2) // 127)
    chain = [*range(1, sectors), END_OF_CHAIN, END_OF_CHAIN, *([FAT_SECTOR] * fat_sectors)]
    chain += [FREE] * (fat_sectors * 128 - len(chain))
    places = [sectors + 1 + number for number in range(fat_sectors)]
    header = struct.pack("<8s16sHHHHH6x", bytes.fromhex("D0CF11E0A1B11AE1"), b"", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIII", 0, fat_sectors, sectors, 0, 4096, END_OF_CHAIN, 0, END_OF_CHAIN, 0)
    header += struct.pack("<109I", *(places + [FREE] * (109 - fat_sectors)))
    folder = _folder_entry("Root Entry", 5, 1, END_OF_CHAIN, 0) + _folder_entry(
        stream_name, 2, FREE, 0, len(content)
    )
    return header + content + folder.ljust(SECTOR, b"\0") + struct.pack(f"<{len(chain)}I", *chain)


def _folder_entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    title = name.encode("utf-16-le")
    links = struct.pack("<BBIII", kind, 1, FREE, FREE, child)
    return (
        title.ljust(64, b"\0")
        + struct.pack("<H", len(title) + 2)
        + links
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )


def password_protected_xlsx() -> bytes:
    """Office wraps an encrypted workbook in the envelope of old files."""
    return compound_file("EncryptedPackage", bytes(8192))


WEB_PAGE_AS_XLS = """<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head>
<meta http-equiv=Content-Type content="text/html; charset=gb2312"></head>
<body><table border=1><tr><td>姓名</td><td>身份证号</td></tr></table></body></html>""".encode("gb2312")

XML_SPREADSHEET_2003 = b"""<?xml version="1.0"?>
<?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet/></Workbook>"""

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)
