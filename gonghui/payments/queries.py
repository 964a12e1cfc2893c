"""Reads of this app."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.payments.models import Payment, StatementFile, StatementRow


def payment_for(actor: Actor, payment_id: int) -> Payment:
    """One payment the actor may see; the same answer for one that is not there."""
    found = Payment.objects.visible_to(actor).filter(pk=payment_id).first()
    require(found is not None, NOT_FOUND)
    return found


def payments_of(purpose: str):
    """Every attempt to pay one thing, newest first; the caller may see that thing."""
    return Payment.objects.unscoped("of a thing already fetched").filter(purpose=purpose).order_by("-id")


def paid_fen(purpose: str) -> int:
    """Taken and not given back."""
    rows = payments_of(purpose).filter(state=Payment.State.SUCCEEDED)
    return sum(row.amount_fen - row.refunded_fen for row in rows)


@dataclass(frozen=True, slots=True)
class DayFigures:
    file: StatementFile
    matched: int
    missing: int
    surplus: int
    different: int
    open: int

    @property
    def total(self) -> int:
        return self.matched + self.missing + self.surplus + self.different


def statement_days(actor: Actor, rows: int = 60) -> list[DayFigures]:
    """Newest first, with what came of each file; one query however many."""
    counts = {v: Count("rows", filter=Q(rows__verdict=v)) for v in StatementRow.Verdict.values}
    found = StatementFile.objects.visible_to(actor).annotate(
        open=Count("rows", filter=Q(rows__state="open")), **counts
    )
    return [
        DayFigures(f, f.matched, f.missing, f.surplus, f.different, f.open)
        for f in found.order_by("-day", "kind", "subject")[:rows]
    ]
