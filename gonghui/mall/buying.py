"""What somebody hands in to buy, and what it would cost: frozen facts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from gonghui.bills.models import Payer as PayerNames
from gonghui.bills.pricing import Payer, Quote
from gonghui.bills.selling import POINTS_MAX
from gonghui.kit.errors import require
from gonghui.mall import errors
from gonghui.mall.models import Product, Shop
from gonghui.mall.models.shelf import QUANTITY_MAX

KINDS_MAX = 50
RECEIVER_MAX, PHONE_MAX, ADDRESS_MAX = 30, 20, 120
PHONE_DIGITS_MIN = 7


@dataclass(frozen=True, slots=True)
class ShipTo:
    receiver: str
    phone: str
    address: str


@dataclass(frozen=True, slots=True)
class Checkout:
    """One tap on 提交订单. `wanted`: (product, quantity). `points`: as many of them as may be, or exactly so many."""

    key: UUID
    wanted: tuple[tuple[int, int], ...]
    ship_to: ShipTo
    points: int | None = None
    shown_due_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    product: Product
    quantity: int

    @property
    def list_fen(self) -> int:
        return self.product.list_fen * self.quantity


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one shop sends, and what it costs: one order, one bill."""

    shop: Shop
    lines: tuple[Wanted, ...]
    quoted: Quote

    def fen_of(self, payer: str) -> int:
        return sum(line.fen_of(Payer(payer)) for line in self.quoted.lines)

    @property
    def payers(self) -> list[tuple[str, str, int]]:
        return shown(self.fen_of)


@dataclass(frozen=True, slots=True)
class Price:
    """Of a whole basket, shop by shop."""

    parcels: tuple[Parcel, ...]

    @property
    def list_fen(self) -> int:
        return sum(one.quoted.list_fen for one in self.parcels)

    @property
    def due_fen(self) -> int:
        return sum(one.quoted.due_fen for one in self.parcels)

    @property
    def points(self) -> int:
        return sum(one.quoted.points for one in self.parcels)

    @property
    def payers(self) -> list[tuple[str, str, int]]:
        return shown(lambda payer: sum(one.fen_of(payer) for one in self.parcels))


def shown(fen_of: Callable[[str], int]) -> list[tuple[str, str, int]]:
    """Who gives something: the payer, what it is called, how much."""
    return [(payer.value, str(payer.label), fen) for payer in PayerNames if (fen := fen_of(payer.value))]


def require_whole(checkout: Checkout) -> None:
    """Whatever door it came through."""
    require(checkout.wanted, errors.BASKET_EMPTY)
    require(len(checkout.wanted) <= KINDS_MAX, errors.BASKET_FULL, most=KINDS_MAX)
    for _product_id, quantity in checkout.wanted:
        require_quantity(quantity)
    require(
        checkout.points is None or 0 <= checkout.points <= POINTS_MAX, errors.POINTS_NOT_HERE, most=0, asked=0
    )
    to = checkout.ship_to
    fits = 0 < len(to.receiver) <= RECEIVER_MAX and 0 < len(to.address) <= ADDRESS_MAX
    digits = sum(char.isdigit() for char in to.phone)
    require(fits and digits >= PHONE_DIGITS_MIN and len(to.phone) <= PHONE_MAX, errors.ADDRESS_MISSING)


def require_quantity(quantity: int) -> None:
    require(type(quantity) is int and 1 <= quantity <= QUANTITY_MAX, errors.BAD_QUANTITY, most=QUANTITY_MAX)


def by_shop(lines: Sequence[Wanted]) -> list[tuple[Shop, tuple[Wanted, ...]]]:
    """In the order of the shops, so that nobody waits in a circle."""
    found: dict[int, list[Wanted]] = {}
    for line in lines:
        found.setdefault(line.product.shop_id, []).append(line)
    return [(found[pk][0].product.shop, tuple(found[pk])) for pk in sorted(found)]
