"""Spreadsheets from strangers, read safely; spreadsheets for strangers, written safely.

Every reader streams, trusts neither name nor content type, and holds `Limits`.
"""

from gonghui.kit.sheets.cells import (
    Cell,
    CellError,
    Limits,
    Merge,
    Sheet,
    SheetRow,
    cell_text,
    is_blank,
)
from gonghui.kit.sheets.opening import Workbook, open_workbook, read_sheet
from gonghui.kit.sheets.writing import XLSX, Column, write_csv, write_xlsx

__all__ = [
    "XLSX",
    "Cell",
    "CellError",
    "Column",
    "Limits",
    "Merge",
    "Sheet",
    "SheetRow",
    "Workbook",
    "cell_text",
    "is_blank",
    "open_workbook",
    "read_sheet",
    "write_csv",
    "write_xlsx",
]
