"""The typed shell over sql/30_create.sql. Runs in the caller's transaction; what it may move was decided by the caller."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from django.db import connection, transaction

from gonghui.kit.errors import DomainError
from gonghui.ledger.errors import REFUSALS
from gonghui.ledger.models import Ledger, LedgerAccount, Transfer

WRITTEN = frozenset({"ok", "exists"})
BATCH_MAX = 8000
"""Orders in one call; more is cut by `create_transfers`, except through a chain."""


@dataclass(frozen=True, slots=True)
class Order:
    """One transfer to be written. `id` is made before ordering, so that ordering again is harmless.

    `kind`: `posted` moves at once, `pending` sets aside (until `expires_at`, if given), `post` takes what
    `pending_id` set aside (all of it, or `amount`), `void` gives it back. For the last two, accounts and ledger are
    the pending transfer's. Orders with the same `chain` are written all or none.
    """

    id: UUID
    code: str
    amount: int | None = None
    debit_id: int | None = None
    credit_id: int | None = None
    ledger: int = Ledger.FEN
    kind: str = Transfer.Kind.POSTED
    pending_id: UUID | None = None
    expires_at: datetime | None = None
    subject: str = ""
    chain: int | None = None


def id_of(key: UUID, *parts: object) -> UUID:
    """The id of a part of something that has a key: the same parts give the same id."""
    return uuid5(key, ":".join(map(str, parts)))


def create_transfers(orders: Sequence[Order]) -> list[str]:
    """One answer an order, in their order; the words are those of sql/30_create.sql."""
    answers: list[str] = []
    for part in _batches(orders):
        facts = json.dumps([_facts(n, order) for n, order in enumerate(part, 1)])
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT ledger_create_transfers(%s)", [facts])
            answers += cursor.fetchone()[0]
    return answers


def try_transfers(orders: Sequence[Order]) -> list[str]:
    """What `create_transfers` would answer now, by doing it and taking it back: nothing is written, no account moves. It waits
    for the same accounts, and holds none once it has answered; numbers of `seq` are passed over, as by any refusal."""
    with transaction.atomic():
        answers = create_transfers(orders)
        transaction.set_rollback(True)
    return answers


def try_all(orders: Sequence[Order]) -> DomainError | None:
    """The refusal `transfer_all` would raise now; None where all could be written."""
    with transaction.atomic():
        try:
            transfer_all(orders)
        except DomainError as refused:
            return refused
        finally:
            transaction.set_rollback(True)
    return None


def transfer_all(orders: Sequence[Order]) -> None:
    """All or none, once; raises the refusal of the first that cannot be. Some of them written before and some not are
    another thing than the one of then: a conflict."""
    chained = [replace(order, chain=1) for order in orders]
    answers = create_transfers(chained)
    for order, answer in zip(orders, answers, strict=True):
        if answer not in WRITTEN and answer != "linked":
            raise DomainError(REFUSALS[answer], code=order.code)
    if "linked" in answers:
        raise DomainError(REFUSALS["conflicts"], code=orders[answers.index("linked")].code)


def _batches(orders: Sequence[Order]) -> Iterable[Sequence[Order]]:
    """Whole chains together."""
    start = 0
    while start < len(orders):
        end = min(start + BATCH_MAX, len(orders))
        while (
            end < len(orders) and orders[end].chain is not None and orders[end].chain == orders[end - 1].chain
        ):
            end += 1
        yield orders[start:end]
        start = end


def _facts(n: int, order: Order) -> dict[str, object]:
    facts = {
        "n": n, "id": str(order.id), "kind": str(order.kind), "ledger": int(order.ledger), "debit": order.debit_id,
        "credit": order.credit_id, "amount": order.amount, "pending": order.pending_id and str(order.pending_id),
        "expires": order.expires_at and order.expires_at.isoformat(), "code": order.code, "subject": order.subject,
        "chain": order.chain,
    }  # fmt: skip
    return {name: fact for name, fact in facts.items() if fact is not None}


def void_expired(limit: int = BATCH_MAX) -> int:
    """Gives back what pending transfers past their time hold; twice at once gives it back once. Returns how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT ledger_void_expired(%s)", [limit])
        return cursor.fetchone()[0]


@dataclass(frozen=True, slots=True)
class Opening:
    """What an account is; the same again is the same account."""

    kind: str
    union_id: int
    name: str
    ledger: int = Ledger.FEN
    person_id: int | None = None
    within_id: int | None = None
    expires_at: datetime | None = None
    limited: str = LedgerAccount.Limit.DEBITS


def open_accounts(openings: Sequence[Opening]) -> list[LedgerAccount]:
    """In the order of `openings`; those already open are found. One statement for all that are new."""
    rows = [LedgerAccount(**{name: getattr(o, name) for name in Opening.__slots__}) for o in openings]
    LedgerAccount.objects.unscoped("opened by an action").bulk_create(rows, ignore_conflicts=True)
    found = LedgerAccount.objects.unscoped("opened by an action").filter(
        kind__in={o.kind for o in openings},
        union_id__in={o.union_id for o in openings},
        name__in={o.name for o in openings},
    )
    by_key = {(a.kind, a.union_id, a.person_id, a.name, a.ledger): a for a in found}
    return [by_key[o.kind, o.union_id, o.person_id, o.name, int(o.ledger)] for o in openings]


def open_account(opening: Opening) -> LedgerAccount:
    return open_accounts([opening])[0]
