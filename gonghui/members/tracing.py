"""Where a leaked copy comes from: the marks in a sheet or in any text, and the requests they name."""

from __future__ import annotations

import io
import re
import zipfile

from django.utils.translation import gettext as _

from gonghui.kit.crypto import get_keyring
from gonghui.kit.marks import Mark, document_mark, read_marks
from gonghui.members.models import ExportRequest

PART_BYTES_MAX = 256 * 2**20
ROWS_NAMED = 20
PROPERTY = re.compile(r"gonghui-export:(\d{1,9}):[0-9a-f]{8}")


def traced(content: bytes) -> list[str]:
    """One sentence for each export of ours that this holds rows or properties of."""
    ring, text = get_keyring(), _text_of(content)
    marks = read_marks(ring, text)
    named = {
        int(found[1]) for found in PROPERTY.finditer(text) if found[0] == document_mark(ring, int(found[1]))
    }
    numbers = {mark.export_id for mark in marks} | named
    requests = ExportRequest.objects.unscoped("traced by the operator").filter(pk__in=numbers)
    return [
        _sentence(one, marks) for one in requests.select_related("maker", "checker", "union").order_by("id")
    ]


def _text_of(content: bytes) -> str:
    """All parts of a packed sheet; anything else as it stands."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return content.decode("utf-8", "ignore")
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = [part for part in packed.infolist() if part.file_size <= PART_BYTES_MAX]
        return "\n".join(packed.read(part).decode("utf-8", "ignore") for part in parts)


def _sentence(export: ExportRequest, marks: set[Mark]) -> str:
    rows = sorted(mark.row for mark in marks if mark.export_id == export.pk)
    said = _(
        "{number} {title}（{union}）：{maker} 申请，{checker} 同意，{at:%Y-%m-%d}；用途：{reason}；{rows}"
    )
    return said.format(
        number=export.number,
        title=export.title,
        union=export.union.name,
        maker=export.maker,
        checker=export.checker or "—",
        at=export.created_at,
        reason=export.reason,
        rows=_("共 {total} 行里的 {count} 行：{some}").format(
            total=export.rows_count, count=len(rows), some="、".join(map(str, rows[:ROWS_NAMED])) or "—"
        ),
    )
