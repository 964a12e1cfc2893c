"""What a till sold without network is handed in: each sale a bill, or an exception a person looks at. Money moves once."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.utils.translation import gettext as _

from gonghui.benefits import errors as voucher_errors
from gonghui.benefits.actions.redemptions import Reconciled, Scan, note_exception, offline_code
from gonghui.benefits.counter import OFFLINE_COUNT_MAX
from gonghui.benefits.models import OfflineException, Voucher
from gonghui.benefits.packs import OfflinePack
from gonghui.bills import counters, errors
from gonghui.bills.actions.selling import TRIES, is_same, priced, require_as_shown, store_of
from gonghui.bills.actions.writing import write_bill
from gonghui.bills.customers import Customer, customer_of, voucher_shown
from gonghui.bills.models import Bill
from gonghui.bills.offers_live import offers_at
from gonghui.bills.offline import FUNDED_FEN_MAX, OfflineSale, clamped, is_simple, sold_at
from gonghui.bills.pricing import Quote
from gonghui.bills.selling import BillFacts, Sale, typed_line
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, Refusal, require
from gonghui.kit.locks import lock_name
from gonghui.kit.templatetags.kit import yuan
from gonghui.ledger.engine import id_of
from gonghui.members.actions.pay_codes import is_pay_code
from gonghui.partners.interests import refuse_own_merchant

Why = OfflineException.Why
WHY: dict[Refusal, str] = {
    voucher_errors.ALREADY_USED: Why.ALREADY_USED,
    errors.VOUCHER_GONE: Why.ALREADY_USED,
    voucher_errors.FORGED_QR: Why.FORGED,
    voucher_errors.STALE_QR: Why.CLOCK,
    errors.OFFLINE_CLOCK: Why.CLOCK,
    errors.OFFLINE_LATE: Why.LIMITS,
    errors.OFFLINE_FULL: Why.LIMITS,
    errors.PRICE_CHANGED: Why.PRICE,
}
COUNT = """
INSERT INTO bills_packuse AS u (store_id, clerk_id, issued_at, used, most, funded_fen, most_fen)
SELECT %(store)s, %(clerk)s, %(issued)s, 1, %(most)s, %(fen)s, %(most_fen)s WHERE %(fen)s <= %(most_fen)s
ON CONFLICT (store_id, clerk_id, issued_at)
DO UPDATE SET used = u.used + 1, funded_fen = u.funded_fen + EXCLUDED.funded_fen, updated_at = now()
 WHERE u.used < u.most AND u.funded_fen + EXCLUDED.funded_fen <= u.most_fen
RETURNING id
"""


def hand_in_sales(actor: Actor, *, pack: OfflinePack, sales: Sequence[OfflineSale]) -> list[Reconciled]:
    """In the order they were sold, each in a transaction of its own; handed in again, the same answer."""
    require(
        pack.store_id in actor.owns("store") and pack.clerk_id == actor.user_id, voucher_errors.NOT_A_CLERK
    )
    return [take_sale(actor, pack=pack, sale=sale) for sale in sorted(sales, key=lambda one: one.at)]


def take_sale(actor: Actor, *, pack: OfflinePack, sale: OfflineSale) -> Reconciled:
    for tries_left in reversed(range(TRIES)):
        try:
            return post_sale(actor, pack=pack, sale=sale)
        except DomainError as refused:
            if not tries_left or not counters.is_moved(refused):
                return note_refused(actor, pack=pack, sale=sale, refused=refused)
    raise AssertionError("the last try answers")


@action
def post_sale(actor: Actor, *, pack: OfflinePack, sale: OfflineSale) -> Reconciled:
    """A bill as any other, at the price of the moment it was sold; its money moves now."""
    asked = sale_of(pack, sale)
    if known := known_answer(actor, asked):
        return known
    now = clock.now()
    at = sold_at(pack, sale, now)
    store = store_of(actor, asked)
    require(not is_pay_code(sale.text), errors.PAY_CODE_OFFLINE)
    customer = customer_of(actor, sale.text, store_id=store.pk, at=at)
    require(customer.voucher, errors.CUSTOMER_MISSING)
    require_simple(customer.voucher, store.pk)
    quoted, vouchers = priced(asked, customer, store, at)
    require_as_shown(asked, quoted)
    count_in_pack(pack, quoted)
    facts = BillFacts(
        sale.key, store, customer.voucher.person_id, actor.user_id, asked.method, now, offline_at=at
    )
    write_bill(actor, facts=facts, quoted=quoted, vouchers=vouchers)
    return Reconciled(sale.key, True)


def sale_of(pack: OfflinePack, sale: OfflineSale) -> Sale:
    """Of the shown coupon alone: what else a member could have had needs the network."""
    return Sale(
        key=sale.key,
        store_id=pack.store_id,
        customer=sale.text,
        lines=(typed_line(_("消费"), sale.amount_fen, section=sale.section),),
        shown_due_fen=sale.due_fen,
        offer_ids=frozenset(),
        is_family=sale.is_family,
    )


def known_answer(actor: Actor, asked: Sale) -> Reconciled | None:
    """What was said to this key before; whoever hands it in beside us waits here."""
    lock_name("bill", asked.key.hex)
    bill = Bill.objects.unscoped("the same key again").filter(key=asked.key).first()
    if bill:
        require(is_same(bill, actor, asked), errors.BILL_KEY_TAKEN)
        return Reconciled(asked.key, True)
    row = OfflineException.objects.visible_to(actor).filter(idempotency_key=asked.key).first()
    return Reconciled(asked.key, False, row.says) if row else None


def require_simple(voucher: Voucher, store_id: int) -> None:
    """A phone that made itself a pack of more than we gave is refused, too."""
    offer_id = voucher.release.offer_id
    found = [one.offer for one in offers_at(store_id, [offer_id]) if one.offer.id == offer_id]
    require(all(map(is_simple, found)), errors.NEEDS_NETWORK, title=voucher.release.offer.title)


def count_in_pack(pack: OfflinePack, quoted: Quote) -> None:
    """Whatever was handed in before, in how many lists."""
    fen = counters.funded_fen(part for one in quoted.applied for part in one.parts)
    facts = {
        "store": pack.store_id, "clerk": pack.clerk_id, "issued": pack.issued_at, "fen": fen,
        "most": OFFLINE_COUNT_MAX, "most_fen": FUNDED_FEN_MAX,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(COUNT, facts)
        counted = cursor.fetchone()
    require(counted, errors.OFFLINE_FULL, count=OFFLINE_COUNT_MAX, fen=yuan(FUNDED_FEN_MAX))


@action
def note_refused(actor: Actor, *, pack: OfflinePack, sale: OfflineSale, refused: DomainError) -> Reconciled:
    """Both desks, the member and the sum, for a person to look at; no row for what is no coupon of ours."""
    if known := known_answer(actor, sale_of(pack, sale)):
        return known
    now = clock.now()
    code = offline_code(sale.text, clamped(pack, sale.at, now))
    found = Voucher.objects.unscoped("shown at a till without network").filter(release__offer__is_priced=True)
    voucher = found.filter(code=code).first() if code else None
    if voucher is None:
        return Reconciled(sale.key, False, refused.message)
    scan = Scan(sale.text, sale.key, pack.store_id, arrived=voucher.seats, offline_at=sale.at)
    why = WHY.get(refused.reason, Why.NOT_USABLE)
    facts = {"list_fen": sale.amount_fen, "due_fen": sale.due_fen, "says": refused.message[:200]}
    note_exception(actor, voucher, scan, clamped(pack, sale.at, now), why, **facts)
    return Reconciled(sale.key, False, refused.message[:200])


# --- afterwards ---------------------------------------------------------------------------------------------


@action
def post_exception(actor: Actor, *, exception_id: int, note: str) -> Bill:
    """A bill after all, by the union, once: the desk gave the price of that moment and nobody else used the coupon. What binds a
    pack (its time, its count, its clock) does not bind who looked into it."""
    row = _own_exception(actor, exception_id)
    require(row.list_fen is not None, errors.NOT_A_SALE)
    require(note.strip(), voucher_errors.NOTE_MISSING)
    asked = Sale(
        key=id_of(row.idempotency_key, "posted"),
        store_id=row.store_id,
        customer=row.voucher.code,
        lines=(typed_line(_("消费"), row.list_fen),),
        shown_due_fen=row.due_fen,
        offer_ids=frozenset(),
    )
    if known := Bill.objects.unscoped("the same exception again").filter(key=asked.key).first():
        return known
    require(row.settled_at is None, voucher_errors.ALREADY_SETTLED)
    voucher = voucher_shown(row.voucher.code, store_id=row.store_id, at=row.at)
    quoted, vouchers = priced(asked, Customer(voucher.person_id, voucher), row.store, row.at)
    require_as_shown(asked, quoted)
    now = clock.now()
    facts = BillFacts(
        asked.key, row.store, voucher.person_id, row.clerk_id, asked.method, now, offline_at=row.at
    )
    bill = write_bill(actor, facts=facts, quoted=quoted, vouchers=vouchers)
    row.settled_at, row.note = now, note.strip()[:200]
    row.save(update_fields=["settled_at", "note", "updated_at"])
    return bill


def _own_exception(actor: Actor, exception_id: int) -> OfflineException:
    """Held until the end; nobody decides about a merchant they have a hand in."""
    found = OfflineException.objects.visible_to(actor).filter(pk=exception_id)
    found = found.select_related("store__partner", "voucher__release__union")
    row = found.select_for_update(of=("self",), no_key=True).first()
    require(row, NOT_FOUND)
    require(actor.user_id and actor.may("vouchers.void", row.voucher.release.union.path))
    refuse_own_merchant(actor, [row.store.partner_id])
    return row
