"""What the rooms below tell of members; rooms above tell of what they do through `actions.reconsider`."""

from __future__ import annotations

from gonghui.audiences.actions.rebuilding import BUILDER, rebuild_around
from gonghui.audiences.actions.reconsidering import reconsider
from gonghui.kit.events import reacts_to
from gonghui.members.events import (
    ConsentChanged,
    MemberJoined,
    MembershipChanged,
    PersonForgotten,
    PersonTagged,
    PersonVerified,
    RosterApplied,
    VerificationRevoked,
)
from gonghui.members.models import Membership, MembershipChange, Person, RosterImport
from gonghui.orgs.events import UnionEnded, UnionMoved


@reacts_to(PersonVerified)
def look_at_verified(event: PersonVerified) -> None:
    reconsider(event.person_id)


@reacts_to(VerificationRevoked)
def look_at_revoked(event: VerificationRevoked) -> None:
    reconsider(event.person_id)


@reacts_to(PersonForgotten)
def look_at_forgotten(event: PersonForgotten) -> None:
    """Whoever gave up their account is in no audience."""
    if event.person_id is not None:
        reconsider(event.person_id)


@reacts_to(PersonTagged)
def look_at_tagged(event: PersonTagged) -> None:
    reconsider(event.person_id, "tag")


@reacts_to(ConsentChanged)
def look_at_agreed(event: ConsentChanged) -> None:
    """Of an account that is nobody's yet there is no audience."""
    found = Person.objects.unscoped("whose news it is").filter(user_id=event.user_id)
    for person_id in found.values_list("pk", flat=True):
        reconsider(person_id, "consent")


@reacts_to(MemberJoined)
def look_at_joined(event: MemberJoined) -> None:
    found = Membership.objects.unscoped("whose news it is")
    reconsider(found.values_list("person_id", flat=True).get(pk=event.membership_id))


@reacts_to(MembershipChanged)
def look_at_changed(event: MembershipChanged) -> None:
    found = MembershipChange.objects.unscoped("whose news it is")
    reconsider(found.values_list("person_id", flat=True).get(pk=event.change_id))


@reacts_to(UnionEnded)
def rebuild_after_ending(event: UnionEnded) -> None:
    """Its members came to another union at once."""
    for union_id in filter(None, (event.union_id, event.into_id)):
        rebuild_around(BUILDER, union_id=union_id)


@reacts_to(UnionMoved)
def rebuild_after_move(event: UnionMoved) -> None:
    """A million came along in one statement: those above it before are without them, those above it now have them."""
    rebuild_around(BUILDER, union_id=event.union_id, left_id=event.from_id)


@reacts_to(RosterApplied)
def rebuild_after_roster(event: RosterApplied) -> None:
    """Many at once: a pass is cheaper than asking each."""
    found = RosterImport.objects.unscoped("whose news it is")
    rebuild_around(BUILDER, union_id=found.values_list("union_id", flat=True).get(pk=event.roster_id))
