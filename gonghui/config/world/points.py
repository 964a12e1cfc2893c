"""福豆 of the demo: a city's own fund, a grant already given, and three others under way."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.config.world.budgets import Money, give, open_fund, plan_of_year
from gonghui.config.world.tree import Tree
from gonghui.funds.actions import grants
from gonghui.funds.models import Budget, PointGrant
from gonghui.kit import clock
from gonghui.kit.actors import Actor

PER_HEAD = 300
BIRTHDAY_PER_HEAD = 100
SYSTEM = Actor.system("demo world")
SPARE = 2  # times what the grant needs


def build_points(tree: Tree, staff: dict[str, User], progress) -> PointGrant:
    """Made by the city's administrator, checked by its finance officer; the job's work is done at once."""
    city, today = tree.by_code["4401"], clock.today()
    money = Money(actor_of(staff["guangzhou"]), actor_of(staff["finance"]))
    people = max(grants.audience_of(PointGrant(union=city, roster_on=today)).count(), 1)
    source = open_fund(
        city, money.approver, _("市总工会本级经费"), "city", people * PER_HEAD * SPARE + 500_000
    )
    plan = plan_of_year(city, _("节日和生日慰问"), "festival", people * PER_HEAD * SPARE)
    budget = give(money, plan, source=source)
    given = _given(money, budget)
    progress.advance(1)
    _under_way(money, budget)
    progress.advance(1)
    return given


def _drafted(money: Money, budget: Budget, title: str, **facts) -> PointGrant:
    today = clock.today()
    known = {
        "category": "birthday", "per_head": BIRTHDAY_PER_HEAD, "roster_on": today,
        "expires_on": today + dt.timedelta(days=180),
    }  # fmt: skip
    return grants.draft_grant(
        money.writer, union=budget.union, budget=budget, title=title, **{**known, **facts}
    )


def _given(money: Money, budget: Budget) -> PointGrant:
    facts = {"category": "festival", "festival": "guoqing", "per_head": PER_HEAD}
    grant = _drafted(money, budget, _("国庆慰问"), **facts)
    _checked(money, grant)
    grants.run_grant(money.writer, point_grant_id=grant.pk)
    return grants.give_grant(SYSTEM, grant_id=grant.pk)


def _under_way(money: Money, budget: Budget) -> None:
    """A draft, one that waits for its check, and one that is checked and may begin."""
    month = clock.today().month
    names = [_("{month} 月生日慰问").format(month=(month + ahead - 1) % 12 + 1) for ahead in range(3)]
    checked, waiting, _draft = (
        _drafted(money, budget, name, birthday_month=(month + ahead - 1) % 12 + 1)
        for ahead, name in enumerate(names)
    )
    _checked(money, checked)
    grants.submit_grant(money.writer, point_grant_id=waiting.pk)
    grants.screen_grant(SYSTEM, grant_id=waiting.pk)


def _checked(money: Money, grant: PointGrant) -> None:
    """The jobs' work is done at once here too."""
    grants.submit_grant(money.writer, point_grant_id=grant.pk)
    grants.screen_grant(SYSTEM, grant_id=grant.pk)
    grants.check_grant(money.approver, point_grant_id=grant.pk)
    grants.screen_grant(SYSTEM, grant_id=grant.pk)
