"""One statement from what is on the books: every bill and refund of its partners that is due and on no statement yet.

Set-based, in the caller's transaction. The database lets each bill and each refund stand on one line, ever.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from gonghui.funds.accounts import merchant_account
from gonghui.ledger.engine import open_accounts
from gonghui.settlement.models import Period, Statement

# What is due stands on no statement yet, however old it is (sql/50_unstated.sql): a list as long as what waits, not as the past.
DUE_BILLS = """
SELECT b.id, b.partner_id, b.store_id, b.union_id, b.method, u.at FROM settlement_unstated u JOIN bills_bill b ON b.id = u.bill_id
 WHERE u.at < %(until)s AND u.partner_id = ANY(%(partners)s)
"""
# After its bill: the fee it gives back is a part of the bill's.
DUE_REFUNDS = """
SELECT r.id, b.partner_id, b.store_id, b.union_id, b.method, r.at, r.bill_id, s.fee_bp,
       s.union_fen + s.employer_fen + s.points_fen + s.online_fen AS bill_gross
  FROM settlement_unstated u JOIN bills_billrefund r ON r.id = u.refund_id JOIN bills_bill b ON b.id = r.bill_id
  JOIN settlement_statementline s ON s.bill_id = b.id
 WHERE u.at < %(until)s AND u.partner_id = ANY(%(partners)s)
"""

# Each partner with something due belongs to the nearest agreement in its chain; union and cycle of that one decide the period.
COVERED = """
WITH RECURSIVE busy AS (
    SELECT DISTINCT partner_id FROM settlement_unstated WHERE at < %(until)s
), chain(leaf, id, step) AS (
    SELECT partner_id, partner_id, 0 FROM busy
     UNION ALL
    SELECT c.leaf, p.parent_id, c.step + 1 FROM chain c JOIN partners_partner p ON p.id = c.id WHERE p.parent_id IS NOT NULL
), picked AS (
    SELECT DISTINCT ON (c.leaf) c.leaf, a.id, a.partner_id, a.union_id, a.cycle
      FROM chain c JOIN partners_agreement a ON a.partner_id = c.id AND a.state <> 'draft' AND a.starts_on < %(ends_on)s
     ORDER BY c.leaf, c.step, a.starts_on DESC, a.id DESC
)
SELECT partner_id, max(id), array_agg(leaf ORDER BY leaf) FROM picked
 WHERE union_id = %(union)s AND cycle = %(cycle)s GROUP BY partner_id ORDER BY partner_id
"""
# Who has nothing due but is owed what a bank gave back after the period was closed: by its own last agreement with this union.
RETURNED = """
SELECT partner_id, agreement_id FROM (
    SELECT DISTINCT ON (s.partner_id) s.partner_id, a.id AS agreement_id, a.cycle
      FROM settlement_payout p JOIN settlement_statement s ON s.id = p.statement_id
      JOIN partners_agreement a ON a.partner_id = s.partner_id AND a.union_id = s.union_id AND a.state <> 'draft'
                               AND a.starts_on < %(ends_on)s
     WHERE p.state = 'bounced' AND s.union_id = %(union)s AND s.state = 'closed' AND s.carried_into_id IS NULL
       AND s.owed_fen + s.carried_fen > 0 AND settlement_is_left_over(s)
     ORDER BY s.partner_id, a.starts_on DESC, a.id DESC) r
 WHERE cycle = %(cycle)s ORDER BY partner_id
"""

SUMS = """
sum({fen}) FILTER (WHERE p.payer = 'merchant') AS merchant, sum({fen}) FILTER (WHERE p.payer = 'union') AS from_union,
sum({fen}) FILTER (WHERE p.payer = 'employer') AS employer, sum({fen}) FILTER (WHERE p.payer = 'points') AS points,
sum({fen}) FILTER (WHERE p.payer = 'worker') AS worker, sum({fen}) AS listed
"""
LINES = """
WITH RECURSIVE {rates} due AS MATERIALIZED ({due}), parts AS ({parts}), line AS (
    SELECT d.id, d.partner_id, d.store_id, d.at, {fee_bp} AS fee_bp, {of_bill}
           a.id AS account_id, {sign}COALESCE(p.listed, 0) AS listed,
           {sign}COALESCE(p.merchant, 0) AS merchant, {sign}COALESCE(p.from_union, 0) AS from_union,
           {sign}COALESCE(p.employer, 0) AS employer, {sign}COALESCE(p.points, 0) AS points,
           CASE WHEN d.method = 'wechat' THEN 0 ELSE {sign}COALESCE(p.worker, 0) END AS cash,
           CASE WHEN d.method = 'wechat' THEN {sign}COALESCE(p.worker, 0) ELSE 0 END AS online
      FROM due d LEFT JOIN parts p ON p.id = d.id
      JOIN ledger_account a ON a.kind = 'payable' AND a.union_id = d.union_id AND a.person_id IS NULL
                           AND a.name = 'partner:' || d.partner_id AND a.ledger = 1
), handed AS (
    SELECT *, (from_union + employer + points + online)::bigint AS gross FROM line
), charged AS ({charged})
INSERT INTO settlement_statementline (statement_id, kind, {kind}_id, partner_id, store_id, account_id, at, list_fen, merchant_fen,
       union_fen, employer_fen, points_fen, cash_fen, online_fen, fee_bp, fee_fen, adjusted_fen, owed_fen)
SELECT %(statement)s, '{kind}', id, partner_id, store_id, account_id, at, listed, merchant, from_union, employer, points, cash,
       online, fee_bp, fee, 0, gross - fee
  FROM charged ORDER BY at, id
"""
BILL_PARTS = """
SELECT d.id, {sums} FROM due d JOIN bills_billline l ON l.bill_id = d.id JOIN bills_billpart p ON p.line_id = l.id GROUP BY d.id
"""
REFUND_PARTS = """
SELECT d.id, {sums} FROM due d JOIN bills_refundline l ON l.refund_id = d.id JOIN bills_refundpart f ON f.refund_line_id = l.id
  JOIN bills_billpart p ON p.id = f.part_id GROUP BY d.id
"""
# The rate of a bill is that of the agreement that held on its day: the nearest of its chain that had begun and ever held.
RATES = """
above(leaf, id, step) AS (
    SELECT partner_id, partner_id, 0 FROM unnest(%(partners)s::bigint[]) partner_id
     UNION ALL
    SELECT c.leaf, p.parent_id, c.step + 1 FROM above c JOIN partners_partner p ON p.id = c.id WHERE p.parent_id IS NOT NULL
), rates AS MATERIALIZED (
    SELECT c.leaf, c.step, a.id, a.starts_on, a.fee_bp FROM above c JOIN partners_agreement a ON a.partner_id = c.id
     WHERE a.state <> 'draft' AND (a.ended_at IS NULL OR (a.ended_at AT TIME ZONE 'Asia/Shanghai')::date >= a.starts_on)
),
"""
RATE_OF_THE_DAY = """
COALESCE((SELECT r.fee_bp FROM rates r WHERE r.leaf = d.partner_id AND r.starts_on <= (d.at AT TIME ZONE 'Asia/Shanghai')::date
           ORDER BY r.step, r.starts_on DESC, r.id DESC LIMIT 1), 0)
"""
# The fee is that of what the merchant keeps. So a refund gives back the difference it makes, and refunds of all of a bill
# give back all of its fee, whatever the parts and the order they are stated in.
OF_BILL = """
d.bill_id, d.bill_gross + COALESCE((
    SELECT sum(s.union_fen + s.employer_fen + s.points_fen + s.online_fen) FROM bills_billrefund r
      JOIN settlement_statementline s ON s.refund_id = r.id WHERE r.bill_id = d.bill_id), 0) AS kept,
"""
BILL_CHARGED = "SELECT *, gross * fee_bp / 10000 AS fee FROM handed"
REFUND_CHARGED = """
SELECT *, after * fee_bp / 10000 - (after - gross) * fee_bp / 10000 AS fee FROM (
    SELECT *, (kept + sum(gross) OVER (PARTITION BY bill_id ORDER BY at, id))::bigint AS after FROM handed) h
"""
BILL_LINES = LINES.format(
    kind="bill",
    sign="",
    rates=RATES,
    due=DUE_BILLS,
    parts=BILL_PARTS.format(sums=SUMS.format(fen="p.fen")),
    fee_bp=RATE_OF_THE_DAY,
    of_bill="",
    charged=BILL_CHARGED,
)
REFUND_LINES = LINES.format(
    kind="refund",
    sign="-",
    rates="",
    due=DUE_REFUNDS,
    parts=REFUND_PARTS.format(sums=SUMS.format(fen="f.fen")),
    fee_bp="d.fee_bp",
    of_bill=OF_BILL,
    charged=REFUND_CHARGED,
)
# A part names the commitment it came out of (or the budget itself), or the lot of points of one grant.
FUNDERS = """
INSERT INTO settlement_statementfunder (statement_id, payer, budget_id, fen, returned_fen)
SELECT %(statement)s, m.payer, COALESCE(c.budget_id, b.id, g.budget_id), sum(m.given), sum(m.back)
  FROM (
    SELECT p.payer, p.account_id, sum(p.fen) AS given, 0 AS back
      FROM settlement_statementline s JOIN bills_billline l ON l.bill_id = s.bill_id JOIN bills_billpart p ON p.line_id = l.id
     WHERE s.statement_id = %(statement)s AND p.account_id IS NOT NULL GROUP BY 1, 2
     UNION ALL
    SELECT p.payer, p.account_id, 0, sum(f.fen)
      FROM settlement_statementline s JOIN bills_refundline l ON l.refund_id = s.refund_id
      JOIN bills_refundpart f ON f.refund_line_id = l.id JOIN bills_billpart p ON p.id = f.part_id
     WHERE s.statement_id = %(statement)s AND p.account_id IS NOT NULL GROUP BY 1, 2
  ) m
  JOIN ledger_account a ON a.id = m.account_id
  LEFT JOIN funds_commitment c ON c.account_id = a.id
  LEFT JOIN funds_budget b ON b.account_id = a.id
  LEFT JOIN funds_pointgrant g ON a.kind = 'points' AND a.name = 'grant:' || g.id
 GROUP BY 2, 3
"""


@dataclass(frozen=True, slots=True)
class Covered:
    """Who is stated with whom: the partner of the agreement, and those of its tree with something due."""

    partner_id: int
    agreement_id: int
    partner_ids: list[int]


def covered_by(period: Period) -> list[Covered]:
    facts = {
        "until": period.ends_at,
        "ends_on": period.ends_on,
        "union": period.union_id,
        "cycle": period.cycle,
    }
    with connection.cursor() as cursor:
        cursor.execute(COVERED, facts)
        found = [Covered(*row) for row in cursor.fetchall()]
        cursor.execute(RETURNED, facts)
        known = {one.partner_id for one in found}
        returned = [Covered(partner, agreement, []) for partner, agreement in cursor.fetchall()]
        return found + [one for one in returned if one.partner_id not in known]


def write_lines(statement: Statement, period: Period, partner_ids: list[int]) -> int:
    """Lines and funders; the statement's sums follow by trigger. Returns the number of lines."""
    facts = {"until": period.ends_at, "statement": statement.pk, "partners": partner_ids}
    _open_payables(facts)
    with connection.cursor() as cursor:
        cursor.execute(BILL_LINES, facts)
        count = cursor.rowcount
        cursor.execute(REFUND_LINES, facts)
        count += cursor.rowcount
        cursor.execute(FUNDERS, facts)
    return count


def _open_payables(facts: dict) -> None:
    """A merchant that was paid at its own till only has none yet."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT union_id, partner_id FROM ({DUE_BILLS}) d ORDER BY 1, 2", facts)  # noqa: S608
        found = cursor.fetchall()
    open_accounts([merchant_account("payable", union_id=u, partner_id=p) for u, p in found])
