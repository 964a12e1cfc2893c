"""Sealing: transfers in their order, a block at a time, under one root each; every block names the one before it.

Whoever writes transfers holds the table's ROW EXCLUSIVE lock from before the first `seq` is taken until the commit. So once
everybody who held it when we looked has let it go, no smaller `seq` can still appear, and what stands below the mark can be
sealed. Nobody waits for the sealing, and nothing that commits late is left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.merkle import Step, Tree, root_of
from gonghui.ledger.models import Block, SealMark, Transfer

BLOCK_MAX = 4096
"""Transfers in a block: a member's proof is built from one block's leaves."""
NO_BLOCK = bytes(32)
SEALING_LOCK = 0x6C656467  # "ledg"
WRITERS = """
SELECT coalesce(array_agg(DISTINCT virtualtransaction), '{}') FROM pg_locks
 WHERE locktype = 'relation' AND relation = 'ledger_transfer'::regclass AND mode = 'RowExclusiveLock' AND granted
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
LEAVES = "SELECT ledger_leaf(t) FROM ledger_transfer t WHERE seq > %s AND seq <= %s ORDER BY seq"


@action
def seal_transfers(actor: Actor) -> int:
    """Seals what can be sealed and leaves a mark for the next time. Returns the number of blocks made."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEALING_LOCK])
        mark = _mark(cursor)
        if mark is None:
            return 0
        made = 0
        for first, last in list(_ranges(cursor, sealed_to(), mark.seq)):
            _seal(cursor, first, last)
            made += 1
        SealMark.objects.unscoped("the sealing job").all().delete()
    return made


def _mark(cursor: Any) -> SealMark | None:
    """The mark up to which all is settled; None while somebody who was there before it is still writing."""
    marks = SealMark.objects.unscoped("the sealing job")
    mark = marks.first()
    if mark is None:
        # First how far the numbers have come, then who is writing.
        cursor.execute(
            "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('ledger_transfer', 'seq')), 0)"
        )
        seq = cursor.fetchone()[0]
        if seq <= sealed_to():
            return None
        cursor.execute(WRITERS)
        mark = marks.create(seq=seq, writers=cursor.fetchone()[0])
    cursor.execute(WRITERS)
    return None if set(mark.writers) & set(cursor.fetchone()[0]) else mark


def sealed_to() -> int:
    last = Block.objects.order_by("-number").first()
    return last.last_seq if last else 0


def _ranges(cursor: Any, after: int, upto: int) -> Iterator[tuple[int, int]]:
    """Consecutive (after, upto] ranges of at most BLOCK_MAX transfers; numbers that were never written count for nothing."""
    while after < upto:
        cursor.execute(
            "SELECT max(seq) FROM (SELECT seq FROM ledger_transfer WHERE seq > %s AND seq <= %s ORDER BY seq LIMIT %s) s",
            [after, upto, BLOCK_MAX],
        )
        last = cursor.fetchone()[0]
        if last is None:
            return
        yield after, last
        after = last


def _seal(cursor: Any, after: int, upto: int) -> Block:
    leaves = leaves_between(cursor, after, upto)
    previous = Block.objects.order_by("-number").first()
    facts = BlockFacts(
        number=previous.number + 1 if previous else 1,
        first_seq=after + 1,
        last_seq=upto,
        count=len(leaves),
        root=root_of(leaves),
        previous=bytes(previous.hash) if previous else NO_BLOCK,
        sealed_at=clock.now(),
    )
    return Block.objects.create(**facts.as_fields(), hash=facts.hash)


def leaves_between(cursor: Any, after: int, upto: int) -> list[bytes]:
    """What is fixed of each transfer in (after, upto], in order."""
    cursor.execute(LEAVES, [after, upto])
    return [leaf.encode() for (leaf,) in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class BlockFacts:
    number: int
    first_seq: int
    last_seq: int
    count: int
    root: bytes
    previous: bytes
    sealed_at: datetime

    @property
    def hash(self) -> bytes:
        """SHA-256 of the facts in one line; the next block names it."""
        at_us = int(self.sealed_at.timestamp()) * 1_000_000 + self.sealed_at.microsecond
        line = "|".join(
            (str(self.number), str(self.first_seq), str(self.last_seq), str(self.count), self.root.hex(),
             self.previous.hex(), str(at_us))
        )  # fmt: skip
        return hashlib.sha256(line.encode()).digest()

    def as_fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def of(cls, block: Block) -> BlockFacts:
        return cls(
            block.number, block.first_seq, block.last_seq, block.count, bytes(block.root), bytes(block.previous),
            block.sealed_at,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proof:
    """That this very transfer is in the sealed history: the leaf, the way up, and the block whose root it ends in."""

    leaf: str
    steps: list[Step]
    block: Block


def proof_of(transfer: Transfer) -> Proof | None:
    """None until it is sealed. The caller has checked whose transfer it is."""
    block = Block.objects.filter(last_seq__gte=transfer.seq).order_by("last_seq").first()
    if block is None:
        return None
    with connection.cursor() as cursor:
        leaves = leaves_between(cursor, block.first_seq - 1, block.last_seq)
        cursor.execute("SELECT ledger_leaf(t) FROM ledger_transfer t WHERE seq = %s", [transfer.seq])
        leaf = cursor.fetchone()[0]
    return Proof(leaf, Tree(leaves).proof(leaves.index(leaf.encode())), block)
