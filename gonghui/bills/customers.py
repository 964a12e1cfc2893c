"""Who stands at the till: what was scanned or typed, read once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gonghui.benefits import errors as voucher_errors
from gonghui.benefits.actions.redemptions import read_code
from gonghui.benefits.counter import CLOSED_STATES, local, why_not_honoured
from gonghui.benefits.models import Voucher
from gonghui.bills import errors
from gonghui.bills.offers_live import offer_pools
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError, require
from gonghui.members.actions.pay_codes import is_pay_code, person_of_pay_code, spend_pay_code

OURS = "a voucher shown at the till"


@dataclass(frozen=True, slots=True)
class Customer:
    """`voucher`: the one that was shown. Points are spent by whoever shows a pay code, never on a voucher's code."""

    person_id: int | None = None
    voucher: Voucher | None = None
    may_spend_points: bool = False


def customer_of(actor: Actor, text: str, *, store_id: int, at: datetime, spends: bool = False) -> Customer:
    """`spends`: the pay code pays now, and never again."""
    text = text.strip()
    if not text:
        return Customer()
    if is_pay_code(text):
        read = spend_pay_code if spends else person_of_pay_code
        return Customer(read(actor, text=text, store_id=store_id), may_spend_points=True)
    voucher = voucher_shown(text, store_id=store_id, at=at)
    return Customer(voucher.person_id, voucher)


def voucher_shown(text: str, *, store_id: int, at: datetime) -> Voucher:
    code = read_code(text, at=at)
    found = Voucher.objects.unscoped(OURS).select_related("release__offer", "pool__store")
    voucher = found.filter(offer_pools(store_id), code=code).first()
    if voucher is None:
        tapped = found.filter(code=code, pool__store_id=store_id, release__offer__is_priced=False)
        require(not tapped.exists(), errors.TAPPED_VOUCHER)
        raise DomainError(voucher_errors.UNKNOWN_CODE)
    if reason := why_not_usable(voucher, at):
        raise reason
    return voucher


def why_not_usable(voucher: Voucher, at: datetime) -> DomainError | None:
    if voucher.state == Voucher.State.REDEEMED:
        return used_already(voucher)
    if reason := CLOSED_STATES.get(voucher.state):
        return DomainError(reason)
    return why_not_honoured(voucher, at)


def used_already(voucher: Voucher) -> DomainError:
    used = voucher.redemptions.select_related("store").order_by("-id").first()
    if used is None:
        return DomainError(errors.VOUCHER_GONE)
    place = used.store.name if used.store else voucher.pool.place
    return DomainError(voucher_errors.ALREADY_USED, at=local(used.at), place=place, arrived=used.arrived)
