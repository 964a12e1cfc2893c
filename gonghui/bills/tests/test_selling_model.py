"""Random days at a till beside a plain Python ledger: every balance, what is set aside, counters and states."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf
from uuid import uuid4

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gonghui.bills.actions import writing
from gonghui.bills.actions.refunds import refund_bill
from gonghui.bills.actions.selling import cancel_bill, end_waiting, sell, settle_bill
from gonghui.bills.models import Bill, LimitUse, WindowUse
from gonghui.bills.pricing import Part, Payer, refund_parts
from gonghui.bills.selling import Back
from gonghui.bills.tests.priced import MERCHANT, published, union_share
from gonghui.bills.tests.stage import SYSTEM, fresh, open_shop, pay_code, pay_online, sale, with_points
from gonghui.funds.tests.granting import is_backed
from gonghui.funds.tests.stage import build_money, trial
from gonghui.kit.errors import DomainError
from gonghui.ledger import engine
from gonghui.ledger.models import LedgerAccount
from gonghui.members.models import PayCodeUse

OFF, THRESHOLD, PURSE, PLACES, POINTS = 2_000, 5_000, 3_700, 4, 60
CAP = 2_900  # under the purse, so that it is met first
WHO = ("mei", "lan")
NO_GRACE = timedelta(0)


@dataclass
class PlainBill:
    state: str
    who: str
    units: int
    parts: tuple[Part, ...]
    online: bool
    has_place: bool
    dead: bool = False
    is_paid: bool = False
    back: int = 0

    def fen(self, payer: Payer) -> int:
        return sum(part.fen for part in self.parts if part.payer == payer)


@dataclass
class Plain:
    """Amounts by name of account, and what is set aside of them. Nothing here knows a database."""

    money: Counter = field(default_factory=Counter)
    aside: Counter = field(default_factory=Counter)
    places: int = 0
    cap: float = inf  # a bill that ended takes its share of it until it is cancelled
    capped: int = 0
    bills: list[PlainBill] = field(default_factory=list)

    def available(self, name: str) -> int:
        return self.money[name] - self.aside[name]

    def sell(self, who: str, price: int, units: int, points: int, *, online: bool, dead: bool) -> PlainBill:
        whole = price * units
        has_place = whole >= THRESHOLD and self.places < PLACES
        union = min(OFF // 2, self.available("purse"), self.cap - self.capped) if has_place else 0
        merchant = OFF // 2 if has_place else 0
        left = whole - union - merchant
        spent = min(points, self.available(f"lot:{who}"), left // 100)
        given = (
            (Payer.UNION, union),
            (Payer.MERCHANT, merchant),
            (Payer.POINTS, 100 * spent),
            (Payer.WORKER, left - 100 * spent),
        )
        parts = tuple(Part(payer, fen) for payer, fen in given if fen)
        bill = PlainBill("settled", who, units, parts, online, has_place, dead)
        self.places += has_place
        self.capped += union
        if online and bill.fen(Payer.WORKER):
            bill.state = "held"
            for name, fen in self.gifts(bill):
                self.aside[name] += fen
        else:
            self.post(bill)
        self.bills.append(bill)
        return bill

    def gifts(self, bill: PlainBill) -> list[tuple[str, int]]:
        points = bill.fen(Payer.POINTS)
        return [
            ("purse", bill.fen(Payer.UNION)), ("concession", bill.fen(Payer.MERCHANT)), ("backing", points),
            (f"lot:{bill.who}", points // 100),
        ]  # fmt: skip

    def post(self, bill: PlainBill, parts: tuple[Part, ...] | None = None, sign: int = 1) -> None:
        for part in bill.parts if parts is None else parts:
            fen = sign * part.fen
            if part.payer == Payer.MERCHANT:
                self.move("concession", "counter", fen)
            elif part.payer == Payer.UNION:
                self.move("purse", "payable", fen)
            elif part.payer == Payer.POINTS:
                self.move("backing", "payable", fen)
                self.move(f"lot:{bill.who}", "issue", fen // 100)
            else:
                self.move(*(("prepaid", "payable") if bill.online else (f"paid:{bill.who}", "counter")), fen)

    def move(self, giver: str, taker: str, amount: int) -> None:
        self.money[giver] -= amount
        self.money[taker] += amount

    def free(self, bill: PlainBill) -> None:
        for name, fen in self.gifts(bill):
            self.aside[name] -= fen

    def pay(self, bill: PlainBill) -> None:
        """The provider's news, and at once what follows from it."""
        due = bill.fen(Payer.WORKER)
        self.move(f"paid:{bill.who}", "prepaid", due)
        if bill.state == "held" and not bill.dead:
            self.free(bill)
            self.post(bill)
            bill.state = "settled"
            return
        self.aside["prepaid"] += due
        if bill.state == "held":
            self.cancel(bill)

    def cancel(self, bill: PlainBill) -> None:
        if not bill.dead:
            self.free(bill)
        bill.state = "cancelled"
        self.places -= bill.has_place
        self.capped -= bill.fen(Payer.UNION)

    def refund(self, bill: PlainBill, units: int) -> None:
        back = refund_parts(bill.parts, bill.units, bill.back, units).parts
        self.post(bill, back, -1)
        self.capped -= sum(part.fen for part in back if part.payer == Payer.UNION)
        if bill.online:
            self.aside["prepaid"] += sum(part.fen for part in back if part.payer == Payer.WORKER)
        bill.back += units
        if bill.back == bill.units:
            bill.state = "refunded"
            self.places -= bill.has_place


class Day:
    """The same steps, ours and the plain one's."""

    def __init__(self, money, names: dict[int, str], cap: int | None, monkeypatch) -> None:
        self.shop, self.names, self.patch = money.cast, names, monkeypatch
        self.plain, self.bills = Plain(cap=cap or inf), []
        self.plain.money.update(self.stand()[0])

    def stand(self) -> tuple[Counter, Counter]:
        """Posted and set aside, of the accounts that have a name here."""
        posted, aside = Counter(), Counter()
        for row in LedgerAccount.objects.unscoped("test"):
            name = self.name_of(row)
            posted[name] += row.balance
            aside[name] += row.debits_pending
        return posted, aside

    def name_of(self, row: LedgerAccount) -> str:
        who = next((w for w in WHO if self.shop.people[w].pk == row.person_id), "")
        plain = {"points": f"lot:{who}", "paid": f"paid:{who}"}
        kept = ("purse", "concession", "counter", "payable", "prepaid", "backing", "issue")
        name = plain.get(row.kind, self.names.get(row.pk, row.kind))
        return name if name in kept or (who and row.kind in plain) else "elsewhere"

    def sell(self, who, price, units, points, method, dead):
        PayCodeUse.objects.unscoped("test").delete()
        self.patch.setattr(writing, "HOLD_GRACE", -writing.HOLD if dead else timedelta(minutes=5))
        asked = sale(
            self.shop, ("面", price, units), customer=pay_code(self.shop, who), points=points, method=method
        )
        plain = self.plain.sell(who, price, units, points, online=method == "wechat", dead=False)
        bill = sell(self.shop.actor("clerk"), sale=asked)
        assert (bill.state, bill.due_fen) == (plain.state, plain.fen(Payer.WORKER))
        self.bills.append(bill)
        if dead and plain.state == "held":
            engine.void_expired()
            self.plain.free(plain)
            # What set nothing aside has nothing that ends.
            plain.dead = any(fen for _name, fen in self.plain.gifts(plain))

    def pick(self, n: int) -> tuple[Bill, PlainBill] | None:
        return (
            (fresh(self.bills[n % len(self.bills)]), self.plain.bills[n % len(self.bills)])
            if self.bills
            else None
        )

    def pay(self, n):
        bill, plain = self.pick(n) or (None, None)
        if bill is None or not bill.payment_id or plain.is_paid:
            return
        plain.is_paid = True
        self.plain.pay(plain)
        pay_online(bill)
        settle_bill(SYSTEM, bill_id=bill.pk)

    def cancel(self, n, by_clock):
        bill, plain = self.pick(n) or (None, None)
        if bill is None:
            return
        if plain.state == "held":
            self.plain.cancel(plain)
        try:
            if by_clock:
                end_waiting(SYSTEM, bill_id=bill.pk)
            else:
                cancel_bill(self.shop.actor("clerk"), bill_id=bill.pk, reason="x")
        except DomainError as refused:
            assert refused.code in ("bill_not_held", "bill_not_paid_yet")

    def refund(self, n, units):
        bill, plain = self.pick(n) or (None, None)
        if bill is None:
            return
        asked = [Back(bill.lines.get().pk, units)]
        fits = plain.state == "settled" and plain.back + units <= plain.units
        try:
            with transaction.atomic():
                refund_bill(self.shop.actor("clerk"), bill_id=bill.pk, key=uuid4(), back=asked, reason="退")
            assert fits
            self.plain.refund(plain, units)
        except DomainError as refused:
            assert not fits, refused

    def compare(self):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        posted, aside = self.stand()
        assert +posted == +self.plain.money
        assert -posted == -self.plain.money
        assert +aside == +self.plain.aside
        assert [fresh(bill).state for bill in self.bills] == [plain.state for plain in self.plain.bills]
        use = WindowUse.objects.unscoped("test").first()
        assert (use.used if use else 0) == self.plain.places
        if self.plain.cap == CAP:
            use = LimitUse.objects.unscoped("test").first()
            assert (use.used if use else 0) == self.plain.capped
        assert is_backed()
        assert trial() == 0


numbers = st.integers(0, 20)
sells = st.tuples(
    st.just("sell"), st.sampled_from(WHO), st.integers(1, 4_999), st.integers(1, 4), st.integers(0, 40),
    st.sampled_from(["cash", "wechat", "wechat"]), st.booleans(),
)  # fmt: skip
steps = st.lists(
    sells | sells
    | st.tuples(st.just("pay"), numbers)
    | st.tuples(st.just("cancel"), numbers, st.booleans())
    | st.tuples(st.just("refund"), numbers, st.integers(1, 3)),
    min_size=3, max_size=14,
)  # fmt: skip


@pytest.fixture(params=[None, CAP])
def stage(cast, request):
    money = build_money(open_shop(cast))
    with_points(money, POINTS)
    share = union_share(money.city, 500, set_aside_fen=PURSE, when_empty="shrink")
    terms = published(
        cast, threshold_fen=THRESHOLD, off_fen=OFF, windows=[{"capacity": PLACES}], shares=[share, MERCHANT],
        caps=[("store_day", request.param)] if request.param else [],
    )  # fmt: skip
    purse = terms.shares.get(payer="union").purses.get().commitment.account_id
    return money, {purse: "purse"}, request.param


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(course=steps)
def test_random_days_agree_with_a_plain_ledger(stage, monkeypatch, course):
    money, names, cap = stage
    with transaction.atomic():
        day = Day(money, names, cap, monkeypatch)
        for verb, *facts in course:
            getattr(day, verb)(*facts)
            day.compare()
        transaction.set_rollback(True)
