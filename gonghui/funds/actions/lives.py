"""Points over a life: what becomes of each lot when its owner dies, retires, leaves or moves to another union.

A lot belongs to its owner and stays below the budget it came from, whatever union they belong to: what is kept needs no
transfer. What goes back goes where expired points go: points to the issue account, the fen behind them to the budget.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from uuid import uuid4

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from gonghui.funds.actions.points import BATCH, lock_in_order, unback_orders, with_backing
from gonghui.funds.life_terms import LifeTerms, said_of, terms_for
from gonghui.funds.models import LotFate, PointGrant
from gonghui.funds.models.lives import Treatment
from gonghui.funds.points import grant_of, lots_from, points_accounts
from gonghui.funds.worth import POINT_FEN
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.ledger.engine import Order, id_of, transfer_all
from gonghui.ledger.models import Ledger, LedgerAccount
from gonghui.members.models import Membership, MembershipChange
from gonghui.notices.actions import Notice, tell_once
from gonghui.orgs.models import Union

OURS = "what a confirmed change means for points"
Kind = MembershipChange.Kind
GOES_BACK = (LotFate.State.WAITING, LotFate.State.RETURNED)


@action
def settle_lots(actor: Actor, *, change_id: int) -> int:
    """Writes down for each lot that still holds points what becomes of it, by the rule of the union that gave it.
    Once, however often it is asked. Returns how many are new."""
    change = MembershipChange.objects.unscoped(OURS).filter(pk=change_id, state="confirmed").first()
    if change is None:
        return 0
    held = points_accounts().filter(
        person_id=change.person_id, expires_at__gt=clock.now(), credits_posted__gt=F("debits_posted")
    )
    accounts = list(held.order_by("pk").select_for_update(no_key=True, of=("self",)))
    known = set(_fates_of(change).values_list("account_id", flat=True))
    grants = _grants_of(accounts)
    fresh = [
        _fate(change, account, grants[grant_of(account)]) for account in accounts if account.pk not in known
    ]
    made = LotFate.objects.bulk_create(fresh, ignore_conflicts=True)
    if made:
        _tell(actor, change)
    return len(made)


def _fates_of(change: MembershipChange) -> QuerySet[LotFate]:
    return LotFate.objects.unscoped(OURS).filter(change=change)


def _grants_of(accounts: Iterable[LedgerAccount]) -> dict[int, PointGrant]:
    found = PointGrant.objects.unscoped(OURS).select_related("union")
    return found.in_bulk({grant_of(account) for account in accounts})


def _fate(change: MembershipChange, account: LedgerAccount, grant: PointGrant) -> LotFate:
    terms: LifeTerms = terms_for(change.kind, grant.union)
    goes_back = terms.treatment == Treatment.RETURN
    return LotFate(
        change=change,
        account=account,
        person_id=change.person_id,
        union_id=grant.union_id,
        grant=grant,
        kind=change.kind,
        treatment=terms.treatment,
        clause=terms.clause,
        due_on=change.happened_on + timedelta(days=terms.after_days) if goes_back else None,
        is_stopped=terms.is_stopped,
        state=LotFate.State.WAITING if goes_back else LotFate.State.KEPT,
        points=account.balance,
    )


def _tell(actor: Actor, change: MembershipChange, *, occasion: str = "settled") -> None:
    """Of somebody who died nobody is told; whoever asks reads it in the console."""
    if change.kind == Kind.DIED:
        return
    said = {said_of(fate) for fate in _fates_of(change)}
    notice = Notice(kind="points", title=_("您的福豆怎么办"), body="\n".join(sorted(said)), link="/me/points")
    tell_once(actor, once=f"lot-fates:{change.pk}:{occasion}", notice=notice, person_id=change.person_id)


# --- who comes back -----------------------------------------------------------------------------------------


@action
def keep_of_returned_members(actor: Actor) -> int:
    """Who left and is a member again before the day keeps the points: below the union that gave them, or, elsewhere, where
    whoever moves would keep them. Returns how many lots."""
    later = Membership.objects.unscoped(OURS).filter(
        person_id=OuterRef("person_id"), status__in=Membership.LIVE, pk__gt=OuterRef("change__membership_id")
    )
    waiting = LotFate.objects.unscoped(OURS).filter(state=LotFate.State.WAITING, kind=Kind.LEFT)
    found = waiting.annotate(now_in=Subquery(later.values("union__path")[:1])).filter(now_in__isnull=False)
    locked = found.select_related("union", "change").select_for_update(of=("self",), skip_locked=True)
    staying = [fate for fate in locked.order_by("pk") if _stays(fate.union, fate.now_in)]
    LotFate.objects.unscoped(OURS).filter(pk__in=[fate.pk for fate in staying]).update(
        state=LotFate.State.STAYED, is_stopped=False, updated_at=clock.now()
    )
    for change in {fate.change for fate in staying}:
        _tell(actor, change, occasion=LotFate.State.STAYED)
    return len(staying)


def _stays(giver: Union, now_in: str) -> bool:
    return now_in.startswith(giver.path) or terms_for(Kind.MOVED, giver).treatment == Treatment.KEEP


# --- what goes back -----------------------------------------------------------------------------------------


def return_due_lots(actor: Actor) -> int:
    """Every lot whose day has come, batch by batch; one with a bill still open waits for it. Returns points."""
    keep_of_returned_members(actor)
    total = 0
    while points := return_batch(actor):
        total += points
    end_empty_fates(actor)
    return total


def due_fates() -> QuerySet[LotFate]:
    """Also of lots returned before that something came back into."""
    return LotFate.objects.unscoped(OURS).filter(
        treatment=Treatment.RETURN,
        state__in=GOES_BACK,
        due_on__lte=clock.today(),
        account__credits_posted__gt=F("account__debits_posted"),
    )


@action
def return_batch(actor: Actor, *, limit: int = BATCH) -> int:
    """Whole lots that nothing is pending in; no lot is waited for: who is at one leaves it to the next run."""
    due = due_fates().filter(account__debits_pending=0)
    batch = dict(due.order_by("account_id").values_list("account_id", "account__within_id")[:limit])
    lock_in_order(with_backing(set(batch.values())))
    free = points_accounts().filter(pk__in=batch, debits_pending=0, credits_posted__gt=F("debits_posted"))
    lots = lots_from(free.order_by("pk").select_for_update(no_key=True, skip_locked=True, of=("self",)))
    if not lots:
        return 0
    # Locked rows make the return of one lot happen once; a key of its own lets a refund into it go back again.
    key, behind = uuid4(), Counter[tuple[int, int]]()
    orders = []
    for lot in lots:
        orders.append(
            Order(id_of(key, lot.account_id), "return_points", lot.points, lot.account_id, lot.issue_account_id,
                  Ledger.POINTS, subject=f"grant:{lot.grant_id}")
        )  # fmt: skip
        behind[lot.grant_id, lot.backing_account_id] += lot.points
    for (grant_id, backing_id), points in sorted(behind.items()):
        orders += unback_orders(grant_id, backing_id, points * POINT_FEN, key=key)
    transfer_all(orders)
    for lot in lots:
        _note_return(lot.account_id, lot.points)
    return behind.total()


def _note_return(account_id: int, points: int) -> None:
    """On the change whose day came first."""
    first = due_fates_of(account_id).order_by("due_on", "pk").values("pk")[:1]
    LotFate.objects.unscoped(OURS).filter(pk__in=first).update(
        state=LotFate.State.RETURNED, returned=F("returned") + points, updated_at=clock.now()
    )


def due_fates_of(account_id: int) -> QuerySet[LotFate]:
    return LotFate.objects.unscoped(OURS).filter(
        account_id=account_id, treatment=Treatment.RETURN, state__in=GOES_BACK, due_on__lte=clock.today()
    )


@action
def end_empty_fates(actor: Actor) -> int:
    """Lots that were spent or expired before their day: nothing is left to go back."""
    over = LotFate.objects.unscoped(OURS).filter(
        state=LotFate.State.WAITING,
        due_on__lte=clock.today(),
        account__credits_posted=F("account__debits_posted"),
        account__debits_pending=0,
    )
    empty = list(over.values_list("pk", flat=True))
    return (
        LotFate.objects.unscoped(OURS)
        .filter(pk__in=empty)
        .update(state=LotFate.State.RETURNED, updated_at=clock.now())
    )
