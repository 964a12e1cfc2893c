"""A sheet as an answer."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence

from django.http import FileResponse

from gonghui.kit import clock
from gonghui.kit.sheets import Column, write_xlsx

IN_MEMORY_BYTES = 2 * 1024 * 1024


def sheet_answer(columns: Sequence[Column], rows: Iterable[Sequence], *, name: str) -> FileResponse:
    target = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - FileResponse closes it
    write_xlsx(target, columns, rows, sheet_name=name[:31])
    target.seek(0)
    answer = FileResponse(target, as_attachment=True, filename=f"{name}-{clock.now():%Y%m%d}.xlsx")
    answer["Cache-Control"] = "no-store"
    return answer
