"""What a price is made from: offers, who funds them, when they hold, the basket and the one who asks.

Money is whole fen, shares and rates are permille, weekdays are 1 (Monday) to 7, times are China's. Frozen, no database.
Impossible numbers are a `ValueError` here: they are the caller's fault, `wrong_shares` says the others in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum

from gonghui.bills.pricing.named_days import NamedDays
from gonghui.kit.clock import CHINA

Id = int | str
"""Opaque: rows of the app that asks. Within one call ids of one kind sort."""


class Form(StrEnum):
    THRESHOLD_OFF = "threshold_off"  # 满200减30
    PERCENT = "percent"  # 7.5折, at most cap_fen off
    FIXED_PRICE = "fixed_price"  # 一口价
    AGREEMENT_PRICE = "agreement_price"  # 协议价
    FREE = "free"
    GIFT = "gift"  # a thing beside the basket


class Basis(StrEnum):
    """Which amount of the touched lines a threshold and a rate count."""

    INITIAL = "initial"  # the list price, whatever else is taken off
    BEFORE = "before"  # what the offers before this one left
    AFTER = "after"  # as BEFORE, and the threshold must still hold when every discount is off (实付满)


class Stacking(StrEnum):
    NEVER = "never"  # alone on the bill
    ONCE = "once"  # the only one of its stack_class
    ALWAYS = "always"  # beside anything that is not NEVER


class Payer(StrEnum):
    MERCHANT = "merchant"
    UNION = "union"
    EMPLOYER = "employer"
    POINTS = "points"  # never in a Share
    WORKER = "worker"  # never in a Share


class WhenEmpty(StrEnum):
    """What becomes of fen a funder cannot give, its maximum and its budget alike."""

    REFUSE = "refuse"  # the offer is not given at all
    SHRINK = "shrink"  # the discount shrinks by them; the other funders keep their parts
    NEXT = "next"  # the next share takes them; behind the last one the offer is not given


class Holidays(StrEnum):
    ANY = "any"
    EXCLUDED = "excluded"
    ONLY = "only"


@dataclass(frozen=True, slots=True)
class Terms:
    form: Form
    threshold_fen: int = 0
    """The basis must reach it, whatever the form; 0: no threshold."""
    off_fen: int = 0
    repeat_max: int = 1
    """THRESHOLD_OFF: how often every full threshold counts (每满); 0: without end."""
    rate_permille: int = 1000
    """PERCENT: what is paid, rounded down to the fen; 七五折 is 750."""
    cap_fen: int | None = None
    """The most this takes off one bill, whatever the form."""
    price_fen: int = 0
    """FIXED_PRICE and AGREEMENT_PRICE: of one unit. GIFT: what the thing is worth; 0: it is not counted in money."""
    units_max: int = 1
    """FIXED_PRICE, AGREEMENT_PRICE, FREE: how many units, dearest first; 0: all."""
    gift: str = ""
    basis: Basis = Basis.BEFORE
    stacking: Stacking = Stacking.ONCE
    stack_class: str = ""
    """ONCE: one offer of a class on a bill. The empty class is a class like any other."""
    order: int = 100
    """Smaller is taken off first; then by the offer's id."""
    family: bool = False
    """The member's family may use it too."""
    bill_cap_fen: int | None = None
    """The most that all offers of a bill this one is on take off together; a gift beside it is not counted."""
    bill_offers_max: int | None = None
    """The most offers on a bill this one is on."""

    def __post_init__(self) -> None:
        amounts = (
            self.threshold_fen,
            self.off_fen,
            self.price_fen,
            self.cap_fen or 0,
            self.bill_cap_fen or 0,
        )
        if min(*amounts, self.repeat_max, self.units_max) < 0 or not 0 <= self.rate_permille <= 1000:
            raise ValueError(f"impossible terms: {self}")


@dataclass(frozen=True, slots=True)
class Share:
    """What one funder gives of a discount: `fixed_fen`, or `permille` of it rounded down, or, `takes_rest`, all that the
    others leave (the last fen too). An offer has exactly one share that takes the rest. None of the first two and not
    the rest: it stands by for what the share before it cannot give."""

    payer: Payer
    funder: Id | None = None
    """The budget; None for a merchant's concession."""
    permille: int = 0
    fixed_fen: int = 0
    max_fen: int | None = None
    """The most it gives on one bill."""
    when_empty: WhenEmpty = WhenEmpty.REFUSE
    takes_rest: bool = False

    def __post_init__(self) -> None:
        if min(self.permille, self.fixed_fen, self.max_fen or 0) < 0 or self.permille > 1000:
            raise ValueError(f"impossible share: {self}")
        if self.payer in (Payer.POINTS, Payer.WORKER):
            raise ValueError("points and the worker pay the price, not the discount")


@dataclass(frozen=True, slots=True)
class Window:
    """When an offer holds, to the minute before `to_time`. `to_time` not after `from_time`: across midnight, and the hours
    after it belong to the day on which it began (weekday, dates, holiday, capacity). Empty sets mean everybody,
    everywhere, every day; no times mean the whole day. Windows may overlap: one open window is enough."""

    id: Id = 0
    starts_on: date | None = None
    ends_on: date | None = None
    """The last day on which it begins."""
    weekdays: frozenset[int] = frozenset()
    from_time: time | None = None
    to_time: time | None = None
    groups: frozenset[str] = frozenset()
    store_ids: frozenset[int] = frozenset()
    capacity: int | None = None
    """Uses per day on which it began; counted by the caller in `Visit.window_uses`."""
    holidays: Holidays = Holidays.ANY
    only_on: NamedDays | None = None
    """On the days of this name only."""

    @property
    def whom(self) -> frozenset[str]:
        """Its own groups, else those of the days it follows; empty: everybody."""
        return self.groups or (self.only_on.groups if self.only_on else self.groups)

    def __post_init__(self) -> None:
        if (self.from_time is None) != (self.to_time is None):
            raise ValueError("a window has both times or none")
        if not self.weekdays <= frozenset(range(1, 8)):
            raise ValueError("weekdays are 1 (Monday) to 7")


class Per(StrEnum):
    """What a limit counts."""

    PERSON = "person"
    PERSON_DAY = "person_day"
    PERSON_WEEK = "person_week"
    PERSON_MONTH = "person_month"
    DAY = "day"
    MONTH = "month"
    TOTAL = "total"
    STORE_DAY = "store_day"
    PARTNER_DAY = "partner_day"
    PARTNER_MONTH = "partner_month"
    GROUP_DAY = "group_day"
    GROUP_MONTH = "group_month"


BY_DAY = (Per.PERSON_DAY, Per.DAY, Per.STORE_DAY, Per.PARTNER_DAY, Per.GROUP_DAY)
BY_WEEK = (Per.PERSON_WEEK,)
"""From Monday."""
BY_MONTH = (Per.PERSON_MONTH, Per.MONTH, Per.PARTNER_MONTH, Per.GROUP_MONTH)


@dataclass(frozen=True, slots=True)
class Limit:
    """Of times, or `in_fen`: of what unions and employers give for the offer together."""

    per: Per
    most: int
    used: int = 0
    in_fen: bool = False

    @property
    def is_used_up(self) -> bool:
        return self.used >= self.most

    @property
    def left(self) -> int:
        return max(self.most - self.used, 0)


@dataclass(frozen=True, slots=True)
class LiveOffer:
    """An offer as it stands now for one who asks: `limits` and `vouchers` carry what has been counted for them."""

    id: Id
    title: str
    terms: Terms
    shares: tuple[Share, ...]
    windows: tuple[Window, ...] = ()
    """None: always open."""
    store_ids: frozenset[int] = frozenset()
    sections: frozenset[str] = frozenset()
    """专区 of the lines it touches; empty: every line."""
    codes: frozenset[str] = frozenset()
    """Codes of the articles it touches; empty: every article."""
    groups: frozenset[str] = frozenset()
    audience_path: str = ""
    """Path of the union whose members it is for; empty: everybody."""
    audience_name: str = ""
    audience: int | None = None
    """The wording (`AudienceVersion`) of the audience it is for; None: everybody."""
    verified_only: bool = False
    needs_voucher: bool = False
    vouchers: int = 0
    """How many unused ones the asker holds for this offer."""
    limits: tuple[Limit, ...] = ()

    @property
    def tightest_cap(self) -> Limit | None:
        """Of the limits in fen, the one with the least left; the first of equals."""
        caps = [limit for limit in self.limits if limit.in_fen]
        return min(caps, key=lambda cap: cap.left) if caps else None

    @property
    def cap_left_fen(self) -> int | None:
        cap = self.tightest_cap
        return cap and cap.left


@dataclass(frozen=True, slots=True)
class Line:
    """An article, or the amount typed at a counter (quantity 1). `price_fen` is of one unit, before anything is off."""

    name: str
    price_fen: int
    quantity: int = 1
    section: str = ""
    code: str = ""

    def __post_init__(self) -> None:
        if self.price_fen < 0 or self.quantity < 1:
            raise ValueError(f"impossible line: {self}")

    @property
    def list_fen(self) -> int:
        return self.price_fen * self.quantity


@dataclass(frozen=True, slots=True)
class Basket:
    lines: tuple[Line, ...]
    lists: tuple[int, ...] = field(init=False, repr=False, compare=False)
    """List price of each line."""
    places: tuple[int, ...] = field(init=False, repr=False, compare=False)
    whole: tuple[tuple[int, int, int], ...] = field(init=False, repr=False, compare=False)
    """As `discounts.Touched`, nothing off yet: what an offer that touches every line begins with."""

    def __post_init__(self) -> None:
        whole = tuple((line.list_fen, line.list_fen, line.quantity) for line in self.lines)
        object.__setattr__(self, "whole", whole)
        object.__setattr__(self, "lists", tuple(fen for fen, _left, _units in whole))
        object.__setattr__(self, "places", tuple(range(len(whole))))

    @property
    def list_fen(self) -> int:
        return sum(self.lists)


@dataclass(frozen=True, slots=True)
class PointLot:
    """福豆 of one grant, unexpired. `sections` empty: good for every shelf."""

    id: Id
    points: int
    sections: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks; without a person (`person_id` None) only what is for everybody applies."""

    person_id: int | None = None
    groups: frozenset[str] = frozenset()
    union_path: str = ""
    """Empty without a live membership."""
    is_verified: bool = False
    is_family: bool = False
    """The one served is the member's family, not the member."""
    lots: tuple[PointLot, ...] = ()
    """Earliest expiry first: so they are spent."""
    audiences: frozenset[int] = frozenset()
    """Of the wordings that offers here are for, those they fit."""
    is_transit: bool = False
    """In a transit pool, without a union of their own yet."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Where and when, and what the world looks like then."""

    store_id: int | None
    at: datetime
    """Aware."""
    holidays: frozenset[date] = frozenset()
    left_fen: Mapping[Id, int] = field(default_factory=dict)
    """What each funder (`Share.funder`) may still give; one that is not named is not limited here."""
    window_uses: Mapping[tuple[Id, date], int] = field(default_factory=dict)
    """By window and the day on which it began."""
    group_names: Mapping[str, str] = field(default_factory=dict)
    """For sentences; a group without a name is called by its code."""
    today: date = field(init=False, repr=False, compare=False)
    clock: time = field(init=False, repr=False, compare=False)
    """`at` in China."""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("a visit needs an aware time")
        local = self.at.astimezone(CHINA)
        object.__setattr__(self, "today", local.date())
        object.__setattr__(self, "clock", local.time())
