"""永久追溯: every fen of a bill, step by step from the source of the money to the line it paid and to the merchant it reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext as _

from gonghui.bills.models import Bill, BillPart, Payer
from gonghui.funds.models import Commitment, PointGrant

LINEAGE = """
WITH RECURSIVE up AS (
    SELECT b.id AS of_id, b.id, b.parent_id, 0 AS step FROM funds_budget b WHERE b.id = ANY(%s)
     UNION ALL
    SELECT up.of_id, b.id, b.parent_id, up.step + 1 FROM up JOIN funds_budget b ON b.id = up.parent_id
)
SELECT up.of_id, b.name, u.name, f.name, v.name
  FROM up JOIN funds_budget b ON b.id = up.id JOIN orgs_union u ON u.id = b.union_id
  JOIN funds_fundsource f ON f.id = b.source_id JOIN orgs_union v ON v.id = f.union_id
 ORDER BY up.of_id, up.step DESC
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One place the money stood in. `union` is whose it was; empty for people and merchants."""

    kind: str
    name: str
    union: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """Fen of one payer that came one way; `steps` from the source down to the bill, `onward` from there to the merchant."""

    payer: str
    fen: int
    refunded_fen: int
    steps: tuple[Step, ...]
    onward: tuple[Step, ...] = ()

    @property
    def payer_name(self) -> str:
        return str(Payer(self.payer).label)


arrivals: list[Callable[[Bill], tuple[Step, ...]]] = []
"""How money on a merchant's account was paid to it: told by the app above that pays."""


def ways_of(bill: Bill) -> list[Way]:
    """Parts that came the same way are one, largest first. Five queries at most, however many lines."""
    parts = list(BillPart.objects.unscoped("the parts of a bill the caller may see").filter(line__bill=bill))
    behind = budgets_behind(part.account_id for part in parts if part.account_id)
    paid, back = Counter(), Counter()
    for part in parts:
        way = part.payer, behind.get(part.account_id) or (_step_of(part, bill),)
        paid[way] += part.fen
        back[way] += part.refunded_fen
    arrived = tuple(step for told in arrivals for step in told(bill))
    return [
        Way(payer, fen, back[payer, steps], steps, _onward(payer, bill, arrived))
        for (payer, steps), fen in paid.most_common()
    ]


def _onward(payer: str, bill: Bill, arrived: tuple[Step, ...]) -> tuple[Step, ...]:
    if payer == Payer.MERCHANT or bill.settled_at is None:
        return ()
    if payer == Payer.WORKER and bill.method != Bill.Method.WECHAT:
        return (Step("counter", _("在柜台当面付给商户")),)
    return arrived


def _step_of(part: BillPart, bill: Bill) -> Step:
    if part.payer == Payer.MERCHANT:
        return Step("merchant", bill.partner.name)
    return Step("worker", _("本人支付"))


def budgets_behind(account_ids: Iterable[int]) -> dict[int, tuple[Step, ...]]:
    """By account of a commitment or of a lot of points: source, budgets from the top down, what it was set aside for."""
    wanted = set(account_ids)
    if not wanted:
        return {}
    last = {
        c.account_id: (c.budget_id, Step("commitment", _("专款预留")))
        for c in Commitment.objects.unscoped("behind a bill").filter(account_id__in=wanted)
    }
    last |= _grants_behind(wanted - last.keys())
    lineage = lineage_of({budget_id for budget_id, _step in last.values()})
    return {account: (*lineage[budget_id], step) for account, (budget_id, step) in last.items()}


def _grants_behind(account_ids: set[int]) -> dict[int, tuple[int, Step]]:
    """The lot's name is its grant: "grant:<id>"."""
    if not account_ids:
        return {}
    found = PointGrant.objects.unscoped("behind a bill").extra(
        tables=["ledger_account"],
        where=["ledger_account.id = ANY(%s)", "ledger_account.name = 'grant:' || funds_pointgrant.id"],
        params=[list(account_ids)],
        select={"lot_id": "ledger_account.id"},
    )
    return {grant.lot_id: (grant.budget_id, Step("grant", grant.title)) for grant in found}


def lineage_of(budget_ids: set[int]) -> dict[int, tuple[Step, ...]]:
    """By budget: its source, then the budgets from the top down to itself."""
    with connection.cursor() as cursor:
        cursor.execute(LINEAGE, [list(budget_ids)])
        rows = cursor.fetchall()
    ways: dict[int, tuple[Step, ...]] = {}
    for of_id, budget, union, source, source_union in rows:
        start = ways.get(of_id) or (Step("source", source, source_union),)
        ways[of_id] = (*start, Step("budget", budget, union))
    return ways
