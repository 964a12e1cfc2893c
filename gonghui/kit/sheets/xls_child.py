"""Run as a program of its own: reads an old .xls from stdin, prints its rows as JSON lines.

Calamine builds a whole sheet at once from bounds that the file itself claims. A file that lies about them, or
crashes the reader, ends this process and nothing else.
"""

import io
import json
import resource
import struct
import sys
from datetime import date, datetime, time

import python_calamine

MEMORY_BYTES = 2**30
CPU_SECONDS = 60
GLOBALS_START = bytes.fromhex("0908100000060500")
LOCK_RECORD = 0x2F
LOCK_WITHIN_RECORDS = 8
EXIT_PASSWORD = 3
EXIT_BROKEN = 4


def hold_limits() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    try:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    except (ValueError, OSError):  # macOS knows the limit but does not let it be set
        return


def plain(cell):
    if isinstance(cell, datetime):
        if cell.time() == time(0):
            return {"date": cell.date().isoformat()}
        return {"datetime": cell.isoformat()}
    if isinstance(cell, date):
        return {"date": cell.isoformat()}
    if isinstance(cell, time):
        return {"time": cell.isoformat()}
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e300:
        return int(cell)
    if isinstance(cell, str | int | float):
        return None if cell == "" else cell
    return str(cell)


def is_locked(content: bytes) -> bool:
    """The reader only says that it does not know the format; the record of the password tells why."""
    place = content.find(GLOBALS_START)
    for _record in range(LOCK_WITHIN_RECORDS):
        if place < 0 or place + 4 > len(content):
            return False
        kind, length = struct.unpack_from("<HH", content, place)
        if kind == LOCK_RECORD:
            return True
        place += 4 + length
    return False


def write_line(value) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=True) + "\n")


def write_sheet(book, meta) -> None:
    if meta.typ != python_calamine.SheetTypeEnum.WorkSheet:
        return
    sheet = book.get_sheet_by_name(meta.name)
    hidden = meta.visible != python_calamine.SheetVisibleEnum.Visible
    merges = [(*first, *last) for first, last in sheet.merged_cell_ranges or ()]
    write_line({"name": meta.name, "hidden": hidden, "merges": merges})
    for number, row in enumerate(sheet.iter_rows(), 1):
        cells = [plain(cell) for cell in row]
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            write_line([number, cells])


def main() -> int:
    content = sys.stdin.buffer.read()
    hold_limits()
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        for meta in book.sheets_metadata:
            write_sheet(book, meta)
    except (python_calamine.CalamineError, MemoryError, ValueError, OSError):
        return EXIT_PASSWORD if is_locked(content) else EXIT_BROKEN
    return 0


if __name__ == "__main__":
    sys.exit(main())
