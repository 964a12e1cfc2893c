"""Reads of this app."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.db.models.functions import Coalesce

from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.ports import PortFailed, port
from gonghui.payments.errors import PROVIDER_DOWN
from gonghui.payments.models import PayerIdentity, Payment, StatementFile, StatementRow


def payment_for(actor: Actor, payment_id: int) -> Payment:
    """One payment the actor may see; the same answer for one that is not there."""
    found = Payment.objects.visible_to(actor).filter(pk=payment_id).first()
    require(found is not None, NOT_FOUND)
    return found


def openid_to_pay(appid: str, *, person_id: int | None, identity_id: int | None = None) -> str:
    """Of the identity at hand, else of the person's own; "" where neither is known."""
    rows = PayerIdentity.objects.unscoped("for its own payment").filter(appid=appid)
    at_hand = rows.filter(pk=identity_id).first() if identity_id else None
    found = at_hand or rows.filter(person_id=person_id).first()
    return found.openid if found else ""


def openids_of(appid: str, person_ids: Collection[int]) -> dict[int, str]:
    """Person → openid of their own WeChat, for those who have connected one: what messages go to."""
    rows = PayerIdentity.objects.unscoped("for messages to their own").filter(
        appid=appid, person_id__in=person_ids
    )
    return {row.person_id: row.openid for row in rows}


def person_of_openid(appid: str, openid: str) -> int | None:
    """Whose WeChat it is: for what WeChat tells us of them."""
    rows = PayerIdentity.objects.unscoped("whom WeChat speaks of").filter(appid=appid, openid_index=openid)
    return rows.values_list("person_id", flat=True).first()


def openid_for_coupons(person_id: int | None) -> str:
    """Of the member's own WeChat and no other: a coupon given to another's is a coupon given away."""
    try:
        appid = port("coupon_provider").appid
    except PortFailed:
        raise DomainError(PROVIDER_DOWN) from None
    return openid_to_pay(appid, person_id=person_id)


def own_identities(actor: Actor):
    return PayerIdentity.objects.unscoped("one's own").filter(person_id=actor.person_id).order_by("id")


def payments_of(purpose: str):
    """Every attempt to pay one thing, newest first; the caller may see that thing."""
    return Payment.objects.unscoped("of a thing already fetched").filter(purpose=purpose).order_by("-id")


def paid_fen(purpose: str) -> int:
    """Taken and not given back."""
    rows = payments_of(purpose).filter(state=Payment.State.SUCCEEDED)
    return sum(row.amount_fen - row.refunded_fen for row in rows)


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Of the rows in sight: whoever sees one city sees its part of a file that is of everybody."""

    file: StatementFile
    matched: int = 0
    missing: int = 0
    surplus: int = 0
    different: int = 0
    open: int = 0
    total_fen: int = 0
    refund_fen: int = 0

    @property
    def total(self) -> int:
        return self.matched + self.missing + self.surplus + self.different


def statement_days(actor: Actor, rows: int = 60) -> list[DayFigures]:
    """Newest first, with what came of each file; two queries however many."""
    seen = StatementRow.objects.visible_to(actor)
    in_part = Exists(seen.filter(file_id=OuterRef("pk")))
    whole = StatementFile.objects.visible_to(actor).order_by().values("pk")
    found = StatementFile.objects.unscoped("those with rows in sight").filter(Q(pk__in=whole) | in_part)
    files = list(found.order_by("-day", "kind", "subject")[:rows])
    amount = Coalesce("theirs_fen", "ours_fen", 0)
    counts = {v: Count("pk", filter=Q(verdict=v)) for v in StatementRow.Verdict.values}
    sums = {
        "total_fen": Coalesce(Sum(amount, filter=Q(kind__in=("trade", "used"))), 0),
        "refund_fen": Coalesce(Sum(amount, filter=Q(kind__in=("refund", "returned"))), 0),
    }
    parts = seen.filter(file__in=files).order_by().values("file_id")
    told = parts.annotate(**counts, **sums, open=Count("pk", filter=Q(state="open")))
    by_file = {row.pop("file_id"): row for row in told}
    return [DayFigures(file, **by_file.get(file.pk, {})) for file in files]
