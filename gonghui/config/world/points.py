"""福豆 of the demo: one city's money, its approved budget, and a 国庆 grant already given."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.config.world.tree import Tree
from gonghui.funds.actions import budgets, grants, sources
from gonghui.funds.actions.budgets import BudgetTerms
from gonghui.funds.models import Budget, PointGrant
from gonghui.kit import clock
from gonghui.kit.actors import Actor

PER_HEAD = 300
SPARE = 2  # times what the grant needs


def build_points(tree: Tree, staff: dict[str, User], progress) -> PointGrant:
    """Made by the city's administrator, checked by its finance officer; the job's work is done at once."""
    city, today = tree.by_code["4401"], clock.today()
    maker, finance = actor_of(staff["guangzhou"]), actor_of(staff["finance"])
    sketch = PointGrant(union=city, roster_on=today)
    amount_fen = max(grants.audience_of(sketch).count(), 1) * PER_HEAD * 100 * SPARE
    budget = _approved_budget(city, maker, finance, amount_fen)
    grant = grants.draft_grant(
        maker, union=city, budget=budget, title="国庆慰问", category="festival", festival="guoqing",
        per_head=PER_HEAD, roster_on=today, expires_on=today + dt.timedelta(days=180),
    )  # fmt: skip
    grants.submit_grant(maker, point_grant_id=grant.pk)
    grants.check_grant(finance, point_grant_id=grant.pk)
    grants.run_grant(maker, point_grant_id=grant.pk)
    grant = grants.give_grant(Actor.system("demo world"), grant_id=grant.pk)
    progress.advance(1)
    return grant


def _approved_budget(city, maker: Actor, finance: Actor, amount_fen: int) -> Budget:
    today = clock.today()
    source = sources.open_source(
        finance, union=city, name="市总工会本级经费", kind="union_fund", level="city"
    )
    sources.record_receipt(
        finance,
        source_id=source.pk,
        amount_fen=amount_fen,
        document="年度拨款 1 号",
        received_on=today,
        key=uuid4(),
    )
    terms = BudgetTerms(
        name=f"{today.year} 年节日慰问", category="festival", amount_fen=amount_fen, starts_on=today.replace(month=1, day=1),
        ends_on=today.replace(month=12, day=31), resolution=f"主席办公会 {today.year} 年第 3 次会议",
    )  # fmt: skip
    made = budgets.write_budget(maker, union=city, terms=terms, source_id=source.pk)
    budgets.submit_budget(maker, budget_id=made.pk)
    return budgets.approve_budget(finance, budget_id=made.pk)
