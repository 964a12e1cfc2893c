"""直接发放: everybody entitled gets one, in batches, each of which may be the last before the power fails."""

from __future__ import annotations

from uuid import NAMESPACE_OID, uuid5

from gonghui.audiences import queries as audiences
from gonghui.benefits import engine, errors, messages, rules
from gonghui.benefits.engine import Claim
from gonghui.benefits.models import GrantRun, Pool, Release
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.members.models import Membership, Person
from gonghui.members.queries import is_in_transit

BATCH = 500
BEFORE = (Release.State.DRAFT, Release.State.REVIEWED, Release.State.ANNOUNCED)


def grant_release(actor: Actor, *, release_id: int) -> GrantRun:
    """Runs to the end, or goes on where it was killed."""
    while (run := grant_batch(actor, release_id=release_id)).finished_at is None:
        pass
    return run


@action
def grant_batch(actor: Actor, *, release_id: int) -> GrantRun:
    """The next people by id; the same person gets the same voucher however often this runs."""
    release = (
        Release.objects.visible_to(actor)
        .select_related("union", "audience_union")
        .filter(pk=release_id)
        .select_for_update(of=("self",), no_key=True)  # a pause waits for this batch, or this batch sees it
        .first()
    )
    require(release, NOT_FOUND)
    require(actor.may("releases.write", release.union.path))
    require(release.mode == Release.Mode.GRANT, errors.NOT_A_GRANT)
    require(release.state not in BEFORE, errors.TOO_EARLY, opens=messages.said(release.opens_at))
    GrantRun.objects.bulk_create([GrantRun(release=release)], ignore_conflicts=True)
    run = GrantRun.objects.unscoped("the run of this release").select_for_update().get(release=release)
    if release.state == Release.State.PAUSED:
        raise rules.paused(release.pause_reason)
    if run.finished_at or release.state != Release.State.OPEN:
        return _finished(run)
    people = list(entitled_people(release).filter(pk__gt=run.last_person_id).order_by("pk")[:BATCH])
    if not people:
        return _finished(run)
    granted = _give(release, people)
    run.granted += granted
    run.left_out += len(people) - granted
    run.last_person_id = people[-1]
    run.save()
    return run


def _finished(run: GrantRun) -> GrantRun:
    if run.finished_at is None:
        run.finished_at = clock.now()
        run.save(update_fields=["finished_at", "updated_at"])
    return run


def entitled_people(release: Release):
    """Ids of the audience, as `rules.why_not_entitled` draws it; one row a person, for a person has one live membership."""
    union = release.audience_union or release.union
    people = Person.objects.unscoped("the audience of a release").filter(
        memberships__status__in=Membership.LIVE, memberships__union__path__startswith=union.path
    )
    if release.verified_only:
        people = people.filter(verification="verified")
    if release.audience_groups:
        people = people.filter(groups__overlap=release.audience_groups)
    if release.audience_id:
        people = people.filter(pk__in=_people_meant(release))
    if any(rules.is_kept_from_transit(release, pool) for pool in release.pools.all()):
        people = people.exclude(is_in_transit())
    return people.values_list("pk", flat=True)


def _people_meant(release: Release):
    """Of its audience, made anew within its hours; by the wording it was reviewed with or not at all."""
    audience = audiences.require_fresh(release.audience_id)
    is_reviewed = audience.tally.version_id == release.audience_version_id
    require(is_reviewed, errors.AUDIENCE_REWORDED, audience=audience.name)
    return audiences.people_in(release.audience_id)


def _give(release: Release, people: list[int]) -> int:
    """Through the one SQL path, pool after pool while places last."""
    waiting = people
    for pool in (
        Pool.objects.unscoped("pools of this release").filter(release=release).order_by("valid_from", "id")
    ):
        claims = [Claim(person_id=p, key=grant_key(release.pk, p), wait=False) for p in waiting]
        answers = engine.settle_claims(pool.pk, claims, issue=True)
        waiting = [
            c.person_id
            for c, a in zip(claims, answers, strict=True)
            if a.answer not in ("won", "already", "spent")
        ]
        if not waiting:
            break
    return len(people) - len(waiting)


def grant_key(release_id: int, person_id: int):
    return uuid5(NAMESPACE_OID, f"grant/{release_id}/{person_id}")
