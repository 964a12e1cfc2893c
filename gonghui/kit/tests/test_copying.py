"""Lines of COPY come back as the values they were made from."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from gonghui.kit.copying import copy_lines

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
COLUMNS = "a text, b bytea, c text[], d date, e uuid, f bigint, g boolean"


def copied(rows: list[tuple]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE copied ({COLUMNS}, n serial)")
        with cursor.copy("COPY copied (a, b, c, d, e, f, g) FROM STDIN") as copy:
            copy.write(copy_lines(rows))
        cursor.execute("SELECT a, b, c, d, e, f, g FROM copied ORDER BY n")
        found = [(a, None if b is None else bytes(b), *rest) for a, b, *rest in cursor.fetchall()]
        cursor.execute("DROP TABLE copied")
        return found


@pytest.mark.django_db
@given(st.lists(st.tuples(TEXT, st.binary(), st.lists(TEXT)), max_size=5))
def test_copied_texts_bytes_and_lists_come_back(rows):
    made = [(text, raw, texts, dt.date(2026, 1, 31), uuid.UUID(int=7), -3, True) for text, raw, texts in rows]
    assert copied(made) == made


@pytest.mark.django_db
def test_copied_nothing_comes_back_as_nothing():
    assert copied([(None,) * 7, ("\\N", b"", ["NULL", ""], None, None, 0, False)]) == [
        (None,) * 7,
        ("\\N", b"", ["NULL", ""], None, None, 0, False),
    ]
