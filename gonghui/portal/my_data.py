"""Everything kept of one person as a file of theirs: JSON for machines, a workbook for people."""

from __future__ import annotations

import io
import json
from datetime import date, datetime

import xlsxwriter
from django.core.serializers.json import DjangoJSONEncoder

from gonghui.kit.actors import Actor
from gonghui.kit.audit import record_unmask
from gonghui.kit.clock import CHINA, now
from gonghui.members.queries import own_person
from gonghui.portal.queries.account import SECTIONS

FIELDS = ("id_no", "phone")


def note_own_data_read(actor: Actor) -> None:
    """Also one's own unmasked data leaves a trace: whoever held the phone, it is on record."""
    if person := own_person(actor):
        record_unmask(actor, [person], fields=FIELDS, reason="own data")


def my_data_json(actor: Actor) -> bytes:
    document = {
        "made_at": now().isoformat(timespec="seconds"),
        **{
            section.code: {
                "title": str(section.title),
                "rows": [
                    dict(zip(map(str, section.columns), map(_local, row), strict=True))
                    for row in section.rows(actor)
                ],
            }
            for section in SECTIONS
        },
    }
    return json.dumps(document, ensure_ascii=False, indent=1, cls=DjangoJSONEncoder).encode()


def my_data_xlsx(actor: Actor) -> bytes:
    """One sheet a section; every cell is text, so nothing in it can run as a formula."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        bold = book.add_format({"bold": True})
        for section in SECTIONS:
            sheet = book.add_worksheet(str(section.title))
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, len(section.columns) - 1, 22)
            for column, title in enumerate(section.columns):
                sheet.write_string(0, column, str(title), bold)
            for line, row in enumerate(section.rows(actor), start=1):
                for column, value in enumerate(row):
                    sheet.write_string(line, column, _said(value))
    return target.getvalue()


def _local(value):
    return value.astimezone(CHINA) if isinstance(value, datetime) else value


def _said(value) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{_local(value):%Y-%m-%d %H:%M}"
    return value.isoformat() if isinstance(value, date) else str(value)
