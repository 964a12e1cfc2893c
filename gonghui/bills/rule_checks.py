"""支出规则 for what a bill's unions give: asked and written with the bill, taken back with its refunds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from gonghui.bills import pricing
from gonghui.bills.errors import RULE_REFUSES_OFFER
from gonghui.bills.models import Bill
from gonghui.bills.plans import TermsPlan, least_of_shares
from gonghui.bills.selling import BillFacts
from gonghui.funds import rulebook
from gonghui.funds.models import BenefitUse, Budget
from gonghui.funds.models.rules import BenefitCategory
from gonghui.funds.rulebook import Giving
from gonghui.kit.clock import CHINA
from gonghui.kit.errors import DomainError


class Funding(NamedTuple):
    """What one budget gives through one offer."""

    offer_id: int
    title: str
    account_id: int
    fen: int
    category: str
    festival: str
    budget: Budget


def occasion_of(key: UUID, offer_id: int, account_id: int) -> str:
    return f"bill:{key.hex}:{offer_id}:{account_id}"


def obey_rules(facts: BillFacts, fundings: Sequence[Funding]) -> None:
    """Refuses with the clause and the offer it speaks against. In a fixed order: others who give to the same person wait
    for these tallies."""
    for one in sorted(fundings, key=lambda one: (one.category, one.festival, one.account_id)):
        giving = Giving(
            person_ids=[facts.person_id],
            union=one.budget.union,
            source_kind=one.budget.source.kind,
            source_level=one.budget.source.level,
            category=one.category,
            festival=one.festival,
            amount_fen=one.fen,
            on=facts.at.astimezone(CHINA).date(),
            occasion=occasion_of(facts.key, one.offer_id, one.account_id),
        )
        for verdict in rulebook.give(giving):
            if verdict.rule is not None:
                words = {"title": one.title, "says": verdict.reason, "clause": verdict.rule.clause}
                raise DomainError(RULE_REFUSES_OFFER, offer_id=one.offer_id, **words)


def category_of(category: str) -> str:
    """As the rulebook knows it; what it has no category for is a subsidy like any other."""
    return category if category in BenefitCategory else BenefitCategory.COUPON


def forbidden(plan: TermsPlan, budgets: Iterable[Budget], on: date) -> list[str]:
    """A sentence for each budget whose share nobody could ever be given: a coupon that only refuses is not put up."""
    least = least_of_shares(plan.price, [share.as_share for share in plan.shares])
    known = {budget.pk: budget for budget in budgets}
    said = []
    for share, fen in zip(plan.shares, least, strict=True):
        if share.payer != pricing.Payer.UNION:
            continue
        budget = known[share.budget_id]
        giving = Giving(
            person_ids=[], union=budget.union, source_kind=budget.source.kind, source_level=budget.source.level,
            category=category_of(plan.category), festival=plan.festival, amount_fen=fen, on=on, occasion="",
        )  # fmt: skip
        if rule := rulebook.rule_against_everybody(giving):
            said.append(
                _("预算“{name}”不能这样出：{says}").format(name=budget.name, says=rulebook.says(rule))
            )
    return said


def take_back(bill: Bill, back: Mapping[tuple[int, int], int]) -> None:
    """`back`: fen by offer and account of the union's parts; what no rule was asked about is left out."""
    occasions = {occasion_of(bill.key, *of): fen for of, fen in back.items() if fen}
    known = BenefitUse.objects.unscoped("what a bill gave").filter(
        person_id=bill.person_id, occasion__in=occasions
    )
    for occasion in sorted(known.values_list("occasion", flat=True)):
        rulebook.take_back(bill.person_id, occasion, occasions[occasion])
