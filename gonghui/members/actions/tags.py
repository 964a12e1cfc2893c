"""Marks of people: given with their evidence, ended with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, STATE_CHANGED, DomainError, require
from gonghui.kit.events import emit
from gonghui.members import errors
from gonghui.members.events import PersonTagged
from gonghui.members.models import Membership, PersonTag
from gonghui.members.models.tags import SENSITIVE
from gonghui.orgs.queries import may_at


@dataclass(frozen=True, slots=True)
class TagTerms:
    kind: str
    evidence: str
    since: date
    until: date | None = None
    source: str = "org"


def verb_of(kind: str) -> str:
    """Who may write this mark."""
    return "members.sensitive" if kind in SENSITIVE else "members.import"


@action
def tag_person(actor: Actor, *, membership_id: int, terms: TagTerms) -> PersonTag:
    """By the union the person belongs to now, or one above it."""
    found = Membership.objects.visible_to(actor).filter(pk=membership_id, status__in=Membership.LIVE)
    membership = found.select_related("union").first()
    require(membership, NOT_FOUND)
    require(actor.user_id and may_at(actor, verb_of(terms.kind), membership.union))
    require(terms.kind in PersonTag.Kind.values and terms.evidence.strip(), errors.TAG_NEEDS_EVIDENCE)
    require(terms.until is None or terms.since <= terms.until, errors.TAG_DAYS)
    try:
        with transaction.atomic():
            tag = PersonTag.objects.create(
                person_id=membership.person_id,
                kind=terms.kind,
                source=terms.source,
                evidence=terms.evidence.strip(),
                since=terms.since,
                until=terms.until,
                maker_id=actor.user_id,
            )
    except IntegrityError as error:
        if "members_tag_once" not in str(error):
            raise
        raise DomainError(errors.TAG_TWICE) from error
    emit(PersonTagged(person_id=tag.person_id))
    return tag


@action
def end_tag(actor: Actor, *, tag_id: int, reason: str) -> PersonTag:
    """By the union the person belongs to now; the row stays with its reason."""
    tag = PersonTag.objects.visible_to(actor).filter(pk=tag_id).order_by().first()
    require(tag, NOT_FOUND)
    live = Membership.objects.unscoped("of a tag the actor may see").filter(
        person_id=tag.person_id, status__in=Membership.LIVE
    )
    home = live.select_related("union").order_by("pk").first()
    require(actor.user_id and home and may_at(actor, verb_of(tag.kind), home.union))
    require(reason.strip(), errors.TAG_NEEDS_EVIDENCE)
    open_ = PersonTag.objects.unscoped("compare-and-set of a fetched row").filter(
        pk=tag.pk, ended_at__isnull=True
    )
    now = clock.now()
    require(open_.update(ended_at=now, ended_reason=reason.strip()[:200], updated_at=now), STATE_CHANGED)
    emit(PersonTagged(person_id=tag.person_id))
    tag.refresh_from_db()
    return tag
