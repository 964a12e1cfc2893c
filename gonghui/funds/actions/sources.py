"""经费来源 and what arrives of them: one document, one receipt, one transfer."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db import connection

from gonghui.funds import accounts, errors
from gonghui.funds.models import Budget, FundReceipt, FundSource
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.templatetags.kit import yuan
from gonghui.ledger import engine
from gonghui.ledger.engine import Order, id_of
from gonghui.orgs.models import Union


@action
def open_source(actor: Actor, *, union: Union, name: str, kind: str, level: str) -> FundSource:
    """Empty; money comes by receipts."""
    require(actor.may("funds.write", union.path))
    source_id = _next_id(FundSource._meta.db_table)
    purse = engine.open_account(accounts.arrived_of(union_id=union.pk, source_id=source_id))
    return FundSource.objects.create(
        pk=source_id, union=union, name=name.strip(), kind=kind, level=level, account=purse
    )


def _next_id(table: str) -> int:
    """The account is named after the row and the row needs the account: the number comes first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [table])
        return cursor.fetchone()[0]


@action
def record_receipt(
    actor: Actor, *, source_id: int, amount_fen: int, document: str, received_on: date, key: UUID
) -> FundReceipt:
    """The same document or key again is the same receipt; with other facts it is refused."""
    source = source_for(actor, source_id, "funds.write")
    require(actor.user_id, errors.NEEDS_A_PERSON)
    require(amount_fen > 0, errors.BAD_FEN)
    require(source.closed_at is None, errors.SOURCE_CLOSED, name=source.name)
    document = document.strip()
    facts = {
        "source_id": source.pk,
        "amount_fen": amount_fen,
        "document": document,
        "received_on": received_on,
    }
    known = _known_receipt(source, document, key)
    if known is not None:
        if any(getattr(known, name) != fact for name, fact in facts.items()):
            raise DomainError(errors.RECEIPT_DIFFERS, document=known.document)
        return known
    receipt = FundReceipt.objects.create(maker_id=actor.user_id, key=key, **facts)
    outside = engine.open_account(accounts.outside_of(source))
    engine.transfer_all(
        [Order(id_of(key, "receipt"), "receipt", amount_fen, outside.pk, source.account_id, subject=f"receipt:{receipt.pk}")]
    )  # fmt: skip
    return receipt


def _known_receipt(source: FundSource, document: str, key: UUID) -> FundReceipt | None:
    found = FundReceipt.objects.unscoped("whether it was recorded before")
    return found.filter(key=key).first() or found.filter(source=source, document=document).first()


@action
def close_source(actor: Actor, *, source_id: int) -> FundSource:
    """Nothing left of it and no budget open: from then on it takes nothing in."""
    source = source_for(actor, source_id, "funds.write")
    require(source.closed_at is None, errors.SOURCE_CLOSED, name=source.name)
    left = source.account.available
    unsettled = source.budgets.exclude(state=Budget.State.CLOSED).exists()
    require(not left and not unsettled, errors.SOURCE_IN_USE, name=source.name, left=yuan(left))
    source.closed_at = clock.now()
    source.save(update_fields=["closed_at", "updated_at"])
    return source


def source_for(actor: Actor, source_id: int, verb: str) -> FundSource:
    """Fetched, allowed and locked: receipts and appropriations of one source come one after the other."""
    found = FundSource.objects.visible_to(actor).select_related("union", "account").filter(pk=source_id)
    source = found.select_for_update(of=("self",), no_key=True).first()
    require(source, NOT_FOUND)
    require(actor.may(verb, source.union.path))
    source.account.refresh_from_db()
    return source
