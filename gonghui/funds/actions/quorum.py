"""Enough hands for a sum: a decision takes effect with the last of those who have to agree."""

from __future__ import annotations

from gonghui.funds import errors
from gonghui.funds.models import Consent, QuorumRule
from gonghui.kit.actors import Actor
from gonghui.kit.errors import require
from gonghui.orgs.models import Union

WHY = "the hands of a matter the caller holds"


def agree(actor: Actor, matter: str, subject: int, *, title: str, union: Union, amount_fen: int) -> bool:
    """Notes the actor's yes; true with the last one needed. The caller has refused the maker and holds the subject's row."""
    hands = hands_needed(matter, union, amount_fen)
    given = list(_open(matter, subject).values_list("user_id", flat=True))
    require(actor.user_id not in given, errors.AGREED_ALREADY, left=max(1, hands - len(given)))
    nth = len(given) + 1
    Consent.objects.create(
        matter=matter,
        subject=subject,
        title=title[:200],
        union=union,
        amount_fen=amount_fen,
        user_id=actor.user_id,
        nth=nth,
        hands=max(hands, nth),
    )
    return nth >= hands


def hands_needed(matter: str, union: Union, amount_fen: int) -> int:
    """One, or what the strictest rule of the union and of those above it asks for this sum."""
    found = QuorumRule.objects.unscoped("rules bind whoever stands below").filter(
        matter=matter, is_active=True, above_fen__lte=amount_fen, union_id__in=ids_in(union.path)
    )
    return max(found.values_list("hands", flat=True), default=1)


def ids_in(path: str) -> list[int]:
    """The union and all above it."""
    return [int(step) for step in path.split(".") if step]


def withdraw(matter: str, subject: int) -> None:
    """The matter is not the one they agreed to any more."""
    _open(matter, subject).update(is_open=False)


def left_of(matter: str, subject: int) -> int:
    """How many more have to agree; 0 where nobody did, or enough."""
    last = _open(matter, subject).order_by("-nth").first()
    return last.left if last else 0


def _open(matter: str, subject: int):
    return Consent.objects.unscoped(WHY).filter(matter=matter, subject=subject, is_open=True)
