"""A till for tests: the pier's clerk, money behind the offers, points in a purse, and a plain look at every balance."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any
from uuid import uuid4

from gonghui.bills.actions.refunds import refund_bill
from gonghui.bills.actions.selling import sell
from gonghui.bills.models import Bill, BillLine, BillPart, BillRefund
from gonghui.bills.selling import Back, Sale, typed_line
from gonghui.funds.tests.granting import granted
from gonghui.kit import clock, tokens
from gonghui.kit.actors import Actor
from gonghui.kit.tests.stages import kept
from gonghui.ledger.models import LedgerAccount, Transfer
from gonghui.members.models import MemberCard
from gonghui.partners.tests.stage import standing_agreement
from gonghui.payments.actions.payments import note_result
from gonghui.payments.ports.wechat import TradeFact

SYSTEM = Actor.system("test")
YUAN = 100
WEEK = dt.timedelta(days=7)


def open_shop(cast):
    """The pier has an agreement, so that it may trade."""
    standing_agreement(cast.store.partner)
    return cast


def pay_code(cast, who: str = "mei", *, ahead: int = 0) -> str:
    """Fresh; `ahead` 1 is the next minute's, which tills take as well."""
    person = cast.people[who]
    card, _new = MemberCard.objects.unscoped("test").get_or_create(
        person=person, defaults={"code": tokens.new_short_code()}
    )
    return tokens.pay_text(tokens.PayCode(card.code, tokens.minute_of(clock.now()) + ahead))


def sale(cast, *lines: Any, customer: str | None = None, **facts: Any) -> Sale:
    """Of Mei at the pier: one line of 100 yuan unless said otherwise. Lines are fen, or (name, fen, quantity, …)."""
    if customer is None:
        customer = pay_code(cast)
    typed = tuple(typed_line("合计", line) if type(line) is int else typed_line(*line) for line in lines)
    facts = {"key": uuid4(), "store_id": cast.store.pk} | facts
    return Sale(customer=customer, lines=typed or (typed_line("合计", 100 * YUAN),), **facts)


def sold(cast, *lines: Any, clerk: str = "clerk", **facts: Any) -> Bill:
    return sell(cast.actor(clerk), sale=sale(cast, *lines, **facts))


def refunded(cast, bill: Bill, *back: tuple[int, int], by: str = "clerk", **facts: Any) -> BillRefund:
    """`back`: (line, units); without any, all that is left."""
    lines = list(bill.lines.order_by("nth"))
    if back:
        asked = [Back(lines[nth - 1].pk, quantity) for nth, quantity in back]
    else:
        asked = [Back(line.pk, line.quantity - line.refunded_quantity) for line in lines if line.list_fen]
    facts = {"key": uuid4(), "reason": "顾客退货"} | facts
    return refund_bill(cast.actor(by), bill_id=bill.pk, back=asked, **facts)


@kept
def with_points(money, points: int = 100, **facts: Any):
    """福豆 of the city's budget, to every member."""
    return granted(money, per_head=points, **facts)


def fresh(row):
    return type(row).objects.unscoped("test").get(pk=row.pk)


def balances() -> dict[tuple[str, str, int | None], int]:
    """Posted and not zero, by kind, name and person."""
    found = LedgerAccount.objects.unscoped("test")
    return {(row.kind, row.name, row.person_id): row.balance for row in found if row.balance}


def available() -> dict[int, int]:
    return {row.pk: row.available for row in LedgerAccount.objects.unscoped("test")}


def moved(before: dict, after: dict) -> dict:
    return {
        key: after.get(key, 0) - before.get(key, 0)
        for key in before | after
        if after.get(key, 0) != before.get(key, 0)
    }


def by_payer(bill: Bill) -> dict[str, int]:
    found: Counter[str] = Counter()
    for part in BillPart.objects.unscoped("test").filter(line__bill=bill):
        found[part.payer] += part.fen
    return dict(found)


def line_parts(bill: Bill) -> list[list[tuple[str, int]]]:
    return [
        list(line.parts.order_by("nth").values_list("payer", "fen"))
        for line in BillLine.objects.unscoped("test").filter(bill=bill).order_by("nth")
    ]


def transfers(subject: str) -> list[tuple[str, str, int]]:
    found = Transfer.objects.unscoped("test").filter(subject=subject).order_by("seq")
    return list(found.values_list("code", "kind", "amount"))


def counted() -> tuple[int, ...]:
    """Rows there are: what a refusal must leave as it was."""
    tables = (Bill, BillLine, BillPart, BillRefund, Transfer)
    return tuple(table.objects.unscoped("test").count() for table in tables)


def pay_online(bill: Bill) -> None:
    """The provider says it is paid; what follows is the reactions'."""
    payment = bill.payment
    fact = TradeFact(payment.out_trade_no, "paid", payment.amount_fen, f"42{payment.pk:08}", clock.now())
    note_result(SYSTEM, fact=fact)
