"""A proof to take along: that accounts stand in a day's published totals, each once and whole. Checked without our database."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from gonghui.kit.sum_tree import Node, SumStep, leaf_of, levels_over, root_from, steps_from
from gonghui.ledger.days import CELL, DayFacts, Leaf, leaves_of, shuffled, standings, tree_of
from gonghui.ledger.models import DayTotals, LedgerAccount

FORM = "gonghui-ledger-day-proof-1"
DAYS_FORM = "gonghui-ledger-days-1"


@dataclass(frozen=True, slots=True)
class Half:
    """One of an account's two leaves, and the way up."""

    text: str
    debits: int
    credits: int
    steps: list[SumStep]


@dataclass(frozen=True, slots=True)
class AccountProof:
    account_id: int
    halves: tuple[Half, Half]

    @property
    def debits(self) -> int:
        return sum(half.debits for half in self.halves)

    @property
    def credits(self) -> int:
        return sum(half.credits for half in self.halves)


def proofs_of(accounts: Iterable[LedgerAccount], totals: DayTotals) -> list[AccountProof]:
    """Of accounts the caller may see, all in the ledger of `totals`; those that had not moved by then are left out."""
    ids = sorted(account.pk for account in accounts if account.ledger == totals.ledger)
    if not ids:
        return []
    secret, cells = tree_of(totals)
    cells = shuffled(cells, secret)
    order = {cell.number: place for place, cell in enumerate(cells)}
    above = levels_over([cell.node for cell in cells])
    proofs = []
    for number, own in groupby(ids, key=lambda pk: pk // CELL):
        if number in order:
            upper = steps_from(above, order[number])
            proofs += _proofs_in(number, set(own), totals=totals, secret=secret, upper=upper)
    return proofs


def _proofs_in(
    number: int, wanted: set[int], *, totals: DayTotals, secret: bytes, upper: list[SumStep]
) -> list[AccountProof]:
    """The cell is read again as it was: what it held cannot have changed since."""
    rows = standings(totals.block.last_seq, first=number * CELL, last=number * CELL + CELL - 1)
    leaves = leaves_of(number, [row for row in rows if row.ledger == totals.ledger], secret)
    levels = levels_over([leaf.node for leaf in leaves])
    halves: dict[int, list[Half]] = {}
    for place, leaf in enumerate(leaves):
        if leaf.account_id in wanted:
            steps = [*steps_from(levels, place), *upper]
            halves.setdefault(leaf.account_id, []).append(_half(leaf, steps))
    return [AccountProof(pk, (one, two)) for pk, (one, two) in sorted(halves.items())]


def _half(leaf: Leaf, steps: list[SumStep]) -> Half:
    return Half(leaf.text, leaf.node.debits, leaf.node.credits, steps)


# --- as files -----------------------------------------------------------------------------------------------


def as_published(totals: DayTotals) -> dict[str, Any]:
    facts = DayFacts.of(totals)
    return {
        "ledger": facts.ledger, "number": facts.number, "day": facts.day.isoformat(), "block": facts.block,
        "block_hash": facts.block_hash.hex(), "accounts": facts.accounts, "debits": facts.debits,
        "credits": facts.credits, "root": facts.root.hex(), "previous": facts.previous.hex(),
        "made_at": facts.made_at.isoformat(), "hash": facts.hash.hex(),
    }  # fmt: skip


def read_day(published: Any) -> DayFacts:
    """As `as_published` wrote it; raises KeyError, ValueError or TypeError for anything else."""
    return DayFacts(
        int(published["ledger"]), int(published["number"]), date.fromisoformat(published["day"]), int(published["block"]),
        bytes.fromhex(published["block_hash"]), int(published["accounts"]), int(published["debits"]),
        int(published["credits"]), bytes.fromhex(published["root"]), bytes.fromhex(published["previous"]),
        datetime.fromisoformat(published["made_at"]),
    )  # fmt: skip


def as_document(totals: DayTotals, proofs: Sequence[AccountProof]) -> dict[str, Any]:
    """Everything needed to compute it again; of others only sums of many, and halves nobody can put together."""
    return {
        "form": FORM,
        "day": as_published(totals),
        "accounts": [
            {
                "account": proof.account_id,
                "debits": proof.debits,
                "credits": proof.credits,
                "halves": [
                    {"leaf": half.text, "debits": half.debits, "credits": half.credits,
                     "steps": [step._asdict() for step in half.steps]}
                    for half in proof.halves
                ],
            }
            for proof in proofs
        ],
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proven:
    """What a sound document proves: the day, how many accounts of it, and what they add up to."""

    day: DayFacts
    accounts: int
    debits: int
    credits: int


def proven_by(document: Any) -> Proven | None:
    """Every account once, whole, and under the root of its day; None for whatever is not so."""
    try:
        day, accounts = read_day(document["day"]), document["accounts"]
        ids = [account["account"] for account in accounts]
        if (
            document["form"] != FORM
            or day.hash.hex() != document["day"]["hash"]
            or not ids
            or len(set(ids)) != len(ids)
            or not all(_stands(account, day) for account in accounts)
        ):
            return None
        return Proven(
            day, len(ids), sum(account["debits"] for account in accounts),
            sum(account["credits"] for account in accounts),
        )  # fmt: skip
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, OverflowError, struct.error):
        return None


def _stands(account: Any, day: DayFacts) -> bool:
    """Both halves, of this account and ledger, add up to what it says, and lead to the root with the published sums."""
    one, two = account["halves"]
    root = Node(day.root, day.debits, day.credits)
    is_whole = (account["debits"], account["credits"]) == (
        one["debits"] + two["debits"], one["credits"] + two["credits"],
    )  # fmt: skip
    of_it = [_identity(half["leaf"]) for half in (one, two)]
    numbers = (str(int(account["account"])), str(day.ledger))
    return (
        is_whole
        and of_it[0][0] == of_it[1][0]
        and of_it[0][0][:2] == numbers
        and (of_it[0][1], of_it[1][1]) in (("1", "2"), ("2", "1"))
        and all(_root_of(half) == root for half in (one, two))
    )


def _identity(leaf: str) -> tuple[tuple[str, ...], str]:
    """What the account is, and which half."""
    number, ledger, kind, union, half, _salt, name = leaf.split("|", 6)
    return (number, ledger, kind, union, name), half


def _root_of(half: Any) -> Node:
    steps = [SumStep(s["side"], s["hash"], s["debits"], s["credits"]) for s in half["steps"]]
    return root_from(leaf_of(half["leaf"], half["debits"], half["credits"]), steps)


def first_broken_day(document: Any) -> str | None:
    """The first published day that is not what it says or does not follow the one before; None when all do.
    Raises as `read_day`."""
    before: dict[int, DayFacts] = {}
    for published in document["days"]:
        facts = read_day(published)
        last = before.get(facts.ledger)
        follows = last is None or (facts.number, facts.previous) == (last.number + 1, last.hash)
        if facts.hash.hex() != published["hash"] or not follows or facts.debits != facts.credits:
            return facts.day.isoformat()
        before[facts.ledger] = facts
    return None


def hashes_of(document: Any) -> set[str]:
    """Of the days in a published file; none where it is no such file."""
    try:
        return {read_day(published).hash.hex() for published in document["days"]}
    except (KeyError, ValueError, TypeError):
        return set()
