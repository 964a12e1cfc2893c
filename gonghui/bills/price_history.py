"""What goods cost before anything was off: by store and code, the price now and the lowest of thirty days before an offer begins.

From bills that were not cancelled; a line without a code, or a store that sold none of it, tells nothing. No list of prices is
asked of merchants: what they charged is what counts.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import connection
from django.utils.translation import gettext as _

from gonghui.bills import pricing
from gonghui.bills.plans import TermsPlan
from gonghui.bills.pricing.screen import says_day
from gonghui.kit import clock
from gonghui.kit.clock import CHINA
from gonghui.kit.templatetags.kit import yuan

LOOK_BACK = timedelta(days=30)
SHOWN_MAX = 200
UNIT_PRICES = (pricing.Form.FIXED_PRICE, pricing.Form.AGREEMENT_PRICE)

GOODS = """
WITH sold AS (
    SELECT b.store_id, l.code, l.name, l.list_fen / l.quantity AS fen, b.at, l.id
      FROM bills_bill b JOIN bills_billline l ON l.bill_id = b.id
     WHERE b.store_id = ANY(%(stores)s) AND b.at >= %(since)s AND b.at <= %(now)s AND b.state <> 'cancelled'
       AND l.code <> '' AND l.gift_of_id IS NULL AND (%(codes)s::text[] IS NULL OR l.code = ANY(%(codes)s::text[]))
), priced AS (
    SELECT store_id, code, (array_agg(name ORDER BY at DESC, id DESC))[1] AS name,
           (array_agg(fen ORDER BY at DESC, id DESC))[1] AS fen, min(fen) FILTER (WHERE at <= %(begins)s) AS low,
           (array_agg(at ORDER BY fen, at DESC) FILTER (WHERE at <= %(begins)s))[1] AS low_at, count(*) AS n
      FROM sold GROUP BY store_id, code
)
SELECT p.store_id, s.name, p.code, p.name, p.fen, p.low, p.low_at
  FROM priced p JOIN partners_store s ON s.id = p.store_id
 ORDER BY p.fen > p.low DESC NULLS LAST, p.n DESC, p.store_id, p.code LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class GoodsPrice:
    """Of one unit at one store, in fen. `low_fen`: the lowest before the offer begins; None: it was not sold then."""

    store_id: int
    store: str
    code: str
    name: str
    now_fen: int
    low_fen: int | None
    low_on: date | None

    @property
    def is_raised(self) -> bool:
        return self.low_fen is not None and self.now_fen > self.low_fen

    def is_no_bargain(self, price: pricing.Terms) -> bool:
        """What the offer asks is no less than what was asked of everybody."""
        return price.form in UNIT_PRICES and self.low_fen is not None and price.price_fen >= self.low_fen

    def says(self) -> str:
        facts = {"store": self.store, "name": self.name, "code": self.code, "now": yuan(self.now_fen)}
        if self.low_fen is None:
            return _("%(store)s“%(name)s”（%(code)s）现在原价 %(now)s 元，之前 30 天没有卖过。") % facts
        facts |= {"low": yuan(self.low_fen), "day": says_day(self.low_on)}
        said = _("%(store)s“%(name)s”（%(code)s）现在原价 %(now)s 元，之前 30 天最低 %(low)s 元（%(day)s）。")
        return said % facts


def goods_prices(
    store_ids: Collection[int],
    codes: Collection[str] = (),
    *,
    begins: datetime | None = None,
    most: int = SHOWN_MAX,
) -> list[GoodsPrice]:
    """Raised ones first, then what sells most. No `codes`: all that have one. One query."""
    now = clock.now()
    begins = min(begins or now, now)
    asked = {
        "stores": list(store_ids), "codes": list(codes) or None, "now": now, "begins": begins,
        "since": begins - LOOK_BACK, "most": most,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(GOODS, asked)
        rows = cursor.fetchall()
    return [
        GoodsPrice(store_id, store, code, name, now_fen, low_fen, at and at.astimezone(CHINA).date())
        for store_id, store, code, name, now_fen, low_fen, at in rows
    ]


def prices_of(plan: TermsPlan) -> list[GoodsPrice]:
    """Of what the offer touches, in its stores."""
    return goods_prices(plan.store_ids, plan.codes, begins=begins_at(plan))


def begins_at(plan: TermsPlan) -> datetime | None:
    """The first day of its windows; None: as soon as it is up."""
    days = [window.starts_on for window in plan.windows if window.starts_on]
    if not days or len(days) < len(plan.windows):
        return None
    return datetime.combine(min(days), time(0), CHINA)


def doubtful_prices(plan: TermsPlan) -> list[GoodsPrice]:
    """Raised within thirty days before the offer begins, or no dearer before than the offer asks."""
    return [one for one in prices_of(plan) if one.is_raised or one.is_no_bargain(plan.price)]
