"""结算期: opened by the calendar, stated once they are over, closed when all is paid."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Exists, F, Max, OuterRef, Q, Sum

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.locks import lock_name
from gonghui.kit.states import move
from gonghui.partners.models import Agreement
from gonghui.settlement import errors
from gonghui.settlement.cycles import periods_between
from gonghui.settlement.fees import post_fees
from gonghui.settlement.making import Covered, covered_by, write_lines
from gonghui.settlement.models import Payout, Period, Statement, StatementAccount
from gonghui.settlement.models.payouts import LIVING
from gonghui.settlement.models.periods import PERIOD_VERBS
from gonghui.settlement.models.statements import STATEMENT_VERBS

WHY = "the periods of a union whose agreements the action reads"


@action
def open_periods(actor: Actor, *, today: date | None = None) -> int:
    """Of every union and cycle an agreement names, up to the one with today in it. Run it as often as you like."""
    today = today or clock.today()
    lock_name("settlement", "open_periods")
    wanted = (
        Agreement.objects.unscoped(WHY).exclude(state="draft").values_list("union", "cycle", "union__path")
    )
    made = 0
    for union_id, cycle, path in wanted.order_by("union", "cycle").distinct():
        if actor.may("settlements.write", path):
            made += _open_up_to(union_id, cycle, today)
    return made


def _open_up_to(union_id: int, cycle: str, today: date) -> int:
    known = Period.objects.unscoped(WHY).filter(union_id=union_id, cycle=cycle)
    first = known.aggregate(last=Max("ends_on"))["last"] or today
    rows = [
        Period(union_id=union_id, cycle=cycle, starts_on=starts, ends_on=ends)
        for starts, ends in periods_between(cycle, first, today)
    ]
    for row in rows:
        row.save()
    return len(rows)


def _period(actor: Actor, period_id: int) -> Period:
    found = Period.objects.visible_to(actor).select_related("union").filter(pk=period_id)
    period = found.select_for_update(of=("self",), no_key=True).first()
    require(period is not None, NOT_FOUND)
    require(actor.may("settlements.write", period.union.path))
    return period


def make_statements(actor: Actor, *, period_id: int) -> int:
    """Partner by partner, each in its own transaction: killed half-way, run it again. Once all are made nothing joins.

    What is posted late, with a date inside, goes to the next period. Returns the statements made by this call.
    """
    period = check_over(actor, period_id=period_id)
    if period.made_at is not None:
        return 0
    made = sum(make_statement(actor, period_id=period_id, covered=one) for one in covered_by(period))
    end_making(actor, period_id=period_id)
    return made


@action
def check_over(actor: Actor, *, period_id: int) -> Period:
    period = _period(actor, period_id)
    require(clock.now() >= period.ends_at, errors.NOT_OVER, day=period.ends_on)
    earlier = Period.objects.unscoped(WHY).filter(
        union=period.union_id, cycle=period.cycle, ends_on__lte=period.starts_on, state="open"
    )
    waiting = earlier.order_by("starts_on").first()
    require(waiting is None, errors.EARLIER_FIRST, period=waiting)
    return period


@action
def make_statement(actor: Actor, *, period_id: int, covered: Covered) -> int:
    """1, or 0 where somebody made it before."""
    period = _period(actor, period_id)
    if period.made_at is not None or period.statements.filter(partner_id=covered.partner_id).exists():
        return 0
    left = _left_over(period, covered.partner_id)
    carried = sum(one.total_fen for one in left)
    statement = Statement.objects.create(
        period=period,
        union_id=period.union_id,
        partner_id=covered.partner_id,
        agreement_id=covered.agreement_id,
        carried_fen=carried,
    )
    _carry(left, statement)
    write_lines(statement, period, covered.partner_ids)
    post_fees(statement)
    return 1


def _left_over(period: Period, partner_id: int) -> list[Statement]:
    """What earlier statements left: the merchant's debts, and what a bank gave back after their period was closed."""
    found = Statement.objects.unscoped("the same partner's earlier ones").filter(
        union=period.union_id, partner_id=partner_id, carried_into=None
    )
    owing = Q(left__lt=0, state__in=("approved", "closed"))
    living = Payout.objects.unscoped("of statements of this action").filter(
        statement=OuterRef("pk"), state__in=LIVING
    )
    returned = Q(left__gt=0, state="closed") & ~Exists(living)
    left = found.annotate(left=F("owed_fen") + F("carried_fen")).filter(owing | returned)
    return list(left.order_by("pk").select_for_update(of=("self",), no_key=True))


def _carry(left: list[Statement], statement: Statement) -> None:
    if not left:
        return
    parts = StatementAccount.objects.unscoped("of statements held").filter(statement__in=left)
    sums = parts.values("account").annotate(left=Sum("owed_fen") + Sum("carried_fen")).order_by("account")
    StatementAccount.objects.unscoped("of a statement held").bulk_create(
        StatementAccount(statement=statement, account_id=row["account"], carried_fen=row["left"])
        for row in sums
    )
    Statement.objects.unscoped("held").filter(pk__in=[one.pk for one in left]).update(
        carried_into=statement, updated_at=clock.now()
    )


@action
def end_making(actor: Actor, *, period_id: int) -> None:
    period = _period(actor, period_id)
    if period.made_at is None:
        move(period, PERIOD_VERBS, "make", made_at=clock.now())


@action
def close_period(actor: Actor, *, period_id: int) -> Period:
    """When every statement is paid, or approved with nothing owed. Nothing with a date inside is written afterwards."""
    period = _period(actor, period_id)
    require(period.state != Period.State.OPEN, errors.NOT_MADE)
    open_ones = period.statements.exclude(state=Statement.State.CLOSED)
    statements = list(open_ones.order_by("pk").select_for_update(no_key=True))
    owed = [s for s in statements if s.state != "paid" and not (s.state == "approved" and s.total_fen <= 0)]
    require(not owed, errors.STILL_OWED, count=len(owed))
    for statement in statements:
        move(statement, STATEMENT_VERBS, "close")
    move(period, PERIOD_VERBS, "close", closed_at=clock.now())
    return period


def make_due(actor: Actor) -> int:
    """Every period that is over, earliest first. Returns statements made."""
    over = Period.objects.unscoped("the nightly job").filter(state="open", ends_on__lte=clock.today())
    return sum(
        make_statements(actor, period_id=pk)
        for pk in over.order_by("ends_on", "id").values_list("pk", flat=True)
    )


def late_by(period: Period) -> timedelta:
    """Since it was over."""
    return clock.now() - period.ends_at
