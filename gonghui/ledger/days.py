"""每日总额: over all accounts of a ledger, when a day is over and sealed, one tree of sums whose root is published.

An account stands in the tree as two leaves that add up to what it received and gave; how it is split, where the leaves stand
and their salts follow from a secret of the day, so that a neighbour on the way up says nothing of anybody (docs/decisions/0010).
Accounts are taken in cells of `CELL` numbers that follow each other: what is kept of a day is a line a cell, and a proof for one
account reads one cell again.
"""

from __future__ import annotations

import hashlib
import secrets
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from django.db import connection

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.sum_tree import Node, leaf_of, root_over
from gonghui.ledger.models import Block, DayTotals, DayTree, Ledger, Transfer

CELL = 200
LEAVES_MIN = 64
"""In a cell; what is missing is made up of leaves of nothing, always at least one."""
NO_DAY = bytes(32)
DAYS_LOCK = 0x64617973  # "days"
EVERYBODY = (0, 2**62)
AT_ONCE = 5_000
# An account's totals less what was written after the block: what is sealed cannot grow any more, so the same answer at any time.
STANDINGS = """
WITH late AS (
    SELECT account, sum(debits)::bigint AS debits, sum(credits)::bigint AS credits
      FROM (SELECT debit_id AS account, amount AS debits, 0::bigint AS credits FROM ledger_transfer
             WHERE seq > %(seq)s AND kind IN ('posted', 'post') AND debit_id BETWEEN %(first)s AND %(last)s
             UNION ALL
            SELECT credit_id, 0, amount FROM ledger_transfer
             WHERE seq > %(seq)s AND kind IN ('posted', 'post') AND credit_id BETWEEN %(first)s AND %(last)s) moved
     GROUP BY account
)
SELECT * FROM (
    SELECT a.id, a.ledger, a.kind, a.union_id, a.name, a.debits_posted - coalesce(l.debits, 0) AS debits,
           a.credits_posted - coalesce(l.credits, 0) AS credits
      FROM ledger_account a LEFT JOIN late l ON l.account = a.id WHERE a.id BETWEEN %(first)s AND %(last)s) stood
 WHERE (debits, credits) <> (0, 0) ORDER BY id
"""
# Of the accounts of unions below some paths, by kind.
BRANCH = """
SELECT s.ledger, s.kind, count(*)::integer, sum(s.debits)::bigint, sum(s.credits)::bigint
  FROM ({stood}) s JOIN orgs_union u ON u.id = s.union_id
 WHERE s.ledger = %(ledger)s AND u.path LIKE ANY(%(paths)s) GROUP BY s.ledger, s.kind ORDER BY s.kind
"""
# The same from the transfers alone, for whoever trusts no total.
STANDINGS_PROVEN = """
SELECT a.id, a.ledger, a.kind, a.union_id, a.name, t.debits, t.credits
  FROM (SELECT account, sum(debits)::bigint AS debits, sum(credits)::bigint AS credits
          FROM (SELECT debit_id AS account, amount AS debits, 0::bigint AS credits FROM ledger_transfer
                 WHERE seq <= %(seq)s AND kind IN ('posted', 'post')
                 UNION ALL
                SELECT credit_id, 0, amount FROM ledger_transfer
                 WHERE seq <= %(seq)s AND kind IN ('posted', 'post')) moved GROUP BY account) t
  JOIN ledger_account a ON a.id = t.account ORDER BY a.id
"""


class Standing(NamedTuple):
    """One account at the end of a day: what it is, what it gave and received until then."""

    id: int
    ledger: int
    kind: str
    union_id: int
    name: str
    debits: int
    credits: int


class Leaf(NamedTuple):
    """`rank` puts it in its place; `account_id` is 0 for a leaf of nothing."""

    rank: bytes
    text: str
    node: Node
    account_id: int


def leaves_of(cell: int, rows: Sequence[Standing], secret: bytes) -> list[Leaf]:
    """Of one cell, in the order of the tree; always a power of two."""
    leaves = [leaf for row in rows for leaf in _halves(row, secret)]
    size = max(LEAVES_MIN, 1 << len(leaves).bit_length())
    for n in range(size - len(leaves)):
        mark = hashlib.sha256(secret + b"\x03" + struct.pack(">qi", cell, n)).digest()
        text = f"0|{mark[:16].hex()}"
        leaves.append(Leaf(mark[16:], text, leaf_of(text, 0, 0), 0))
    leaves.sort()
    return leaves


def _halves(row: Standing, secret: bytes) -> tuple[Leaf, Leaf]:
    """Two leaves that add up to the account; each amount is split anew every day."""
    number = row.id.to_bytes(8, "big")
    one = hashlib.sha256(secret + b"\x01" + number).digest()
    two = hashlib.sha256(secret + b"\x02" + number).digest()
    debits = row.debits * int.from_bytes(one[24:], "big") >> 64
    credits = row.credits * int.from_bytes(two[24:], "big") >> 64
    return (
        _half(row, 1, one, (debits, credits)),
        _half(row, 2, two, (row.debits - debits, row.credits - credits)),
    )


def _half(row: Standing, half: int, mark: bytes, amounts: tuple[int, int]) -> Leaf:
    text = f"{row.id}|{row.ledger}|{row.kind}|{row.union_id}|{half}|{mark[:16].hex()}|{row.name}"
    return Leaf(mark[16:24], text, leaf_of(text, *amounts), row.id)


# --- the cells of a day -------------------------------------------------------------------------------------


class Cell(NamedTuple):
    number: int
    accounts: int
    node: Node


PACKED = struct.Struct(">qi32s16s16s")


def packed(cells: Iterable[Cell]) -> bytes:
    return b"".join(
        PACKED.pack(
            number, accounts, node.hash, node.debits.to_bytes(16, "big"), node.credits.to_bytes(16, "big")
        )
        for number, accounts, node in cells
    )


def unpacked(cells: bytes) -> list[Cell]:
    return [
        Cell(number, accounts, Node(hash_, int.from_bytes(debits, "big"), int.from_bytes(credits, "big")))
        for number, accounts, hash_, debits, credits in PACKED.iter_unpack(cells)
    ]


def shuffled(cells: Sequence[Cell], secret: bytes) -> list[Cell]:
    """As they stand under the root."""
    return sorted(
        cells, key=lambda cell: hashlib.sha256(secret + b"\x04" + struct.pack(">q", cell.number)).digest()
    )


def root_of_cells(cells: Sequence[Cell], secret: bytes) -> Node:
    return root_over([cell.node for cell in shuffled(cells, secret)])


def cells_of(rows: Iterable[Standing], secrets_by_ledger: dict[int, bytes]) -> dict[int, list[Cell]]:
    """By ledger. Rows come in the order of their ids, and no more than one cell of them is held at a time."""
    cells: dict[int, list[Cell]] = {ledger: [] for ledger in secrets_by_ledger}
    for number, found in groupby(rows, key=lambda row: row.id // CELL):
        held = list(found)
        for ledger, secret in secrets_by_ledger.items():
            if own := [row for row in held if row.ledger == ledger]:
                leaves = leaves_of(number, own, secret)
                cells[ledger].append(Cell(number, len(own), root_over([leaf.node for leaf in leaves])))
    return cells


def standings(seq: int, *, first: int = EVERYBODY[0], last: int = EVERYBODY[1]) -> Iterator[Standing]:
    """Accounts that had moved by `seq`, from one id to another, in their order."""
    return _rows(STANDINGS, {"seq": seq, "first": first, "last": last})


def proven_standings(seq: int) -> Iterator[Standing]:
    return _rows(STANDINGS_PROVEN, {"seq": seq})


class BranchSum(NamedTuple):
    """Of one kind of accounts below some unions."""

    ledger: int
    kind: str
    accounts: int
    debits: int
    credits: int


def branch_sums(totals: DayTotals, paths: Sequence[str]) -> list[BranchSum]:
    """What the accounts below `paths` contribute to the published totals, by kind."""
    facts = {"seq": totals.block.last_seq, "first": EVERYBODY[0], "last": EVERYBODY[1]}
    with connection.cursor() as cursor:
        cursor.execute(
            BRANCH.format(stood=STANDINGS),
            facts | {"ledger": totals.ledger, "paths": [f"{path}%" for path in paths]},
        )
        return [BranchSum(*row) for row in cursor.fetchall()]


def _rows(statement: str, facts: dict[str, Any]) -> Iterator[Standing]:
    """One snapshot, read from the server bit by bit; inside a transaction."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, facts)
        while rows := cursor.fetchmany(AT_ONCE):
            yield from map(Standing._make, rows)


# --- publishing ---------------------------------------------------------------------------------------------


def publish_days(actor: Actor) -> int:
    """Every day that is over and sealed, each in a transaction of its own. Returns how many."""
    made = 0
    while publish_next_day(actor):
        made += 1
    return made


@action
def publish_next_day(actor: Actor) -> bool:
    """False while there is none: the day is not over, its last transfer not sealed, or nothing was ever written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [DAYS_LOCK])
    day = _next_day()
    block = last_block_of(day) if day < clock.today() else None
    if block is None:
        return False
    by_ledger = {int(ledger): secrets.token_bytes(32) for ledger in Ledger}
    cells = cells_of(standings(block.last_seq), by_ledger)
    for ledger, secret in by_ledger.items():
        _publish(day, block, ledger, cells[ledger], secret)
    return True


def _next_day() -> date:
    last = DayTotals.objects.order_by("-day").first()
    return last.day + timedelta(days=1) if last else clock.today() - timedelta(days=1)


def last_block_of(day: date) -> Block | None:
    """The first with everything written until the day was over; None until that is sealed."""
    over = datetime.combine(day + timedelta(days=1), time(0), clock.CHINA)
    written = Transfer.objects.unscoped("how far a day's transfers go").filter(at__lt=over)
    seq = written.order_by("-seq").values_list("seq", flat=True).first()
    return Block.objects.filter(last_seq__gte=seq).order_by("last_seq").first() if seq else None


def _publish(day: date, block: Block, ledger: int, cells: list[Cell], secret: bytes) -> None:
    before = DayTotals.objects.filter(ledger=ledger).order_by("-number").first()
    root = root_of_cells(cells, secret)
    facts = DayFacts(
        ledger=ledger,
        number=before.number + 1 if before else 1,
        day=day,
        block=block.number,
        block_hash=bytes(block.hash),
        accounts=sum(cell.accounts for cell in cells),
        debits=root.debits,
        credits=root.credits,
        root=root.hash,
        previous=bytes(before.hash) if before else NO_DAY,
        made_at=clock.now(),
    )
    totals = DayTotals.objects.create(**facts.as_fields(), hash=facts.hash)
    DayTree.objects.unscoped("the job that publishes it").create(
        totals=totals, secret=secret, cells=packed(cells)
    )


@dataclass(frozen=True, slots=True)
class DayFacts:
    ledger: int
    number: int
    day: date
    block: int
    block_hash: bytes
    accounts: int
    debits: int
    credits: int
    root: bytes
    previous: bytes
    made_at: datetime

    @property
    def hash(self) -> bytes:
        """SHA-256 of the facts in one line; the next day names it."""
        at_us = int(self.made_at.timestamp()) * 1_000_000 + self.made_at.microsecond
        line = "|".join(
            (str(self.ledger), str(self.number), self.day.isoformat(), str(self.block), self.block_hash.hex(),
             str(self.accounts), str(self.debits), str(self.credits), self.root.hex(), self.previous.hex(), str(at_us))
        )  # fmt: skip
        return hashlib.sha256(line.encode()).digest()

    def as_fields(self) -> dict[str, Any]:
        names = ("ledger", "number", "day", "accounts", "debits", "credits", "root", "previous", "made_at")
        return {name: getattr(self, name) for name in names} | {"block_id": self.block}

    @classmethod
    def of(cls, totals: DayTotals) -> DayFacts:
        """`totals.block` is read with it."""
        return cls(
            totals.ledger, totals.number, totals.day, totals.block_id, bytes(totals.block.hash), totals.accounts,
            totals.debits, totals.credits, bytes(totals.root), bytes(totals.previous), totals.made_at,
        )  # fmt: skip


def published_days(ledger: int | None = None):
    """Newest first, with the blocks they stand on."""
    found = DayTotals.objects.select_related("block").order_by("-day", "ledger")
    return found if ledger is None else found.filter(ledger=ledger)


def tree_of(totals: DayTotals) -> tuple[bytes, list[Cell]]:
    """The secret of the day, and its cells in the order of their accounts."""
    tree = DayTree.objects.unscoped("proofs for those who see the accounts").get(totals=totals)
    return bytes(tree.secret), unpacked(bytes(tree.cells))
