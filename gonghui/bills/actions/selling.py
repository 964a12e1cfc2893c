"""收款: a till quotes, sells, and what waits for a payment is settled or cancelled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from gonghui.benefits.errors import NOT_A_CLERK
from gonghui.benefits.models import Offer, Voucher
from gonghui.bills import counters, errors, flows, offers_live
from gonghui.bills.actions.writing import OURS, ticket_of, tills_of, write_bill
from gonghui.bills.customers import Customer, customer_of
from gonghui.bills.events import BillCancelled, BillSettled
from gonghui.bills.models import Bill, BillPart
from gonghui.bills.models.bills import BILL_VERBS
from gonghui.bills.pricing import Basket, LiveOffer, Part, Payer, PointLot, Quote, quote
from gonghui.bills.rule_checks import take_back
from gonghui.bills.selling import BillFacts, Quoted, Sale, require_sane
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.clock import CHINA
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.events import emit
from gonghui.kit.locks import lock_name
from gonghui.kit.masks import mask_name
from gonghui.kit.states import move
from gonghui.kit.templatetags.kit import yuan
from gonghui.ledger import errors as ledger_errors
from gonghui.ledger.engine import create_transfers, id_of, transfer_all
from gonghui.members.models import Person
from gonghui.partners.models import Partner, Store
from gonghui.partners.queries import chain_of, may_trade
from gonghui.payments.actions.payments import close_payment
from gonghui.payments.actions.refunds import refund_payment
from gonghui.payments.models import Payment
from gonghui.payments.models.payments import PAYMENT_VERBS

TRIES = 4
"""Looks at the facts while others at other tills are faster."""
VOIDED = {"ok", "exists", "resolved"}
NOTHING_TAKEN: Mapping[int, int] = MappingProxyType({})


def quote_sale(actor: Actor, sale: Sale) -> Quoted:
    """What it would cost now, why, and why not less. Takes no lock, writes nothing."""
    store, at = store_of(actor, sale), clock.now()
    customer = customer_of(actor, sale.customer, store_id=store.pk, at=at)
    quoted, _vouchers = priced(sale, customer, store, at)
    if customer.person_id is None:
        return Quoted(quoted)
    person = Person.objects.unscoped("the customer, shown masked").only("name").get(pk=customer.person_id)
    return Quoted(quoted, mask_name(person.name), person.pk)


def sell(actor: Actor, *, sale: Sale) -> Bill:
    """The same key again is the same bill. Paid at the counter or nothing due: settled at once; by WeChat: held, with a payment
    the door then starts. When somebody else took what was counted on, the price is worked out anew."""
    for tries_left in reversed(range(TRIES)):
        try:
            return sell_once(actor, sale=sale)
        except DomainError as refused:
            if not tries_left or not counters.is_moved(refused):
                raise
    raise DomainError(errors.FUNDER_SHORT)


@action
def sell_once(actor: Actor, *, sale: Sale) -> Bill:
    store, at = store_of(actor, sale), clock.now()
    lock_name("bill", sale.key.hex)
    known = Bill.objects.unscoped("the same key again").filter(key=sale.key).first()
    if known:
        require(is_same(known, actor, sale), errors.BILL_KEY_TAKEN)
        return known
    customer = customer_of(actor, sale.customer, store_id=store.pk, at=at, spends=True)
    require(customer.person_id, errors.CUSTOMER_MISSING)
    quoted, vouchers = priced(sale, customer, store, at)
    require_as_shown(sale, quoted)
    facts = BillFacts(sale.key, store, customer.person_id, actor.user_id, sale.method, at)
    return write_bill(actor, facts=facts, quoted=quoted, vouchers=vouchers)


def require_as_shown(sale: Sale, quoted: Quote) -> None:
    """Nobody pays another price than was shown, or gets less for it."""
    now = yuan(quoted.due_fen)
    if sale.shown_due_fen is not None:
        is_same_price = quoted.due_fen == sale.shown_due_fen
        require(is_same_price, errors.PRICE_CHANGED, shown=yuan(sale.shown_due_fen), now=now)
    gone = sale.shown_gifts - sale.without - {one.offer_id for one in quoted.applied}
    if gone:
        named = Offer.objects.unscoped("printed on the offer").filter(pk__in=gone).order_by("pk")
        titles = "”“".join(named.values_list("title", flat=True))
        raise DomainError(errors.GIFT_GONE, title=titles, now=now)


def store_of(actor: Actor, sale: Sale) -> Store:
    require_sane(sale)
    require(sale.store_id in actor.owns("store"), NOT_A_CLERK)
    return Store.objects.unscoped("the clerk's own store").select_related("partner").get(pk=sale.store_id)


def is_same(bill: Bill, actor: Actor, sale: Sale) -> bool:
    """A tap repeated, not another sale under its key."""
    bought = bill.lines.filter(gift_of=None).order_by("nth").values_list("name", "quantity", "list_fen")
    asked = [(line.name, line.quantity, line.list_fen) for line in sale.lines]
    return (bill.store_id, bill.clerk_id) == (sale.store_id, actor.user_id) and list(bought) == asked


# --- the price ----------------------------------------------------------------------------------------------


def priced(
    sale: Sale, customer: Customer, store: Store, at: datetime, *, taken: Mapping[int, int] = NOTHING_TAKEN
) -> tuple[Quote, dict[int, Voucher]]:
    """With the vouchers it takes, by offer. Refuses when the voucher that was shown would not be used. `taken`: points by lot
    that another sale, not written yet, counts on."""
    require(not sale.points or customer.may_spend_points, errors.POINTS_NEED_PAY_CODE)
    shown = customer.voucher
    require(not shown or shown.release.offer_id not in sale.without, errors.SHOWN_LEFT_OUT)
    offers, asker, visit, vouchers = offers_live.facts_at(store.pk, customer.person_id, at, shown=shown)
    against = may_trade(store.pk, at.astimezone(CHINA).date())
    if against:
        offers = promised_offers(offers, store, at, against)
    if sale.offer_ids is not None:
        wanted = sale.offer_ids | ({shown.release.offer_id} if shown else set())
        offers = [offer for offer in offers if offer.id in wanted]
    offers = [offer for offer in offers if offer.id not in sale.without]
    spends_points = customer.may_spend_points and not against
    lots = lots_left(asker.lots, taken) if spends_points else ()
    asker = replace(asker, is_family=sale.is_family, lots=lots)
    quoted = quote(offers, Basket(sale.lines), asker, visit, points=sale.points)
    require(not against or quoted.applied, errors.NOT_FOR_NEW_OFFERS, partner=store.partner.name)
    if shown:
        require_used(shown, quoted)
    return quoted, vouchers_of(offers, quoted, vouchers)


def lots_left(lots: tuple[PointLot, ...], taken: Mapping[int, int]) -> tuple[PointLot, ...]:
    if not taken:
        return lots
    left = (replace(lot, points=lot.points - taken.get(lot.id, 0)) for lot in lots)
    return tuple(lot for lot in left if lot.points > 0)


def promised_offers(
    offers: list[LiveOffer], store: Store, at: datetime, against: DomainError
) -> list[LiveOffer]:
    """After a merchant's exit, for a time: what members hold. Otherwise `against`."""
    above = Partner.objects.unscoped("a store's partners").filter(pk__in=chain_of(store.partner_id))
    gone, day = list(above.exclude(state="active")), at.astimezone(CHINA).date()
    if not gone or any(one.honours_until is None or one.honours_until < day for one in gone):
        raise against
    return [offer for offer in offers if offer.needs_voucher and offer.vouchers]


def require_used(shown: Voucher, quoted: Quote) -> None:
    offer_id = shown.release.offer_id
    if any(one.offer_id == offer_id for one in quoted.applied):
        return
    for refused in quoted.refused:
        if refused.offer_id == offer_id:
            raise refused.error
    raise DomainError(errors.OFFER_RESTS, title=shown.release.offer.title)


def vouchers_of(offers: list[LiveOffer], quoted: Quote, vouchers: dict[int, Voucher]) -> dict[int, Voucher]:
    applied = {one.offer_id for one in quoted.applied}
    return {offer.id: vouchers[offer.id] for offer in offers if offer.needs_voucher and offer.id in applied}


# --- held bills ---------------------------------------------------------------------------------------------


def locked_bill(actor: Actor, bill_id: int) -> Bill:
    found = Bill.objects.visible_to(actor).select_related("union", "payment")
    bill = found.filter(pk=bill_id).select_for_update(no_key=True, of=("self",)).first()
    require(bill, NOT_FOUND)
    return bill


def lock_payment(bill: Bill) -> None:
    """Before any account: news of it, and of its refunds, take it first too. Nobody waits in a circle."""
    if bill.payment_id:
        bill.payment = Payment.objects.unscoped(OURS).select_for_update().get(pk=bill.payment_id)


@action
def settle_bill(actor: Actor, *, bill_id: int) -> Bill:
    """Its payment has come. Too late for what was set aside: the bill is cancelled and the money goes back."""
    bill = locked_bill(actor, bill_id)
    lock_payment(bill)
    if bill.state == Bill.State.CANCELLED:
        send_back(actor, bill)
    if bill.state != Bill.State.HELD:
        return bill
    require(has_paid(bill.payment), errors.NOT_PAID_YET)
    ticket = ticket_of(bill)
    orders = flows.resolving(ticket.subject, "post")
    orders += flows.paid(ticket, bill.due_fen, tills_of(bill), online=True)
    try:
        transfer_all(orders)
    except DomainError as refused:
        if refused.reason not in (ledger_errors.EXPIRED, ledger_errors.RESOLVED):
            raise
        end_held(bill)
        send_back(actor, bill)
        return bill
    move(bill, BILL_VERBS, "settle", settled_at=clock.now())
    emit(BillSettled(bill_id=bill.pk))
    return bill


@action
def cancel_bill(actor: Actor, *, bill_id: int, reason: str) -> Bill:
    """By the till, the member or the clock, while it waits. Cancelled already: as it is."""
    bill = locked_bill(actor.because(reason), bill_id)
    own = bill.store_id in actor.owns("store") or bill.person_id in actor.owns("person")
    require(own or actor.is_system)
    if bill.state == Bill.State.CANCELLED:
        return bill
    require(bill.state == Bill.State.HELD, errors.NOT_HELD, state=bill.get_state_display())
    lock_payment(bill)
    require(not has_paid(bill.payment), errors.PAID_ALREADY)
    end_held(bill)
    if bill.payment.state in PAYMENT_VERBS["close"]:
        close_payment(actor, payment_id=bill.payment_id)
    return bill


def has_paid(payment: Payment) -> bool:
    """What came after we gave up went straight back."""
    return payment.state == Payment.State.SUCCEEDED and not payment.is_late


def end_held(bill: Bill) -> None:
    """What was set aside is free again; so is what was used up."""
    given = parts_of(bill)
    counters.give_back(bill, given, is_over=True)
    take_back(bill, union_parts_of(given))
    voids = flows.resolving(ticket_of(bill).subject, "void")
    said = create_transfers(voids)
    assert VOIDED.issuperset(said), said
    move(bill, BILL_VERBS, "cancel")
    emit(BillCancelled(bill_id=bill.pk))


def parts_of(bill: Bill) -> list[Part]:
    rows = BillPart.objects.unscoped(OURS).filter(line__bill=bill)
    return [
        Part(Payer(payer), fen, account_id, offer_id)
        for payer, fen, account_id, offer_id in rows.values_list("payer", "fen", "account_id", "offer_id")
    ]


def union_parts_of(parts: Iterable[Part]) -> dict[tuple[int, int], int]:
    """By offer and account."""
    found: dict[tuple[int, int], int] = {}
    for part in parts:
        if part.payer == Payer.UNION:
            found[part.offer_id, part.funder] = found.get((part.offer_id, part.funder), 0) + part.fen
    return found


def send_back(actor: Actor, bill: Bill) -> None:
    """All that came for a bill that is no more; once."""
    payment = bill.payment
    if payment and payment.state == Payment.State.SUCCEEDED and payment.refundable_fen:
        refund_payment(
            actor, payment_id=payment.pk, amount_fen=payment.refundable_fen, key=id_of(bill.key, "late")
        )


def bills_past_their_time(limit: int = 500) -> list[int]:
    waiting = Bill.objects.unscoped("the sweep").filter(state=Bill.State.HELD, held_until__lte=clock.now())
    return list(waiting.order_by("held_until", "id").values_list("id", flat=True)[:limit])


@action
def end_waiting(actor: Actor, *, bill_id: int) -> Bill:
    """Its time is over: settled where the payment has come after all, else cancelled."""
    bill = locked_bill(actor, bill_id)
    lock_payment(bill)
    if bill.state == Bill.State.HELD and not has_paid(bill.payment):
        return cancel_bill(actor, bill_id=bill_id, reason="not paid in time")
    return settle_bill(actor, bill_id=bill_id)
