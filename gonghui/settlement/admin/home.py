"""What settlement puts on the console's first page: things that wait for a hand."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from gonghui.kit.actors import Actor
from gonghui.kit.console import Figure, waiting
from gonghui.settlement.models import Dispute, Payout, PayoutBatch, Statement


def _figure(title: str, count: int, screen: str, icon: str, state: str) -> Figure | None:
    link = reverse(f"admin:settlement_{screen}_changelist") + f"?state__exact={state}"
    return Figure(title, count, icon=icon, link=link) if count else None


@waiting(needs="settlements.write", order=60)
def open_disputes(actor: Actor) -> Figure | None:
    count = Dispute.objects.visible_to(actor).filter(state="open").count()
    return _figure(_("结算异议待答复"), count, "dispute", "forum", "open")


@waiting(needs="settlements.approve", order=61)
def confirmed_statements(actor: Actor) -> Figure | None:
    count = Statement.objects.visible_to(actor).filter(state="confirmed").count()
    return _figure(_("结算单待批准"), count, "statement", "receipt_long", "confirmed")


@waiting(needs="settlements.approve", order=62)
def made_batches(actor: Actor) -> Figure | None:
    count = PayoutBatch.objects.visible_to(actor).filter(state="made").count()
    return _figure(_("付款批次待批准"), count, "payoutbatch", "account_balance", "made")


@waiting(needs="settlements.write", order=63)
def sent_payouts(actor: Actor) -> Figure | None:
    count = Payout.objects.visible_to(actor).filter(state="sent").count()
    return _figure(_("付款结果待登记"), count, "payout", "account_balance", "sent")
