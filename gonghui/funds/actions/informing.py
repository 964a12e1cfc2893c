"""经审委员会 is told of every budget that was agreed on, and with those who agreed of what cools off and of what goes back."""

from __future__ import annotations

from django.utils.translation import gettext as _

from gonghui.funds.models import Budget, Consent, Decision
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.templatetags.kit import cn_when, yuan
from gonghui.members.queries import person_id_of
from gonghui.notices.actions import Notice, tell_once
from gonghui.orgs.models import Grant
from gonghui.orgs.queries import in_force_on

AUDITORS = "audit_committee"


def tell_auditors(actor: Actor, budget: Budget, *, occasion: str, delta_fen: int = 0) -> None:
    """Of the budget's union and of all above it; once for each occasion."""
    said = _("{union}的预算“{name}”经批准调整 {delta} 元，现为 {amount} 元。") if delta_fen else _(
        "{union}的预算“{name}”已批准，{amount} 元。"
    )  # fmt: skip
    facts = {
        "union": budget.union.name,
        "name": budget.name,
        "amount": yuan(budget.amount_fen),
        "delta": yuan(delta_fen),
    }
    body = said.format(**facts) + _("集体决策记录：{text}。").format(text=budget.resolution)
    notice = Notice(
        kind="notice", title=_("有一项预算已批准"), body=body, link=f"/console/funds/budgets/{budget.pk}"
    )
    for user_id in _auditors_of(budget.union.path):
        once = f"budget:{budget.pk}:{occasion}:{user_id}"
        tell_once(actor, once=once, notice=notice, person_id=person_id_of(user_id), user_id=user_id)


def tell_of_cooling(actor: Actor, decision: Decision) -> None:
    """Those who may object, while they may."""
    said = _(
        "{matter}“{title}”，{amount} 元，已有 {given} 位同事同意，{until} 生效。在那之前您可以提出异议，退回重来。"
    )
    facts = _facts_of(decision) | {"until": cn_when(decision.takes_effect_at)}
    _tell(actor, decision, "cooling", _("有一项经费决定在冷静期"), said.format(**facts))


def tell_of_return(actor: Actor, decision: Decision) -> None:
    said = _("{matter}“{title}”，{amount} 元，没有生效，已经退回。原因：{reason}")
    facts = _facts_of(decision) | {"reason": decision.reason}
    _tell(actor, decision, "back", _("有一项经费决定退回了"), said.format(**facts))


def _facts_of(decision: Decision) -> dict[str, object]:
    return {"matter": decision.get_matter_display(), "title": decision.title, "given": decision.given,
            "amount": yuan(decision.amount_fen)}  # fmt: skip


def _tell(actor: Actor, decision: Decision, occasion: str, title: str, body: str) -> None:
    hands = Consent.objects.unscoped("whom a decision concerns").filter(
        matter=decision.matter, subject=decision.subject, is_open=True
    )
    link = f"/console/funds/decision/{decision.pk}/change/"
    notice = Notice(kind="notice", title=title, body=body, link=link)
    for user_id in sorted({*hands.values_list("user_id", flat=True), *_auditors_of(decision.union.path)}):
        once = f"decision:{decision.pk}:{occasion}:{user_id}"
        tell_once(actor, once=once, notice=notice, person_id=person_id_of(user_id), user_id=user_id)


def _auditors_of(path: str) -> list[int]:
    above = [int(part) for part in path.rstrip(".").split(".")]
    found = Grant.objects.unscoped("whom SM-07 informs").filter(
        in_force_on(clock.today()), role=AUDITORS, union_id__in=above, user__is_active=True
    )
    return sorted(set(found.values_list("user_id", flat=True)))
