"""The pass: Django checks once, while people wait, so that the gate need not ask at the opening."""

from __future__ import annotations

from collections.abc import Sequence

from gonghui.benefits import errors, queries
from gonghui.benefits.actions.draws import require_party
from gonghui.benefits.actions.parties import clean_names, write_party
from gonghui.benefits.gate.passes import Passes
from gonghui.benefits.models import Release
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.crypto import get_keyring
from gonghui.kit.errors import require


@action
def issue_pass(
    actor: Actor,
    *,
    pool_id: int,
    seats: int,
    binding: bytes,
    companions: Sequence[str] = (),
    for_person: int | None = None,
) -> str:
    """Good for this pool, this party and this session (`binding`) until claims close; names are kept sealed till then."""
    entitled = queries.entitlement(actor, pool_id, for_person)
    if entitled.refusal:
        raise entitled.refusal
    pool, release = entitled.pool, entitled.pool.release
    require(release.mode == Release.Mode.GRAB, errors.NOT_A_GRAB)
    names = clean_names(companions)
    require_party(release, seats, names)
    write_party(release.pk, entitled.person_id, entitled.booked_by_id, names)
    return Passes(get_keyring()).issue(
        person_id=entitled.person_id,
        pool_id=pool.pk,
        max_seats=seats,
        expires_at=pool.closing.timestamp(),
        binding=binding,
        booked_by_id=entitled.booked_by_id,
    )
