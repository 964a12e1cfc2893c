"""Money of the demo: the province's and a city's funds, handed down province → city → district → programme → month, some of it spent."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from django.utils.translation import gettext as _

from gonghui.accounts.models import User
from gonghui.config.actors import actor_of
from gonghui.config.world.tree import Tree
from gonghui.funds import accounts
from gonghui.funds.actions import budgets, commitments, sources
from gonghui.funds.actions.budgets import BudgetTerms
from gonghui.funds.models import Budget, FundSource
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.ledger import engine
from gonghui.ledger.engine import Order
from gonghui.orgs.models import Union

YUAN = 100
CITIES = {"4401": 12_000_000, "4406": 4_200_000, "4403": 6_800_000}
DISTRICTS = (("440106", 1_600_000), ("440105", 1_350_000), ("440104", 980_000), ("440113", 1_120_000))
PROGRAMMES = (("夏送清凉", "care", 30), ("中秋国庆慰问", "festival", 40))
# What is not named here is 职工活动支出.
CLASSES = {
    "care": "rights",
    "training": "activity",
    "general": "subsidy",
    "health": "rights",
    "coupon": "business",
}
MONTHS_BACK = 3
STEPS = len(CITIES) + len(DISTRICTS)


@dataclass
class Money:
    """Who acts, and the budgets others of the demo take from."""

    writer: Actor
    approver: Actor
    city: Budget | None = None
    count: int = 0


@dataclass(frozen=True)
class Plan:
    union: Union
    name: str
    category: str
    yuan: int
    days: tuple[dt.date, dt.date]


def build_budgets(tree: Tree, staff: dict[str, User], progress) -> Money:
    """Written by the province's administrator, approved by its finance officer; one asks for more, one waits, one is a draft."""
    money = Money(actor_of(staff["province"]), actor_of(staff["treasury"]))
    source = open_fund(tree.province, money.approver, _("省级工会经费"), "province", 60_000_000)
    top = give(money, plan_of_year(tree.province, _("全省普惠服务"), "general", 40_000_000), source=source)
    for code, yuan in CITIES.items():
        city = tree.by_code[code]
        made = give(
            money,
            plan_of_year(city, _("{city}普惠服务").format(city=city.region.name), "general", yuan),
            parent=top,
        )
        money.city = money.city or made
        progress.advance(1)
    _districts(money, tree, progress)
    _undecided(money, tree, top)
    return money


def open_fund(union: Union, finance: Actor, name: str, level: str, yuan: int) -> FundSource:
    """A year's fund that arrived in two documents."""
    year = clock.today().year
    name = _("{year} 年{name}").format(year=year, name=name)
    source = sources.open_source(finance, union=union, name=name, kind="union_fund", level=level)
    for number, part in ((1, yuan * 3 // 5), (2, yuan - yuan * 3 // 5)):
        document = _("{year} 年拨款 {n} 号").format(year=year, n=number)
        sources.record_receipt(
            finance, source_id=source.pk, amount_fen=part * YUAN, document=document,
            received_on=min(dt.date(year, number * 3 - 2, 10), clock.today()), key=uuid5(NAMESPACE_URL, f"{source.pk}/{number}"),
        )  # fmt: skip
    return source


def give(
    money: Money, plan: Plan, *, source: FundSource | None = None, parent: Budget | None = None
) -> Budget:
    made = _submitted(money, plan, source=source, parent=parent)
    return budgets.approve_budget(money.approver, budget_id=made.pk)


def _written(money: Money, plan: Plan, *, source=None, parent=None) -> Budget:
    money.count += 1
    starts_on, ends_on = plan.days
    terms = BudgetTerms(
        name=plan.name, category=plan.category, amount_fen=plan.yuan * YUAN, starts_on=starts_on, ends_on=ends_on,
        resolution=_("主席办公会 {year} 年第 {n} 次会议").format(year=starts_on.year, n=1 + money.count % 9),
        expense_class=CLASSES.get(plan.category, "activity"),
    )  # fmt: skip
    above = {"source_id": source.pk if source else None, "parent_id": parent.pk if parent else None}
    return budgets.write_budget(money.writer, union=plan.union, terms=terms, **above)


def _submitted(money: Money, plan: Plan, **above) -> Budget:
    return budgets.submit_budget(money.writer, budget_id=_written(money, plan, **above).pk)


def plan_of_year(union: Union, name: str, category: str, yuan: int) -> Plan:
    """Of this year, from the first month that is shown."""
    year = clock.today().year
    first = min(dt.date(year, 1, 1), _month(MONTHS_BACK)[0])
    return Plan(union, name, category, yuan, (first, dt.date(year, 12, 31)))


def _districts(money: Money, tree: Tree, progress) -> None:
    for code, yuan in DISTRICTS:
        district = tree.by_code[code]
        name = _("{district}服务经费").format(district=district.region.name)
        parent = give(money, plan_of_year(district, name, "general", yuan), parent=money.city)
        for title, category, percent in PROGRAMMES:
            plan = plan_of_year(district, title, category, yuan * percent // 100)
            _months(money, give(money, plan, parent=parent))
        progress.advance(1)


def _months(money: Money, programme: Budget) -> None:
    """The months gone by are spent in part; this one is set aside."""
    share = programme.amount_fen // YUAN // (MONTHS_BACK + 2)
    for back in range(MONTHS_BACK, -1, -1):
        first, last = _month(back)
        name = _("{year} 年 {month} 月").format(year=first.year, month=first.month)
        # What a month left may be used until the end of the year.
        ends_on = programme.ends_on if back else last
        plan = Plan(programme.union, name, programme.category, share, (first, ends_on))
        made = give(money, plan, parent=programme)
        _spend(money, made, percent=(55, 92, 78, 100)[back], is_paid=back > 0)


def _month(back: int) -> tuple[dt.date, dt.date]:
    today = clock.today()
    year, month = divmod(today.year * 12 + today.month - 1 - back, 12)
    return dt.date(year, month + 1, 1), dt.date(year, month + 1, calendar.monthrange(year, month + 1)[1])


def _spend(money: Money, budget: Budget, *, percent: int, is_paid: bool) -> None:
    """Set aside for what was bought and, where it is paid, gone to the bank."""
    amount_fen = budget.amount_fen * percent // 100
    purpose = f"purchase:{budget.pk}"
    made = commitments.reserve(money.writer, budget_id=budget.pk, amount_fen=amount_fen, purpose=purpose)
    if not is_paid:
        return
    bank = engine.open_account(accounts.bank_of(budget.union_id))
    key = uuid5(NAMESPACE_URL, f"bought/{budget.pk}")
    facts = {"debit_id": made.account_id, "credit_id": bank.pk, "subject": purpose}
    engine.transfer_all([Order(key, "buy", amount_fen, **facts)])
    commitments.release_commitment(money.writer, purpose=purpose)


def _undecided(money: Money, tree: Tree, top: Budget) -> None:
    """What a finance officer finds waiting in the morning."""
    jiangmen, zhuhai = tree.by_code["4407"], tree.by_code["4404"]
    _submitted(money, plan_of_year(jiangmen, _("江门市普惠服务"), "general", 2_600_000), parent=top)
    _written(money, plan_of_year(zhuhai, _("珠海市职工疗休养"), "health", 1_500_000), parent=top)
    budgets.propose_change(
        money.writer, budget_id=money.city.pk, delta_fen=800_000 * YUAN, reason=_("新增外卖配送员 3,200 人入会"),
        resolution=_("主席办公会纪要 17 号"),
    )  # fmt: skip
