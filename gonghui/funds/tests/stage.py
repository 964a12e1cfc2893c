"""Money for tests: the province's source → its budget → the city's → the factory's, approved, with people of their own.

    省总 budget 100,000 元 ── 东江 budget 40,000 元 ── 蓝海 budget 10,000 元   (all of 2024–2030)

The people: province_finance and auditor (省), city_finance, second_finance (东江). Makers are province_admin and city_admin.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import uuid4

from gonghui.accounts.models import User
from gonghui.funds.actions import budgets, sources
from gonghui.funds.actions.budgets import BudgetTerms
from gonghui.funds.models import Budget, FundSource
from gonghui.kit.tests.stages import kept
from gonghui.ledger.models import LedgerAccount
from gonghui.orgs.models import Grant

STARTS, ENDS = dt.date(2024, 1, 1), dt.date(2030, 12, 31)
YUAN = 100


@dataclass
class MoneyStage:
    cast: object
    source: FundSource
    province: Budget
    city: Budget
    factory: Budget

    def actor(self, name: str):
        return self.cast.actor(name)


def new_staff(cast, name: str, role: str, union: str) -> User:
    user = User(login=name, is_staff=True, display_name=name)
    user.set_unusable_password()
    user.save()
    cast.users[name] = user
    Grant.objects.create(user=user, role=role, union=cast.unions[union], starts_on=dt.date(2024, 1, 1))
    return user


@kept
def build_money(cast, *, kind: str = "special", level: str = "province") -> MoneyStage:
    new_staff(cast, "province_finance", "finance_officer", "province")
    new_staff(cast, "auditor", "audit_committee", "province")
    new_staff(cast, "city_finance", "finance_officer", "city")
    new_staff(cast, "second_finance", "finance_officer", "city")
    source = funded_source(cast, "province", yuan=200_000, by="province_finance", kind=kind, level=level)
    province = approved(cast, "province", source=source, yuan=100_000)
    city = approved(cast, "city", parent=province, yuan=40_000)
    factory = approved(cast, "factory", parent=city, yuan=10_000, by="city_finance")
    return MoneyStage(cast, source, province, city, factory)


def funded_source(
    cast,
    union: str,
    *,
    yuan: int,
    by: str = "province_finance",
    kind: str = "special",
    level: str = "province",
) -> FundSource:
    actor = cast.actor(by)
    name = f"{cast.unions[union].name}专项资金 {uuid4().hex[:6]}"
    source = sources.open_source(actor, union=cast.unions[union], name=name, kind=kind, level=level)
    sources.record_receipt(
        actor, source_id=source.pk, amount_fen=yuan * YUAN, document=f"拨款 {source.pk}", received_on=STARTS, key=uuid4()
    )  # fmt: skip
    return source


def terms_of(yuan: int, **facts) -> BudgetTerms:
    known = {
        "name": "普惠预算",
        "category": "general",
        "expense_class": "activity",
        "starts_on": STARTS,
        "ends_on": ENDS,
        "resolution": "主席办公会 2024-3 号",
    }
    return BudgetTerms(**(known | {"amount_fen": yuan * YUAN} | facts))  # fmt: skip


def submitted(cast, union: str, *, yuan: int, parent=None, source=None, maker: str = "", **facts) -> Budget:
    maker = maker or ("city_admin" if union in ("city", "district", "factory") else "province_admin")
    actor = cast.actor(maker)
    above = {"parent_id": parent and parent.pk, "source_id": source and source.pk}
    made = budgets.write_budget(actor, union=cast.unions[union], terms=terms_of(yuan, **facts), **above)
    return budgets.submit_budget(actor, budget_id=made.pk)


def approved(cast, union: str, *, by: str = "province_finance", **facts) -> Budget:
    """Written and submitted by an administrator, approved by `by`, who is of the giving union."""
    made = submitted(cast, union, **facts)
    return budgets.approve_budget(cast.actor(by), budget_id=made.pk)


def balance(account_id: int) -> int:
    return LedgerAccount.objects.unscoped("test").get(pk=account_id).balance


def trial() -> int:
    """Over everything: debits less credits of each ledger; zero."""
    from django.db.models import F, Sum

    found = LedgerAccount.objects.unscoped("test").values("ledger")
    sums = found.annotate(d=Sum(F("debits_posted") - F("credits_posted"))).values_list("d", flat=True)
    return sum(abs(d) for d in sums)
