"""Random sequences of orders, in batches and chains, against a plain Python ledger: every answer and every total agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID, uuid5

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gonghui.ledger.engine import Order, create_transfers
from gonghui.ledger.tests.books import purse, totals

NAMESPACE = UUID(int=7)
ACCOUNTS = 5  # 0 may go below zero, 1 to 3 may not give more than they have, 4 may not take more than it gave
LIMITS = ("", "debits", "debits", "debits", "credits")


@dataclass
class Book:
    """The rules in Python, one order after the other."""

    totals: list[list[int]] = field(default_factory=lambda: [[0, 0, 0, 0] for _ in range(ACCOUNTS)])
    known: dict = field(default_factory=dict)
    resolved: set = field(default_factory=set)

    def copy(self) -> Book:
        return Book([list(t) for t in self.totals], dict(self.known), set(self.resolved))

    def fits(self) -> bool:
        return all(
            (limit != "debits" or t[0] + t[1] <= t[3]) and (limit != "credits" or t[2] + t[3] <= t[1])
            for t, limit in zip(self.totals, LIMITS, strict=True)
        )

    def write(self, o) -> str:
        """The answer; on "ok" the book has moved, otherwise it may be spoilt and is thrown away."""
        kind, debit, credit, amount = o["kind"], o["debit"], o["credit"], o["amount"]
        held = None
        if kind in ("post", "void"):
            held = self.known.get(o["pending"])
            if held and held["kind"] == "pending":
                debit, credit = held["debit"], held["credit"]
                amount = 0 if kind == "void" else (amount if amount is not None else held["amount"])
            else:
                held = None
        facts = {"kind": kind, "debit": debit, "credit": credit, "amount": amount, "pending": o["pending"]}
        if o["id"] in self.known:
            return "exists" if self.known[o["id"]] == facts else "conflicts"
        if kind in ("post", "void"):
            if held is None:
                return "not_pending"
            if kind == "post" and amount > held["amount"]:
                return "beyond"
            if o["pending"] in self.resolved:
                return "resolved"
        if debit == credit:
            return "same_account"
        if kind == "pending":
            self.totals[debit][0] += amount
            self.totals[credit][2] += amount
        else:
            if held:
                self.totals[debit][0] -= held["amount"]
                self.totals[credit][2] -= held["amount"]
                self.resolved.add(o["pending"])
            self.totals[debit][1] += amount
            self.totals[credit][3] += amount
        self.known[o["id"]] = facts
        return "ok" if self.fits() else "overdrawn"

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


names = st.integers(0, 11).map(lambda n: uuid5(NAMESPACE, str(n)))
accounts = st.integers(0, ACCOUNTS - 1)
moves = st.fixed_dictionaries(
    {"id": names, "kind": st.sampled_from(["posted", "posted", "pending"]), "debit": accounts, "credit": accounts,
     "amount": st.integers(1, 20), "pending": st.none()}
)  # fmt: skip
resolvings = st.fixed_dictionaries(
    {"id": names, "kind": st.sampled_from(["post", "void"]), "debit": st.none(), "credit": st.none(),
     "amount": st.none() | st.integers(1, 20), "pending": names}
)  # fmt: skip
chains = st.lists(moves | moves | resolvings, min_size=1, max_size=3)
batches = st.lists(chains, min_size=1, max_size=4)
FIRST = [
    {
        "id": uuid5(NAMESPACE, f"fund {n}"),
        "kind": "posted",
        "debit": 0,
        "credit": n,
        "amount": 25,
        "pending": None,
    }
    for n in (1, 2)
]


def ordered(facts: dict, pks: list[int], chain: int | None) -> Order:
    place = {name: None if facts[name] is None else pks[facts[name]] for name in ("debit", "credit")}
    return Order(
        id=facts["id"], code="test", kind=facts["kind"], amount=facts["amount"], debit_id=place["debit"],
        credit_id=place["credit"], pending_id=facts["pending"], chain=chain,
    )  # fmt: skip


@pytest.mark.django_db
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(play=st.lists(batches, min_size=1, max_size=5))
def test_random_orders_agree_with_a_plain_ledger(cast, play):
    with transaction.atomic():
        purses = [purse(cast.unions["city"], f"model {n}", limited=limit) for n, limit in enumerate(LIMITS)]
        pks, book = [p.pk for p in purses], Book()
        for batch in [[[order] for order in FIRST], *play]:
            said = create_transfers(
                [
                    ordered(o, pks, n if len(chain) > 1 else None)
                    for n, chain in enumerate(batch, 1)
                    for o in chain
                ]
            )
            assert said == [answer for chain in batch for answer in book.chain(chain)]
            assert [list(totals(p)) for p in purses] == book.totals
        transaction.set_rollback(True)
