"""A city for the simulation: what its people do in a turn, each thing with the key its doer made before."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from gonghui.bills.actions.refunds import refund_bill
from gonghui.bills.actions.selling import bills_past_their_time, cancel_bill, end_waiting, sell, settle_bill
from gonghui.bills.models import Bill, BillLine
from gonghui.bills.selling import Back
from gonghui.bills.tests.priced import MERCHANT, published, union_share
from gonghui.bills.tests.stage import pay_code, pay_online, sale
from gonghui.funds.actions import budgets, grants, points
from gonghui.funds.models import Budget, PointGrant
from gonghui.funds.tests.granting import drafted, granted
from gonghui.funds.tests.stage import YUAN, build_money, terms_of
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.ledger import engine
from gonghui.ledger.days import publish_days
from gonghui.ledger.sealing import seal_transfers
from gonghui.members.models import PayCodeUse
from gonghui.partners.tests.stage import new_owner, standing_agreement
from gonghui.settlement import actions as settling
from gonghui.settlement.models import Dispute, Payout, PayoutBatch, Period, Statement
from gonghui.settlement.tests.stage import PAYOUT, on

SYSTEM = Actor.system("simulation")
MEMBERS = ("mei", "lan", "qiang")
OFTEN = {
    "sell": 7, "refund": 4, "pay": 4, "settle": 3, "grant": 2, "run_grant": 3, "give": 3, "state": 3, "send": 3,
    "confirm": 3, "answer": 3, "approve_statement": 3, "batch": 2, "approve_batch": 3, "bank": 4,
}  # fmt: skip
"""Tickets of a verb in the draw; others have one."""
Turn = Callable[[], object]


def every(model: type, **facts: Any) -> list[Any]:
    return list(model.objects.unscoped("simulation").filter(**facts).order_by("pk"))


class World:
    """Each verb draws what is to be done and returns the doing, to be done as often as it takes."""

    def __init__(self, cast, dice: random.Random) -> None:
        self.cast, self.dice = cast, dice
        terms = {"cycle": "weekly", "fee_bp": 60, "signed_at": on(1, 1), "payout_shown": "尾号 0018"}
        standing_agreement(cast.store.partner, payout_account=PAYOUT, **terms)
        self.money = build_money(cast)
        cast.users["pier owner"] = new_owner(cast.store.partner, "13800000088")
        granted(self.money, per_head=200, expires_on=clock.today() + dt.timedelta(days=30))
        names = [name[3:] for name in sorted(dir(self)) if name.startswith("do_")]
        self.verbs = [name for name in names for _ticket in range(OFTEN.get(name, 1))]
        for off, threshold, set_aside in ((2_000, 10_000, 40_000), (500, 3_000, 9_000)):
            share = union_share(self.money.city, 500, set_aside_fen=set_aside, when_empty="shrink")
            published(cast, off_fen=off, threshold_fen=threshold, shares=[share, MERCHANT])

    def actor(self, name: str) -> Actor:
        return self.cast.actor(name)

    def one_of(self, model: type, **facts: Any) -> Any | None:
        found = every(model, **facts)
        return self.dice.choice(found) if found else None

    # --- money comes down ---------------------------------------------------------------------------------------

    def do_budget(self) -> Turn | None:
        parent = self.dice.choice([self.money.city, self.money.province])
        fen = self.dice.randint(1, 9_000) * YUAN // 3
        budget = budgets.write_budget(
            self.actor("city_admin"), union=self.cast.unions["factory"], terms=terms_of(1, amount_fen=fen),
            parent_id=parent.pk, source_id=None,
        )  # fmt: skip
        budgets.submit_budget(self.actor("city_admin"), budget_id=budget.pk)
        by = "city_finance" if parent == self.money.city else "province_finance"
        return lambda: budgets.approve_budget(self.actor(by), budget_id=budget.pk)

    def do_close_budget(self) -> Turn | None:
        budget = self.one_of(Budget, state="approved", union=self.cast.unions["factory"])
        return budget and (lambda: budgets.close_budget(self.actor("city_finance"), budget_id=budget.pk))

    def do_grant(self) -> Turn | None:
        days = dt.timedelta(days=self.dice.choice((3, 40, 90)))
        per_head = self.dice.randint(1, 300)
        grant = drafted(self.money, per_head=per_head, expires_on=clock.today() + days)
        grants.submit_grant(self.actor("city_admin"), point_grant_id=grant.pk)
        return lambda: grants.check_grant(self.actor("city_finance"), point_grant_id=grant.pk)

    def do_run_grant(self) -> Turn | None:
        grant = self.one_of(PointGrant, state="checked")
        return grant and (lambda: grants.run_grant(self.actor("city_admin"), point_grant_id=grant.pk))

    def do_give(self) -> Turn | None:
        grant = self.one_of(PointGrant, state="granting")
        return grant and (lambda: grants.give_grant(SYSTEM, grant_id=grant.pk))

    # --- it is spent --------------------------------------------------------------------------------------------

    def do_sell(self) -> Turn | None:
        PayCodeUse.objects.unscoped("simulation").delete()  # a minute has passed
        lines = [
            (f"货{n}", self.dice.randint(1, 9_999), self.dice.randint(1, 4))
            for n in range(self.dice.randint(1, 3))
        ]
        asked = sale(
            self.cast, *lines, customer=pay_code(self.cast, self.dice.choice(MEMBERS)),
            points=self.dice.choice((0, 7, 90)), method=self.dice.choice(("cash", "wechat")),
        )  # fmt: skip
        return lambda: sell(self.actor("clerk"), sale=asked)

    def do_pay(self) -> Turn | None:
        bill = self.one_of(Bill, state="held", payment__state="created")
        return bill and (lambda: pay_online(Bill.objects.unscoped("simulation").get(pk=bill.pk)))

    def do_settle(self) -> Turn | None:
        bill = self.one_of(Bill, payment__state="succeeded")
        return bill and (lambda: settle_bill(SYSTEM, bill_id=bill.pk))

    def do_cancel(self) -> Turn | None:
        bill = self.one_of(Bill, state="held")
        return bill and (lambda: cancel_bill(self.actor("clerk"), bill_id=bill.pk, reason="不要了"))

    def do_refund(self) -> Turn | None:
        bill = self.one_of(Bill, state="settled")
        lines = bill and every(BillLine, bill=bill)
        if not lines:
            return None
        line, key = self.dice.choice(lines), uuid4()
        back = [Back(line.pk, self.dice.randint(1, line.quantity))]
        who = self.dice.choice(("clerk", "city_finance", "city_admin"))
        return lambda: refund_bill(self.actor(who), bill_id=bill.pk, key=key, back=back, reason="退货")

    # --- it is settled ------------------------------------------------------------------------------------------

    def do_state(self) -> Turn | None:
        over = every(Period, state="open", ends_on__lte=clock.today())
        period = over[0] if over else None
        return period and (lambda: settling.make_statements(SYSTEM, period_id=period.pk))

    def do_send(self) -> Turn | None:
        row = self.one_of(Statement, state__in=("draft", "disputed"))
        return row and (lambda: settling.send_statement(self.actor("city_finance"), statement_id=row.pk))

    def do_confirm(self) -> Turn | None:
        row = self.one_of(Statement, state="sent")
        return row and (
            lambda: settling.confirm_statement(
                self.actor("pier owner"), statement_id=row.pk, total_fen=row.total_fen
            )
        )

    def do_dispute(self) -> Turn | None:
        row = self.one_of(Statement, state="sent")
        lines = row and list(row.lines.order_by("pk"))
        if not lines:
            return None
        line = self.dice.choice(lines)
        return lambda: settling.dispute_line(self.actor("pier owner"), line_id=line.pk, reason="金额不对")

    def do_answer(self) -> Turn | None:
        row = self.one_of(Dispute, state="open")
        return row and (
            lambda: settling.answer_dispute(self.actor("city_finance"), dispute_id=row.pk, answer="已核对")
        )

    def do_approve_statement(self) -> Turn | None:
        row = self.one_of(Statement, state="confirmed")
        return row and (lambda: settling.approve_statement(self.actor("city_admin"), statement_id=row.pk))

    def do_batch(self) -> Turn | None:
        union = self.cast.unions["city"]
        return lambda: settling.make_payout_batch(self.actor("city_finance"), union_id=union.pk)

    def do_approve_batch(self) -> Turn | None:
        row = self.one_of(PayoutBatch, state="made")
        return row and (lambda: settling.approve_batch(self.actor("city_admin"), batch_id=row.pk))

    def do_bank(self) -> Turn | None:
        row = self.one_of(Payout, state__in=("sent", "paid"))
        result = self.dice.choice(("paid", "paid", "bounced"))
        facts = {"bank_number": "NX1"} if result == "paid" else {"note": "户名不符"}
        return row and (
            lambda: settling.record_payout(
                self.actor("city_finance"), payout_id=row.pk, result=result, **facts
            )
        )

    def do_close_period(self) -> Turn | None:
        period = self.one_of(Period, state="closing")
        return period and (lambda: settling.close_period(self.actor("city_finance"), period_id=period.pk))

    # --- and the nights in between ------------------------------------------------------------------------------

    def do_expire_points(self) -> Turn | None:
        return lambda: points.expire_points(SYSTEM)

    def do_end_waiting(self) -> Turn | None:
        late = bills_past_their_time()
        return lambda: [end_waiting(SYSTEM, bill_id=pk) for pk in late]

    def do_void_expired(self) -> Turn | None:
        return engine.void_expired

    def do_seal(self) -> Turn | None:
        return lambda: (seal_transfers(SYSTEM), publish_days(SYSTEM))

    def do_open_periods(self) -> Turn | None:
        return lambda: settling.open_periods(SYSTEM)
