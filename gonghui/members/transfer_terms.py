"""How long a union has to answer a transfer, and what it means that it did not: by the nearest rule, or the product's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gonghui.kit import clock
from gonghui.kit.workdays import working_days_after
from gonghui.members.models.transfers import Silence, TransferRule
from gonghui.orgs.models import Union

RELEASE, ACCEPT = "release", "accept"
OWN_CLAUSE = gettext_lazy("产品默认规定，工会可另行规定")


@dataclass(frozen=True, slots=True)
class StageTerms:
    days: int
    silence: str
    rule_id: int | None
    clause: str

    def begun(self, today: date | None = None) -> dict[str, Any]:
        """Columns of a request whose stage begins now: the last working day counts whole."""
        due_on = working_days_after(today or clock.today(), self.days)
        return {"due_on": due_on, "silence": self.silence, "rule_id": self.rule_id}


# A release is the member's due, so silence is a yes; nobody is put into a union that never said so.
SHIPPED = {
    RELEASE: StageTerms(10, Silence.PASS.value, None, str(OWN_CLAUSE)),
    ACCEPT: StageTerms(10, Silence.ESCALATE.value, None, str(OWN_CLAUSE)),
}


def terms_for(union: Union, stage: str) -> StageTerms:
    rule = rule_of(union)
    if rule is None:
        return SHIPPED[stage]
    return StageTerms(getattr(rule, f"{stage}_days"), getattr(rule, f"{stage}_silence"), rule.pk, rule.clause)


def rule_of(union: Union) -> TransferRule | None:
    """The nearest in use at or above."""
    above = [int(step) for step in union.path.split(".") if step]
    found = TransferRule.objects.unscoped("rules bind whoever stands below")
    rules = {rule.union_id: rule for rule in found.filter(union_id__in=above, is_active=True)}
    return next((rules[union_id] for union_id in reversed(above) if union_id in rules), None)


def said_of_clock(rule: TransferRule | None) -> str:
    """到期，按第 3 号规定…: under which rule the clock answered."""
    if rule is None:
        return _("到期未答复，按{clause}").format(clause=OWN_CLAUSE)
    return _("到期未答复，按第 {number} 号期限规定（{clause}）").format(number=rule.pk, clause=rule.clause)
