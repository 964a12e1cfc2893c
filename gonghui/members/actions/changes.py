"""会籍变动: one notes it with its document, another confirms; then the membership follows, and whoever listens is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.events import emit
from gonghui.kit.states import move
from gonghui.members import errors
from gonghui.members.actions.memberships import begin_membership, require_takes_members
from gonghui.members.events import MembershipChanged
from gonghui.members.models import Membership, MembershipChange, Person
from gonghui.orgs.models import Union
from gonghui.orgs.queries import may_at

Kind = MembershipChange.Kind
CHANGE_VERBS = {"confirm": {"proposed": "confirmed"}, "refuse": {"proposed": "refused"}}
BECOMES = {
    Kind.DIED: "ended",
    Kind.EMIGRATED: "ended",
    Kind.RETIRED: "retained",
    Kind.LAID_OFF: "retained",
    Kind.RESUMED: "active",
    Kind.LEFT: "exited",
    Kind.EXPELLED: "expelled",
    Kind.MOVED: "ended",
}
"""What a membership becomes: who retired or lost their work stays a member (保留会籍)."""
RETAINING = (Kind.RETIRED, Kind.LAID_OFF)
FITS: dict[str, tuple[str, ...]] = {
    Kind.RESUMED: ("retained",),
    Kind.LAID_OFF: ("active", "transferring"),
}
"""Any other kind fits any live membership."""


@dataclass(frozen=True, slots=True)
class ChangeTerms:
    kind: str
    happened_on: date
    document: str
    reason: str
    to_union_id: int | None = None


@action
def propose_change(actor: Actor, *, membership_id: int, terms: ChangeTerms) -> MembershipChange:
    """Changes nothing of the membership yet."""
    membership = _held(actor, membership_id)
    require(actor.user_id and may_at(actor, "members.import", membership.union))
    require(membership.status in Membership.LIVE, errors.CHANGE_OF_PAST_MEMBER)
    require(terms.happened_on <= clock.today(), errors.CHANGE_IN_FUTURE)
    require(terms.document.strip() and terms.reason.strip(), errors.CHANGE_NEEDS_DOCUMENT)
    _require_union(membership, terms)
    of_it = MembershipChange.objects.unscoped("of a membership held").filter(membership=membership)
    require(not of_it.filter(state="proposed").exists(), errors.CHANGE_OPEN)
    require_fits(membership, terms.kind)
    return MembershipChange.objects.create(
        membership=membership,
        person_id=membership.person_id,
        union_id=membership.union_id,
        to_union_id=terms.to_union_id,
        kind=terms.kind,
        happened_on=terms.happened_on,
        document=terms.document.strip(),
        reason=terms.reason.strip(),
        maker_id=actor.user_id,
    )


def require_fits(membership: Membership, kind: str) -> None:
    """The same stands in sql/30_changes.sql, of the moment it takes effect."""
    facts = {"status": membership.get_status_display(), "kind": Kind(kind).label}
    fits = FITS.get(Kind(kind), Membership.LIVE)
    require(membership.status in fits, errors.CHANGE_DOES_NOT_FIT, **facts)
    of_it = MembershipChange.objects.unscoped("of a membership held").filter(membership=membership)
    was_so = of_it.filter(state="confirmed", kind=kind)
    if kind in RETAINING:
        resumed = of_it.filter(state="confirmed", kind=Kind.RESUMED).order_by("-pk").first()
        was_so = was_so.filter(pk__gt=resumed.pk if resumed else 0)
    require(kind == Kind.RESUMED or not was_so.exists(), errors.CHANGE_TWICE, kind=facts["kind"])


def _require_union(membership: Membership, terms: ChangeTerms) -> None:
    is_elsewhere = terms.to_union_id not in (None, membership.union_id)
    require(is_elsewhere == (terms.kind == Kind.MOVED), errors.CHANGE_NEEDS_UNION)
    require(terms.kind == Kind.MOVED or terms.to_union_id is None, errors.CHANGE_NEEDS_UNION)
    if is_elsewhere:
        aim = Union.objects.unscoped("any union may take a member in").filter(pk=terms.to_union_id).first()
        require(aim, errors.CHANGE_NEEDS_UNION)
        require_takes_members(aim)


@action
def confirm_change(actor: Actor, *, change_id: int) -> MembershipChange:
    """By another than the maker; of somebody who moves, by one who stands over both unions."""
    change = _decided(actor, change_id)
    person = _hold_way(change)
    membership = _locked(change.membership_id)
    require(membership.status in Membership.LIVE, errors.CHANGE_OF_PAST_MEMBER)
    require_fits(membership, change.kind)
    move(change, CHANGE_VERBS, "confirm", checker_id=actor.user_id, decided_at=clock.now())
    membership.status = BECOMES[Kind(change.kind)]
    if membership.status not in Membership.LIVE:
        membership.left_on = change.happened_on
    membership.save(update_fields=["status", "left_on", "updated_at"])
    if change.kind == Kind.MOVED:
        begin_membership(person, union_id=change.to_union_id, source="transfer", joined_on=change.happened_on)
    emit(MembershipChanged(change_id=change.pk))
    return change


@action
def refuse_change(actor: Actor, *, change_id: int, reason: str) -> MembershipChange:
    """Back to the maker; nothing of the membership has changed."""
    change = _decided(actor, change_id)
    move(
        change, CHANGE_VERBS, "refuse", checker_id=actor.user_id, decided_at=clock.now(), answer=reason[:200]
    )
    return change


def _hold_way(change: MembershipChange) -> Person:
    """The unions, then the person, before the membership: as transfers hold them, and whoever ends a union."""
    unions = Union.objects.unscoped("held before the person").order_by("pk")
    ids = [pk for pk in (change.union_id, change.to_union_id) if pk]
    list(unions.filter(pk__in=ids).select_for_update(of=("self",), no_key=True))
    held = Person.objects.unscoped("of a change the actor may see").select_for_update(
        of=("self",), no_key=True
    )
    return held.get(pk=change.person_id)


def _held(actor: Actor, membership_id: int) -> Membership:
    found = Membership.objects.visible_to(actor).filter(pk=membership_id).order_by()
    seen = found.values_list("pk", flat=True).first()
    require(seen, NOT_FOUND)
    return _locked(seen)


def _locked(membership_id: int) -> Membership:
    found = Membership.objects.unscoped("of a change the actor may see").select_related("union")
    return found.select_for_update(of=("self",), no_key=True).get(pk=membership_id)


def _decided(actor: Actor, change_id: int) -> MembershipChange:
    found = MembershipChange.objects.visible_to(actor).select_related("union", "to_union")
    change = found.filter(pk=change_id).select_for_update(of=("self",), no_key=True).first()
    require(change, NOT_FOUND)
    unions = [union for union in (change.union, change.to_union) if union]
    require(actor.user_id and may_at(actor, "rosters.apply", change.union))
    require(all(may_at(actor, "rosters.apply", union) for union in unions), errors.CHANGE_OVER_BOTH)
    require(actor.user_id != change.maker_id and actor.person_id != change.person_id, errors.CHANGE_OWN)
    return change
