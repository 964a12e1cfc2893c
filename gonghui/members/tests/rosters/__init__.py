"""Makers of rosters as offices really make them."""

from gonghui.members.tests.rosters.makers import Book, csv_of, read, xlsx_of
from gonghui.members.tests.rosters.people import CHEN, HEADINGS, LI, ZHANG, resident_id, short_id

__all__ = [
    "CHEN",
    "HEADINGS",
    "LI",
    "ZHANG",
    "Book",
    "csv_of",
    "read",
    "resident_id",
    "short_id",
    "xlsx_of",
]
