"""What a member is told of a bill afterwards, and of a pack that was opened for them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q
from django.utils.translation import gettext as _

from gonghui.benefits.models import Voucher
from gonghui.bills.models import Bill, BillRefund, PackItem
from gonghui.bills.pricing import POINT_FEN
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.templatetags.kit import yuan
from gonghui.notices.actions import Notice, tell_once
from gonghui.notices.models import MessageKind

OURS = "news to the one whose bill it is"
TICKETS = "/tickets"


@action
def tell_refunded(actor: Actor, *, refund_id: int) -> None:
    """What came back, from whom and where to; once a refund, however often its news is told."""
    found = BillRefund.objects.unscoped(OURS).select_related("bill__store")
    refund = found.get(pk=refund_id)
    title = _("{store}的退货办好了").format(store=refund.bill.store.name[:60])
    body = "".join([*_money_back(refund), *_others_back(refund), *_coupons_back(refund)])
    notice = Notice(MessageKind.TICKET, title, body, f"/me/bills/{refund.bill_id}")
    tell_once(actor, once=f"bill-refund:{refund.pk}", notice=notice, person_id=refund.bill.person_id)


def tell_opened(actor: Actor, voucher: Voucher, items: Sequence[PackItem]) -> None:
    """What was in their pack: one message for all of it. `items` need `pool.release.offer`."""
    pack = voucher.release.title
    if items:
        inside = [_("“{title}”{n} 张").format(title=i.pool.release.offer.title, n=i.count) for i in items]
        body = _("给您的券已放进“我的票”：{inside}。").format(inside="、".join(inside))
    else:
        body = _("很抱歉，里面的券都已取消。有疑问请问{union}。").format(union=voucher.release.union.name)
    notice = Notice(MessageKind.TICKET, _("“{pack}”已打开").format(pack=pack[:60]), body, TICKETS)
    tell_once(actor, once=f"pack:{voucher.pk}", notice=notice, person_id=voucher.person_id)


def _money_back(refund: BillRefund) -> list[str]:
    said = []
    if refund.worker_fen and refund.bill.method == Bill.Method.WECHAT:
        said.append(_("您付的 {fen} 元原路退回微信。").format(fen=yuan(refund.worker_fen)))
    elif refund.worker_fen:
        said.append(_("您付的 {fen} 元在柜台退现金。").format(fen=yuan(refund.worker_fen)))
    if refund.points:
        said.append(_("{n} 福豆已回到您账上，有效期不变。").format(n=f"{refund.points:,}"))
    return said


def _others_back(refund: BillRefund) -> list[str]:
    others = refund.list_fen - refund.worker_fen - refund.points * POINT_FEN
    return [_("其余 {fen} 元是优惠，已退回各出资方。").format(fen=yuan(others))] if others else []


def _coupons_back(refund: BillRefund) -> list[str]:
    """Only a bill that is wholly undone frees its coupons, and of those the ones still in time."""
    bill = refund.bill
    is_last = not bill.refunds.filter(pk__gt=refund.pk).exists()
    if bill.state != Bill.State.REFUNDED or not is_last:
        return []
    used = Voucher.objects.unscoped(OURS).filter(bill_offers__bill=bill).select_related("release__offer")
    over = Q(pool__valid_until__lte=clock.now()) | Q(release__state="cancelled")
    again = used.filter(~over, state=Voucher.State.CONFIRMED).order_by("id")
    gone = used.filter(over).order_by("id")
    said = [_("“{title}”可以再用了。").format(title=one.release.offer.title) for one in again]
    return said + [_("“{title}”已经过期，不能再用。").format(title=one.release.offer.title) for one in gone]
