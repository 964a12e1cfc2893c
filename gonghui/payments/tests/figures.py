"""What stands in the books and in the queue."""

from procrastinate.contrib.django.models import ProcrastinateJob

from gonghui.ledger.models import LedgerAccount, Transfer
from gonghui.payments.models import Payment, Refund


def again(row):
    return type(row).objects.unscoped("test").get(pk=row.pk)


def balance(kind: str) -> int:
    """Of all accounts of a kind, in fen."""
    return sum(a.balance for a in LedgerAccount.objects.unscoped("test").filter(kind=kind))


def held(kind: str) -> int:
    return sum(a.debits_pending for a in LedgerAccount.objects.unscoped("test").filter(kind=kind))


def transfers() -> int:
    return Transfer.objects.unscoped("test").count()


def jobs(name: str) -> int:
    return ProcrastinateJob.objects.filter(task_name__endswith=f".{name}").count()


def states() -> list:
    """Everything of ours that a refusal must leave as it was."""
    return [
        sorted(model.objects.unscoped("test").values_list(*fields))
        for model, fields in (
            (Payment, ("id", "state", "refunded_fen", "transaction_id")),
            (Refund, ("id", "state", "amount_fen")),
        )
    ] + [transfers()]
