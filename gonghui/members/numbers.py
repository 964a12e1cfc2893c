"""The member number as people read it: ten figures in order and two check digits, made by the database (sql/10_numbers.sql)."""

from __future__ import annotations

from gonghui.kit.identifiers import plain_text

LENGTH = 12


def said_number(number: int) -> str:
    """100000000197 → 1000 0000 0197."""
    text = f"{number:0{LENGTH}d}"
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def read_number(text: str) -> int | None:
    """As typed, full-width or with spaces; None where a figure was misread."""
    figures = "".join(str(int(char)) for char in plain_text(text) if char.isdecimal())
    return int(figures) if len(figures) == LENGTH and int(figures) % 97 == 1 else None
