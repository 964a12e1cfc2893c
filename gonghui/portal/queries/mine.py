"""What is the reader's own: where they stand, their tickets, what they chose. A few queries a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from gonghui.benefits.models import Reminder, Voucher, WaitEntry
from gonghui.benefits.models.vouchers import OWN
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.members.models import Membership, Person

UNREAD_MAX = 100  # the badge says 99+
LIVE_STATES = ("held", "confirmed", "exchanged")
LINGER = timedelta(hours=2)
# Opening what is sealed costs, and no list shows it.
SEALED = ("person__id_no", "person__phone")
SHOWN_WITH_TICKET = (
    "release__offer",
    "person",
    "pool__store",
    "pool__session__activity__kind",
    "pool__session__store",
    "pool__session__hall",
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Registered, verified and member are three states; `step` is the first one still missing."""

    is_signed_in: bool
    is_verified: bool
    is_member: bool

    @property
    def step(self) -> str:
        if not self.is_signed_in:
            return "sign_in"
        if not self.is_verified:
            return "verify"
        return "" if self.is_member else "join"


def standing(actor: Actor) -> Standing:
    """One query at most."""
    if actor.person_id is None:
        return Standing(is_signed_in=actor.user_id is not None, is_verified=False, is_member=False)
    row = _own_row(actor).values_list("verification", Exists(_live_membership())).first()
    verification, is_member = row or ("none", False)
    return Standing(True, verification == "verified", is_member)


def _own_row(actor: Actor) -> QuerySet[Person]:
    return Person.objects.visible_to(actor).filter(pk=actor.person_id)


def _live_membership() -> QuerySet[Membership]:
    return Membership.objects.unscoped("one's own").filter(person=OuterRef("pk"), status__in=Membership.LIVE)


def reminded(actor: Actor, release_ids: Sequence[int]) -> set[int]:
    if actor.person_id is None or not release_ids:
        return set()
    own = Reminder.objects.visible_to(actor).filter(person_id=actor.person_id, release_id__in=release_ids)
    return set(own.values_list("release_id", flat=True))


# --- Tickets ------------------------------------------------------------------------------------------------


def own_tickets(actor: Actor) -> QuerySet[Voucher]:
    """Held by or booked by the actor, with all a ticket shows, in one query."""
    found = Voucher.objects.visible_to(actor).filter(OWN.condition(actor))
    return found.select_related(*SHOWN_WITH_TICKET).defer("companions", *SEALED).annotate(until=_until())


def _until() -> Coalesce:
    return Coalesce("pool__session__ends_at", "pool__valid_until", "release__closes_at")


def tickets_ahead(actor: Actor) -> QuerySet[Voucher]:
    """Still good: first what must be confirmed, then the next one."""
    live = own_tickets(actor).filter(state__in=LIVE_STATES, until__gt=clock.now() - LINGER)
    is_held = Case(When(state="held", then=0), default=1)
    starts = Coalesce("pool__session__starts_at", "pool__valid_from", "release__closes_at")
    return live.order_by(is_held, starts, "id")


def past_tickets(actor: Actor) -> QuerySet[Voucher]:
    over = Q(until__lte=clock.now() - LINGER) | ~Q(state__in=LIVE_STATES)
    return own_tickets(actor).filter(over).order_by("-id")


def waiting_entries(actor: Actor) -> QuerySet[WaitEntry]:
    """Where the actor waits, with the place in each line as of now."""
    before = (
        WaitEntry.objects.unscoped("how many stand before")
        .filter(pool=OuterRef("pool"), state="waiting", position__lte=OuterRef("position"))
        .order_by()
        .values("pool")
        .annotate(n=Count("id"))
        .values("n")
    )
    found = WaitEntry.objects.visible_to(actor).filter(OWN.condition(actor), state="waiting")
    shown = found.select_related(*SHOWN_WITH_TICKET).defer(*SEALED)
    return shown.annotate(place=Subquery(before)).order_by("-id")
