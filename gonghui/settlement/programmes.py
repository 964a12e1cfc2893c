"""Report of a programme: what was put in, what the merchants gave up, what the workers paid, and what it set moving.

How each figure is counted stands in words in `Measure` (migrations 0002, 0006 and 0007); the SQL here is those words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.db import connection

from gonghui.bills.models import Programme
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.scope import BySubtree
from gonghui.members.models import Membership
from gonghui.settlement.models import Measure

VIEW = "settlements.view"
COUNTED_ONCE = ("persons", "merchants", "active", "members")

REPORT = """
WITH ours AS (SELECT offer_id FROM bills_offerterms WHERE programme_id = %(programme)s),
bill AS MATERIALIZED (
    SELECT b.id, b.person_id, b.partner_id, b.state, date_trunc('month', b.settled_at AT TIME ZONE 'Asia/Shanghai')::date AS month
      FROM bills_bill b WHERE b.settled_at IS NOT NULL
       AND EXISTS (SELECT FROM bills_billoffer o WHERE o.bill_id = b.id AND o.offer_id IN (SELECT offer_id FROM ours))
), use AS (
    SELECT date_trunc('month', s.at AT TIME ZONE 'Asia/Shanghai')::date AS month, sum(s.times) AS times,
           sum(s.times * u.off_fen) AS off_fen, sum(s.times * u.paid_fen) AS paid_fen
      FROM bills_externaluse u JOIN bills_stockfunding n ON n.id = u.funding_id
     CROSS JOIN LATERAL (VALUES (u.created_at, 1), (u.returned_at, -1)) s(at, times)
     WHERE n.programme_id = %(programme)s AND (u.state = 'posted' OR u.returned_at IS NOT NULL) AND s.at IS NOT NULL
     GROUP BY 1
), flow AS (
    SELECT b.month, p.payer, COALESCE(p.offer_id IN (SELECT offer_id FROM ours), false) AS is_ours, sum(p.fen) AS fen
      FROM bill b JOIN bills_billline l ON l.bill_id = b.id JOIN bills_billpart p ON p.line_id = l.id GROUP BY 1, 2, 3
     UNION ALL
    SELECT date_trunc('month', r.at AT TIME ZONE 'Asia/Shanghai')::date, p.payer,
           COALESCE(p.offer_id IN (SELECT offer_id FROM ours), false), -sum(f.fen)
      FROM bill b JOIN bills_billrefund r ON r.bill_id = b.id JOIN bills_refundline l ON l.refund_id = r.id
      JOIN bills_refundpart f ON f.refund_line_id = l.id JOIN bills_billpart p ON p.id = f.part_id GROUP BY 1, 2, 3
     UNION ALL
    SELECT u.month, s.payer, true, sum(s.fen)
      FROM use u CROSS JOIN LATERAL (VALUES ('union', u.off_fen), ('worker', u.paid_fen)) s(payer, fen) GROUP BY 1, 2
), money AS (
    SELECT month, sum(fen) FILTER (WHERE payer = 'union' AND is_ours) AS union_fen,
           sum(fen) FILTER (WHERE payer = 'employer' AND is_ours) AS employer_fen,
           sum(fen) FILTER (WHERE payer = 'points') AS points_fen,
           sum(fen) FILTER (WHERE payer = 'merchant' AND is_ours) AS merchant_fen,
           sum(fen) FILTER (WHERE payer = 'worker') AS worker_fen,
           sum(fen) FILTER (WHERE payer <> 'merchant') AS consumption_fen
      FROM flow GROUP BY month
), people AS (
    SELECT month, count(*) AS visits, count(DISTINCT person_id) AS persons, count(DISTINCT partner_id) AS merchants
      FROM bill WHERE state = 'settled' GROUP BY month
), outside AS (
    SELECT month, sum(times) AS visits FROM use GROUP BY month
)
SELECT month, COALESCE(union_fen, 0), COALESCE(employer_fen, 0), COALESCE(points_fen, 0), COALESCE(merchant_fen, 0),
       COALESCE(worker_fen, 0), COALESCE(consumption_fen, 0), COALESCE(p.visits, 0) + COALESCE(o.visits, 0),
       COALESCE(persons, 0), COALESCE(merchants, 0)
  FROM money FULL JOIN people p USING (month) FULL JOIN outside o USING (month) ORDER BY month
"""
PERSONS = """
WITH served AS MATERIALIZED (
    SELECT b.person_id, b.partner_id FROM bills_bill b WHERE b.state = 'settled' AND EXISTS (
        SELECT FROM bills_billoffer o JOIN bills_offerterms t ON t.offer_id = o.offer_id
         WHERE o.bill_id = b.id AND t.programme_id = %(programme)s)
), member AS MATERIALIZED (
    SELECT DISTINCT m.person_id FROM members_membership m JOIN orgs_union u ON u.id = m.union_id
     WHERE m.status = ANY(%(live)s) AND u.path LIKE %(path)s || '%%'
)
SELECT (SELECT count(DISTINCT person_id) FROM served), (SELECT count(DISTINCT partner_id) FROM served),
       (SELECT count(*) FROM member WHERE person_id IN (SELECT person_id FROM served)), (SELECT count(*) FROM member)
"""


@dataclass(frozen=True, slots=True)
class Effect:
    """Of a month, or of all (`month` None)."""

    month: date | None
    union_fen: int = 0
    employer_fen: int = 0
    points_fen: int = 0
    merchant_fen: int = 0
    worker_fen: int = 0
    consumption_fen: int = 0
    visits: int = 0
    persons: int = 0
    merchants: int = 0
    active: int = 0
    """Of `persons` those who are members of the programme's union now; of all only, as `members` is."""
    members: int = 0

    @property
    def input_fen(self) -> int:
        return self.union_fen + self.employer_fen + self.points_fen

    @property
    def leverage(self) -> Decimal | None:
        """Two decimals; None where nothing was put in."""
        if not self.input_fen:
            return None
        return round(Decimal(self.consumption_fen) / Decimal(self.input_fen), 2)

    @property
    def per_visit_fen(self) -> int | None:
        """To the nearest fen; None without visits."""
        if self.visits <= 0:
            return None
        return int((Decimal(self.union_fen) / self.visits).quantize(Decimal(1), ROUND_HALF_UP))

    @property
    def activity_permille(self) -> int | None:
        """Rounded down; None where the union has no members, and of a month."""
        return self.active * 1000 // self.members if self.members else None

    @property
    def activity_percent(self) -> Decimal | None:
        permille = self.activity_permille
        return None if permille is None else Decimal(permille) / 10


def effects_of(programme: Programme) -> tuple[Effect, list[Effect]]:
    """(all, by month) of a programme the caller may see. Two statements."""
    with connection.cursor() as cursor:
        cursor.execute(REPORT, {"programme": programme.pk})
        months = [Effect(row[0], *(int(value) for value in row[1:])) for row in cursor.fetchall()]
        facts = {"programme": programme.pk, "path": programme.union.path, "live": list(Membership.LIVE)}
        cursor.execute(PERSONS, facts)
        counted = dict(zip(COUNTED_ONCE, cursor.fetchone(), strict=True))
    return _summed(months, counted), months


def _summed(months: Sequence[Effect], counted: dict[str, int]) -> Effect:
    """Persons and merchants of several months are counted once."""
    names = [field.name for field in fields(Effect) if field.name not in ("month", *COUNTED_ONCE)]
    return Effect(None, **counted, **{name: sum(getattr(month, name) for month in months) for name in names})


def programmes_of(actor: Actor):
    """Of the unions whose money the actor sees."""
    found = Programme.objects.unscoped("narrowed to the unions whose settlements the actor sees")
    reach = BySubtree("union__path", verb=VIEW).condition(actor)
    found = found if actor.is_system else found.filter(reach)
    return found.select_related("union").order_by("-starts_on", "-id")


def programme_for(actor: Actor, programme_id: int) -> Programme:
    found = programmes_of(actor).filter(pk=programme_id).first()
    require(found is not None, NOT_FOUND)
    return found


def measures() -> list[Measure]:
    """The newest version of each, in order."""
    newest: dict[str, Measure] = {}
    for row in Measure.objects.order_by("nth", "version"):
        newest[row.code] = row
    return list(newest.values())
