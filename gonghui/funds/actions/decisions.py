"""What was agreed to, after its cooling-off: it takes effect once, or somebody objected and it goes back.

Whoever moves a decision locks the subject's row first, then the decision's: so agreeing, objecting and the clock take turns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gonghui.funds import errors
from gonghui.funds.actions.informing import tell_of_return
from gonghui.funds.actions.quorum import WHY, withdraw
from gonghui.funds.models import Consent, Decision
from gonghui.kit import clock
from gonghui.kit.actions import action, name_actor
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require


@dataclass(frozen=True, slots=True)
class Road:
    """Of one matter, in the caller's transaction. `take_effect` of what is under way already does nothing; `put_back` leads to
    where it is written or agreed to anew."""

    lock: Callable[[int], object]
    take_effect: Callable[[Actor, Decision], None]
    put_back: Callable[[Actor, Decision], None]


roads: dict[str, Road] = {}
"""By matter; each app hangs its own here."""


def settle_decision(actor: Actor, *, decision_id: int) -> None:
    """Once its time has come. What is refused then, because a budget is over or a rule changed, goes back with the reason."""
    try:
        effect_decision(actor, decision_id=decision_id)
    except DomainError as error:
        lapse_decision(actor, decision_id=decision_id, reason=f"{error}"[:200])


@action
def effect_decision(actor: Actor, *, decision_id: int) -> bool:
    """Again, too early, or after an objection: nothing. True where it is done or under way."""
    decision = _held(decision_id)
    if not _is_due(decision):
        return False
    roads[decision.matter].take_effect(actor, decision)
    return True


@action
def lapse_decision(actor: Actor, *, decision_id: int, reason: str) -> None:
    decision = _held(decision_id)
    if _is_due(decision):
        _send_back(actor, decision, reason)


@action
def object_to_decision(actor: Actor, *, decision_id: int, reason: str) -> Decision:
    """During the cooling-off, by any of those who agreed or by the audit committee over that money; the matter goes back."""
    seen = Decision.objects.visible_to(actor).filter(pk=decision_id).exists()
    require(seen and actor.user_id, NOT_FOUND)
    decision = _held(decision_id)
    require(decision.is_cooling, errors.COOLING_OVER, state=decision.get_state_display())
    require(may_object(actor, decision), errors.MAY_NOT_OBJECT)
    require(reason.strip(), errors.OBJECTION_WITHOUT_REASON)
    name_actor(actor.because(reason))
    decision.objector_id = actor.user_id
    _send_back(actor, decision, reason.strip()[:200])
    return decision


def may_object(actor: Actor, decision: Decision) -> bool:
    hands = Consent.objects.unscoped(WHY).filter(
        matter=decision.matter, subject=decision.subject, is_open=True, user_id=actor.user_id
    )
    return actor.may("decisions.object", decision.union.path) or hands.exists()


def due_decisions() -> list[int]:
    found = Decision.objects.unscoped("what the clock says").filter(
        state=Decision.State.PENDING, takes_effect_at__lte=clock.now()
    )
    return list(found.order_by("takes_effect_at", "pk").values_list("pk", flat=True))


def _held(decision_id: int) -> Decision:
    """Locked, its subject before it."""
    rows = Decision.objects.unscoped("asked for by the caller").select_related("union", "decided_by")
    decision = rows.filter(pk=decision_id).first()
    require(decision, NOT_FOUND)
    roads[decision.matter].lock(decision.subject)
    return rows.select_for_update(of=("self",), no_key=True).get(pk=decision_id)


def _is_due(decision: Decision) -> bool:
    return decision.state == Decision.State.PENDING and decision.takes_effect_at <= clock.now()


def _send_back(actor: Actor, decision: Decision, reason: str) -> None:
    Decision.objects.unscoped(WHY).filter(pk=decision.pk).update(
        state=Decision.State.BACK, ended_at=clock.now(), reason=reason, objector_id=decision.objector_id
    )
    decision.state, decision.reason = Decision.State.BACK, reason
    tell_of_return(actor, decision)
    roads[decision.matter].put_back(actor, decision)
    withdraw(decision.matter, decision.subject)
