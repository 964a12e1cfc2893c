"""Bills for tests of settlement, written as bills/ writes them: rows and transfers in one transaction.

好味食堂 (city; owner he) with 江口店 and 河西店, agreement monthly; commitment of the city's budget.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from uuid import uuid4

from django.db import transaction

from gonghui.bills.models import Bill, BillLine, BillPart, BillRefund, RefundLine, RefundPart
from gonghui.funds.accounts import merchant_account, paid_by, prepaid_of
from gonghui.funds.actions.commitments import reserve
from gonghui.funds.tests.stage import MoneyStage, build_money, new_staff
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.tests.stages import kept
from gonghui.ledger.engine import Order, open_account, open_accounts, transfer_all
from gonghui.partners.models import Agreement, Partner, Store
from gonghui.partners.tests.stage import new_owner, new_partner, new_store, standing_agreement
from gonghui.settlement.models import Period, Statement

SYSTEM = Actor.system("test")
PAYOUT = "好味食堂有限公司\n东江农商行江口支行\n6228480402564890018"
OCTOBER = (dt.date(2026, 10, 1), dt.date(2026, 11, 1))


def on(month: int, day: int, hour: int = 12, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, minute, tzinfo=clock.CHINA)


@dataclass
class Shop:
    """A merchant with what its bills need."""

    cast: object
    money: MoneyStage
    partner: Partner
    stores: list[Store]
    agreement: Agreement
    commitment_id: int
    extra: dict = field(default_factory=dict)

    def actor(self, name: str) -> Actor:
        return self.cast.actor(name)

    @property
    def payable(self):
        return open_account(
            merchant_account("payable", union_id=self.partner.union_id, partner_id=self.partner.pk)
        )


@kept
def build_shop(
    cast,
    money: MoneyStage | None = None,
    *,
    phone: str = "13800000071",
    name: str = "好味食堂",
    fee_bp: int = 0,
) -> Shop:
    money = money or build_money(cast)
    partner = new_partner(cast, name)
    stores = [new_store(partner, "江口店"), new_store(partner, "河西店")]
    shown = "好味食堂有限公司 东江农商行江口支行 尾号 0018"
    terms = {"fee_bp": fee_bp, "signed_at": on(1, 1)} if fee_bp else {}
    agreement = standing_agreement(partner, payout_account=PAYOUT, payout_shown=shown, **terms)
    cast.users[f"owner of {name}"] = new_owner(partner, phone)
    purpose = f"test:{partner.pk}"
    made = reserve(SYSTEM, budget_id=money.city.pk, amount_fen=10_000_00, purpose=purpose)
    if "city_checker" not in cast.users:
        new_staff(cast, "city_checker", "org_admin", "city")
    return Shop(cast, money, partner, stores, agreement, made.account_id)


def sold(
    shop: Shop, *parts: tuple[str, int], at: dt.datetime, who: str = "mei", store: int = 0, **given
) -> Bill:
    """One line; `parts` are (payer, fen). `method` cash unless given; `offer` for the parts of an offer."""
    return sold_lines(shop, [parts], at=at, who=who, store=store, **given)


def sold_lines(
    shop: Shop, lines, *, at, who="mei", store=0, method="cash", offer=None, account_id=None, offline_at=None
) -> Bill:
    person = shop.cast.people[who] if isinstance(who, str) else who
    account_id = account_id or shop.commitment_id
    due = sum(fen for parts in lines for payer, fen in parts if payer == "worker")
    with transaction.atomic():
        bill = Bill.objects.create(
            key=uuid4(), union_id=shop.partner.union_id, partner=shop.partner, store=shop.stores[store], person=person,
            at=at, list_fen=sum(fen for parts in lines for _payer, fen in parts), due_fen=due,
            method=method if due else "", state="settled", settled_at=at, offline_at=offline_at,
        )  # fmt: skip
        made = BillLine.objects.unscoped("test").bulk_create(
            BillLine(bill=bill, nth=nth, name=f"套餐 {nth}", list_fen=sum(fen for _payer, fen in parts))
            for nth, parts in enumerate(lines, 1)
        )
        rows = [
            BillPart(
                line=line, nth=nth, payer=payer, fen=fen, offer=offer if payer in ("merchant", "union", "employer") else None,
                account_id=account_id if payer in ("union", "employer") else None,
            )
            for line, parts in zip(made, lines, strict=True)
            for nth, (payer, fen) in enumerate(parts, 1)
        ]  # fmt: skip
        BillPart.objects.unscoped("test").bulk_create(rows)
        transfer_all(
            _orders(shop, bill, [(part.payer, part.account_id, part.fen) for part in rows], f"bill:{bill.pk}")
        )
    return bill


def _orders(shop: Shop, bill: Bill, parts, subject: str, *, back: bool = False) -> list[Order]:
    union_id, partner_id = bill.union_id, bill.partner_id
    kinds = ("payable", "counter", "concession")
    payable, counter, concession = open_accounts(
        [merchant_account(kind, union_id=union_id, partner_id=partner_id) for kind in kinds]
    )
    paid = open_account(paid_by(union_id=union_id, person_id=bill.person_id))
    prepaid = open_account(prepaid_of(union_id))
    orders = []
    for payer, account_id, fen in parts:
        ways = {
            "merchant": [("concede", concession.pk, counter.pk)],
            "union": [("subsidise", account_id, payable.pk)],
            "employer": [("subsidise", account_id, payable.pk)],
            "worker": [("pay_counter", paid.pk, counter.pk)]
            if bill.method != "wechat"
            else [("pay_online", paid.pk, prepaid.pk), ("hand_over", prepaid.pk, payable.pk)],
        }[payer]
        for code, debit, credit in ways[::-1] if back else ways:
            debit, credit = (credit, debit) if back else (debit, credit)
            code = f"refund_{code}" if back else code
            orders.append(Order(uuid4(), code, fen, debit, credit, subject=subject))
    return orders


def refunded(shop: Shop, bill: Bill, *, at: dt.datetime, share: tuple[int, int] = (1, 1)) -> BillRefund:
    """`share` of every part of the first line; all of it unless said otherwise."""
    line = bill.lines.order_by("nth").first()
    parts = [(p, p.fen * share[0] // share[1]) for p in line.parts.order_by("nth")]
    total = sum(fen for _part, fen in parts)
    worker = sum(fen for part, fen in parts if part.payer == "worker")
    with transaction.atomic():
        refund = BillRefund.objects.create(
            bill=bill, key=uuid4(), reason="退货", at=at, list_fen=total, worker_fen=worker
        )
        row = RefundLine.objects.create(refund=refund, line=line, list_fen=total)
        RefundPart.objects.unscoped("test").bulk_create(
            RefundPart(refund_line=row, part=part, fen=fen) for part, fen in parts if fen
        )
        transfer_all(
            _orders(
                shop,
                bill,
                [(p.payer, p.account_id, fen) for p, fen in parts if fen],
                f"bill_refund:{refund.pk}",
                back=True,
            )
        )
        bill.refresh_from_db()
        if bill.refunded_fen == bill.list_fen:
            Bill.objects.unscoped("test").filter(pk=bill.pk).update(state="refunded")
    return refund


def period(cast, starts=OCTOBER[0], ends=OCTOBER[1], cycle: str = "monthly", union: str = "city") -> Period:
    return Period.objects.create(union=cast.unions[union], cycle=cycle, starts_on=starts, ends_on=ends)


def statement_of(shop: Shop, of: Period) -> Statement:
    return Statement.objects.unscoped("test").get(period=of, partner=shop.partner)
