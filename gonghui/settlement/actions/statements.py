"""结算单: sent by one after it agrees with the ledger, confirmed by the merchant, approved by another."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.jobs import sweep
from gonghui.kit.states import move, target
from gonghui.kit.templatetags.kit import yuan
from gonghui.notices.actions import Notice, tell_once
from gonghui.partners.interests import refuse_own_merchant
from gonghui.partners.queries import merchant_user_ids
from gonghui.settlement import errors
from gonghui.settlement.models import Dispute, Period, Sending, Statement
from gonghui.settlement.models.statements import STATEMENT_VERBS
from gonghui.settlement.reconciling import Reconciled, fingerprint_of, reconcile

REMIND_EVERY = timedelta(days=3)


def locked_statement(actor: Actor, statement_id: int) -> Statement:
    found = Statement.objects.visible_to(actor).select_related("union", "partner", "period", "agreement")
    row = found.filter(pk=statement_id).select_for_update(of=("self",), no_key=True).first()
    require(row is not None, NOT_FOUND)
    return row


# --- the union ----------------------------------------------------------------------------------------------


@action
def send_statement(actor: Actor, *, statement_id: int) -> Statement:
    """To the merchant; what it says is kept with a fingerprint. Refused where the ledger says otherwise."""
    row = locked_statement(actor, statement_id)
    require(actor.may("settlements.write", row.union.path))
    target(row, STATEMENT_VERBS, "send")
    _require_settled_matters(row)
    _require_equal(row)
    digest, lines = fingerprint_of(row)
    require(lines or row.carried_fen > 0, errors.NOTHING_ON_IT)
    now = clock.now()
    move(row, STATEMENT_VERBS, "send", maker_id=actor.user_id, sent_at=now, round=row.round + 1)
    Sending.objects.create(
        statement=row,
        round=row.round,
        maker_id=actor.user_id,
        at=now,
        total_fen=row.total_fen,
        line_count=lines,
        sha256=digest,
    )
    said = _("{period}应付 {fen} 元，请核对后确认；有疑问的行可以直接提出异议。")
    tell_merchant(actor, row, "sent", _("有一张结算单等您确认"), said)
    return row


def _require_settled_matters(row: Statement) -> None:
    open_ones = Dispute.objects.unscoped("of a statement held").filter(line__statement=row, state="open")
    require(not open_ones.exists(), errors.OPEN_DISPUTES, count=open_ones.count())
    proposed = row.adjustments.filter(state="proposed")
    require(not proposed.exists(), errors.OPEN_ADJUSTMENTS, count=proposed.count())


def _require_equal(row: Statement) -> None:
    found = reconcile(row)
    require(found.is_equal, errors.DIFFERS, fen=found.off_fen, what=_what_differs(found))


def _what_differs(found: Reconciled) -> str:
    if found.lines_off:
        return _("第 {line} 行").format(line=found.first_line_id)
    return _("服务费") if found.fee_off_fen else _("账户里有来历不明的账")


def send_statements(actor: Actor, *, period_id: int) -> int:
    """Every draft of the period, each in its own transaction. Returns how many; the first that differs stops it."""
    period = Period.objects.visible_to(actor).filter(pk=period_id).first()
    require(period is not None, NOT_FOUND)
    drafts = period.statements.filter(state="draft").order_by("pk").values_list("pk", flat=True)
    return len([send_statement(actor, statement_id=pk) for pk in list(drafts)])


@action
def approve_statement(actor: Actor, *, statement_id: int) -> Statement:
    """By another than who sent it; then it may be paid. What the merchant owes is carried to its next one."""
    row = locked_statement(actor, statement_id)
    require(actor.may("settlements.approve", row.union.path))
    require(actor.user_id and actor.user_id != row.maker_id, errors.OWN_WORK)
    refuse_own_merchant(actor, [row.partner_id])
    move(row, STATEMENT_VERBS, "approve", checker_id=actor.user_id, approved_at=clock.now())
    return row


# --- the merchant -------------------------------------------------------------------------------------------


@action
def confirm_statement(actor: Actor, *, statement_id: int, total_fen: int) -> Statement:
    """By the merchant, of the very total it read."""
    row = locked_statement(actor, statement_id)
    require(row.partner_id in actor.owns("partner"), NOT_FOUND)
    require(row.state != "draft", NOT_FOUND)
    require(row.state == "sent", errors.NOT_ASKED, state=row.get_state_display())
    require(row.total_fen == total_fen, errors.CHANGED_SINCE)
    move(row, STATEMENT_VERBS, "confirm", confirmed_by_id=actor.user_id, confirmed_at=clock.now())
    return row


def tell_merchant(actor: Actor, row: Statement, what: str, title: str, body: str) -> None:
    text = body.format(period=row.period, fen=yuan(row.total_fen))
    notice = Notice(kind="notice", title=title, body=text, link=f"/merchant/statements/{row.pk}")
    for user_id in merchant_user_ids(row.partner_id):
        tell_once(
            actor, once=f"statement:{row.pk}:{what}:{row.round}:{user_id}", notice=notice, user_id=user_id
        )


# --- the calendar -------------------------------------------------------------------------------------------


def follow_silence(actor: Actor) -> int:
    """Reminds who has not answered; counts silence as confirmed only where the agreement says so. Returns the latter."""
    waiting = Statement.objects.unscoped("the daily job").filter(
        state="sent", sent_at__lte=clock.now() - REMIND_EVERY
    )
    ids = list(waiting.order_by("pk").values_list("pk", flat=True))
    with sweep() as each:
        return sum(each(follow_statement, actor, statement_id=pk) or 0 for pk in ids)


@action
def follow_statement(actor: Actor, *, statement_id: int) -> int:
    row = locked_statement(actor, statement_id)
    if row.state != "sent" or row.sent_at is None:
        return 0
    silent = clock.now() - row.sent_at
    days = row.agreement.silent_days
    if days is not None and silent >= timedelta(days=days):
        move(row, STATEMENT_VERBS, "confirm", confirmed_at=clock.now())
        said = _("{period}的结算单（{fen} 元）到期没有答复，按协议视为确认。")
        tell_merchant(actor, row, "silence", _("结算单按协议视为确认"), said)
        return 1
    said = _("{period}的结算单（{fen} 元）还没有确认，确认后才能付款。")
    tell_merchant(actor, row, f"remind{silent // REMIND_EVERY}", _("请确认结算单"), said)
    return 0
