"""A small book for tests: one union, a source that may go below zero, purses that may not."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID, uuid4

from gonghui.ledger import engine
from gonghui.ledger.engine import Order
from gonghui.ledger.models import Ledger, LedgerAccount, Transfer


def purse(
    union, name: str, *, limited: str = "debits", ledger: int = Ledger.FEN, kind: str = "test", **facts
) -> LedgerAccount:
    return LedgerAccount.objects.create(
        union=union, name=name, kind=kind, limited=limited, ledger=ledger, **facts
    )


def move(debit, credit, amount: int | None, **facts) -> Order:
    """From `debit` to `credit`."""
    known = {
        "id": uuid4(),
        "code": "test",
        "debit_id": debit.pk,
        "credit_id": credit.pk,
        "ledger": debit.ledger,
    }
    return Order(**(known | {"amount": amount} | facts))


def resolve(kind: str, pending: UUID, amount: int | None = None, **facts) -> Order:
    return Order(
        **({"id": uuid4(), "code": "test", "kind": kind, "pending_id": pending, "amount": amount} | facts)
    )


def said(*orders: Order) -> list[str]:
    return engine.create_transfers(orders)


def fund(source, *purses_and_amounts: tuple[LedgerAccount, int]) -> None:
    assert set(said(*(move(source, purse, amount) for purse, amount in purses_and_amounts))) == {"ok"}


def totals(account: LedgerAccount) -> tuple[int, int, int, int]:
    """(debits pending, debits posted, credits pending, credits posted)"""
    a = LedgerAccount.objects.unscoped("test").get(pk=account.pk)
    return a.debits_pending, a.debits_posted, a.credits_pending, a.credits_posted


def all_totals(accounts: Iterable[LedgerAccount]) -> list[tuple[int, int, int, int]]:
    return [totals(account) for account in accounts]


def transfer_count() -> int:
    return Transfer.objects.unscoped("test").count()
