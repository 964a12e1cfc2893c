"""Random sequences of orders in two ledgers, in batches and chains, with holds that end and accounts that close, against a plain
Python ledger: every answer and every total agree."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from hashlib import md5
from uuid import UUID, uuid5

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gonghui.ledger.engine import Order, create_transfers, void_expired
from gonghui.ledger.models import Ledger, LedgerAccount
from gonghui.ledger.tests.books import purse, totals

NAMESPACE = UUID(int=7)
# FEN: 0 may go below zero, 1 to 3 may not give more than they have, 4 may not take more than it gave; POINTS: 5 may, 6 may not.
LIMITS = ("", "debits", "debits", "debits", "credits", "", "debits")
LEDGERS = (Ledger.FEN,) * 5 + (Ledger.POINTS,) * 2
OVER, LATER = (dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (2020, 2120))


@dataclass
class Book:
    """The rules in Python, one order after the other."""

    totals: list[list[int]] = field(default_factory=lambda: [[0, 0, 0, 0] for _ in LIMITS])
    known: dict = field(default_factory=dict)
    resolved: set = field(default_factory=set)
    closed: set = field(default_factory=set)

    def copy(self) -> Book:
        return Book([list(t) for t in self.totals], dict(self.known), set(self.resolved), self.closed)

    def fits(self) -> bool:
        return all(
            (limit != "debits" or t[0] + t[1] <= t[3]) and (limit != "credits" or t[2] + t[3] <= t[1])
            for t, limit in zip(self.totals, LIMITS, strict=True)
        )

    def takes(self, account: int, ledger: int) -> bool:
        return LEDGERS[account] == ledger and account not in self.closed

    def write(self, o) -> str:
        """The answer; on "ok" the book has moved, otherwise it may be spoilt and is thrown away."""
        facts, held = self.read(o)
        kind, debit, credit, amount = (facts[name] for name in ("kind", "debit", "credit", "amount"))
        if o["id"] in self.known:
            return "exists" if self.known[o["id"]] == facts else "conflicts"
        if kind in ("post", "void"):
            if held is None:
                return "not_pending"
            if amount > held["amount"]:
                return "beyond"
            if o["pending"] in self.resolved:
                return "resolved"
            if kind == "post" and held["expires"] == OVER:
                return "expired"
            self.resolved.add(o["pending"])
        if debit == credit:
            return "same_account"
        for account, side in ((debit, 0), (credit, 2)):
            if self.takes(account, facts["ledger"]):
                self.totals[account][side] += (
                    amount if kind == "pending" else -(held["amount"] if held else 0)
                )
                self.totals[account][side + 1] += 0 if kind == "pending" else amount
        self.known[o["id"]] = facts
        if not self.fits():
            return "overdrawn"
        return "ok" if all(self.takes(account, facts["ledger"]) for account in (debit, credit)) else "account"

    def read(self, o) -> tuple[dict, dict | None]:
        """What would stand in the books, and the hold it resolves."""
        facts, held = {name: fact for name, fact in o.items() if name != "id"}, None
        if o["kind"] in ("post", "void"):
            held = self.known.get(o["pending"])
            held = held if held and held["kind"] == "pending" else None
            if held:
                facts |= {name: held[name] for name in ("ledger", "debit", "credit")}
                facts["amount"] = held["amount"] if o["amount"] is None else o["amount"]
            facts["amount"] = 0 if held and o["kind"] == "void" else facts["amount"]
        return facts, held

    def close(self, account: int) -> bool:
        """Only while nothing is set aside from it or for it."""
        debits_pending, _debits, credits_pending, _credits = self.totals[account]
        is_at_rest = not debits_pending and not credits_pending
        if is_at_rest:
            self.closed.add(account)
        return is_at_rest

    def expire(self) -> int:
        """Holds past their time go back, each by itself."""
        ended = [
            key
            for key, facts in self.known.items()
            if facts["kind"] == "pending" and facts["expires"] == OVER and key not in self.resolved
        ]
        return sum(self.chain([expiry_of(key)]) == ["ok"] for key in ended)

    def chain(self, orders) -> list[str]:
        trial, answers = self.copy(), []
        for place, order in enumerate(orders):
            answer = trial.write(order)
            if answer not in ("ok", "exists", "conflicts"):
                return ["linked"] * place + [answer] + ["linked"] * (len(orders) - place - 1)
            answers.append(answer)
        mixed = {"exists", "conflicts"} & set(answers) and set(answers) != {"exists"}
        if mixed:
            return ["linked" if a == "ok" else a for a in answers]
        self.totals, self.known, self.resolved = trial.totals, trial.known, trial.resolved
        return answers


def order_of(
    name: UUID, kind: str, debit: int | None, credit: int | None, amount: int | None, **facts
) -> dict:
    known = {"id": name, "kind": kind, "debit": debit, "credit": credit, "amount": amount}
    return known | {"ledger": Ledger.FEN, "pending": None, "expires": None} | facts


def expiry_of(pending: UUID) -> dict:
    """As the database names it."""
    name = UUID(md5(f"expired:{pending}".encode(), usedforsecurity=False).hexdigest())
    return order_of(name, "void", None, None, None, pending=pending)


def named(first: int, last: int) -> st.SearchStrategy[UUID]:
    """Few enough that the same comes again."""
    return st.integers(first, last).map(lambda n: uuid5(NAMESPACE, str(n)))


amounts = st.integers(1, 20)
within_fen = st.permutations(range(5)).map(lambda order: (*order[:2], Ledger.FEN))
within_points = st.permutations((5, 6)).map(lambda order: (*order, Ledger.POINTS))
anywhere = st.tuples(st.integers(0, 6), st.integers(0, 6), st.sampled_from([Ledger.FEN, Ledger.POINTS]))
ways = st.one_of([within_fen] * 6 + [within_points] * 2 + [anywhere])
moves = st.builds(
    lambda name, way, amount: order_of(name, "posted", *way[:2], amount, ledger=way[2]),
    named(0, 24), ways, amounts,
)  # fmt: skip
holds = st.builds(
    lambda name, way, amount, ends: order_of(name, "pending", *way[:2], amount, ledger=way[2], expires=ends),
    named(20, 23), ways, amounts, st.sampled_from([None, LATER, OVER]),
)  # fmt: skip
resolvings = st.builds(
    lambda name, kind, amount, pending: order_of(name, kind, None, None, amount, pending=pending),
    named(24, 36), st.sampled_from(["post", "void"]), st.none() | amounts, named(20, 23),
)  # fmt: skip
orders = moves | holds | holds | resolvings
chains = st.one_of([orders.map(lambda order: [order])] * 2 + [st.lists(orders, min_size=2, max_size=3)])
courses = st.builds(  # one hold, and what becomes of it, more than once
    lambda hold, after: [[hold]] + [[order | {"pending": hold["id"]}] for order in after],
    holds, st.lists(resolvings, min_size=1, max_size=2),
)  # fmt: skip
batches = st.builds(lambda course, others: course + others, courses, st.lists(chains, min_size=1, max_size=4))
closings = st.integers(0, len(LIMITS) - 1)
batches |= st.lists(chains, min_size=2, max_size=5)
steps = st.one_of([batches] * 5 + [st.just("expire")] * 2 + [closings])
FIRST = [
    order_of(uuid5(NAMESPACE, f"fund {n}"), "posted", source, n, 25, ledger=LEDGERS[n])
    for source, n in ((0, 1), (0, 2), (5, 6))
]


def ordered(facts: dict, pks: list[int], chain: int | None) -> Order:
    place = {name: None if facts[name] is None else pks[facts[name]] for name in ("debit", "credit")}
    return Order(
        id=facts["id"], code="test", kind=facts["kind"], amount=facts["amount"], debit_id=place["debit"],
        credit_id=place["credit"], ledger=facts["ledger"], pending_id=facts["pending"], expires_at=facts["expires"],
        chain=chain,
    )  # fmt: skip


def write(batch: list[list[dict]], pks: list[int]) -> list[str]:
    return create_transfers(
        [ordered(o, pks, n if len(chain) > 1 else None) for n, chain in enumerate(batch, 1) for o in chain]
    )


def close(pk: int) -> bool:
    """Whether the database lets it."""
    try:
        with transaction.atomic():
            LedgerAccount.objects.unscoped("test").filter(pk=pk).update(closed_at=timezone.now())
    except IntegrityError:
        return False
    return True


@pytest.mark.django_db
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(play=st.lists(steps, min_size=4, max_size=8))
def test_random_orders_agree_with_a_plain_ledger(cast, play):
    """A step is a batch, the sweep of what has ended, or an account that closes."""
    with transaction.atomic():
        purses = [
            purse(cast.unions["city"], f"model {n}", limited=limit, ledger=ledger)
            for n, (limit, ledger) in enumerate(zip(LIMITS, LEDGERS, strict=True))
        ]
        pks, book = [p.pk for p in purses], Book()
        for step in [[[order] for order in FIRST], *play]:
            if step == "expire":
                assert void_expired() == book.expire()
            elif isinstance(step, int):
                assert close(pks[step]) == book.close(step)
            else:
                assert write(step, pks) == [answer for chain in step for answer in book.chain(chain)]
            assert [list(totals(p)) for p in purses] == book.totals
        transaction.set_rollback(True)
