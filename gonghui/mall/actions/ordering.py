"""下单: stock is taken and the bill is written, or neither. A basket of several shops is several orders, placed together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import uuid4

from django.utils.translation import gettext as _

from gonghui.benefits.models import Voucher
from gonghui.bills import counters
from gonghui.bills.actions.selling import TRIES, priced
from gonghui.bills.actions.writing import write_bill
from gonghui.bills.customers import Customer
from gonghui.bills.errors import FUNDER_SHORT
from gonghui.bills.models import Bill
from gonghui.bills.pricing import POINT_FEN, Payer, Quote
from gonghui.bills.selling import POINTS_MAX, BillFacts, Sale, require_sane, typed_line
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.events import emit
from gonghui.kit.locks import lock_name
from gonghui.kit.states import move
from gonghui.kit.templatetags.kit import yuan
from gonghui.ledger.engine import id_of
from gonghui.mall import errors
from gonghui.mall.buying import Checkout, Parcel, Price, ShipTo, Wanted, by_shop, require_whole
from gonghui.mall.events import OrderPaid
from gonghui.mall.models import BasketLine, MallOrder, OrderLine, Product, Shop
from gonghui.mall.models.orders import ORDER_VERBS
from gonghui.mall.models.shelf import REVIEWED
from gonghui.mall.queries import pictures

WHY = "what is being bought"
UNPAID_MAX = 10
"""Orders of one member that wait for their payment."""
Taken = Counter[int]
"""Points by lot that the shops before have used."""


def price_of(actor: Actor, *, wanted: Iterable[tuple[int, int]], points: int | None = None) -> Price:
    """What it would cost now, shop by shop. Takes no lock, writes nothing."""
    require(actor.person_id, errors.NOT_A_MEMBER)
    lines = lines_of(dict(wanted), Product.objects.unscoped(WHY).prefetch_related(pictures()))
    taken: Taken = Counter()
    parcels: list[Parcel] = []
    for shop, own in by_shop(lines):
        left = _points_left(points, parcels)
        quoted, _vouchers = _quoted(actor.person_id, shop, own, points=left, taken=taken, at=clock.now())
        parcels.append(Parcel(shop, own, quoted))
    return Price(tuple(parcels))


def _points_left(points: int | None, parcels: Sequence[Parcel]) -> int | None:
    return None if points is None else points - sum(one.quoted.points for one in parcels)


def place_orders(actor: Actor, *, checkout: Checkout) -> list[MallOrder]:
    """The same key again is the same orders. When somebody else took what was counted on, the price is worked out anew."""
    require(actor.person_id, errors.NOT_A_MEMBER)
    require_whole(checkout)
    for tries_left in reversed(range(TRIES)):
        try:
            return place_once(actor, checkout=checkout)
        except DomainError as refused:
            if not tries_left or not counters.is_moved(refused):
                raise
    raise DomainError(FUNDER_SHORT)


@action
def place_once(actor: Actor, *, checkout: Checkout) -> list[MallOrder]:
    lock_name("mall basket", checkout.key.hex)
    known = list(
        MallOrder.objects.unscoped("the same key again").filter(basket_key=checkout.key).order_by("id")
    )
    if known:
        require(is_same(known, actor, checkout), errors.ORDER_KEY_TAKEN)
        return known
    _require_few_unpaid(actor)
    lines = lines_of(dict(checkout.wanted), _locked_products())
    shops = by_shop(lines)
    orders = [_drafted(actor, checkout, shop, own) for shop, own in shops]
    parcels: list[Parcel] = []
    for order, (shop, own) in zip(orders, shops, strict=True):
        left = _points_left(checkout.points, parcels)
        # What the shops before took is written already: those points are not there any more.
        quoted, vouchers = _quoted(actor.person_id, shop, own, points=left, taken=Counter(), at=clock.now())
        parcels.append(Parcel(shop, own, quoted))
        _bill(actor, order, quoted, vouchers)
    _require_as_shown(checkout, Price(tuple(parcels)))
    bought = BasketLine.objects.unscoped("one's own").filter(person_id=actor.person_id)
    bought.filter(product_id__in=[product_id for product_id, _n in checkout.wanted]).delete()
    return orders


def _require_few_unpaid(actor: Actor) -> None:
    """Nobody empties a shelf by orders they never pay."""
    lock_name("mall buyer", str(actor.person_id))
    waiting = MallOrder.objects.unscoped(WHY).filter(person_id=actor.person_id, state="points_held")
    require(waiting.count() < UNPAID_MAX, errors.TOO_MANY_UNPAID, most=UNPAID_MAX)


def is_same(known: Sequence[MallOrder], actor: Actor, checkout: Checkout) -> bool:
    """A tap repeated, not another basket under its key."""
    lines = OrderLine.objects.unscoped("the same key again").filter(order__in=known)
    bought = set(lines.values_list("product_id", "quantity"))
    return {one.person_id for one in known} == {actor.person_id} and bought == set(checkout.wanted)


# --- what is bought -----------------------------------------------------------------------------------------


def _locked_products():
    """By id, and before anything of a bill: whoever cancels takes them in this order too."""
    return Product.objects.unscoped(WHY).select_for_update(of=("self",), no_key=True)


def lines_of(wanted: Mapping[int, int], products) -> list[Wanted]:
    """Each on the shelf of an open shop, and enough of it."""
    rows = products.filter(pk__in=wanted).select_related("shop__store__partner", "section").order_by("pk")
    found = [Wanted(product, wanted[product.pk]) for product in rows]
    require(len(found) == len(wanted), NOT_FOUND)
    for line in found:
        require_there(line.product, line.quantity)
    return found


def require_there(product: Product, quantity: int) -> None:
    on_shelf = product.state == Product.State.LISTED and product.shop.is_open
    # What nobody has reviewed is not told by its refusal either.
    title = product.title if product.state in REVIEWED else _("这件商品")
    require(on_shelf, errors.NOT_ON_SHELF, title=title)
    require(product.stock, errors.SOLD_OUT, title=product.title)
    require(
        product.stock >= quantity, errors.STOCK_SHORT, title=product.title, left=product.stock, asked=quantity
    )


def _drafted(actor: Actor, checkout: Checkout, shop: Shop, lines: Sequence[Wanted]) -> MallOrder:
    """Its lines take their stock."""
    to: ShipTo = checkout.ship_to
    order = MallOrder.objects.create(
        key=id_of(checkout.key, "mall", shop.pk),
        basket_key=checkout.key,
        shop=shop,
        person_id=actor.person_id,
        receiver=to.receiver,
        phone=to.phone,
        address=to.address,
    )
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order, nth=nth, product=line.product, title=line.product.title, quantity=line.quantity,
            price_fen=line.product.list_fen,
        )
        for nth, line in enumerate(lines, 1)
    )  # fmt: skip
    return order


# --- its bill -----------------------------------------------------------------------------------------------


def _quoted(
    person_id: int, shop: Shop, lines: Sequence[Wanted], *, points: int | None, taken: Taken, at: datetime
) -> tuple[Quote, dict[int, Voucher]]:
    """By the one way a till prices, with the points of the buyer who is signed in. Adds what it takes to `taken`."""
    sale = _sale_of(shop, lines, points)
    require_sane(sale)
    customer = Customer(person_id, may_spend_points=True)
    quoted, vouchers = priced(sale, customer, shop.store, at, taken=taken)
    for line in quoted.lines:
        for part in line.parts:
            if part.payer == Payer.POINTS:
                taken[part.funder] += part.fen // POINT_FEN
    return quoted, vouchers


def _sale_of(shop: Shop, lines: Sequence[Wanted], points: int | None) -> Sale:
    typed = tuple(
        typed_line(
            line.product.title,
            line.product.list_fen,
            line.quantity,
            line.product.section.code,
            line.product.code,
        )
        for line in lines
    )
    most = POINTS_MAX if points is None else points
    return Sale(uuid4(), shop.store_id, "", typed, points=most, method=Bill.Method.WECHAT)


def _bill(actor: Actor, order: MallOrder, quoted: Quote, vouchers: dict[int, Voucher]) -> None:
    """Held until it is paid by WeChat; wholly paid by points and offers it is settled, and the order paid, at once."""
    facts = BillFacts(
        key=id_of(order.key, "bill"),
        store=order.shop.store,
        person_id=order.person_id,
        clerk_id=None,
        method=Bill.Method.WECHAT,
        at=clock.now(),
    )
    bill = write_bill(actor, facts=facts, quoted=quoted, vouchers=vouchers)
    move(order, ORDER_VERBS, "hold", bill_id=bill.pk)
    order.bill = bill
    if bill.state == Bill.State.SETTLED:
        move(order, ORDER_VERBS, "pay")
        emit(OrderPaid(order_id=order.pk))


def _require_as_shown(checkout: Checkout, price: Price) -> None:
    """Nobody pays another sum than was shown, nor with fewer points than they said."""
    if checkout.points is not None:
        require(
            price.points == checkout.points, errors.POINTS_NOT_HERE, most=price.points, asked=checkout.points
        )
    if checkout.shown_due_fen is not None:
        is_same_price = price.due_fen == checkout.shown_due_fen
        now, shown = yuan(price.due_fen), yuan(checkout.shown_due_fen)
        require(is_same_price, errors.PRICE_MOVED, shown=shown, now=now)
