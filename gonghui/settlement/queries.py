"""Reads of settlement worth a name."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from gonghui.bills.models import Bill
from gonghui.bills.origins import Step
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.templatetags.kit import cn_day
from gonghui.ledger.models import Ledger, LedgerAccount
from gonghui.ledger.moments import is_apart
from gonghui.settlement.models import Dispute, Payout, Period, Statement, StatementLine
from gonghui.settlement.models.payouts import LIVING

PAYABLES_MAX = 200
MOMENT = ("bill", "adjustment__line__bill")
DEEP = ("union", "partner", "period", "agreement", "maker", "checker", "confirmed_by")


def statement_for(actor: Actor, statement_id: int) -> Statement:
    """Of the union's side: drafts too."""
    found = Statement.objects.visible_to(actor).select_related(*DEEP).filter(pk=statement_id).first()
    require(found is not None, NOT_FOUND)
    return found


def approved_unpaid() -> QuerySet[Statement]:
    """Approved, and in no living batch."""
    found = Statement.objects.unscoped("the caller says whose").filter(state="approved")
    return found.exclude(payouts__state__in=LIVING)


def unions_to_pay() -> QuerySet[Statement]:
    """Ids of those that owe for something approved; for the caller's own unions to be picked from."""
    return approved_unpaid().values("union_id")


def own_statements(actor: Actor) -> QuerySet[Statement]:
    """Of the merchants the actor acts for; what was not sent yet is nobody's business there."""
    found = Statement.objects.visible_to(actor).filter(partner_id__in=actor.owns("partner"))
    return found.exclude(state="draft").select_related(*DEEP).order_by("-id")


def own_payables(actor: Actor) -> list[LedgerAccount]:
    """What each union owes the merchants the actor acts for; nobody else's."""
    named = {f"partner:{pk}" for pk in actor.owns("partner")}
    found = LedgerAccount.objects.unscoped("one's own merchants, by name").filter(
        kind="payable", ledger=Ledger.FEN, person=None, name__in=named
    )
    return list(found.select_related("union").order_by("union_id", "pk")[:PAYABLES_MAX])


def own_statement(actor: Actor, statement_id: int) -> Statement:
    found = own_statements(actor).filter(pk=statement_id).first()
    require(found is not None, NOT_FOUND)
    return found


def lines_of(statement: Statement) -> QuerySet[StatementLine]:
    """In order, with their disputes, for a page; of a statement the caller may see."""
    disputes = Dispute.objects.unscoped("of a statement already fetched").order_by("id")
    found = statement.lines.select_related("store", "refund", *MOMENT).order_by("at", "id")
    return found.prefetch_related(Prefetch("disputes", queryset=disputes))


def happened_apart(line: StatementLine, period: Period) -> datetime | None:
    """When what a line is about took place, where that is apart from its record: a bill of an offline till, a line put right.
    Of a line read with `MOMENT`."""
    about = line.adjustment.line if line.adjustment_id else line
    if about is None:
        return None
    happened = (about.bill and about.bill.offline_at) or about.at

    def period_of(day: date) -> bool:
        return period.starts_on <= day < period.ends_on

    return happened if is_apart(happened, line.at, period_of) else None


def money_back(statement: Statement) -> Payout | None:
    """What a bank gave back after the period was closed; it is paid with the statement it is `carried_into`."""
    if statement.state != "closed" or statement.total_fen <= 0:
        return None
    last = statement.payouts.defer("account").exclude(state="cancelled").order_by("id").last()
    return last if last and last.state == "bounced" else None


def left_to(statement: Statement) -> QuerySet[Statement]:
    """The statements before it whose debt, or money that came back, it carries."""
    return statement.carries.select_related("period").order_by("id")


def line_name(line: StatementLine) -> str:
    """As bank, merchant and union call it."""
    if line.bill_id:
        return f"B{line.bill_id}"
    return f"T{line.refund_id}" if line.refund_id else f"A{line.adjustment_id}"


def arrival_of(bill: Bill) -> tuple[Step, ...]:
    """How a bill's money reached its merchant: on which statement, and whether that is paid, or the one after it. One query."""
    lines = StatementLine.objects.unscoped("of a bill the caller may see").filter(bill=bill)
    paid_at = Coalesce(_paid_at("statement"), _paid_at("statement__carried_into"))
    line = lines.select_related("statement__union").annotate(paid_at=paid_at).first()
    if line is None:
        return (Step("payable", _("已记到商户账上，等下次结算")),)
    statement = line.statement
    number = _("商户结算单 {number}").format(number=statement.number)
    if line.paid_at is not None:
        last = Step("paid", _("{day}已付给商户").format(day=cn_day(line.paid_at)))
    elif statement.state == "closed" and statement.total_fen > 0:
        last = Step("waiting", _("银行退回，随下一张结算单再付"))
    else:
        last = Step("waiting", statement.get_state_display())
    return Step("statement", number, statement.union.name), last


def _paid_at(statement: str) -> Subquery:
    paid = Payout.objects.unscoped("of a bill the caller may see").filter(state="paid")
    return Subquery(paid.filter(statement=OuterRef(statement)).values("ended_at")[:1])
