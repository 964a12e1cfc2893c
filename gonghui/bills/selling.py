"""What a till hands in, what a bill is written from, and what is handed back: frozen facts, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from gonghui.bills import errors
from gonghui.bills.article_codes import article_code
from gonghui.bills.pricing import Line, Quote
from gonghui.kit.errors import require
from gonghui.partners.models import Store
from gonghui.payments.models.payments import AMOUNT_FEN_MAX

HOLD = timedelta(minutes=15)
"""How long a bill waits for its payment."""
HOLD_GRACE = timedelta(minutes=5)
"""What the ledger keeps set aside longer, for news of a payment made in the last minute."""
LINES_MAX, QUANTITY_MAX, POINTS_MAX = 100, 9_999, 1_000_000
NAME_MAX, WORD_MAX = 120, 40
METHODS = ("cash", "wechat")


@dataclass(frozen=True, slots=True)
class Sale:
    """One tap on 收款. `key` makes a repeated tap harmless; `customer` is what was scanned or typed: a member's pay code,
    a voucher's QR or short code. `offer_ids`: only these offers; None: whatever applies. `without`: not these."""

    key: UUID
    store_id: int
    customer: str
    lines: tuple[Line, ...]
    points: int = 0
    method: str = "cash"
    shown_due_fen: int | None = None
    """What the till showed; another price is refused."""
    shown_gifts: frozenset[int] = frozenset()
    """Offers whose gifts the till showed; one that is there no more is refused, as it need not move the price."""
    offer_ids: frozenset[int] | None = None
    without: frozenset[int] = frozenset()
    is_family: bool = False
    """The one served is the member's family."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A dry run. The person is shown masked; empty without one."""

    quote: Quote
    person: str = ""
    person_id: int | None = None


@dataclass(frozen=True, slots=True)
class BillFacts:
    """`payment_id`: a payment that succeeded already. Without one, what is due by WeChat is held until it is paid."""

    key: UUID
    store: Store
    person_id: int
    clerk_id: int | None
    method: str
    at: datetime
    payment_id: int | None = None
    offline_at: datetime | None = None
    """When a till sold it without network; vouchers were used then, money moves now."""

    @property
    def used_at(self) -> datetime:
        return self.offline_at or self.at


@dataclass(frozen=True, slots=True)
class Back:
    """Of one line: `quantity` units, or `list_fen` of a line typed as an amount."""

    line_id: int
    quantity: int | None = None
    list_fen: int | None = None


def typed_line(name: str, price_fen: int, quantity: int = 1, section: str = "", code: str = "") -> Line:
    """As typed at a till; refuses in words what a line cannot be."""
    is_whole = type(price_fen) is int and type(quantity) is int
    require(is_whole and 0 < price_fen <= AMOUNT_FEN_MAX, errors.BAD_LINE, name=name[:20])
    require(1 <= quantity <= QUANTITY_MAX, errors.BAD_LINE, name=name[:20])
    return Line(name.strip(), price_fen, quantity, section, article_code(code))


def require_sane(sale: Sale) -> None:
    """Whatever door it came through."""
    require(0 < len(sale.lines) <= LINES_MAX, errors.NO_LINES, most=LINES_MAX)
    for line in sale.lines:
        typed_line(line.name, line.price_fen, line.quantity, code=line.code)
        fits = 0 < len(line.name) <= NAME_MAX and max(len(line.section), len(line.code)) <= WORD_MAX
        require(fits, errors.BAD_LINE, name=line.name[:20])
    require(sum(line.list_fen for line in sale.lines) <= AMOUNT_FEN_MAX, errors.TOO_DEAR)
    require(type(sale.points) is int and 0 <= sale.points <= POINTS_MAX, errors.BAD_POINTS)
    require(sale.method in METHODS, errors.BAD_METHOD)
