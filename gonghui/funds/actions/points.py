"""Points are spent, come back, and end: always into the lot, the budget and the fen they came from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from django.db.models import F
from django.utils.translation import gettext as _

from gonghui.funds import point_errors as errors
from gonghui.funds.actions.commitments import release_commitment
from gonghui.funds.actions.grants import held_grant, purpose_of, roster_of
from gonghui.funds.actions.homewards import orders_home, way_home
from gonghui.funds.models import Budget, PointGrant
from gonghui.funds.models.grants import GRANT_VERBS
from gonghui.funds.points import Lot, backing_of, lots_from, points_accounts, spendable_accounts
from gonghui.funds.worth import POINT_FEN
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import require
from gonghui.kit.jobs import sweep
from gonghui.kit.states import move
from gonghui.kit.templatetags.kit import cn_day
from gonghui.ledger.engine import Order, id_of, transfer_all
from gonghui.ledger.models import Ledger, LedgerAccount, Transfer
from gonghui.notices.actions import Notice, tell_many

BATCH = 3000
WARNED_BEFORE = timedelta(days=14)


# --- spending -----------------------------------------------------------------------------------------------


def lock_lots(person_id: int, section: str) -> list[Lot]:
    """The person's live lots for a shelf, theirs alone until the surrounding transaction ends."""
    found = spendable_accounts().filter(person_id=person_id, expires_at__gt=clock.now())
    lots, issues = set(), set()
    for pk, issue_id in found.values_list("pk", "within_id"):
        lots.add(pk)
        issues.add(issue_id)
    locked = lock_in_order(lots | with_backing(issues))
    return [lot for lot in lots_from(row for row in locked if row.pk in lots) if lot.is_for(section)]


def with_backing(issue_ids: set[int]) -> set[int]:
    return issue_ids | set(backing_of(issue_ids).values())


def lock_in_order(account_ids: set[int]) -> list[LedgerAccount]:
    """By id, as the ledger moves them: who took a lot first and then what is behind it would meet, in a circle, a refund that
    has what is behind it and comes to the lot."""
    found = LedgerAccount.objects.unscoped("accounts of lots at hand").filter(pk__in=account_ids)
    return list(found.order_by("pk").select_for_update(no_key=True, of=("self",)))


def spend_orders(lots: Sequence[Lot], points: int, *, credit_id: int, subject: str, key: UUID) -> list[Order]:
    """For both ledgers; earliest expiry first. The caller has locked the lots and writes the orders in one chain."""
    have = sum(lot.points for lot in lots)
    require(0 < points <= have, errors.POINTS_SHORT, have=have, need=points)
    orders: list[Order] = []
    for lot in sorted(lots, key=lambda lot: (lot.expires_at, lot.account_id)):
        taken = min(points, lot.points)
        if taken <= 0:
            break
        points -= taken
        orders += (
            Order(id_of(key, "spend", lot.account_id), "spend_points", taken, lot.account_id, lot.issue_account_id,
                  Ledger.POINTS, subject=subject),
            Order(id_of(key, "pay", lot.account_id), "pay_points", taken * POINT_FEN, lot.backing_account_id, credit_id,
                  subject=subject),
        )  # fmt: skip
    return orders


@dataclass(frozen=True, slots=True)
class Taking:
    """What one bill still has of one lot."""

    account_id: int
    issue_account_id: int
    backing_account_id: int
    points: int


def takings_of(subject: str, *, refunds: Sequence[str] = ()) -> list[Taking]:
    """What `subject` took of each lot, less what went back under the subjects of its refunds; last taken first."""
    rows = Transfer.objects.unscoped("transfers of a bill the caller holds").filter(
        subject__in=[subject, *refunds], code__in=("spend_points", "refund_points")
    )
    left: dict[tuple[int, int], int] = defaultdict(int)
    for row in rows.order_by("seq"):
        if row.code == "spend_points":
            left[row.debit_id, row.credit_id] += row.amount
        else:
            left[row.credit_id, row.debit_id] -= row.amount
    backing = backing_of({issue for _lot, issue in left})
    takings = [Taking(lot, issue, backing[issue], points) for (lot, issue), points in left.items() if points]
    return takings[::-1]


def refund_orders(
    takings: Sequence[Taking], points: int, *, debit_id: int, subject: str, key: UUID
) -> list[Order]:
    """Points go back into the very lots they came from; in one that has expired the sweep finds them."""
    require(0 < points <= sum(t.points for t in takings), errors.REFUND_BEYOND)
    orders: list[Order] = []
    for taking in takings:
        back = min(points, taking.points)
        if back <= 0:
            break
        points -= back
        orders += (
            Order(id_of(key, "back", taking.account_id), "refund_points", back, taking.issue_account_id,
                  taking.account_id, Ledger.POINTS, subject=subject),
            Order(id_of(key, "unpay", taking.account_id), "refund_pay_points", back * POINT_FEN, debit_id,
                  taking.backing_account_id, subject=subject),
        )  # fmt: skip
    return orders


# --- expiry -------------------------------------------------------------------------------------------------


def expire_points(actor: Actor) -> int:
    """Everything past its time goes back to where it came from, batch by batch; grants move on. Returns points."""
    end_overdue(actor)
    begin_expiries(actor)
    total = 0
    while points := expire_batch(actor):
        total += points
    end_expiries(actor)
    return total


def end_overdue(actor: Actor) -> None:
    """Grants nobody ran in time give back what was set aside for them; a half that failed ends with what it gave."""
    over = PointGrant.objects.unscoped("the nightly sweep").filter(
        state__in=("checked", "partially_failed"), expires_on__lt=clock.today()
    )
    with sweep() as each:
        for pk in list(over.order_by("pk").values_list("pk", flat=True)):
            each(end_overdue_grant, actor, grant_id=pk)


@action
def end_overdue_grant(actor: Actor, *, grant_id: int) -> None:
    grant = held_grant(actor, grant_id, "points.write")
    if grant.state not in ("checked", "partially_failed") or grant.expires_on >= clock.today():
        return
    release_commitment(actor, purpose=purpose_of(grant.pk))
    if grant.state == "checked":
        move(grant, GRANT_VERBS, "cancel")
        return
    late = roster_of(grant).filter(state="waiting").update(state="refused", reason=_("发放以前已过有效期。"))
    move(grant, GRANT_VERBS, "run")
    move(grant, GRANT_VERBS, "finish", refused=grant.refused + late)


@action
def begin_expiries(actor: Actor) -> None:
    over = PointGrant.objects.unscoped("the nightly sweep").filter(
        state="granted", expires_on__lt=clock.today()
    )
    for grant in over:
        move(grant, GRANT_VERBS, "begin_expiry")


@action
def expire_batch(actor: Actor, *, limit: int = BATCH) -> int:
    """Accounts past their time, whole: points to the issue account, the fen behind them to the budget."""
    due = points_accounts().filter(expires_at__lte=clock.now(), credits_posted__gt=F("debits_posted"))
    batch = dict(due.order_by("pk").values_list("pk", "within_id")[:limit])
    lock_in_order(with_backing(set(batch.values())))
    # No lot is waited for: who is at one leaves it to the next sweep.
    free = due.filter(pk__in=batch).order_by("pk")
    lots = lots_from(free.select_for_update(no_key=True, skip_locked=True, of=("self",)))
    if not lots:
        return 0
    # Locked rows make the sweep of one lot happen once; a key of its own lets a refund into it be swept again.
    key, behind = uuid4(), Counter()
    orders = []
    for lot in lots:
        orders.append(
            Order(id_of(key, lot.account_id), "expire_points", lot.points, lot.account_id, lot.issue_account_id,
                  Ledger.POINTS, subject=f"grant:{lot.grant_id}")
        )  # fmt: skip
        behind[lot.grant_id, lot.backing_account_id] += lot.points
    for (grant_id, backing_id), points in sorted(behind.items()):
        orders += unback_orders(grant_id, backing_id, points * POINT_FEN, key=key)
    transfer_all(orders)
    return behind.total()


def unback_orders(grant_id: int, backing_id: int, amount_fen: int, *, key: UUID) -> list[Order]:
    """Back to the grant's budget; from a closed one on to the nearest open above it, at last to the source."""
    budgets = Budget.objects.unscoped("the budget behind points").select_related("source")
    budget = budgets.get(point_grants=grant_id)
    back = Order(
        id_of(key, "unback", grant_id),
        "unback",
        amount_fen,
        backing_id,
        budget.account_id,
        subject=f"grant:{grant_id}",
    )
    return [back, *orders_home(way_home(budget), amount_fen, id_of(key, "home", grant_id))]


@action
def end_expiries(actor: Actor) -> None:
    for grant in PointGrant.objects.unscoped("the nightly sweep").filter(state="expiring"):
        if not left_of(grant).exists():
            move(grant, GRANT_VERBS, "expire")


def left_of(grant: PointGrant):
    """Accounts of the grant that still hold points."""
    return LedgerAccount.objects.unscoped("the accounts of a grant").filter(
        kind="points",
        union_id=grant.union_id,
        name=f"grant:{grant.pk}",
        credits_posted__gt=F("debits_posted"),
    )


@action
def warn_of_expiry(actor: Actor) -> int:
    """Once for each grant, to those who still have some of it. Returns grants warned of."""
    today = clock.today()
    soon = PointGrant.objects.unscoped("the daily warning").filter(
        state="granted", expires_on__range=(today, today + WARNED_BEFORE)
    )
    for grant in soon:
        notice = Notice(
            kind="points",
            title=_("您有福豆快到期了"),
            body=_("{title}的福豆 {day} 到期，当天仍可使用，过期收回。请尽快使用。").format(
                title=grant.title, day=cn_day(grant.expires_on)
            ),
            link="/me/points",
            is_sensitive=grant.is_sensitive,
        )
        tell_many(
            actor, send_key=f"points-expiry:{grant.pk}", people=left_of(grant).values_list("person_id"),
            notice=notice, union_id=grant.union_id,
        )  # fmt: skip
    return len(soon)
