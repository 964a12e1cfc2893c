"""A bill is written here and nowhere else: what it uses up, its rows, its transfers, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from gonghui.benefits.models import Voucher
from gonghui.bills import counters, errors, flows
from gonghui.bills.counters import GivenTerms, given_terms
from gonghui.bills.events import BillSettled
from gonghui.bills.flows import Ticket, Tills, Totals
from gonghui.bills.models import Bill, BillLine, BillOffer, BillPart, Purse
from gonghui.bills.pricing import Applied, Part, Payer, Quote
from gonghui.bills.rule_checks import Funding, category_of, obey_rules
from gonghui.bills.selling import HOLD, HOLD_GRACE, BillFacts
from gonghui.funds import point_errors
from gonghui.funds.models import Budget
from gonghui.funds.points import Lot
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError, require
from gonghui.kit.events import emit
from gonghui.ledger import errors as ledger_errors
from gonghui.ledger.engine import id_of, transfer_all
from gonghui.payments.actions.payments import take_payment
from gonghui.payments.models import Payment

OURS = "rows of a bill that is being written"
NOT_OURS = (Payer.MERCHANT, Payer.WORKER)


class PurseFacts(NamedTuple):
    release_id: int | None
    budget_id: int


@dataclass(frozen=True, slots=True)
class Writing:
    """What is known of a bill before its first row."""

    facts: BillFacts
    quoted: Quote
    vouchers: Mapping[int, Voucher]
    terms: Mapping[int, GivenTerms]
    totals: Totals

    @property
    def method(self) -> str:
        return self.facts.method if self.quoted.due_fen else Bill.Method.NONE

    @property
    def is_held(self) -> bool:
        return self.method == Bill.Method.WECHAT and self.facts.payment_id is None


@action
def write_bill(actor: Actor, *, facts: BillFacts, quoted: Quote, vouchers: Mapping[int, Voucher]) -> Bill:
    """What may be sold was decided by the caller. What somebody else used up meanwhile refuses in words; nothing moves."""
    writing = Writing(facts, quoted, *promised(quoted, vouchers), totals_of(quoted))
    use_up(writing)
    bill = insert_bill(writing)
    insert_rows(writing, bill)
    move_value(writing, bill)
    if writing.is_held:
        ask_payment(actor, bill)
    else:
        emit(BillSettled(bill_id=bill.pk))
    return bill


def totals_of(quoted: Quote) -> Totals:
    return flows.totals_of(part for line in quoted.lines for part in line.parts)


def promised(
    quoted: Quote, vouchers: Mapping[int, Voucher]
) -> tuple[dict[int, Voucher], dict[int, GivenTerms]]:
    """The vouchers that are used and the terms of what is given, by offer."""
    ids = [one.offer_id for one in quoted.applied]
    terms = given_terms(ids)
    used = {offer_id: vouchers[offer_id] for offer_id in ids if offer_id in vouchers}
    without = [offer_id for offer_id, one in terms.items() if one.needs_voucher and offer_id not in used]
    require(not without, errors.VOUCHER_GONE)
    return used, terms


def use_up(writing: Writing) -> None:
    """In the order of the locks: windows, limits, vouchers, tallies of the rulebook."""
    applied, facts = writing.quoted.applied, writing.facts
    counters.use_windows(applied)
    limits = {limit: one for one in applied for limit in writing.terms[one.offer_id].limits}
    counters.use_limits(limits, facts)
    counters.use_vouchers(facts, list(writing.vouchers.values()))
    if writing.totals.funders:
        purses = purses_of(writing.totals.funders)
        require_own_purses(writing, purses)
        obey_rules(facts, fundings_of(writing, purses))


def purses_of(account_ids: Iterable[int]) -> dict[int, PurseFacts]:
    found = Purse.objects.unscoped(OURS).filter(commitment__account_id__in=list(account_ids))
    rows = found.values_list("commitment__account_id", "release_id", "commitment__budget_id")
    return {account_id: PurseFacts(*facts) for account_id, *facts in rows}


def require_own_purses(writing: Writing, purses: Mapping[int, PurseFacts]) -> None:
    """A voucher's discount comes out of what its own release set aside: another's is promised to others."""
    for one in writing.quoted.applied:
        voucher = writing.vouchers.get(one.offer_id)
        for part in one.parts:
            if part.payer in NOT_OURS or not part.fen:
                continue
            purse = purses.get(part.funder)
            require(purse, errors.FUNDER_SHORT)
            release_id = voucher.release_id if voucher else None
            require(purse.release_id in (None, release_id), errors.VOUCHER_GONE)


def fundings_of(writing: Writing, purses: Mapping[int, PurseFacts]) -> list[Funding]:
    """What rules are asked about: all that comes out of a union's budget, whatever its maker wrote or left out."""
    asked = [
        (one, part, writing.terms[one.offer_id])
        for one in writing.quoted.applied
        for part in one.parts
        if part.payer == Payer.UNION and part.fen
    ]
    if not asked:
        return []
    wanted = {purses[part.funder].budget_id for _one, part, _terms in asked}
    budgets = Budget.objects.unscoped(OURS).select_related("union", "source").in_bulk(wanted)
    return [
        Funding(
            one.offer_id, one.title, part.funder, part.fen, category_of(terms.category), terms.festival,
            budgets[purses[part.funder].budget_id],
        )
        for one, part, terms in asked
    ]  # fmt: skip


# --- rows ---------------------------------------------------------------------------------------------------


def insert_bill(writing: Writing) -> Bill:
    facts, quoted, held = writing.facts, writing.quoted, writing.is_held
    return Bill.objects.create(
        key=facts.key,
        union_id=facts.store.partner.union_id,
        partner_id=facts.store.partner_id,
        store=facts.store,
        person_id=facts.person_id,
        clerk_id=facts.clerk_id,
        at=facts.at,
        list_fen=quoted.list_fen,
        due_fen=quoted.due_fen,
        points=quoted.points,
        method=writing.method,
        payment_id=facts.payment_id if writing.method == Bill.Method.WECHAT else None,
        state=Bill.State.HELD if held else Bill.State.SETTLED,
        held_until=facts.at + HOLD if held else None,
        settled_at=None if held else facts.at,
        offline_at=facts.offline_at,
    )


def insert_rows(writing: Writing, bill: Bill) -> None:
    """One insert each; the database adds them up."""
    lines = BillLine.objects.bulk_create(
        BillLine(
            bill=bill,
            nth=nth,
            name=line.name,
            quantity=line.quantity,
            list_fen=line.list_fen,
            section=line.section,
            code=line.code,
            gift_of_id=line.gift_of,
        )
        for nth, line in enumerate(writing.quoted.lines, 1)
    )
    BillPart.objects.bulk_create(
        part_of(line, nth, part)
        for line, priced in zip(lines, writing.quoted.lines, strict=True)
        for nth, part in enumerate(priced.parts, 1)
    )
    if writing.quoted.applied:
        BillOffer.objects.bulk_create(offer_of(bill, one, writing) for one in writing.quoted.applied)


def part_of(line: BillLine, nth: int, part: Part) -> BillPart:
    account_id = None if part.payer in NOT_OURS else part.funder
    return BillPart(
        line=line, nth=nth, payer=part.payer, fen=part.fen, offer_id=part.offer_id, account_id=account_id
    )


def offer_of(bill: Bill, one: Applied, writing: Writing) -> BillOffer:
    voucher = writing.vouchers.get(one.offer_id)
    return BillOffer(
        bill=bill,
        offer_id=one.offer_id,
        voucher_id=voucher.pk if voucher else None,
        window_id=one.window_id,
        window_day=one.window_day,
        discount_fen=one.discount_fen,
        gift=one.gift[:80],
    )


# --- value --------------------------------------------------------------------------------------------------


def ticket_of(bill: Bill) -> Ticket:
    return Ticket(bill.key, f"bill:{bill.pk}")


def tills_of(bill: Bill) -> Tills:
    return flows.tills_of(union_id=bill.union_id, partner_id=bill.partner_id, person_id=bill.person_id)


def move_value(writing: Writing, bill: Bill) -> None:
    """One chain. A held bill sets everything aside that is not the worker's."""
    ticket, tills = ticket_of(bill), tills_of(bill)
    try:
        orders = flows.given(ticket, writing.totals, tills, lots_of(writing.totals))
        if writing.is_held:
            orders = flows.set_aside(orders, bill.held_until + HOLD_GRACE)
        else:
            online = bill.payment_id is not None
            if online:
                require_paid(bill)
            orders += flows.paid(ticket, bill.due_fen, tills, online=online)
        transfer_all(orders)
    except DomainError as refused:
        raise in_words(refused) from None


def lots_of(totals: Totals) -> dict[int, Lot]:
    if not totals.lots:
        return {}
    found = flows.lots_named(totals.lots)
    require(found.keys() == totals.lots.keys(), errors.POINTS_GONE)
    return found


def in_words(refused: DomainError) -> DomainError:
    if refused.reason is point_errors.POINTS_SHORT:
        return DomainError(errors.POINTS_GONE)
    if refused.reason is ledger_errors.OVERDRAWN:
        of_points = refused.facts.get("code") in ("spend_points", "pay_points")
        return DomainError(errors.POINTS_GONE if of_points else errors.FUNDER_SHORT)
    return refused


def require_paid(bill: Bill) -> None:
    """The payment brought in by the caller is this person's, of this sum, and nobody else's."""
    payment = Payment.objects.unscoped(OURS).get(pk=bill.payment_id)
    fits = (payment.person_id, payment.union_id, payment.refundable_fen) == (
        bill.person_id,
        bill.union_id,
        bill.due_fen,
    )
    require(fits and payment.method == bill.method, errors.NOT_PAID_YET)


def ask_payment(actor: Actor, bill: Bill) -> None:
    payment = take_payment(
        actor,
        key=id_of(bill.key, "payment"),
        person_id=bill.person_id,
        union_id=bill.union_id,
        amount_fen=bill.due_fen,
        purpose=f"bill:{bill.pk}",
        method=bill.method,
    )
    Bill.objects.unscoped(OURS).filter(pk=bill.pk).update(payment=payment)
    bill.payment = payment
