"""What a clerk types at the till, read into a `Sale`: amounts in yuan, lines, whom they have before them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any
from uuid import UUID, uuid4

from django.http import QueryDict
from django.utils.translation import gettext as _

from gonghui.benefits.actions.redemptions import read_code
from gonghui.bills.article_codes import Goods, article_code, last_sold
from gonghui.bills.errors import CUSTOMER_MISSING, GOODS_UNKNOWN, NO_LINES
from gonghui.bills.models import Payer
from gonghui.bills.pricing import Applied, Line, says_terms
from gonghui.bills.selling import LINES_MAX, METHODS, NAME_MAX, WORD_MAX, Sale, typed_line
from gonghui.kit.actors import Actor
from gonghui.kit.errors import BAD_INPUT, DomainError, require
from gonghui.kit.templatetags.kit import yuan
from gonghui.members.actions.pay_codes import hold_pay_code, is_pay_code

YUAN = re.compile(r"(\d{1,7})(?:\.(\d{1,2})?)?")
NOISE = str.maketrans(
    {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)} | dict.fromkeys(map(ord, " ,，¥￥元"))
)
ROWS_SHOWN = 4
COLUMNS = ("name", "price", "quantity", "line_section", "line_code")
"""Of a line in the form, in the order of `Row`."""
OFFERS_MAX = 50


def fen_typed(text: str, label: str) -> int:
    """12.5 → 1250; refused in words with the name of what was typed."""
    found = YUAN.fullmatch(text.translate(NOISE).replace("。", "."))
    require(found, BAD_INPUT, detail=_("“%s”要写成数字，最多两位小数，例如 128.50") % label)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def whole_typed(text: str, label: str) -> int:
    plain = text.translate(NOISE) or "0"
    require(
        plain.isascii() and plain.isdigit() and len(plain) <= 7, BAD_INPUT, detail=_("“%s”要写成整数") % label
    )
    return int(plain)


def plain_text(text: str) -> str:
    """Without what a database cannot keep."""
    return text.replace("\x00", "").strip()


@dataclass(frozen=True, slots=True)
class Row:
    """One line as typed, so that it comes back as it was."""

    name: str = ""
    price: str = ""
    quantity: str = "1"
    section: str = ""
    code: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.name or self.price or self.code)


@dataclass(frozen=True, slots=True)
class Typed:
    """The till's form as it was sent; everything may be wrong."""

    customer: str = ""
    mode: str = "amount"
    amount: str = ""
    section: str = ""
    rows: tuple[Row, ...] = ()
    points: str = ""
    method: str = "cash"
    is_family: bool = False
    key: str = ""
    shown_due: str = ""
    gifts: tuple[int, ...] = ()
    """Offers whose gifts were shown."""
    without: tuple[int, ...] = ()
    """Offers left out by the clerk."""

    @classmethod
    def from_post(cls, post: QueryDict) -> Typed:
        columns = [post.getlist(name)[:LINES_MAX] for name in COLUMNS]
        rows = tuple(Row(*map(plain_text, row)) for row in zip_longest(*columns, fillvalue=""))
        plain = {
            name: plain_text(post.get(name, ""))[:400]
            for name in ("customer", "amount", "section", "points", "key", "shown_due")
        }
        method = post.get("method", "cash")
        return cls(
            mode="lines" if post.get("mode") == "lines" else "amount",
            rows=tuple(row for row in rows if not row.is_empty),
            method=method if method in METHODS else "cash",
            is_family="is_family" in post,
            gifts=_ids(post.getlist("gift")),
            without=_ids(post.getlist("without")),
            **plain,
        )

    @property
    def shown_rows(self) -> tuple[Row, ...]:
        """What was typed and some empty ones."""
        return (*self.rows, *(Row() for _n in range(max(1, ROWS_SHOWN - len(self.rows)))))

    @property
    def has_basket(self) -> bool:
        return bool(self.rows if self.mode == "lines" else self.amount)

    def lines(self) -> tuple[Line, ...]:
        require(self.has_basket, NO_LINES, most=LINES_MAX)
        if self.mode == "amount":
            return (
                typed_line(_("消费"), fen_typed(self.amount, _("金额")), section=self.section[:WORD_MAX]),
            )
        return tuple(_line(row, n) for n, row in enumerate(self.rows, start=1))

    def sale(self, store_id: int, customer: str) -> Sale:
        return Sale(
            key=_key(self.key),
            store_id=store_id,
            customer=customer,
            lines=self.lines(),
            points=whole_typed(self.points, _("福豆")),
            method=self.method,
            shown_due_fen=int(self.shown_due)
            if self.shown_due.isascii() and self.shown_due.isdigit()
            else None,
            shown_gifts=frozenset(self.gifts),
            without=frozenset(self.without),
            is_family=self.is_family,
        )


def with_known_goods(store_id: int, typed: Typed) -> Typed:
    """Lines of which only the code was scanned: name, price and shelf as this store sold it last, left to be changed."""
    scanned = [row for row in typed.rows if row.code and not row.price]
    if typed.mode != "lines" or not scanned:
        return typed
    codes = {row.code: article_code(row.code[:WORD_MAX]) for row in scanned}
    known = last_sold(store_id, codes.values())
    return replace(typed, rows=tuple(_known(row, known.get(codes.get(row.code, ""))) for row in typed.rows))


def _known(row: Row, goods: Goods | None) -> Row:
    if goods is None or row.price:
        return row
    section = row.section or goods.section
    return replace(
        row, name=row.name or goods.name, price=yuan(goods.price_fen).replace(",", ""), section=section
    )


def _ids(texts: Iterable[str]) -> tuple[int, ...]:
    found = (text for text in texts if text.isascii() and text.isdigit() and len(text) <= 18)
    return tuple(dict.fromkeys(map(int, found)))[:OFFERS_MAX]


def _line(row: Row, n: int) -> Line:
    name = row.name[:NAME_MAX] or _("商品 %d") % n
    require(row.price or not row.code, GOODS_UNKNOWN, code=row.code[:WORD_MAX])
    price = fen_typed(row.price, name)
    quantity = whole_typed(row.quantity or "1", name)
    return typed_line(name, price, quantity, row.section[:WORD_MAX], row.code[:WORD_MAX])


def _key(text: str) -> UUID:
    if not text:
        return uuid4()
    try:
        return UUID(text)
    except ValueError:
        raise DomainError(BAD_INPUT, detail=_("请刷新页面，从头再收一次")) from None


def customer_held(actor: Actor, text: str, store_id: int) -> str:
    """What the till keeps of a scan while the basket is typed: a ticket for a pay code, the short code of a voucher."""
    require(text.strip(), CUSTOMER_MISSING)
    if is_pay_code(text):
        return hold_pay_code(actor, text=text, store_id=store_id)
    return read_code(text)


def applied_shown(applied: Applied) -> dict[str, Any]:
    """One offer that is given: what it says, what it takes off, who pays that."""
    labels = dict(Payer.choices)
    return {
        "offer_id": applied.offer_id,
        "title": applied.title,
        "says": says_terms(applied.terms),
        "off_fen": applied.discount_fen,
        "gift": applied.gift,
        "shrunk_fen": applied.shrunk_fen,
        "payers": [{"label": labels[part["payer"]], **part} for part in payers_of(applied.parts)],
    }


def payers_of(parts: Iterable[Any]) -> list[dict[str, Any]]:
    """By payer, in the order they come."""
    sums: dict[str, int] = {}
    for part in parts:
        sums[part.payer] = sums.get(part.payer, 0) + part.fen
    return [{"payer": payer, "fen": fen} for payer, fen in sums.items() if fen]
