"""Lines of COPY in text form, written several times faster than by a driver that has to ask each value for its kind."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

NULL = r"\N"
TO_ESCAPE = re.compile(r"[\\\t\n\r]")
ESCAPED = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"}
IN_ARRAY = re.compile(r'[\\"]')


def copy_lines(rows: Iterable[Iterable[Any]]) -> str:
    """Texts, bytes, lists of texts, dates, numbers, UUIDs and None, as `COPY … FROM STDIN` takes them."""
    return "".join(f"{chr(9).join(map(_cell, row))}\n" for row in rows)


def _cell(value: Any) -> str:
    if value is None:
        return NULL
    if value.__class__ is str:
        return _escaped(value)
    if value.__class__ is bytes:
        return rf"\\x{value.hex()}"
    if value.__class__ is list:
        return _escaped(_array(value))
    if value.__class__ is bool:
        return "t" if value else "f"
    return str(value)


def _escaped(text: str) -> str:
    return TO_ESCAPE.sub(lambda found: ESCAPED[found[0]], text) if TO_ESCAPE.search(text) else text


def _array(texts: list[str]) -> str:
    joined = '","'.join(texts)
    if "\\" in joined or joined.count('"') != 2 * max(len(texts) - 1, 0):
        joined = '","'.join(IN_ARRAY.sub(r"\\\g<0>", text) for text in texts)
    return f'{{"{joined}"}}' if texts else "{}"
