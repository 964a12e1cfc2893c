"""The one bill of a check-up: what the worker paid before, what the union adds, what the hospital gave up."""

from __future__ import annotations

from datetime import datetime

from gonghui.bills.actions.writing import write_bill
from gonghui.bills.models import Bill
from gonghui.bills.pricing import Part, Payer, PricedLine, Quote
from gonghui.bills.selling import BillFacts
from gonghui.kit.actors import Actor
from gonghui.ledger.engine import id_of
from gonghui.partners.models import Store
from gonghui.wellbeing.models import Enrolment, Package


def priced(package: Package, account_id: int) -> Quote:
    """The package as a price of one line; the parts are its own, to the fen."""
    parts = (
        Part(Payer.MERCHANT, package.concession_fen),
        Part(Payer.UNION, package.subsidy_fen, account_id),
        Part(Payer.WORKER, package.co_pay_fen),
    )
    line = PricedLine(package.title, 1, package.list_fen, "", tuple(part for part in parts if part.fen))
    return Quote(
        applied=(),
        refused=(),
        lines=(line,),
        list_fen=package.list_fen,
        points=0,
        points_asked=0,
        points_most=0,
        due_fen=package.co_pay_fen,
        is_best=True,
    )


def write_health_bill(actor: Actor, row: Enrolment, *, store: Store, at: datetime) -> Bill:
    """Settled at once: the co-pay was taken when the place was. The same enrolment again is the same bill."""
    facts = BillFacts(
        key=id_of(row.key, "bill"),
        store=store,
        person_id=row.person_id,
        clerk_id=actor.user_id,
        method=Bill.Method.WECHAT,
        at=at,
        payment_id=row.payment_id,
    )
    quoted = priced(row.package, row.plan.commitment.account_id)
    return write_bill(actor, facts=facts, quoted=quoted, vouchers={})
