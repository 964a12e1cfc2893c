"""The rows of the table, and how it is printed."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from typing import Any

import psutil


def say(what: str) -> None:
    """On its way; beside the table, which is what a process prints."""
    print(f"… {what}", file=sys.stderr, flush=True)


@dataclass
class Row:
    what: str
    rate: str
    p50: str = ""
    p99: str = ""
    note: str = ""
    good: bool | None = None  # None: nothing promised


def row_of(what: str, heard: dict[str, Any], *, note: str = "", good: bool | None = None) -> Row:
    times = (f"{heard['p50_ms']:.1f} ms", f"{heard['p99_ms']:.1f} ms")
    return Row(what, f"{heard['rate']:,.0f}/s", *times, note=note, good=good)


HEADINGS = ("what", "rate", "p50", "p99", "")
MARKS = {True: "✓", False: "✗", None: ""}


def cells_of(rows: list[Row]) -> list[tuple[str, ...]]:
    return [(r.what, r.rate, r.p50, r.p99, f"{MARKS[r.good]} {r.note}".strip()) for r in rows]


def line_of(row: Row) -> str:
    [cells] = cells_of([row])
    return " · ".join(filter(None, cells))


def as_text(rows: list[Row]) -> str:
    table = [HEADINGS, *cells_of(rows)]
    widths = [max(len(line[n]) for line in table) for n in range(len(HEADINGS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    ]
    return "\n".join([machine(), "", *lines])


def as_markdown(rows: list[Row]) -> str:
    lines = [f"| {' | '.join(cells)} |" for cells in (HEADINGS, *cells_of(rows))]
    lines.insert(1, "|---|--:|--:|--:|---|")
    return "\n".join([*lines, "", machine()])


def machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}, fsync on, one gate worker;"
        " crowd, gate and PostgreSQL share the cores."
    )
