"""Reconciliation: a provider's file against our rows, line by line, into matched, missing, surplus and different."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.locks import lock_name
from gonghui.kit.states import target
from gonghui.orgs.models import Union
from gonghui.payments import errors
from gonghui.payments.models import (
    ExternalCoupon,
    ExternalStock,
    Payment,
    Refund,
    StatementFile,
    StatementRow,
)
from gonghui.payments.models.statements import ROW_VERBS
from gonghui.payments.statement_file import FileRow, read_coupons, read_trades

WHY = "a provider's file is of everybody"
MATCHED, MISSING, SURPLUS, DIFFERENT = StatementRow.Verdict.values
Known = dict[tuple[str, str], "Ours"]


@dataclass(frozen=True, slots=True)
class Ours:
    """What we have under a number. `counts`: it should stand in this very file."""

    amount_fen: int
    union_id: int
    provider_no: str
    counts: bool


@dataclass(frozen=True, slots=True)
class Book:
    """Which file it is: of which day, and of which coupon stock."""

    kind: str
    day: date
    union_id: int
    subject: str = ""


@action
def import_statement(actor: Actor, *, day: date, content: bytes) -> StatementFile:
    """The provider's trades of one day. Whole or not at all; the same file again is the same row."""
    union = top_union()
    require(actor.may("payments.write", union.path))
    rows = read_trades(content)
    wrong = [row for row in rows if row.at.astimezone(clock.CHINA).date() != day]
    require(not wrong, errors.BAD_STATEMENT, detail=f"{wrong[0].at:%Y-%m-%d}" if wrong else "")
    book = Book(StatementFile.Kind.TRADES, day, union.pk)
    return reconcile(book, content, rows, lambda: our_trades(day, rows))


@action
def import_coupon_statement(actor: Actor, *, stock_pk: int, day: date, content: bytes) -> StatementFile:
    """Where every coupon of one stock stands at the end of `day`."""
    stock = ExternalStock.objects.unscoped("its own verb").select_related("union").get(pk=stock_pk)
    require(actor.may("payments.write", stock.union.path))
    rows = read_coupons(content)
    wrong = [row for row in rows if row.provider_no != stock.stock_id]
    require(not wrong, errors.BAD_STATEMENT, detail=wrong[0].provider_no if wrong else "")
    book = Book(StatementFile.Kind.COUPONS, day, stock.union_id, stock.stock_id)
    return reconcile(book, content, rows, lambda: our_coupons(stock))


def top_union() -> Union:
    """The provider's account is the province's."""
    return Union.objects.unscoped("whose account it is").filter(parent=None).order_by("id").first()


def reconcile(book: Book, content: bytes, rows: list[FileRow], ours_of: Callable[[], Known]) -> StatementFile:
    digest = hashlib.sha256(content).hexdigest()
    which = {"provider": "wechat", "kind": book.kind, "subject": book.subject, "day": book.day}
    lock_name("statement", repr(sorted(which.items(), key=str)))
    known = StatementFile.objects.unscoped("the same file again").filter(**which).first()
    if known:
        require(known.digest == digest, errors.OTHER_STATEMENT, day=f"{book.day:%Y-%m-%d}")
        return known
    came = sum(row.amount_fen for row in rows if row.kind in ("trade", "used"))
    went = sum(row.amount_fen for row in rows if row.kind in ("refund", "returned"))
    file = StatementFile.objects.create(
        union_id=book.union_id, digest=digest, row_count=len(rows), total_fen=came, refund_fen=went, **which
    )
    StatementRow.objects.bulk_create(compared(file, rows, ours_of()), batch_size=2000)
    return file


def compared(file: StatementFile, rows: list[FileRow], ours: Known) -> Iterable[StatementRow]:
    theirs = {(row.kind, row.number): row for row in rows}
    for key, row in theirs.items():
        yield judged(file, key, ours.get(key), row)
    for key, own in ours.items():
        if own.counts and key not in theirs:
            yield judged(file, key, own, None)


def judged(file: StatementFile, key: tuple[str, str], own: Ours | None, row: FileRow | None) -> StatementRow:
    if row is None:
        verdict = MISSING
    elif own is None:
        verdict = SURPLUS
    else:
        verdict = MATCHED if own.amount_fen == row.amount_fen else DIFFERENT
    return StatementRow(
        file=file,
        union_id=own.union_id if own else file.union_id,
        kind=key[0],
        number=key[1],
        provider_no=row.provider_no if row else own.provider_no,
        ours_fen=own.amount_fen if own else None,
        theirs_fen=row.amount_fen if row else None,
        verdict=verdict,
        state="settled" if verdict == MATCHED else "open",
    )


def our_trades(day: date, rows: list[FileRow]) -> Known:
    """Ours of that day, and whatever else of ours the file names (a minute around midnight is no difference)."""
    start = datetime.combine(day, time(0), clock.CHINA)
    within = (start, start + timedelta(days=1))
    numbers = {kind: [r.number for r in rows if r.kind == kind] for kind in ("trade", "refund")}
    paid = Payment.objects.unscoped(WHY).filter(method="wechat", state="succeeded")
    back = Refund.objects.unscoped(WHY).filter(state="succeeded", payment__method="wechat")
    known: Known = {}
    for named in (
        paid.filter(out_trade_no__in=numbers["trade"]),
        paid.filter(paid_at__gte=within[0], paid_at__lt=within[1]),
    ):
        for p in named:
            counts = within[0] <= p.paid_at < within[1]
            known["trade", p.out_trade_no] = Ours(p.amount_fen, p.union_id, p.transaction_id or "", counts)
    for named in (
        back.filter(out_refund_no__in=numbers["refund"]),
        back.filter(accepted_at__gte=within[0], accepted_at__lt=within[1]),
    ):
        for r in named.select_related("payment"):
            counts = within[0] <= r.accepted_at < within[1]
            known["refund", r.out_refund_no] = Ours(
                r.amount_fen, r.payment.union_id, r.refund_id or "", counts
            )
    return known


def our_coupons(stock: ExternalStock) -> Known:
    rows = ExternalCoupon.objects.unscoped(WHY).filter(stock=stock, code__isnull=False)
    return {
        (c.state, c.code): Ours(c.off_fen, stock.union_id, stock.stock_id, counts=True)
        for c in rows.filter(state__in=("used", "returned"))
    }


@action
def settle_row(actor: Actor, *, statementrow_id: int, reason: str) -> StatementRow:
    """Somebody found out and says what it was."""
    found = StatementRow.objects.visible_to(actor).select_related("union").select_for_update(of=("self",))
    row = found.filter(pk=statementrow_id).first()
    require(row is not None, NOT_FOUND)
    require(actor.may("payments.write", row.union.path))
    require(reason.strip(), errors.NOTE_NEEDED)
    require(row.state == StatementRow.State.OPEN, errors.NOT_OPEN)
    row.state, row.note, row.settled_by_id = target(row, ROW_VERBS, "settle"), reason.strip(), actor.user_id
    row.save(update_fields=["state", "note", "settled_by", "updated_at"])
    return row
