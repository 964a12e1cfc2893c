"""Honouring a voucher at a gate or window, once; and taking in what was honoured without network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from gonghui.benefits import errors
from gonghui.benefits.counter import CLOSED_STATES, OFFLINE_COUNT_MAX, kind_due, local, why_not_honoured
from gonghui.benefits.events import VoucherRedeemed
from gonghui.benefits.models import OfflineException, Redemption, Voucher
from gonghui.benefits.models.vouchers import VOUCHER_VERBS
from gonghui.benefits.packs import OfflinePack
from gonghui.kit import clock, events, tokens
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.states import move

VERB_OF = {Redemption.Kind.EXCHANGE: "exchange", Redemption.Kind.CHECK_IN: "redeem"}


@dataclass(frozen=True, slots=True)
class Scan:
    """One tap at a counter. `text` is what was scanned or typed; `key` makes a repeated tap harmless."""

    text: str
    key: UUID
    store_id: int
    arrived: int | None = None  # None: the whole party
    device: str = ""
    offline_at: datetime | None = None


def read_code(text: str, *, at: datetime | None = None) -> str:
    """The voucher's short code; refuses a screenshot, a forgery and anything that is no code of ours."""
    if text.strip().startswith(tokens.QR_PREFIX + "."):
        found = tokens.parse_qr(text)
        require(found, errors.NOT_A_CODE)
        verdict = tokens.check_qr(text, tokens.voucher_secret(found.code), at)
        require(verdict != tokens.QrVerdict.FORGED, errors.FORGED_QR)
        require(verdict != tokens.QrVerdict.STALE, errors.STALE_QR)
        return found.code
    code = tokens.normalise_short_code(text)
    require(code, errors.NOT_A_CODE)
    return code


def voucher_at_counter(actor: Actor, *, text: str, store_id: int, lock: bool = False) -> Voucher:
    """The voucher this clerk has before them, of this very store."""
    require(store_id in actor.owns("store"), errors.NOT_A_CLERK)
    found = Voucher.objects.visible_to(actor).select_related("pool__store", "release__offer", "person")
    if lock:
        found = found.select_for_update(of=("self",))
    code = read_code(text)
    voucher = found.filter(code=code, pool__store_id=store_id).first()
    if voucher is None:
        on_bills = Voucher.objects.unscoped("which desk is it for?").filter(release__offer__is_priced=True)
        require(not on_bills.filter(code=code).exists(), errors.USED_ON_A_BILL)
    require(voucher, errors.UNKNOWN_CODE)
    return voucher


def refuse_unless_usable(voucher: Voucher, at: datetime) -> None:
    """Refuses what cannot be honoured; a second scan hears when and where the first one was."""
    require(not voucher.release.offer.is_priced, errors.USED_ON_A_BILL)
    used = voucher.redemptions.select_related("store").order_by("-id").first()
    if used:
        place = used.store.name if used.store else voucher.pool.place
        raise DomainError(errors.ALREADY_USED, at=local(used.at), place=place, arrived=used.arrived)
    if refusal := why_not_honoured(voucher, at):
        raise refusal


@action
def redeem_voucher(actor: Actor, *, scan: Scan) -> Redemption:
    """Honours the voucher once; the same key again returns the same redemption."""
    if done := _redemption_by(actor, scan.key):
        return done
    voucher = voucher_at_counter(actor, text=scan.text, store_id=scan.store_id, lock=True)
    # The same tap may have been on its way twice: then the first was done while this one waited for the lock.
    if voucher.settled_at and (done := _redemption_by(actor, scan.key)):
        return done
    refuse_unless_usable(voucher, clock.now())
    return _honour(actor, voucher, scan, clock.now())


def _redemption_by(actor: Actor, key: UUID) -> Redemption | None:
    return Redemption.objects.visible_to(actor).filter(idempotency_key=key, clerk_id=actor.user_id).first()


def _honour(actor: Actor, voucher: Voucher, scan: Scan, at: datetime) -> Redemption:
    arrived = scan.arrived or voucher.seats
    require(1 <= arrived <= voucher.seats, errors.TOO_MANY_ARRIVED, seats=voucher.seats)
    kind = kind_due(voucher)
    redemption = Redemption.objects.create(
        voucher=voucher,
        kind=kind,
        at=at,
        store_id=scan.store_id,
        clerk_id=actor.user_id,
        arrived=arrived,
        idempotency_key=scan.key,
        offline=scan.offline_at is not None,
        device=scan.device[:80],
    )
    move(voucher, VOUCHER_VERBS, VERB_OF[kind], settled_at=at)
    events.emit(VoucherRedeemed(voucher_id=voucher.pk))
    return redemption


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What became of one offline redemption: `taken`, or the sentence of what a person has to look at."""

    key: UUID
    taken: bool
    sentence: str = ""


def reconcile_offline(actor: Actor, *, pack: OfflinePack, scans: Sequence[Scan]) -> list[Reconciled]:
    """Each scan in a transaction of its own: what happened at the door is recorded, whatever the server thinks of it."""
    require(pack.store_id in actor.owns("store") and pack.clerk_id == actor.user_id, errors.NOT_A_CLERK)
    ordered = sorted(scans, key=lambda s: s.offline_at or clock.now())
    return [take_offline_scan(actor, pack=pack, scan=s, nth=n) for n, s in enumerate(ordered)]


@action
def take_offline_scan(actor: Actor, *, pack: OfflinePack, scan: Scan, nth: int) -> Reconciled:
    """Taken when the ticket was unused; an exception row otherwise. Repeating changes nothing."""
    at = min(max(scan.offline_at or clock.now(), pack.issued_at), clock.now())
    found = Voucher.objects.visible_to(actor).select_related("pool__store", "release__offer", "person")
    code = offline_code(scan.text, at)
    voucher = found.select_for_update(of=("self",)).filter(code=code, pool__store_id=pack.store_id).first()
    if voucher is None:
        return Reconciled(scan.key, False, str(errors.UNKNOWN_CODE.message))
    # Under the lock: a list handed in twice at once would find its own first half and call it a double use.
    if known := _already_reconciled(actor, scan.key):
        return known
    scan = replace(scan, store_id=pack.store_id)
    within = at <= pack.ends_at and nth < OFFLINE_COUNT_MAX
    try:
        refuse_unless_usable(voucher, at)
        _honour(actor, voucher, scan, at)
    except DomainError as refusal:
        return _exception(actor, voucher, scan, at, refusal)
    if not within:
        note_exception(actor, voucher, scan, at, OfflineException.Why.LIMITS)
    return Reconciled(scan.key, True)


def _already_reconciled(actor: Actor, key: UUID) -> Reconciled | None:
    if Redemption.objects.visible_to(actor).filter(idempotency_key=key).exists():
        return Reconciled(key, True)
    row = OfflineException.objects.visible_to(actor).filter(idempotency_key=key).first()
    return Reconciled(key, False, row.get_why_display()) if row else None


def offline_code(text: str, at: datetime) -> str:
    """The code of a QR read at that time; "" for what is no code of ours."""
    try:
        return read_code(text, at=at)
    except DomainError:
        found = tokens.parse_qr(text)
        return found.code if found else ""


def _exception(actor: Actor, voucher: Voucher, scan: Scan, at: datetime, refusal: DomainError) -> Reconciled:
    used = refusal.reason is errors.ALREADY_USED
    closed = refusal.reason in (errors.USED_ON_A_BILL, *CLOSED_STATES.values())
    why = OfflineException.Why
    found = why.ALREADY_USED if used else why.NOT_USABLE if closed else why.LIMITS
    note_exception(actor, voucher, scan, at, found, says=refusal.message[:200])
    return Reconciled(scan.key, False, refusal.message)


def note_exception(
    actor: Actor, voucher: Voucher, scan: Scan, at: datetime, why: str, **facts: Any
) -> OfflineException:
    """With the desk that was first, where there was one. `facts`: of a sale its sums, and what the system says."""
    is_second = why == OfflineException.Why.ALREADY_USED
    return OfflineException.objects.create(
        voucher=voucher,
        store_id=scan.store_id,
        clerk_id=actor.user_id,
        at=at,
        arrived=scan.arrived or voucher.seats,
        why=why,
        idempotency_key=scan.key,
        first=voucher.redemptions.order_by("-id").first() if is_second else None,
        **facts,
    )


@action
def settle_offline_exception(actor: Actor, *, exception_id: int, note: str) -> OfflineException:
    """Looked into and explained; once. The redemptions themselves stay as they are."""
    found = OfflineException.objects.visible_to(actor).select_related("voucher__release__union")
    row = found.filter(pk=exception_id).first()
    require(row, NOT_FOUND)
    require(actor.user_id and actor.may("vouchers.void", row.voucher.release.union.path))
    require(note.strip(), errors.NOTE_MISSING)
    still_open = OfflineException.objects.unscoped("compare-and-set of a fetched row").filter(
        pk=row.pk, settled_at=None
    )
    now = clock.now()
    moved = still_open.update(settled_at=now, note=note.strip(), updated_at=now)
    require(moved, errors.ALREADY_SETTLED)
    row.refresh_from_db()
    return row
