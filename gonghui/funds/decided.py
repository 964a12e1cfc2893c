"""Who agreed to what, for the page of the matter itself and for the public log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.urls import reverse

from gonghui.funds.actions.decisions import may_object
from gonghui.funds.actions.quorum import WHY, strictest
from gonghui.funds.models import Consent, Decision
from gonghui.kit.actors import Actor
from gonghui.orgs.models import Union


@dataclass(frozen=True, slots=True)
class Hands:
    """复核进度 of one matter."""

    hands: int
    cooling_h: int
    given: list[tuple[str, datetime]]
    decision: Decision | None
    """The last one taken about it, whatever became of it."""
    object_link: str = ""

    @property
    def missing(self) -> int:
        return 0 if self.is_decided else max(0, self.hands - len(self.given))

    @property
    def is_decided(self) -> bool:
        return self.decision is not None and self.decision.state != Decision.State.BACK

    @property
    def is_cooling(self) -> bool:
        return self.decision is not None and self.decision.is_cooling

    @property
    def went_back(self) -> bool:
        return self.decision is not None and self.decision.state == Decision.State.BACK

    @property
    def is_shown(self) -> bool:
        """One who checks, and nothing to wait for, stands among the facts already."""
        return (
            self.hands > 1 or self.cooling_h > 0 or len(self.given) > 1 or self.went_back or self.is_cooling
        )


def hands_of(actor: Actor, matter: str, subject: int, *, union: Union, amount_fen: int) -> Hands:
    consents = Consent.objects.unscoped(WHY).filter(matter=matter, subject=subject, is_open=True)
    given = [(str(row.user), row.created_at) for row in consents.select_related("user").order_by("nth")]
    decisions = Decision.objects.unscoped(WHY).filter(matter=matter, subject=subject)
    decision = decisions.select_related("union", "objector").order_by("-pk").first()
    hands, cooling_h = strictest(matter, union, amount_fen)
    if decision is not None and decision.state != Decision.State.BACK:
        hands, cooling_h = decision.hands, decision.cooling_h
    link = ""
    if decision is not None and decision.is_cooling and may_object(actor, decision):
        link = reverse("admin:funds_decision_object", args=[decision.pk])
    return Hands(hands, cooling_h, given, decision, link)


# --- published ----------------------------------------------------------------------------------------------

PUBLIC = (
    "matter", "words", "amount_fen", "is_sum_public", "given", "hands", "cooling_h", "takes_effect_at", "state",
    "ended_at", "created_at", "union__name",
)  # fmt: skip


def published_decisions(union_words: str = "") -> QuerySet[Decision]:
    """The newest first; no title, no name and no reason is even read. Each word has to stand in the union's name."""
    wanted = Q()
    for word in union_words.split():
        wanted &= Q(union__name__icontains=word)
    found = Decision.objects.unscoped("published: who decides, in words without names")
    return found.filter(wanted).select_related("union").only(*PUBLIC).order_by("-pk")
