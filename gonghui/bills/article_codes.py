"""Codes of articles as a scanner or a hand gives them: EAN-13, EAN-8, or a shop's own; and what a store last sold under one."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from typing import NamedTuple

from django.db import connection
from stdnum import ean

from gonghui.bills.errors import BAD_CODE
from gonghui.kit.errors import require

EAN_DIGITS = (8, 13)
"""How long a code is that carries a check digit; a shop's own of figures only has another length."""


def article_code(text: str) -> str:
    """Without blanks, full-width figures as plain ones; refuses in words what a scanner cannot have read."""
    code = "".join(unicodedata.normalize("NFKC", text).split())
    is_ean = code.isascii() and code.isdigit() and len(code) in EAN_DIGITS
    require(not is_ean or ean.is_valid(code), BAD_CODE, code=code)
    return code


class Goods(NamedTuple):
    """As the store sold it last; `price_fen` of one unit."""

    name: str
    price_fen: int
    section: str


LAST_SOLD = """
SELECT DISTINCT ON (l.code) l.code, l.name, l.list_fen / l.quantity, l.section
  FROM bills_billline l JOIN bills_bill b ON b.id = l.bill_id
 WHERE l.code = ANY(%s) AND l.code <> '' AND l.gift_of_id IS NULL AND b.store_id = %s AND b.state <> 'cancelled'
 ORDER BY l.code, b.at DESC, l.id DESC
"""


def last_sold(store_id: int, codes: Collection[str]) -> dict[str, Goods]:
    """By code; what the store never sold is left out. One query."""
    with connection.cursor() as cursor:
        cursor.execute(LAST_SOLD, [list(codes), store_id])
        return {code: Goods(*facts) for code, *facts in cursor.fetchall()}
