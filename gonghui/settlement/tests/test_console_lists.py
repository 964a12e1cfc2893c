"""The lists of disputes, adjustments and payouts: who opens them and sees what."""

from __future__ import annotations

from uuid import uuid4

from gonghui.funds.models import Budget
from gonghui.funds.tests.stage import build_money
from gonghui.partners.tests.stage import new_partner, new_store, standing_agreement
from gonghui.settlement.making import write_lines
from gonghui.settlement.models import Adjustment, Dispute, Payout, PayoutBatch, Period, Statement
from gonghui.settlement.tests.stage import Shop, on, period, sold
from tests.console_contract import ConsoleContract

ADMINS = {"city": "city_admin", "sister": "sister_admin"}
SENT = {"state": "sent", "sent_at": on(11, 2)}
CONFIRMED = {"state": "confirmed", "confirmed_at": on(11, 3)}


def stated(cast, union: str, name: str, *steps: dict) -> Statement:
    """One bill of one yuan that was paid online, so that it is owed; then what moves the statement on."""
    partner = new_partner(cast, name, union)
    shop = Shop(cast, None, partner, [new_store(partner)], standing_agreement(partner), 0)
    of = Period.objects.unscoped("test").filter(union=cast.unions[union]).first() or period(cast, union=union)
    sold(shop, ("worker", 100), at=on(10, 9), method="wechat")
    row = Statement.objects.create(
        period=of, union=cast.unions[union], partner=partner, agreement=shop.agreement
    )
    write_lines(row, of, [partner.pk])
    held = Statement.objects.unscoped("test").filter(pk=row.pk)
    for step in steps:
        held.update(maker=cast.users[ADMINS[union]], **step)
    return held.get()


class ListContract(ConsoleContract):
    """Rows of the city and of the sister city, told apart by their merchant's name."""

    def own(self, cast):
        return self.made(cast, "city", "好味食堂")

    def foreign(self, cast):
        return self.made(cast, "sister", "西岭小吃")

    def more(self, cast, count):
        for n in range(count):
            self.made(cast, "city", f"好味 {n}")

    def made(self, cast, union: str, name: str):
        raise AssertionError("say how a row is made")


class TestDisputeScreen(ListContract):
    model = Dispute

    def made(self, cast, union, name):
        line = stated(cast, union, name, SENT).lines.get()
        return Dispute.objects.create(line=line, reason="少补了一元", maker=cast.users["stranger"])


class TestAdjustmentScreen(ListContract):
    model = Adjustment

    def made(self, cast, union, name):
        budget = Budget.objects.unscoped("test").first() or build_money(cast).city
        facts = {
            "budget": budget,
            "amount_fen": 100,
            "reason": "少补了一元",
            "maker": cast.users[ADMINS[union]],
        }
        return Adjustment.objects.create(key=uuid4(), statement=stated(cast, union, name, SENT), **facts)


class TestPayoutScreen(ListContract):
    model = Payout

    def made(self, cast, union, name):
        approved = {"state": "approved", "approved_at": on(11, 4), "checker": cast.users["province_admin"]}
        statement = stated(cast, union, name, SENT, CONFIRMED, approved)
        facts = {
            "union": cast.unions[union],
            "maker": cast.users[ADMINS[union]],
            "amount_fen": 100,
            "count": 1,
        }
        batch = PayoutBatch.objects.create(key=uuid4(), file="eA==", sha256="0" * 64, **facts)
        account = {"account": "6228480402564890018", "account_shown": f"{name} 尾号 0018"}
        return Payout.objects.create(key=uuid4(), batch=batch, statement=statement, amount_fen=100, **account)
