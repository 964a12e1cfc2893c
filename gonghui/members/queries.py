"""Reads about people."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Prefetch, Q

from gonghui.kit.actors import Actor
from gonghui.kit.crypto import get_keyring
from gonghui.members.models import Consent, Delegation, Membership, Person
from gonghui.orgs.models import UnionKind


def person_id_of(user_id: int) -> int | None:
    """The person behind a user, once they have been verified or matched."""
    return (
        Person.objects.unscoped("building the actor of this user")
        .filter(user_id=user_id)
        .values_list("id", flat=True)
        .first()
    )


def with_id(id_type: str, id_no: str):
    """The person of this ID number, under whichever index key their row was written."""
    indexes = get_keyring().blind_indexes("id_no", id_no)
    return Person.objects.unscoped("asked by a full ID number").filter(id_type=id_type, id_index__in=indexes)


def person_with_id(id_type: str, id_no: str) -> Person | None:
    return with_id(id_type, id_no).first()


def people_reached_at(phone: str, name: str) -> list[Person]:
    """Who answers this phone under this name: by their account's phone, or the one their union reported."""
    indexes = get_keyring().blind_indexes("phone", phone)
    found = Person.objects.unscoped("asked by name and full phone number")
    reached = Q(user__phone_index__in=indexes) | Q(phone_index__in=indexes)
    return list(found.filter(reached, name=name)[:2])


def own_person(actor: Actor) -> Person | None:
    """The actor's person with the union they belong to, in two queries."""
    if actor.person_id is None:
        return None
    return Person.objects.visible_to(actor).prefetch_related(LIVE_MEMBERSHIPS).get(pk=actor.person_id)


LIVE_MEMBERSHIPS = Prefetch(
    "memberships",
    Membership.objects.unscoped("of a person in hand")
    .filter(status__in=Membership.LIVE)
    .select_related("union"),
    to_attr="live_memberships",
)


def is_in_transit() -> Exists:
    """Of a row of people: their union is a transit pool, until one of their own takes them in (M6)."""
    live = Membership.objects.unscoped("of a person in hand").filter(
        person=OuterRef("pk"), status__in=Membership.LIVE
    )
    return Exists(live.filter(union__kind=UnionKind.POOL))


def live_consents(actor: Actor) -> dict[str, Consent]:
    """Purpose → the consent in force."""
    given = Consent.objects.visible_to(actor).filter(withdrawn_at=None)
    return {consent.purpose: consent for consent in given}


def live_delegations(actor: Actor):
    """Both sides: for whom the actor may book, and who may book for the actor."""
    return (
        Delegation.objects.visible_to(actor)
        .filter(ended_at=None)
        .select_related("person", "delegate")
        .order_by("-id")
    )


def bookable_for(actor: Actor):
    """The people this actor may book for."""
    if actor.person_id is None:
        # Asked with NULL, the join would find everybody whom nobody books for.
        return Person.objects.unscoped("nobody").none()
    return Person.objects.unscoped("through their own live delegations").filter(
        delegations__delegate_id=actor.person_id, delegations__ended_at=None
    )
