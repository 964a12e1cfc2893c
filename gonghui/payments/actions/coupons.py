"""External coupons: ordered from the provider, then moved by its events in whatever order they come."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_ALLOWED, require
from gonghui.kit.events import emit
from gonghui.kit.locks import lock_name
from gonghui.kit.states import move
from gonghui.orgs.models import Union
from gonghui.payments import errors
from gonghui.payments.events import ExternalCouponReturned, ExternalCouponUsed
from gonghui.payments.models import CouponEvent, ExternalCoupon, ExternalStock, Notification
from gonghui.payments.models.coupons import STOCK_VERBS
from gonghui.payments.ports.coupons import CouponFact, StockOrder
from gonghui.payments.queries import openid_for_coupons

PROVIDER = "wechat"
RANK = {"sent": 0, "used": 1, "returned": 2}
"""Of events with the same time."""
Verdict = Notification.Verdict


def state_of(events: Iterable[CouponEvent]) -> CouponEvent | None:
    """The event that decides: the last one as it happened, not as it came."""
    return max(events, key=lambda e: (e.at, RANK[e.kind], e.event_id), default=None)


@action
def draft_stock(actor: Actor, *, union_id: int, order: StockOrder) -> ExternalStock:
    """Nothing is ordered yet; the same key again is the same stock."""
    union = Union.objects.unscoped("the stock's own").get(pk=union_id)
    require(actor.may("payments.write", union.path), NOT_ALLOWED)
    require(actor.user_id, errors.STOCK_MAKER_IS_CHECKER)
    require(
        order.face_fen > 0
        and order.total > 0
        and order.threshold_fen >= 0
        and order.starts_at < order.ends_at,
        errors.BAD_SUM,
    )
    facts = {name: getattr(order, name) for name in StockOrder.__slots__ if name != "key"}
    stock, _is_new = ExternalStock.objects.unscoped("the same key again").get_or_create(
        key=UUID(order.key), defaults={"union": union, "maker_id": actor.user_id, **facts}
    )
    asked = facts | {"union_id": union.pk}
    require(all(getattr(stock, name) == value for name, value in asked.items()), errors.STOCK_KEY_TAKEN)
    return stock


@action
def order_stock(actor: Actor, *, stock_pk: int, checker_id: int | None = None) -> ExternalStock:
    """Approved by another than who drafted it; a job asks the provider for it. The app above asked whether they may, and says
    who it was where that was before."""
    checker_id = checker_id or actor.user_id
    stock = _drafted_by_another(checker_id, stock_pk)
    move(stock, STOCK_VERBS, "approve", checker_id=checker_id)
    from gonghui.payments.tasks import create_stock

    create_stock.defer(stock_id=stock.pk)
    return stock


@action
def reject_stock(actor: Actor, *, stock_pk: int) -> ExternalStock:
    stock = _drafted_by_another(actor.user_id, stock_pk)
    move(stock, STOCK_VERBS, "reject", checker_id=actor.user_id)
    return stock


def _drafted_by_another(checker_id: int | None, stock_pk: int) -> ExternalStock:
    stock = ExternalStock.objects.unscoped("its own verb").get(pk=stock_pk)
    require(checker_id and checker_id != stock.maker_id, errors.STOCK_MAKER_IS_CHECKER)
    return stock


@action
def note_stock(actor: Actor, *, pk: int, stock_id: str) -> None:
    found = ExternalStock.objects.unscoped("its own verb").filter(pk=pk, state=ExternalStock.State.PENDING)
    if found.update(state=ExternalStock.State.ACTIVE, stock_id=stock_id):
        for code in codes_of(stock_id):
            note_coupon_state(stock_id, code)


def codes_of(stock_id: str) -> list[str]:
    events = CouponEvent.objects.unscoped("of one stock").filter(provider=PROVIDER, stock_id=stock_id)
    return sorted(set(events.values_list("code", flat=True)))


@action
def send_external_coupon(actor: Actor, *, key: UUID, stock_pk: int, person_id: int) -> ExternalCoupon:
    """Promised here, sent by a job to the member's own WeChat; the same key again is the same coupon."""
    stock = ExternalStock.objects.unscoped("its own verb").get(pk=stock_pk)
    require(stock.state == ExternalStock.State.ACTIVE, errors.STOCK_NOT_ACTIVE)
    require(openid_for_coupons(person_id), errors.OWN_WECHAT_NEEDED)
    lock_name("external-coupon", str(key))
    coupon, is_new = ExternalCoupon.objects.unscoped("the same key again").get_or_create(
        key=key, defaults={"stock": stock, "person_id": person_id}
    )
    require((coupon.stock_id, coupon.person_id) == (stock.pk, person_id), errors.KEY_TAKEN)
    if is_new:
        from gonghui.payments.tasks import send_coupon

        send_coupon.defer(coupon_id=coupon.pk)
    return coupon


@action
def note_coupon_number(actor: Actor, *, coupon_id: int, code: str) -> None:
    """The provider's number for a coupon we ordered. An event may have been faster and made a row of its own."""
    ours = ExternalCoupon.objects.unscoped("its own verb").select_related("stock").get(pk=coupon_id)
    lock_name("coupon", f"{ours.stock.stock_id}:{code}")
    others = ExternalCoupon.objects.unscoped("its own verb").filter(stock=ours.stock, code=code)
    if stray := others.exclude(pk=ours.pk).first():
        ours.told_event = stray.told_event
        stray.delete()
    ours.code = code
    ours.state = ExternalCoupon.State.SENT
    ours.save()
    note_coupon_state(ours.stock.stock_id, code)


@action
def note_coupon(actor: Actor, *, event_id: str, fact: CouponFact) -> str:
    """One event of one coupon, once; the coupon's state follows from all that are known."""
    lock_name("coupon", f"{fact.stock_id}:{fact.code}")
    seen = CouponEvent.objects.unscoped("the same event again").filter(provider=PROVIDER, event_id=event_id)
    if seen.exists():
        return Verdict.KNOWN
    CouponEvent.objects.create(
        provider=PROVIDER, event_id=event_id, kind=fact.kind, stock_id=fact.stock_id, code=fact.code, at=fact.at,
        off_fen=fact.off_fen, paid_fen=fact.paid_fen,
    )  # fmt: skip
    return note_coupon_state(fact.stock_id, fact.code)


def note_coupon_state(stock_id: str, code: str) -> str:
    """Brings the coupon to where its events say it is, and tells what changed."""
    stock = (
        ExternalStock.objects.unscoped("its own verb").filter(provider=PROVIDER, stock_id=stock_id).first()
    )
    if stock is None:
        return Verdict.UNKNOWN
    events = CouponEvent.objects.unscoped("of one coupon").filter(
        provider=PROVIDER, stock_id=stock_id, code=code
    )
    last = state_of(events)
    if last is None:
        return Verdict.KNOWN
    coupon, _new = ExternalCoupon.objects.unscoped("its own verb").get_or_create(stock=stock, code=code)
    use = last.event_id if last.kind == "used" else ""
    tell(coupon, last, use)
    coupon.state, coupon.told_event = last.kind, use
    coupon.off_fen, coupon.paid_fen = last.off_fen, last.paid_fen
    coupon.save()
    return Verdict.MOVED


def tell(coupon: ExternalCoupon, last: CouponEvent, use: str) -> None:
    if coupon.told_event == use:
        return
    if coupon.told_event:
        emit(ExternalCouponReturned(PROVIDER, last.stock_id, last.code, coupon.told_event))
    if use:
        emit(ExternalCouponUsed(PROVIDER, last.stock_id, last.code, use, last.off_fen, last.paid_fen))
