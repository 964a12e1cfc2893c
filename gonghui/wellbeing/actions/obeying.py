"""支出规则 of places: asked and written when one is given, taken back when it goes back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from django.utils import timezone

from gonghui.funds import rulebook
from gonghui.funds.models import BenefitUse
from gonghui.funds.models.rules import BenefitCategory
from gonghui.funds.rulebook import Giving, Verdict
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.templatetags.kit import yuan
from gonghui.wellbeing import errors
from gonghui.wellbeing.models import Enrolment, HealthPlan, Package


def obey_rules(
    plan: HealthPlan, rows: Iterable[Enrolment], *, back: Enrolment | None = None
) -> dict[int, Verdict]:
    """Who may not have the place they are about to get, by enrolment; it is written for all others. `back` is a place that
    goes back in the same breath. In the order of people: so all who give wait for each other."""
    refused: dict[int, Verdict] = {}
    for row in sorted([*rows, *([back] if back else [])], key=lambda row: row.person_id):
        if row is back:
            _take_back(row)
        elif row.package.subsidy_fen:
            giving = _giving_of(plan, row.package.subsidy_fen, _occasion_of(row), clock.today())
            (verdict,) = rulebook.give(replace(giving, person_ids=[row.person_id]))
            if not verdict.is_given:
                refused[row.pk] = verdict
    return refused


def require_within_caps(plan: HealthPlan, packages: Iterable[Package]) -> None:
    """A package whose subsidy no rule would let anybody have is refused here, not to each who applies."""
    day = max(clock.today(), timezone.localtime(plan.opens_at, clock.CHINA).date())
    for package in packages:
        if package.subsidy_fen:
            rule = rulebook.rule_against_everybody(_giving_of(plan, package.subsidy_fen, plan.purpose, day))
            facts = {"package": package.title, "subsidy": yuan(package.subsidy_fen)}
            if rule is not None:
                raise DomainError(errors.ABOVE_CAP, says=rulebook.says(rule), clause=rule.clause, **facts)


def _giving_of(plan: HealthPlan, subsidy_fen: int, occasion: str, on: date) -> Giving:
    source = plan.budget.source
    return Giving(
        person_ids=[],
        union=plan.union,
        source_kind=source.kind,
        source_level=source.level,
        category=BenefitCategory.HEALTH,
        amount_fen=subsidy_fen,
        on=on,
        occasion=occasion,
    )


def _occasion_of(row: Enrolment) -> str:
    return f"health:{row.pk}"


def _take_back(row: Enrolment) -> None:
    """Places from before the rules were asked have nothing to take back."""
    occasion = _occasion_of(row)
    known = BenefitUse.objects.unscoped("what a place gave").filter(
        person_id=row.person_id, occasion=occasion, returned_fen=0
    )
    for amount_fen in known.values_list("amount_fen", flat=True):
        rulebook.take_back(row.person_id, occasion, amount_fen)
