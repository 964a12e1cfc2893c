"""What stands in the books and in the queue."""

from procrastinate.contrib.django.models import ProcrastinateJob

from gonghui.ledger.models import LedgerAccount, Transfer
from gonghui.payments.models import PayerIdentity, Payment, Refund
from gonghui.payments.ports.local_identity import local_openid
from gonghui.payments.ports.local_trades import APPID


def again(row):
    return type(row).objects.unscoped("test").get(pk=row.pk)


def identified(person_id: int) -> PayerIdentity:
    """WeChat has told whose it is, as it does before the first payment."""
    openid = local_openid(f"of {person_id}")
    rows = PayerIdentity.objects.unscoped("test")
    return rows.get_or_create(person_id=person_id, appid=APPID, defaults={"openid": openid})[0]


def connected(client):
    """The client, come back from the authorisation: its session knows its WeChat."""
    answer = client.get("/payments/wechat/authorise?next=/privacy", follow=True)
    assert [status for _address, status in answer.redirect_chain] == [302, 302, 302]
    return client


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
