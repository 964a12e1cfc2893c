"""From a roster as unions send it to clean rows or refusals with reasons, and back. No database here."""

from gonghui.members.roster.reading import RosterReading, read_roster
from gonghui.members.roster.report import RosterReport
from gonghui.members.roster.rows import RosterItem, RosterRow, RowRefusal, SkippedRow
from gonghui.members.roster.sheets_back import refused_sheet, template_sheet

__all__ = [
    "RosterItem",
    "RosterReading",
    "RosterReport",
    "RosterRow",
    "RowRefusal",
    "SkippedRow",
    "read_roster",
    "refused_sheet",
    "template_sheet",
]
