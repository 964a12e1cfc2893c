"""Reading a roster from end to end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

from gonghui.kit.ahead import in_lots, in_second_process, made_ahead
from gonghui.kit.errors import DomainError
from gonghui.kit.sheets import Cell, Merge, Sheet, SheetRow, Workbook, is_blank, open_workbook
from gonghui.kit.sheets.errors import NO_SHEETS
from gonghui.members.roster.columns import LABELS
from gonghui.members.roster.errors import NO_ROWS
from gonghui.members.roster.header import Header, best_header, find_header, head_rows
from gonghui.members.roster.repeats import RepeatFinder, Repeats
from gonghui.members.roster.report import RosterReport
from gonghui.members.roster.row_reader import RowReader, read_rows
from gonghui.members.roster.rows import RosterItem, RosterRow, RowRefusal, SkippedRow
from gonghui.members.roster.spool import Spool

FILLED_DOWN = ("union", "groups", "employment")
"""Fields that offices merge over the lines of many members."""
PROGRESS_ROWS = 1000
SHORT_LOTS = 20
"""A second process takes a second to start."""
LINES_NAMED_MAX = 5


def read_roster(
    source: BinaryIO | bytes | Path,
    *,
    sheet_name: str = "",
    group_names: Mapping[str, str] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> RosterReading:
    """Opens the file and finds the heading; refuses at once what is no roster. Rows come by iterating.

    `on_progress` is told the number of lines read so far, every thousand and at the end.
    """
    book = open_workbook(source)
    sheet, others = (book.sheet(sheet_name), ()) if sheet_name else _chosen(book)
    header = find_header(head_rows(sheet))
    reading = RosterReading(book, sheet, header, group_names or {}, on_progress)
    reading.other_sheets = others
    return reading


def _chosen(book: Workbook) -> tuple[Sheet, tuple[str, ...]]:
    """The visible sheet with the best heading, and the names of others that look like rosters too."""
    visible = book.visible_sheets
    if not visible:
        raise DomainError(NO_SHEETS)
    if len(visible) == 1:
        return visible[0], ()
    filled = [(sheet, rows) for sheet in visible if (rows := head_rows(sheet))]
    headed = [(sheet, rows, header) for sheet, rows in filled if (header := best_header(rows))]
    rosters = [(sheet, rows, header) for sheet, rows, header in headed if header.is_complete]
    if not rosters:
        candidates = [sheet for sheet, *_rest in headed or filled] or visible
        return candidates[0], ()
    # A blank form beside the filled one has the same heading and nothing below it.
    best = max(rosters, key=lambda found: (found[1][-1].number > found[2].last_line, len(found[2].columns)))
    return best[0], tuple(sheet.name for sheet, *_rest in rosters if sheet is not best[0])


class RosterReading:
    """An iterable of `RosterItem`; each run reads the file anew, and `report` counts what it has given out.

    Nothing comes out before the last line is read, since the last line may contradict the first.
    """

    other_sheets: tuple[str, ...] = ()

    def __init__(
        self,
        book: Workbook,
        sheet: Sheet,
        header: Header,
        group_names: Mapping[str, str],
        on_progress: Callable[[int], None] | None,
    ):
        self._book, self._sheet, self.header = book, sheet, header
        self._reader = RowReader(header, group_names)
        self._on_progress = on_progress or (lambda _count: None)
        self.report = RosterReport()

    @property
    def sheet_name(self) -> str:
        return self._sheet.name

    @property
    def headings(self) -> tuple[str, ...]:
        """Of the columns in `RowRefusal.raw`."""
        return self.header.own_headings

    def __iter__(self) -> Iterator[RosterItem]:
        return (item for item, _raw in self.with_raw())

    def with_raw(self) -> Iterator[tuple[RosterItem, tuple[str, ...]]]:
        """Each item with its cells as the sheet shows them: good rows may be refused later, by the database."""
        self.report = report = self._fresh_report()
        spool, finder = self._gathered()
        repeats = finder.found()
        for spooled in spool.drained():
            settled = self._settled(spooled, repeats)
            report.count(settled)
            yield settled, self._reader.raw(spooled[1]) if spooled[1] is not None else ()

    def _fresh_report(self) -> RosterReport:
        header = self.header
        return RosterReport(
            sheet_name=self._sheet.name,
            other_sheets=self.other_sheets,
            header_line=header.last_line,
            columns=tuple(
                (header.headings[place], str(LABELS[key])) for key, place in header.columns.items()
            ),
            ignored=header.ignored,
        )

    def _gathered(self) -> tuple[Spool, RepeatFinder]:
        """Good rows are kept with their cells, since a later line may still get them refused."""
        spool, finder = Spool(), RepeatFinder()
        count = members = 0
        for lines, items in self._read_lots():
            for line, item in zip(lines, items, strict=True):
                if isinstance(item, RosterRow):
                    finder.add(item)
                    spool.add((item, line.cells))
                elif item is not None:
                    spool.add((item, None))
                members += isinstance(item, RosterRow | RowRefusal)
            count += len(lines)
            self._on_progress(count)
        if not members:
            raise DomainError(NO_ROWS)
        return spool, finder

    def _read_lots(self) -> Iterator[tuple[list[SheetRow], list[RosterItem | None]]]:
        """Of a long sheet a second process reads what the lines say, while this one reads on in the file."""
        lots = in_lots(self._member_lines(), PROGRESS_ROWS)
        for lot in islice(lots, SHORT_LOTS):
            yield lot, self._reader.read_all(lot)
        if more := list(islice(lots, 1)):
            with in_second_process(read_rows) as read:
                yield from made_ahead(chain(more, lots), lambda lot: read((self._reader, lot)))

    def _member_lines(self) -> Iterator[SheetRow]:
        filler = _MergeFiller(self._sheet.merges(), self.header)
        for row in self._sheet.rows():
            if row.number > self.header.last_line:
                filler.fill(row)
                yield row

    def _settled(self, spooled: tuple[RosterItem, list[Cell]], repeats: Repeats) -> RosterItem:
        item, cells = spooled
        if not isinstance(item, RosterRow):
            return item
        line = item.line_no
        if first := repeats.first_of.get(line):
            return SkippedRow(line, "repeated", _("与第 {line} 行相同。").format(line=first))
        if line in repeats.conflicts:
            return _conflict(item, repeats.conflicts[line], self._reader.raw(cells))
        if line in repeats.phone_shared:
            return item._replace(notes=(*item.notes, "phone_shared"))
        return item

    def close(self) -> None:
        self._book.close()

    def __enter__(self) -> RosterReading:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def _conflict(row: RosterRow, lines: list[int], raw: tuple[str, ...]) -> RowRefusal:
    others = list(islice((str(line) for line in lines if line != row.line_no), LINES_NAMED_MAX))
    named = "、".join(others) + (_("等") if len(lines) > len(others) + 1 else "")
    said = _("与第 {lines} 行的证件号码相同，但内容不一样。请核对后只留一行。").format(lines=named)
    return RowRefusal(row.line_no, ("conflicting_rows",), (said,), raw)


class _MergeFiller:
    """Gives every line of a merged cell its value; rows must come in order."""

    def __init__(self, merges: list[Merge], header: Header):
        places = {header.columns[key] for key in FILLED_DOWN if key in header.columns}
        self._ends = {
            (merge.first_row, merge.first_column): merge.last_row
            for merge in merges
            if merge.first_column in places
            and merge.last_row > merge.first_row > header.last_line
            and merge.first_column == merge.last_column
        }
        self._places = sorted(places) if self._ends else []
        self._running: dict[int, tuple[int, object]] = {}

    def fill(self, row: SheetRow) -> None:
        for place in self._places:
            cells = row.cells
            value = cells[place] if place < len(cells) else None
            if end := self._ends.get((row.number, place)):
                self._running[place] = end, value
            last, running = self._running.get(place, (0, None))
            if row.number <= last and is_blank(value) and any(not is_blank(cell) for cell in cells):
                cells.extend([None] * (place + 1 - len(cells)))
                cells[place] = running  # type: ignore[call-overload]
