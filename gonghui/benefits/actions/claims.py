"""Claiming, confirming, returning, waiting: the Django door to the engine the gate uses."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid5

from django.db.models import F
from django.db.models.functions import Coalesce, Now

from gonghui.benefits import engine, errors
from gonghui.benefits.actions.parties import clean_names
from gonghui.benefits.engine import Answer, Claim, Settled
from gonghui.benefits.models import Pool, Voucher
from gonghui.benefits.models.vouchers import OWN
from gonghui.benefits.queries import entitlement
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import BAD_INPUT, NOT_FOUND, DomainError, require
from gonghui.kit.jobs import app, sweep

# A retry must hear the truth about its ticket, also from one who holds enough and after the end.
ENGINE_KNOWS_BETTER = (
    errors.HOLDS_ENOUGH,
    errors.RELEASE_OVER,
    errors.RELEASE_CALLED_OFF,
    errors.RELEASE_PAUSED,
)
TELL_PROMOTED = "gonghui.benefits.tasks.tell_promoted"


@action
def claim(
    actor: Actor,
    *,
    pool_id: int,
    key: UUID,
    seats: int = 1,
    wait: bool = True,
    person_id: int | None = None,
    companions: Sequence[str] = (),
) -> Answer:
    """A ticket for oneself or, as a delegate, for another. Sold out, too early… are answers, not refusals."""
    found = entitlement(actor, pool_id, person_id)
    if found.refusal and found.refusal.reason not in ENGINE_KNOWS_BETTER:
        raise found.refusal
    assert found.person_id, "who is nobody is refused above"
    wanted = Claim(
        person_id=found.person_id,
        # A key chosen by a client counts for this person and pool only.
        key=uuid5(key, f"{found.person_id}/{pool_id}"),
        seats=seats,
        wait=wait,
        booked_by_id=found.booked_by_id,
    )
    answer = engine.settle_claims(pool_id, [wanted])[0]
    if answer.answer == "won" and answer.voucher_id and companions:
        _name_companions(answer.voucher_id, clean_names(companions))
    return answer


def join_waiting_list(actor: Actor, *, pool_id: int, key: UUID, seats: int = 1) -> Answer:
    """A place in the line; a ticket at once if there happens to be one."""
    return claim(actor, pool_id=pool_id, key=key, seats=seats, wait=True)


@action
def leave_waiting_list(actor: Actor, *, pool_id: int) -> None:
    require(actor.person_id and engine.leave_line(pool_id, actor.person_id), errors.NOT_WAITING)


@action
def confirm_voucher(actor: Actor, *, voucher_id: int, companions: Sequence[str] = ()) -> Voucher:
    """Within its time, with every companion's name where the venue asks for names. Told twice, or told when the names
    written before the claim have confirmed it already, it is confirmed."""
    voucher = _own_voucher(actor, voucher_id)
    names = clean_names(companions)
    if voucher.release.names_required:
        missing = voucher.seats - 1 - len(names)
        require(missing <= 0, errors.NAMES_MISSING, missing=missing)
    moved = (
        Voucher.objects.unscoped("compare-and-set of a fetched row")
        .filter(pk=voucher.pk, state=Voucher.State.HELD, confirm_by__gt=Now())
        .update(state=Voucher.State.CONFIRMED, updated_at=Now())
    )
    if moved and names:
        _write_companions(voucher, names)
    voucher.refresh_from_db()
    stands = voucher.state == Voucher.State.CONFIRMED and names in ([], voucher.companions)
    require(stands, errors.NOT_HELD)
    return voucher


@action
def return_voucher(actor: Actor, *, voucher_id: int) -> list[Settled]:
    """Until the cut-off; the seats go down the waiting list in the same transaction. Returns who got them."""
    voucher = _own_voucher(actor, voucher_id)
    settled, promoted = engine.give_back(voucher.pk, Voucher.State.RETURNED)
    require(settled.outcome != "too_late", errors.TOO_LATE_TO_RETURN)
    if settled.outcome != "done":
        voucher.refresh_from_db()
        raise DomainError(errors.NOT_RETURNABLE, state=voucher.get_state_display())
    tell_promoted(promoted)
    return promoted


def expire_vouchers(actor: Actor) -> int:
    """Holds past their time go back, each pool in a transaction of its own. Returns how many went."""
    overdue = Voucher.objects.unscoped("the sweeper looks at every pool").filter(
        state=Voucher.State.HELD, confirm_by__lte=Now()
    )
    pools = overdue.order_by("pool_id").values_list("pool_id", flat=True).distinct()
    with sweep() as each:
        return sum(each(expire_pool_holds, actor, pool_id=pool_id) or 0 for pool_id in pools)


@action
def expire_pool_holds(actor: Actor, *, pool_id: int) -> int:
    settled = engine.expire_pool_holds(pool_id)
    tell_promoted([s for s in settled if s.outcome == "promoted"])
    return sum(s.outcome == "expired" for s in settled)


def fill_idle_pools(actor: Actor) -> int:
    """Seats that stand idle beside a line (a capacity raised, a worker that was down) find their people."""
    idle = Pool.objects.unscoped("the sweeper looks at every pool").filter(
        remaining__gt=0, wait_entries__state="waiting", release__state__in=("announced", "open", "closed")
    )
    live = idle.annotate(until=Coalesce("valid_until", "closes_at", "release__closes_at"))
    fitting = live.filter(until__gt=Now(), wait_entries__seats__lte=F("remaining"))
    pools = fitting.order_by("id").values_list("id", flat=True).distinct()
    with sweep() as each:
        return sum(each(fill_pool, actor, pool_id=pool_id) or 0 for pool_id in pools)


@action
def fill_pool(actor: Actor, *, pool_id: int) -> int:
    promoted = engine.fill_pool(pool_id)
    tell_promoted(promoted)
    return len(promoted)


def tell_promoted(promoted: Sequence[Settled]) -> None:
    """The job that sends the messages is queued with the transaction that gave the tickets."""
    if promoted:
        app.configure_task(TELL_PROMOTED).defer(voucher_ids=[p.voucher_id for p in promoted])


def _own_voucher(actor: Actor, voucher_id: int) -> Voucher:
    mine = Voucher.objects.visible_to(actor).filter(OWN.condition(actor), pk=voucher_id)
    found = mine.select_related("release").first()
    if found is None:
        raise DomainError(NOT_FOUND)
    return found


def _name_companions(voucher_id: int, names: list[str]) -> None:
    """Names given with the claim confirm a ticket that was held for their sake only."""
    voucher = Voucher.objects.unscoped("the voucher just won").select_related("release").get(pk=voucher_id)
    _write_companions(voucher, names)
    complete = len(names) >= voucher.seats - 1
    if voucher.state == Voucher.State.HELD and complete and not voucher.release.confirm_within_s:
        held = Voucher.objects.unscoped("the voucher just won").filter(
            pk=voucher_id, state=Voucher.State.HELD
        )
        held.update(state=Voucher.State.CONFIRMED, updated_at=Now())


def _write_companions(voucher: Voucher, names: list[str]) -> None:
    if len(names) > voucher.seats - 1:
        raise DomainError(BAD_INPUT, detail=f"同行人最多 {voucher.seats - 1} 位")
    found = Voucher.objects.unscoped("the voucher in hand").filter(pk=voucher.pk)
    found.update(companions=names, updated_at=Now())
