"""Reads of members' points: lots (one account a grant), balances, what stands behind them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import connection
from django.db.models import Exists, F, OuterRef, QuerySet, Sum

from gonghui.funds.models.grants import PointGrant
from gonghui.funds.models.lives import LotFate
from gonghui.funds.worth import POINT_FEN
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.ledger.models import LedgerAccount

OWN = "one person's points, asked for by the caller"


@dataclass(frozen=True, slots=True)
class Lot:
    """What one person has left of one grant. `sections` empty: every shelf."""

    account_id: int
    issue_account_id: int
    backing_account_id: int
    grant_id: int
    points: int
    expires_at: datetime
    sections: tuple[str, ...]

    def is_for(self, section: str) -> bool:
        return not section or not self.sections or section in self.sections


def end_of(day: date) -> datetime:
    """The first moment at which points good until `day` are over."""
    return datetime.combine(day + timedelta(days=1), time(0), clock.CHINA)


def points_accounts() -> QuerySet[LedgerAccount]:
    return LedgerAccount.objects.unscoped(OWN).filter(kind="points")


def spendable_accounts() -> QuerySet[LedgerAccount]:
    """Without those a rule stopped after their owner died or left."""
    stopped = LotFate.objects.unscoped(OWN).filter(account=OuterRef("pk"), is_stopped=True)
    return points_accounts().filter(~Exists(stopped))


def lots_of(person_id: int, *, section: str = "", on: datetime | None = None) -> list[Lot]:
    """Earliest expiry first, then id; expired and empty ones left out."""
    found = spendable_accounts().filter(
        person_id=person_id, expires_at__gt=on or clock.now(), credits_posted__gt=F("debits_posted")
    )
    return [lot for lot in lots_from(found) if lot.is_for(section)]


def lots_from(accounts: Iterable[LedgerAccount]) -> list[Lot]:
    """Two queries, however many."""
    rows = [row for row in accounts if row.available > 0]
    grants = PointGrant.objects.unscoped(OWN).filter(pk__in={grant_of(row) for row in rows})
    sections = dict(grants.values_list("pk", "sections"))
    backing = backing_of({row.within_id for row in rows})
    lots = [
        Lot(row.pk, row.within_id, backing[row.within_id], grant_of(row), row.available, row.expires_at,
            tuple(sections.get(grant_of(row), ())))
        for row in rows
    ]  # fmt: skip
    return sorted(lots, key=lambda lot: (lot.expires_at, lot.account_id))


def grant_of(account: LedgerAccount) -> int:
    return int(account.name.removeprefix("grant:"))


BACKING = """
SELECT i.id, b.id FROM ledger_account i
  JOIN ledger_account b ON b.kind = 'backing' AND b.union_id = i.union_id AND b.name = i.name AND b.ledger = 1
 WHERE i.id = ANY(%s)
"""


def backing_of(issue_ids: Iterable[int]) -> dict[int, int]:
    """The backing account beside each issue account."""
    with connection.cursor() as cursor:
        cursor.execute(BACKING, [list(issue_ids)])
        return dict(cursor.fetchall())


def balance_of(person_id: int) -> int:
    """What is neither spent, nor set aside, nor expired; one query."""
    left = F("credits_posted") - F("debits_posted") - F("debits_pending")
    found = spendable_accounts().filter(person_id=person_id, expires_at__gt=clock.now())
    return (
        found.filter(credits_posted__gt=F("debits_posted") + F("debits_pending")).aggregate(n=Sum(left))["n"]
        or 0
    )


@dataclass(frozen=True, slots=True)
class Liability:
    """One budget's points that are out, and the fen behind them."""

    budget_id: int
    budget: str
    union: str
    points: int
    backing_fen: int
    months: tuple[tuple[str, int], ...]

    @property
    def is_equal(self) -> bool:
        return self.points * POINT_FEN == self.backing_fen


LIABILITIES = """
SELECT b.id, b.name, u.name, coalesce(-(i.credits_posted - i.debits_posted), 0),
       coalesce(k.credits_posted - k.debits_posted, 0), i.id
  FROM ledger_account i JOIN orgs_union u ON u.id = i.union_id
  JOIN funds_budget b ON b.id = substr(i.name, 8)::bigint
  LEFT JOIN ledger_account k ON k.kind = 'backing' AND k.union_id = i.union_id AND k.name = i.name AND k.ledger = 1
 WHERE i.kind = 'issue' AND i.id = ANY(%s) ORDER BY u.path, b.id
"""
# By the month in which a lot is over: when it expires, or goes back before because its owner died or left.
MONTHS = """
SELECT a.within_id, to_char(least(a.expires_at AT TIME ZONE 'Asia/Shanghai' - interval '1 second', f.due_on), 'YYYY-MM'),
       sum(a.credits_posted - a.debits_posted)::bigint
  FROM ledger_account a
  LEFT JOIN (SELECT account_id, min(due_on)::timestamp AS due_on FROM funds_lotfate WHERE treatment = 'return'
              GROUP BY account_id) f ON f.account_id = a.id
 WHERE a.kind = 'points' AND a.within_id = ANY(%s) AND a.credits_posted > a.debits_posted
 GROUP BY 1, 2 ORDER BY 1, 2
"""


def liabilities(actor: Actor) -> list[Liability]:
    """By budget, of the unions the actor may see. Points out are what the issue account gave and did not get back."""
    seen = LedgerAccount.objects.visible_to(actor).filter(kind="issue")
    issue_ids = list(seen.values_list("pk", flat=True))
    months: dict[int, list[tuple[str, int]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(MONTHS, [issue_ids])
        for issue_id, month, points in cursor.fetchall():
            months.setdefault(issue_id, []).append((month, points))
        cursor.execute(LIABILITIES, [issue_ids])
        return [
            Liability(pk, name, union, points, backing, tuple(months.get(issue_id, ())))
            for pk, name, union, points, backing, issue_id in cursor.fetchall()
        ]


@dataclass(frozen=True, slots=True)
class ComingBack:
    """Points that go back before they expire, because their owner died or left."""

    kind: str
    lots: int
    points: int
    first_on: date


COMING_BACK = """
SELECT f.kind, count(*), sum(a.credits_posted - a.debits_posted)::bigint, min(f.due_on)
  FROM (SELECT DISTINCT ON (account_id) account_id, kind, due_on FROM funds_lotfate WHERE treatment = 'return'
         ORDER BY account_id, due_on, id) f
  JOIN ledger_account a ON a.id = f.account_id
 WHERE a.within_id = ANY(%s) AND a.credits_posted > a.debits_posted GROUP BY f.kind ORDER BY f.kind
"""


def coming_back(actor: Actor) -> list[ComingBack]:
    """By why; each lot once, under the change whose day comes first."""
    seen = LedgerAccount.objects.visible_to(actor).filter(kind="issue")
    with connection.cursor() as cursor:
        cursor.execute(COMING_BACK, [list(seen.values_list("pk", flat=True))])
        return [ComingBack(*row) for row in cursor.fetchall()]


# What went back because its owner died or left was never its owner's to use up: it counts for neither side.
BREAKAGE = """
SELECT coalesce(sum(g.granted::bigint * g.per_head - e.returned), 0)::bigint, coalesce(sum(e.expired), 0)::bigint
  FROM funds_pointgrant g
 CROSS JOIN LATERAL (SELECT coalesce(sum(t.amount) FILTER (WHERE t.code = 'expire_points'), 0) AS expired,
                            coalesce(sum(t.amount) FILTER (WHERE t.code = 'return_points'), 0) AS returned
                       FROM ledger_transfer t WHERE t.subject = 'grant:' || g.id) e
 WHERE g.id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Breakage:
    """Of grants that are over: what they gave, without what a change of membership took back, and what came back unused."""

    granted: int
    expired: int

    @property
    def percent(self) -> int:
        return round(self.expired * 100 / self.granted) if self.granted else 0

    def forecast(self, points: int) -> int:
        """How many of these may come back, if members do as they did."""
        return round(points * self.expired / self.granted) if self.granted else 0


def breakage(actor: Actor) -> Breakage:
    over = PointGrant.objects.visible_to(actor).filter(state=PointGrant.State.EXPIRED)
    with connection.cursor() as cursor:
        cursor.execute(BREAKAGE, [list(over.values_list("pk", flat=True))])
        return Breakage(*cursor.fetchone())
