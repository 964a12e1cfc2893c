"""What holds after every turn, read from the books and from the rows, which never read each other."""

from __future__ import annotations

from django.db.models import F, Sum

from gonghui.bills.models import Bill, BillPart, BillRefund, RefundPart
from gonghui.bills.pricing import Payer
from gonghui.funds.models import GrantedPerson
from gonghui.funds.tests.granting import is_backed, outstanding
from gonghui.funds.tests.stage import trial
from gonghui.funds.worth import POINT_FEN
from gonghui.ledger.models import LedgerAccount, Transfer
from gonghui.settlement.models import Payout, Statement
from gonghui.settlement.reconciling import reconcile

POSTED = ("settled", "refunded")


def summed(rows, name: str) -> int:
    return rows.aggregate(total=Sum(name))["total"] or 0


def of_kind(kind: str) -> int:
    return sum(row.balance for row in LedgerAccount.objects.unscoped("laws").filter(kind=kind))


def given_by(**whose: object) -> int:
    """Fen of these parts of all bills that stand, less what came back of them."""
    bills = Bill.objects.unscoped("laws").filter(state__in=POSTED)
    parts = BillPart.objects.unscoped("laws").filter(line__bill__in=bills, **whose)
    back = RefundPart.objects.unscoped("laws").filter(part__in=parts)
    return summed(parts, "fen") - summed(back, "fen")


def owed_to_merchants() -> int:
    gifts = given_by(payer__in=[Payer.UNION, Payer.EMPLOYER, Payer.POINTS])
    return gifts + given_by(payer=Payer.WORKER, line__bill__method="wechat")


def points_left() -> int:
    granted = GrantedPerson.objects.unscoped("laws").filter(state="granted")
    gone = Transfer.objects.unscoped("laws").filter(code="expire_points", kind="posted", ledger=2)
    spent = given_by(payer=Payer.POINTS) // POINT_FEN
    return summed(granted.annotate(points=F("grant__per_head")), "points") - spent - summed(gone, "amount")


def paid_by_the_bank() -> int:
    return summed(Payout.objects.unscoped("laws").filter(state="paid"), "amount_fen")


def broken_laws(sold: int, returned: int) -> list[str]:
    """`sold`, `returned`: how many sales and returns were acknowledged."""
    merchants = of_kind("payable") + of_kind("bank") + of_kind("fee")
    sent = Statement.objects.unscoped("laws").exclude(state="draft")
    laws = {
        "debits are credits": trial() == 0,
        "points are backed": is_backed(),
        "points left are those granted less those spent and gone": outstanding() == points_left(),
        "merchants are owed or were paid what bills gave them": merchants == owed_to_merchants(),
        "the bank gave what payouts say": of_kind("bank") == paid_by_the_bank(),
        "a sale acknowledged is one bill": Bill.objects.unscoped("laws").count() == sold,
        "a return acknowledged is one refund": BillRefund.objects.unscoped("laws").count() == returned,
        "what was sent to a merchant is what the books say": all(reconcile(row).is_equal for row in sent),
    }
    return [law for law, holds in laws.items() if not holds]


def stand_of_everything() -> dict[int, tuple[int, int]]:
    """Posted and set aside of every account: what a refusal leaves as it was."""
    return {
        row.pk: (row.balance, row.debits_pending - row.credits_pending)
        for row in LedgerAccount.objects.unscoped("laws")
    }
