"""The typed shell over the SQL functions that decide (sql/30_claims.sql). Runs in the caller's transaction.

Who may claim is decided before, by the action or the pass; what is left and who came first is decided there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from gonghui.benefits.gate.answers import words

CODE_TRIES = 3  # two transactions of different releases may draw the same short code in the same moment


@dataclass(frozen=True, slots=True)
class Claim:
    """`key` is the pass's or the request's idempotency key: the same key gets the same answer."""

    person_id: int
    key: UUID
    seats: int = 1
    wait: bool = True
    booked_by_id: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    answer: str
    code: str | None
    serial: int | None
    place: int | None
    remaining: int | None
    voucher_id: int | None = None
    state: str | None = None  # of that voucher

    def words(self, **facts: object) -> tuple[str, str]:
        known = {"code": self.code, "place": self.place, "remaining": self.remaining}
        return words(self.answer, held=self.state == "held", **known, **facts)


@dataclass(frozen=True, slots=True)
class Settled:
    """One voucher that moved: 'done', 'expired' or 'promoted' off the waiting list; or why nothing moved."""

    outcome: str
    voucher_id: int | None
    person_id: int | None
    code: str | None


def settle_claims(pool_id: int, claims: Sequence[Claim], *, issue: bool = False) -> list[Answer]:
    """Answers in the order of `claims`, the order of arrival. `issue` is for draws and grants: no clock."""
    rows = _claim_rows(
        pool_id,
        [c.person_id for c in claims],
        [c.booked_by_id for c in claims],
        [c.seats for c in claims],
        [c.key for c in claims],
        [c.wait for c in claims],
        issue,
    )
    return [Answer(*row) for row in rows]


def _claim_rows(*args: Any) -> list[tuple]:
    statement = (
        "SELECT answer, code, serial, place, remaining, voucher_id, state FROM benefits_claim_batch("
        "%s, %s::bigint[], %s::bigint[], %s::integer[], %s::uuid[], %s::boolean[], %s)"
    )
    for tries_left in reversed(range(CODE_TRIES)):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement, args)
                return cursor.fetchall()
        except IntegrityError as error:
            if not tries_left or "benefits_voucher_code" not in str(error):
                raise
    raise AssertionError("unreachable: the last try returns or raises")


def give_back(voucher_id: int, to: str) -> tuple[Settled, list[Settled]]:
    """The voucher to 'returned', 'expired' or 'voided', and those the waiting list gave its seats to."""
    first, *promoted = _settled("benefits_return_voucher", voucher_id, to)
    return first, promoted


def expire_pool_holds(pool_id: int) -> list[Settled]:
    return _settled("benefits_expire_pool", pool_id)


def fill_pool(pool_id: int) -> list[Settled]:
    """Idle seats (a raised capacity) to those who wait."""
    return _settled("benefits_fill_pool", pool_id)


def leave_line(pool_id: int, person_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT benefits_leave_line(%s, %s)", [pool_id, person_id])
        return cursor.fetchone()[0]


def place_in_line(pool_id: int, position: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT benefits_place(%s, %s)", [pool_id, position])
        return cursor.fetchone()[0]


def _settled(function: str, *args: Any) -> list[Settled]:
    places = ", ".join(["%s"] * len(args))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT outcome, voucher_id, person_id, code FROM {function}({places})", args)  # noqa: S608
        return [Settled(*row) for row in cursor.fetchall()]
