"""A statement against the ledger, to the fen: every line and the fee are what moved the payable account, and nothing else did."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from gonghui.settlement.fees import fee_subject
from gonghui.settlement.models import Statement

SUBJECT = """
CASE l.kind WHEN 'bill' THEN 'bill:' || l.bill_id WHEN 'refund' THEN 'bill_refund:' || l.refund_id
            ELSE 'adjustment:' || l.adjustment_id END
"""
MOVED = """
SELECT l.id, l.gross, l.account_id,
       COALESCE(sum(CASE WHEN t.credit_id = l.account_id THEN t.amount
                         WHEN t.debit_id = l.account_id THEN -t.amount END), 0) AS moved
  FROM said l LEFT JOIN ledger_transfer t ON t.subject = l.subject AND t.kind IN ('posted', 'post')
"""
LINES = f"""
WITH said AS (
    SELECT l.id, l.owed_fen + l.fee_fen AS gross, l.account_id, {SUBJECT} AS subject
      FROM settlement_statementline l WHERE l.statement_id = %s
),
moved AS ({MOVED} GROUP BY l.id, l.gross, l.account_id)
SELECT count(*) FILTER (WHERE gross <> moved), min(id) FILTER (WHERE gross <> moved),
       COALESCE(sum(moved), 0) FROM moved
"""  # noqa: S608 - texts of this file
# The fee of all lines of an account is one transfer.
FEES = """
WITH said AS (
    SELECT a.account_id, COALESCE(sum(l.fee_fen), 0) AS fee
      FROM settlement_statementaccount a
      LEFT JOIN settlement_statementline l ON l.statement_id = a.statement_id AND l.account_id = a.account_id
     WHERE a.statement_id = %s GROUP BY a.account_id
),
moved AS (
    SELECT s.account_id, s.fee, COALESCE(sum(CASE WHEN t.debit_id = s.account_id THEN t.amount
                                                  WHEN t.credit_id = s.account_id THEN -t.amount END), 0) AS moved
      FROM said s LEFT JOIN ledger_transfer t ON t.subject = %s AND t.kind IN ('posted', 'post') GROUP BY s.account_id, s.fee
)
SELECT COALESCE(sum(moved), 0), COALESCE(sum(abs(fee - moved)), 0) FROM moved
"""
# What moved one of its payable accounts and is no bill, refund, adjustment, fee or payout of that merchant.
STRAYS = """
SELECT count(*), COALESCE(sum(CASE WHEN t.credit_id = a.account_id THEN t.amount ELSE -t.amount END), 0)
  FROM settlement_statementaccount a JOIN ledger_account n ON n.id = a.account_id
  JOIN ledger_transfer t ON (t.credit_id = a.account_id OR t.debit_id = a.account_id) AND t.kind IN ('posted', 'post')
 WHERE a.statement_id = %s AND NOT CASE
       WHEN t.subject ~ '^bill:[0-9]{1,18}$' THEN
            EXISTS (SELECT FROM bills_bill b WHERE b.id = substr(t.subject, 6)::bigint AND 'partner:' || b.partner_id = n.name)
       WHEN t.subject ~ '^bill_refund:[0-9]{1,18}$' THEN
            EXISTS (SELECT FROM bills_billrefund r JOIN bills_bill b ON b.id = r.bill_id
                     WHERE r.id = substr(t.subject, 13)::bigint AND 'partner:' || b.partner_id = n.name)
       WHEN t.subject ~ '^adjustment:[0-9]{1,18}$' THEN
            EXISTS (SELECT FROM settlement_statementline l WHERE l.adjustment_id = substr(t.subject, 12)::bigint
                       AND l.account_id = a.account_id)
       WHEN t.subject ~ '^statement:[0-9]{1,18}$' THEN
            EXISTS (SELECT FROM settlement_statementaccount s WHERE s.statement_id = substr(t.subject, 11)::bigint
                       AND s.account_id = a.account_id)
       WHEN t.subject ~ '^payout:[0-9]{1,18}$' THEN
            EXISTS (SELECT FROM settlement_payout o WHERE o.id = substr(t.subject, 8)::bigint)
       ELSE false END
"""


@dataclass(frozen=True, slots=True)
class Reconciled:
    owed_fen: int
    moved_fen: int
    lines_off: int
    first_line_id: int | None
    fee_off_fen: int
    strays: int
    stray_fen: int

    @property
    def is_equal(self) -> bool:
        return not (self.lines_off or self.fee_off_fen or self.strays or self.owed_fen != self.moved_fen)

    @property
    def off_fen(self) -> int:
        return abs(self.owed_fen - self.moved_fen) + abs(self.stray_fen)


def reconcile(statement: Statement) -> Reconciled:
    """Of a statement the caller holds. Three statements, whatever its size."""
    with connection.cursor() as cursor:
        cursor.execute(LINES, [statement.pk])
        lines_off, first, moved = cursor.fetchone()
        cursor.execute(FEES, [statement.pk, fee_subject(statement)])
        fee, fee_off = cursor.fetchone()
        cursor.execute(STRAYS, [statement.pk])
        strays, stray_fen = cursor.fetchone()
    return Reconciled(
        statement.owed_fen, int(moved - fee), lines_off, first, int(fee_off), strays, int(stray_fen)
    )


FINGERPRINT = f"""
SELECT encode(sha256(convert_to(COALESCE(string_agg(concat_ws(
       ' ', {SUBJECT}, extract(epoch FROM l.at), l.list_fen, l.merchant_fen,
       l.union_fen, l.employer_fen, l.points_fen, l.cash_fen, l.online_fen, l.fee_fen, l.adjusted_fen, l.owed_fen), E'\\n'
       ORDER BY l.id), ''), 'UTF8')), 'hex'), count(*)
  FROM settlement_statementline l WHERE l.statement_id = %s
"""  # noqa: S608


def fingerprint_of(statement: Statement) -> tuple[str, int]:
    """SHA-256 over every line in order, and their number."""
    with connection.cursor() as cursor:
        cursor.execute(FINGERPRINT, [statement.pk])
        return cursor.fetchone()
