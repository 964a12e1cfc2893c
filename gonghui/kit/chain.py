"""Sealing what is only ever added: rows in their order, a block at a time, under one root each; every block names the one
before it.

Whoever writes rows holds the table's ROW EXCLUSIVE lock from before the first number is taken until the commit. So once
everybody who held it when we looked has let it go, no smaller number can still appear, and what stands below the mark can
be sealed. Nobody waits for the sealing, and nothing that commits late is left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gonghui.kit import clock
from gonghui.kit.merkle import root_of
from gonghui.kit.scope import ScopedManager

BLOCK_MAX = 4096
"""Rows in a block: a proof of one row is built from one block's leaves."""
NO_BLOCK = bytes(32)
LOWEST = -(2**63)  # nothing is slipped in before the first row either
WRITERS = """
SELECT coalesce(array_agg(DISTINCT virtualtransaction), '{}') FROM pg_locks
 WHERE locktype = 'relation' AND relation = %s::regclass AND mode = 'RowExclusiveLock' AND granted
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class ChainBlock(models.Model):
    """Rows from one number to another under one root; each block names the one before it."""

    number = models.BigIntegerField(_("区块"), primary_key=True)
    first_seq = models.BigIntegerField(_("从"))
    last_seq = models.BigIntegerField(_("到"))
    count = models.PositiveIntegerField(_("笔数"))
    root = models.BinaryField(max_length=32)
    previous = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField(_("封存时间"))

    objects = ScopedManager()

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(first_seq__lte=F("last_seq"), count__gt=0), name="%(app_label)s_%(class)s_range"
            ),
            models.UniqueConstraint(fields=["last_seq"], name="%(app_label)s_%(class)s_last"),
        ]

    def __str__(self) -> str:
        return str(self.number)


class ChainMark(models.Model):
    """How far the numbers had come, and who was writing then: sealed up to there once all of them have ended."""

    seq = models.BigIntegerField()
    writers = ArrayField(models.TextField())
    """Virtual transactions, as pg_locks names them."""

    objects = ScopedManager()

    class Meta:
        abstract = True


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
    def of(cls, block: ChainBlock) -> BlockFacts:
        return cls(
            block.number, block.first_seq, block.last_seq, block.count, bytes(block.root), bytes(block.previous),
            block.sealed_at,
        )  # fmt: skip


@dataclass(slots=True)
class Reading:
    """What reading every block and row again found: numbers of blocks that do not follow, or do not hold what they held."""

    blocks: int
    rows: int
    broken: list[int]
    changed: list[int]


@dataclass(frozen=True, slots=True)
class Chain:
    """A table that is only added to: its bigserial `number`, and the SQL function `leaf` that says what is fixed of a row."""

    table: str
    number: str
    leaf: str
    blocks: type[ChainBlock]
    marks: type[ChainMark]

    def seal(self) -> int:
        """Seals what can be sealed and leaves a mark for the next time. Returns the number of blocks made."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('seal ' || %s, 0))", [self.table])
            mark = self._mark(cursor)
            if mark is None:
                return 0
            made = 0
            for first, last in list(self._ranges(cursor, self.sealed_to(), mark.seq)):
                self._seal(cursor, first, last)
                made += 1
            mark.delete()
        return made

    def sealed_to(self) -> int:
        last = self.in_order().last()
        return last.last_seq if last else 0

    def unsealed(self) -> int:
        """Rows written since the last block."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {self.table} WHERE {self.number} > %s", [self.sealed_to()])  # noqa: S608  our own names
            return cursor.fetchone()[0]

    def in_order(self) -> models.QuerySet:
        return self.blocks.objects.unscoped("roots of a chain").order_by("number")

    def leaves(self, cursor: Any, after: int, upto: int) -> list[bytes]:
        """What is fixed of each row in (after, upto], in order."""
        number = self.number
        statement = f"SELECT {self.leaf}(t) FROM {self.table} t WHERE {number} > %s AND {number} <= %s ORDER BY {number}"  # noqa: S608  our own names
        cursor.execute(statement, [after, upto])
        return [leaf.encode() for (leaf,) in cursor.fetchall()]

    def read_again(self, noted: Mapping[int, str], progress: Callable[[int], None]) -> Reading:
        """`noted`: hashes of blocks somebody kept, by number; a table rewritten whole agrees with itself, not with them."""
        before, after = NO_BLOCK, 0
        found = Reading(0, 0, [], [])
        with connection.cursor() as cursor:
            for block in self.in_order().iterator(chunk_size=500):
                facts = BlockFacts.of(block)
                found.blocks += 1
                due = (found.blocks, before, after + 1, bytes(block.hash))
                follows = (facts.number, facts.previous, facts.first_seq, facts.hash) == due
                if not follows or noted.get(block.number, facts.hash.hex()) != facts.hash.hex():
                    found.broken.append(block.number)
                leaves = self.leaves(cursor, after or LOWEST, facts.last_seq)
                if len(leaves) != facts.count or root_of(leaves) != facts.root:
                    found.changed.append(block.number)
                before, after = facts.hash, facts.last_seq
                found.rows += len(leaves)
                progress(len(leaves))
        found.broken += [number for number in noted if number > found.blocks]
        return found

    def _mark(self, cursor: Any) -> ChainMark | None:
        """The mark up to which all is settled; None while somebody who was there before it is still writing."""
        marks = self.marks.objects.unscoped("the sealing job")
        mark = marks.first()
        if mark is None:
            # First how far the numbers have come, then who is writing.
            cursor.execute(
                "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(%s, %s)), 0)",
                [self.table, self.number],
            )
            seq = cursor.fetchone()[0]
            if seq <= self.sealed_to():
                return None
            mark = marks.create(seq=seq, writers=self._writers(cursor))
        return None if set(mark.writers) & set(self._writers(cursor)) else mark

    def _writers(self, cursor: Any) -> list[str]:
        cursor.execute(WRITERS, [self.table])
        return cursor.fetchone()[0]

    def _ranges(self, cursor: Any, after: int, upto: int) -> Iterator[tuple[int, int]]:
        """Consecutive (after, upto] ranges of at most BLOCK_MAX rows; numbers that were never written count for nothing."""
        number = self.number
        statement = f"SELECT {number} FROM {self.table} WHERE {number} > %s AND {number} <= %s ORDER BY {number} LIMIT %s"  # noqa: S608  our own names
        while after < upto:
            cursor.execute(f"SELECT max({number}) FROM ({statement}) s", [after, upto, BLOCK_MAX])  # noqa: S608
            last = cursor.fetchone()[0]
            if last is None:
                return
            yield after, last
            after = last

    def _seal(self, cursor: Any, after: int, upto: int) -> None:
        leaves = self.leaves(cursor, after, upto)
        previous = self.in_order().last()
        facts = BlockFacts(
            number=previous.number + 1 if previous else 1,
            first_seq=after + 1,
            last_seq=upto,
            count=len(leaves),
            root=root_of(leaves),
            previous=bytes(previous.hash) if previous else NO_BLOCK,
            sealed_at=clock.now(),
        )
        self.in_order().create(**facts.as_fields(), hash=facts.hash)
