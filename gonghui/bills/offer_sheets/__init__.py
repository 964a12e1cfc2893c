"""Offers as a sheet and back: one offer a line, its further funders and windows on the lines below. No database here."""

from gonghui.bills.offer_sheets.columns import COLUMNS, Known, template_columns
from gonghui.bills.offer_sheets.errors import NO_OFFERS, NOT_A_SHEET, SHEET_TOO_LONG
from gonghui.bills.offer_sheets.names import Names
from gonghui.bills.offer_sheets.reading import OFFERS_MAX, SheetOffer, read_lines, read_offers
from gonghui.bills.offer_sheets.writing import example_rows, lines_of, template_notes

__all__ = [
    "COLUMNS",
    "NOT_A_SHEET",
    "NO_OFFERS",
    "OFFERS_MAX",
    "SHEET_TOO_LONG",
    "Known",
    "Names",
    "SheetOffer",
    "example_rows",
    "lines_of",
    "read_lines",
    "read_offers",
    "template_columns",
    "template_notes",
]
