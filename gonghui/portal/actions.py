"""The one write the members' pages have of their own; all others belong to the apps below."""

from __future__ import annotations

from collections.abc import Sequence

from gonghui.benefits.actions.parties import clean_names, write_party
from gonghui.benefits.errors import NOT_DELEGATED, PARTY_TOO_LARGE
from gonghui.benefits.models import Release
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, SIGN_IN_FIRST, require
from gonghui.members.queries import bookable_for


@action
def name_party(
    actor: Actor, *, release_id: int, companions: Sequence[str], for_person: int | None = None
) -> list[str]:
    """Who comes along, written down while waiting, so that the claim itself carries no names."""
    require(actor.person_id, SIGN_IN_FIRST)
    release = Release.objects.visible_to(actor).filter(pk=release_id).first()
    require(release, NOT_FOUND)
    person_id = for_person or actor.person_id
    if person_id != actor.person_id:
        require(bookable_for(actor).filter(pk=person_id).exists(), NOT_DELEGATED)
    names = clean_names(companions)
    require(len(names) < release.party_max, PARTY_TOO_LARGE, limit=release.party_max)
    write_party(release.pk, person_id, actor.person_id if person_id != actor.person_id else None, names)
    return names
