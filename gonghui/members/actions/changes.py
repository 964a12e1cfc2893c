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
from gonghui.members.events import MembershipChanged
from gonghui.members.models import Membership, MembershipChange
from gonghui.orgs.models import Union

Kind = MembershipChange.Kind
CHANGE_VERBS = {"confirm": {"proposed": "confirmed"}, "refuse": {"proposed": "refused"}}
BECOMES = {Kind.DIED: "ended", Kind.RETIRED: "retained", Kind.LEFT: "exited", Kind.MOVED: "ended"}
"""What a membership becomes: a retired member stays one (保留会籍)."""


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
    require(actor.user_id and actor.may("members.import", membership.union.path))
    require(membership.status in Membership.LIVE, errors.CHANGE_OF_PAST_MEMBER)
    require(terms.happened_on <= clock.today(), errors.CHANGE_IN_FUTURE)
    require(terms.document.strip() and terms.reason.strip(), errors.CHANGE_NEEDS_DOCUMENT)
    _require_union(membership, terms)
    of_it = MembershipChange.objects.unscoped("of a membership held").filter(membership=membership)
    require(not of_it.filter(state="proposed").exists(), errors.CHANGE_OPEN)
    was_so = of_it.filter(state="confirmed", kind=terms.kind).exists()
    require(not was_so, errors.CHANGE_TWICE, kind=Kind(terms.kind).label)
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


def _require_union(membership: Membership, terms: ChangeTerms) -> None:
    is_elsewhere = terms.to_union_id not in (None, membership.union_id)
    require(is_elsewhere == (terms.kind == Kind.MOVED), errors.CHANGE_NEEDS_UNION)
    require(terms.kind == Kind.MOVED or terms.to_union_id is None, errors.CHANGE_NEEDS_UNION)
    if is_elsewhere:
        known = Union.objects.unscoped("any union may take a member in").filter(pk=terms.to_union_id)
        require(known.exists(), errors.CHANGE_NEEDS_UNION)


@action
def confirm_change(actor: Actor, *, change_id: int) -> MembershipChange:
    """By another than the maker; of somebody who moves, by one who stands over both unions."""
    change = _decided(actor, change_id)
    membership = _locked(change.membership_id)
    require(membership.status in Membership.LIVE, errors.CHANGE_OF_PAST_MEMBER)
    move(change, CHANGE_VERBS, "confirm", checker_id=actor.user_id, decided_at=clock.now())
    membership.status = BECOMES[Kind(change.kind)]
    if change.kind != Kind.RETIRED:
        membership.left_on = change.happened_on
    membership.save(update_fields=["status", "left_on", "updated_at"])
    if change.kind == Kind.MOVED:
        Membership.objects.create(
            person_id=change.person_id,
            union_id=change.to_union_id,
            joined_on=change.happened_on,
            source="transfer",
        )
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
    paths = [union.path for union in (change.union, change.to_union) if union]
    require(actor.user_id and actor.may("rosters.apply", change.union.path))
    require(all(actor.may("rosters.apply", path) for path in paths), errors.CHANGE_OVER_BOTH)
    require(actor.user_id != change.maker_id and actor.person_id != change.person_id, errors.CHANGE_OWN)
    return change
