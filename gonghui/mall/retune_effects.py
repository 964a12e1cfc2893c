"""What became of a month's allotment: given and driven for each section, and what would not have been bought without it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal

from django.db import connection

from gonghui.kit.clock import CHINA
from gonghui.mall.actions.ranking import FEWEST
from gonghui.mall.models import Retune

GIVEN = """
SELECT f.code, count(DISTINCT b.person_id), count(DISTINCT b.id),
       COALESCE(sum(p.fen - p.refunded_fen) FILTER (WHERE p.offer_id = t.offer_id), 0),
       COALESCE(sum(p.fen - p.refunded_fen) FILTER (WHERE p.payer <> 'merchant'), 0)
  FROM mall_subsidy s JOIN bills_offerterms t ON t.id = s.terms_id JOIN funds_section f ON f.id = s.section_id
  JOIN bills_billoffer o ON o.offer_id = t.offer_id JOIN bills_bill b ON b.id = o.bill_id AND b.settled_at IS NOT NULL
  JOIN bills_billline l ON l.bill_id = b.id AND l.section = f.code JOIN bills_billpart p ON p.line_id = l.id
 WHERE s.retune_id = %(retune)s GROUP BY f.code
"""
SOLD = """
SELECT b.store_id = ANY(%(first)s), b.settled_at >= %(begins)s, count(DISTINCT b.person_id), sum(l.list_fen - l.refunded_fen),
       COALESCE(sum(u.fen), 0)
  FROM bills_bill b JOIN bills_billline l ON l.bill_id = b.id
  LEFT JOIN LATERAL (
       SELECT sum(p.fen - p.refunded_fen) AS fen FROM bills_billpart p
        WHERE p.line_id = l.id AND p.offer_id IN (
              SELECT t.offer_id FROM mall_subsidy s JOIN bills_offerterms t ON t.id = s.terms_id
               WHERE s.retune_id = %(retune)s)) u ON true
 WHERE b.store_id = ANY(%(stores)s) AND l.section = ANY(%(codes)s)
   AND b.settled_at >= %(since)s AND b.settled_at < %(until)s
 GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of a section. Fewer than ten people: no figure of what was bought. `forecast_fen`: what the money buys if every bill just
    reaches the threshold."""

    code: str
    name: str
    why: str
    was_fen: int
    fen: int
    forecast_fen: int
    given_fen: int = 0
    bills: int = 0
    driven_fen: int | None = 0

    @property
    def leverage(self) -> Decimal | None:
        """Consumption for each yuan given, two decimals."""
        if not self.given_fen or self.driven_fen is None:
            return None
        return round(Decimal(self.driven_fen) / Decimal(self.given_fen), 2)


def outcomes_of(row: Retune) -> list[Outcome]:
    """In the order of the ranking; one query."""
    names = {item["code"]: item["name"] for item in row.snapshot.items}
    was = {one["code"]: one["was_fen"] for one in row.inputs}
    with connection.cursor() as cursor:
        cursor.execute(GIVEN, {"retune": row.pk})
        found = {code: facts for code, *facts in cursor.fetchall()}
    made = []
    for item in row.items:
        people, bills, given, driven = found.get(item["code"], (0, 0, 0, 0))
        made.append(
            Outcome(
                item["code"], names.get(item["code"], item["code"]), item["why"], was.get(item["code"], 0), item["fen"],
                forecast_fen=item["fen"] // row.off_fen * row.threshold_fen, given_fen=int(given),
                bills=bills, driven_fen=int(driven) if people >= FEWEST or not people else None,
            )
        )  # fmt: skip
    return made


@dataclass(frozen=True, slots=True)
class Increment:
    """Sales of the ranked sections in the half of the shops that began and in the half that waited; as many days before and
    after."""

    days: int
    first_before_fen: int
    first_fen: int
    second_before_fen: int
    second_fen: int
    given_fen: int

    @property
    def extra_fen(self) -> int:
        """What the first half sold beyond its own sales before, moved as the second half moved meanwhile; negative: less."""
        return self.first_fen - self.first_before_fen * self.second_fen // self.second_before_fen

    @property
    def per_yuan(self) -> Decimal | None:
        return round(Decimal(self.extra_fen) / Decimal(self.given_fen), 2) if self.given_fen else None


def increment_of(row: Retune, store_ids: list[int]) -> Increment | None:
    """None where all shops began together, or fewer than ten people stand behind one of the four figures. One query."""
    if row.wave_two_on is None:
        return None
    begins, until = (datetime.combine(day, time(0), CHINA) for day in (row.starts_on, row.wave_two_on))
    facts = {
        "retune": row.pk, "first": row.first_stores, "stores": store_ids, "codes": [item["code"] for item in row.items],
        "begins": begins, "since": begins - (until - begins), "until": until,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(SOLD, facts)
        rows = {(is_first, is_after): facts for is_first, is_after, *facts in cursor.fetchall()}
    if len(rows) < 4 or any(people < FEWEST for people, *_fens in rows.values()):
        return None
    sold = {at: int(fen) for at, (_people, fen, _given) in rows.items()}
    return Increment(
        (until - begins).days, sold[True, False], sold[True, True], sold[False, False], sold[False, True],
        given_fen=int(rows[True, True][2]),
    )  # fmt: skip
