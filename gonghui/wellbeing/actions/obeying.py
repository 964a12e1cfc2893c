"""支出规则 of places: asked and written when one is given, taken back when it goes back."""

from __future__ import annotations

from collections.abc import Iterable

from gonghui.funds import rulebook
from gonghui.funds.models import BenefitUse
from gonghui.funds.models.rules import BenefitCategory
from gonghui.funds.rulebook import Giving, Verdict
from gonghui.kit import clock
from gonghui.wellbeing.models import Enrolment, HealthPlan


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
            (verdict,) = rulebook.give(_giving_of(plan, row))
            if not verdict.is_given:
                refused[row.pk] = verdict
    return refused


def _giving_of(plan: HealthPlan, row: Enrolment) -> Giving:
    source = plan.budget.source
    return Giving(
        person_ids=[row.person_id],
        union=plan.union,
        source_kind=source.kind,
        source_level=source.level,
        category=BenefitCategory.HEALTH,
        amount_fen=row.package.subsidy_fen,
        on=clock.today(),
        occasion=_occasion_of(row),
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
