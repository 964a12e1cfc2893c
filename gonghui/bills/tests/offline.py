"""A phone without network, for tests: the pack it fetched before, what was tapped on it, and handing that in."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any
from uuid import uuid4

from gonghui.accounts.models import User
from gonghui.benefits.models import OfflineException, Voucher
from gonghui.benefits.packs import OfflinePack, pack_of
from gonghui.bills.actions.offline import hand_in_sales
from gonghui.bills.models import Bill
from gonghui.bills.offline import OfflineSale
from gonghui.bills.offline_packs import new_till_pack
from gonghui.bills.tests.priced import MERCHANT, given_voucher, published, released, union_share
from gonghui.config.actors import actor_of
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.partners.models import Clerk, Store


def coupon_of(money, who: str = "mei", *, pool: Any = None, **facts: Any) -> Voucher:
    """满 100 减 20, half of it the city's, in somebody's hands."""
    pool = pool or released(coupon_terms(money, **facts))
    return given_voucher(pool, money.cast.people[who].pk)


def coupon_terms(money, **facts: Any):
    known = {"needs_voucher": True, "shares": [union_share(money.city), MERCHANT]}
    return published(money.cast, **(known | facts))


def second_desk(cast, phone: str = "13800000066") -> tuple[Actor, Store]:
    """Another store of the same merchant, with a clerk of its own."""
    store = Store.objects.create(partner=cast.store.partner, name="江口店")
    user = User.objects.create(phone=phone, display_name="江口店员")
    Clerk.objects.create(user=user, store=store)
    return actor_of(user), store


def pack_at(clerk: Actor, store: Store, *, minutes_ago: int = 0) -> OfflinePack:
    """As it comes back from the phone: by its token."""
    pack = pack_of(new_till_pack(clerk, store_id=store.pk)["token"])
    return replace(pack, issued_at=pack.issued_at - dt.timedelta(minutes=minutes_ago))


def tap(voucher: Voucher, amount_fen: int = 10_000, due_fen: int = 8_000, **facts: Any) -> OfflineSale:
    known = {"key": uuid4(), "text": voucher.code, "at": clock.now()}
    return OfflineSale(amount_fen=amount_fen, due_fen=due_fen, **(known | facts))


def handed(clerk: Actor, pack: OfflinePack, *sales: OfflineSale) -> list[bool]:
    return [one.taken for one in hand_in_sales(clerk, pack=pack, sales=sales)]


def exceptions() -> list[OfflineException]:
    return list(OfflineException.objects.unscoped("test").order_by("id"))


def bills() -> list[Bill]:
    return list(Bill.objects.unscoped("test").order_by("id"))
