"""Enough hands for a sum: a decision takes effect with the last of those who have to agree, or so many hours later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Max

from gonghui.funds import errors
from gonghui.funds.models import Consent, Decision, QuorumRule
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import require
from gonghui.kit.templatetags.kit import cn_when
from gonghui.orgs.models import Union

WHY = "the hands of a matter the caller holds"

FEW = 10
"""Of a matter with fewer people, places or coupons neither number nor sum is published."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is agreed to. `title` is what the house calls it; `words` are published: no names of persons, and no sum where it
    would tell of a few people."""

    matter: str
    subject: int
    title: str
    words: str
    union: Union
    amount_fen: int
    is_sum_public: bool = True


def agree(actor: Actor, question: Question) -> bool:
    """Notes the actor's yes; true where that is the last one needed and nothing is waited for: then the caller does it and says
    `note_effect`. The caller has refused the maker and holds the subject's row."""
    pending = pending_decision(question.matter, question.subject)
    require(pending is None, errors.COOLING_OFF, until=pending and cn_when(pending.takes_effect_at))
    hands, cooling_h = strictest(question.matter, question.union, question.amount_fen)
    given = list(_open(question.matter, question.subject).values_list("user_id", flat=True))
    require(actor.user_id not in given, errors.AGREED_ALREADY, left=max(1, hands - len(given)))
    nth = len(given) + 1
    said = {"matter": question.matter, "subject": question.subject, "title": question.title[:200],
            "union": question.union, "amount_fen": question.amount_fen, "hands": max(hands, nth)}  # fmt: skip
    Consent.objects.create(**said, user_id=actor.user_id, nth=nth)
    if nth < hands:
        return False
    decision = Decision.objects.create(
        **said | {"hands": hands},
        words=question.words[:200],
        is_sum_public=question.is_sum_public,
        given=nth,
        cooling_h=cooling_h,
        decided_by_id=actor.user_id,
        takes_effect_at=clock.now() + timedelta(hours=cooling_h),
    )
    if cooling_h:
        _wait(actor, decision)
    return not cooling_h


def _wait(actor: Actor, decision: Decision) -> None:
    from gonghui.funds.actions.informing import tell_of_cooling
    from gonghui.funds.tasks import take_effect

    take_effect.configure(schedule_at=decision.takes_effect_at).defer(decision_id=decision.pk)
    tell_of_cooling(actor, decision)


def strictest(matter: str, union: Union, amount_fen: int) -> tuple[int, int]:
    """(hands, hours of cooling-off) of the strictest rules of the union and of those above it; (1, 0) without any."""
    found = QuorumRule.objects.unscoped("rules bind whoever stands below").filter(
        matter=matter, is_active=True, above_fen__lte=amount_fen, union_id__in=ids_in(union.path)
    )
    most = found.aggregate(hands=Max("hands"), cooling_h=Max("cooling_h"))
    return most["hands"] or 1, most["cooling_h"] or 0


def ids_in(path: str) -> list[int]:
    """The union and all above it."""
    return [int(step) for step in path.split(".") if step]


def note_effect(matter: str, subject: int) -> None:
    """What was agreed to is done."""
    _pending(matter, subject).update(state=Decision.State.EFFECTIVE, ended_at=clock.now())


def withdraw(matter: str, subject: int, reason: str = "") -> None:
    """The matter is not the one they agreed to any more."""
    _open(matter, subject).update(is_open=False)
    _pending(matter, subject).update(state=Decision.State.BACK, ended_at=clock.now(), reason=reason[:200])


def left_of(matter: str, subject: int) -> int:
    """How many more have to agree; 0 where nobody did, or enough."""
    last = _open(matter, subject).order_by("-nth").first()
    return max(0, last.left) if last else 0


def pending_decision(matter: str, subject: int) -> Decision | None:
    return _pending(matter, subject).first()


def _pending(matter: str, subject: int):
    found = Decision.objects.unscoped(WHY)
    return found.filter(matter=matter, subject=subject, state=Decision.State.PENDING)


def _open(matter: str, subject: int):
    return Consent.objects.unscoped(WHY).filter(matter=matter, subject=subject, is_open=True)
