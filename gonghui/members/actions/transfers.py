"""转会: the member asks, the old union lets go, the new one takes in; and what the clock answers where nobody did.

Whoever moves one holds the person, both unions, the membership and the transfer, in this order: rosters and applications hold
people first as well, mergers their unions before memberships.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, STATE_CHANGED, require
from gonghui.kit.events import emit
from gonghui.kit.states import move, target
from gonghui.members import errors
from gonghui.members.actions.memberships import begin_membership, require_takes_members
from gonghui.members.actions.verification import read_claim
from gonghui.members.events import TransferDecided, TransferOpened, TransferPassedOn, TransferReleased
from gonghui.members.models import (
    Membership,
    MembershipChange,
    Person,
    TransferRequest,
    TransferRule,
    TransferStep,
)
from gonghui.members.models.transfers import VERBS, WORDS_MAX, Silence
from gonghui.members.queries import person_with_id
from gonghui.members.transfer_terms import ACCEPT, RELEASE, said_of_clock, terms_for
from gonghui.orgs.models import Union
from gonghui.orgs.queries import may_at

WHY = "held by its own verb"
DECIDE = "transfers.decide"
By, Kind = TransferStep.By, TransferStep.Kind


@dataclass(frozen=True, slots=True)
class Said:
    """Whose word it is, and for which union."""

    by: str
    author_id: int | None = None
    words: str = ""
    rule: TransferRule | None = None


# --- opened -------------------------------------------------------------------------------------------------


@action
def open_transfer(
    actor: Actor, *, to_union_id: int, reason: str = "", key: UUID | None = None
) -> TransferRequest:
    """By the member, to any union that takes people in. The same key again is the same transfer, whatever became of it."""
    mine = Person.objects.visible_to(actor).filter(pk=actor.person_id).first() if actor.person_id else None
    require(mine and mine.is_verified, errors.VERIFY_FIRST)
    if made := _made_with(key, mine.pk):
        return made
    return _open(actor, mine.pk, to_union_id, by=By.MEMBER, reason=reason, key=key)


def _made_with(key: UUID | None, person_id: int) -> TransferRequest | None:
    if key is None:
        return None
    return (
        TransferRequest.objects.unscoped("asked by its own key").filter(person_id=person_id, key=key).first()
    )


@dataclass(frozen=True, slots=True)
class Papers:
    """What a member brought to the counter: who they are, and the old union's letter."""

    name: str
    id_no: str
    document: str
    reason: str = ""
    id_type: str = "resident_id"


@action
def open_transfer_for(actor: Actor, *, to_union_id: int, papers: Papers) -> TransferRequest:
    """By staff of either union. Who is not a member, and who is one elsewhere under another name, is answered alike."""
    claim = read_claim(papers.name, papers.id_type, papers.id_no)
    require(papers.document.strip(), errors.TRANSFER_DOCUMENT)
    require(actor.user_id and actor.may_anywhere("members.import"))
    person = person_with_id(claim.id_type, claim.id_no)
    require(person and person.name == claim.name, errors.TRANSFER_NOT_KNOWN)
    require(person.pk != actor.person_id, errors.TRANSFER_OWN)
    live = _live_of(person.pk).select_related("union").first()
    require(live, errors.TRANSFER_NOT_KNOWN)
    aim = Union.objects.unscoped("named by the papers").filter(pk=to_union_id).first()
    require(aim, errors.TRANSFER_NO_UNION)
    is_ours = may_at(actor, "members.import", live.union) or actor.may("members.import", aim.path)
    require(is_ours, errors.TRANSFER_NOT_KNOWN)
    return _open(
        actor, person.pk, to_union_id, by=By.UNION, reason=papers.reason, document=papers.document.strip()[:80]
    )  # fmt: skip


def _open(
    actor: Actor,
    person_id: int,
    to_union_id: int,
    *,
    by: str,
    reason: str,
    document: str = "",
    key: UUID | None = None,
) -> TransferRequest:
    seen = _live_of(person_id).first()
    require(seen, errors.TRANSFER_NO_MEMBERSHIP)
    _keep_union(seen.union_id)
    aim = _hold_union(to_union_id)
    _hold_person(person_id)
    if made := _made_with(key, person_id):
        return made
    live = _live_of(person_id).select_for_update(of=("self",), no_key=True).select_related("union").first()
    require(live and live.union_id == seen.union_id, STATE_CHANGED)
    require(live.status != "transferring", errors.TRANSFER_OPEN)
    require_other_union(live, aim)
    noted = MembershipChange.objects.unscoped("of a membership held").filter(
        membership=live, state="proposed"
    )
    require(not noted.exists(), errors.CHANGE_OPEN)
    row = TransferRequest.objects.create(
        membership=live, person_id=person_id, from_union=live.union, to_union=aim, was=live.status, desk=live.union, key=key,
        opener_id=actor.user_id, document=document, reason=reason.strip()[:WORDS_MAX], **terms_for(live.union, RELEASE).begun(),
    )  # fmt: skip
    _put(live, "transferring")
    _write(row, Said(by, actor.user_id, row.reason), Kind.OPENED, aim)
    emit(TransferOpened(transfer_id=row.pk))
    return row


def require_other_union(live: Membership, aim: Union) -> None:
    """One that takes people in, and this person."""
    require(live.union_id != aim.pk, errors.TRANSFER_SAME_UNION, union=aim.name)
    require_takes_members(aim)
    there = Membership.objects.unscoped("of a person held").filter(person_id=live.person_id, union=aim)
    require(not there.filter(status="expelled").exists(), errors.EXPELLED_THERE, union=aim.name)


# --- answered -----------------------------------------------------------------------------------------------


@action
def release_transfer(actor: Actor, *, transfer_id: int) -> TransferRequest:
    """By the old union, or a level above it."""
    row = _held(actor, transfer_id)
    _require_decider(actor, row, row.from_union)
    return _release(row, Said(By.UNION, actor.user_id))


@action
def accept_transfer(actor: Actor, *, transfer_id: int) -> TransferRequest:
    """By the new union, or a level above it. Refused while that union takes nobody; the transfer stays open."""
    row = _held(actor, transfer_id)
    _require_decider(actor, row, row.to_union)
    require(actor.user_id != row.opener_id, errors.TRANSFER_TWO_HANDS)
    return _accept(row, Said(By.UNION, actor.user_id))


@action
def refuse_transfer(actor: Actor, *, transfer_id: int, reason: str) -> TransferRequest:
    """By the union whose turn it is, or by the new one from the beginning; the membership is what it was."""
    row = _held(actor, transfer_id)
    sides = [row.to_union] if row.state == "released" else [row.from_union, row.to_union]
    mine = next((side for side in sides if may_at(actor, DECIDE, side)), sides[0])
    _require_decider(actor, row, mine)
    require(reason.strip(), errors.TRANSFER_WORDS)
    return _end(row, "refuse", Said(By.UNION, actor.user_id, reason.strip()), mine, decider_id=actor.user_id)


@action
def cancel_transfer(actor: Actor, *, transfer_id: int) -> TransferRequest:
    """By the member, until somebody has taken them in."""
    row = _own(actor, transfer_id)
    return _end(row, "cancel", Said(By.MEMBER, actor.user_id), None)


@action
def aim_transfer(actor: Actor, *, transfer_id: int, to_union_id: int) -> TransferRequest:
    """By the member, to another union: what was released stays released."""
    row = _own(actor, transfer_id, to_union_id)
    require(row.is_open, STATE_CHANGED)
    aim = Union.objects.unscoped("held above").get(pk=to_union_id)
    require(aim.pk != row.to_union_id, errors.TRANSFER_SAME_UNION, union=aim.name)
    require_other_union(row.membership, aim)
    turn: dict[str, Any] = {}
    if row.state == "released":
        turn = {"desk": aim, **terms_for(aim, ACCEPT).begun()}
    _change(row, to_union=aim, **turn)
    step = _write(row, Said(By.MEMBER, actor.user_id), Kind.AIMED, aim)
    emit(TransferPassedOn(step_id=step.pk))
    return row


# --- the clock ----------------------------------------------------------------------------------------------


@action
def answer_silence(actor: Actor, *, transfer_id: int) -> TransferRequest:
    """The last day passed without a word: what was promised for that happens, and says under which rule."""
    row = _held(actor, transfer_id)
    require(actor.is_system and row.is_open and row.is_overdue, STATE_CHANGED)
    said = Said(By.CLOCK, None, said_of_clock(row.rule), row.rule)
    if row.silence == Silence.PASS:
        return _release(row, said) if row.state == "opened" else _accept(row, said)
    if row.silence == Silence.ESCALATE:
        _escalate(row, said)
    return row


def _escalate(row: TransferRequest, said: Said) -> None:
    """To the nearest active union above; at the top there is nobody else, and it waits there."""
    above = union_above(row.desk)
    if above is None:
        _change(row, silence=Silence.WAIT)
        return
    _change(row, desk=above, **terms_for(above, RELEASE if row.state == "opened" else ACCEPT).begun())
    step = _write(row, said, Kind.ESCALATED, above)
    emit(TransferPassedOn(step_id=step.pk))


def union_above(union: Union) -> Union | None:
    ids = [int(step) for step in union.path.split(".") if step][:-1]
    found = Union.objects.unscoped("levels above a union in hand").filter(pk__in=ids, status="active")
    return found.order_by("-path").first()


# --- steps --------------------------------------------------------------------------------------------------


def _release(row: TransferRequest, said: Said) -> TransferRequest:
    released_from = row.from_union
    move(
        row, VERBS, "release", releaser_id=said.author_id, desk_id=row.to_union_id, updated_at=clock.now(),
        **terms_for(row.to_union, ACCEPT).begun(),
    )  # fmt: skip
    _write(row, said, Kind.RELEASED, released_from)
    emit(TransferReleased(transfer_id=row.pk))
    return row


def _accept(row: TransferRequest, said: Said) -> TransferRequest:
    """The old membership ends and another begins, both today; whatever hangs on the person is not touched."""
    target(row, VERBS, "accept")
    old, today = row.membership, clock.today()
    _end(row, "accept", said, row.to_union, decider_id=said.author_id)
    old.left_on = today
    _put(old, "ended", "left_on")
    made = begin_membership(row.person, union_id=row.to_union_id, source="transfer", joined_on=today)
    _change(row, became=made)
    return row


def _end(row: TransferRequest, verb: str, said: Said, union: Union | None, **changes: Any) -> TransferRequest:
    moment = clock.now()
    move(row, VERBS, verb, due_on=None, silence="", closed_at=moment, updated_at=moment, **changes)
    _write(row, said, row.state, union)
    if verb != "accept":
        _put(row.membership, row.was)
    emit(TransferDecided(transfer_id=row.pk))
    return row


def _write(row: TransferRequest, said: Said, kind: str, union: Union | None) -> TransferStep:
    return TransferStep.objects.create(
        transfer=row, at=clock.now(), kind=kind, by=said.by, author_id=said.author_id, union=union, rule=said.rule,
        words=said.words[:WORDS_MAX],
    )  # fmt: skip


def _change(row: TransferRequest, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(update_fields=[*(name.removesuffix("_id") for name in changes), "updated_at"])


def _put(membership: Membership, status: str, *fields: str) -> None:
    membership.status = status
    membership.save(update_fields=["status", *fields, "updated_at"])


# --- held ---------------------------------------------------------------------------------------------------


def _held(
    actor: Actor, transfer_id: int, to_union_id: int | None = None, *, any_aim: bool = False
) -> TransferRequest:
    """Seen by the actor and held with all it moves; re-aimed meanwhile, it is refused as changed, unless any aim will do."""
    seen = TransferRequest.objects.visible_to(actor).filter(pk=transfer_id).first()
    require(seen, NOT_FOUND)
    # Unions before people: whoever ends a union holds it, and then its members.
    _keep_union(seen.from_union_id)
    _hold_union(to_union_id or seen.to_union_id)
    person = _hold_person(seen.person_id)
    held = Membership.objects.unscoped(WHY).select_for_update(of=("self",), no_key=True)
    membership = held.select_related("union").get(pk=seen.membership_id)
    found = TransferRequest.objects.unscoped(WHY).select_related("from_union", "to_union", "desk", "rule")
    row = found.select_for_update(of=("self",), no_key=True).get(pk=transfer_id)
    require(row.from_union_id == seen.from_union_id, STATE_CHANGED)
    require(any_aim or row.to_union_id == seen.to_union_id, STATE_CHANGED)
    row.person, row.membership = person, membership
    return row


def _own(actor: Actor, transfer_id: int, to_union_id: int | None = None) -> TransferRequest:
    row = _held(actor, transfer_id, to_union_id, any_aim=True)
    require(actor.person_id is not None and row.person_id == actor.person_id, NOT_FOUND)
    return row


def _hold_person(person_id: int) -> Person:
    return Person.objects.unscoped(WHY).select_for_update(of=("self",), no_key=True).get(pk=person_id)


def _keep_union(union_id: int) -> None:
    """Shared: it does not end meanwhile. Before the membership, as whoever ends it holds it before its members."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM orgs_union WHERE id = %s FOR KEY SHARE", [union_id])


def _hold_union(union_id: int) -> Union:
    found = Union.objects.unscoped(WHY).filter(pk=union_id).select_for_update(of=("self",), no_key=True)
    union = found.first()
    require(union, errors.TRANSFER_NO_UNION)
    return union


def _live_of(person_id: int):
    return Membership.objects.unscoped("of a person in hand").filter(
        person_id=person_id, status__in=Membership.LIVE
    )


def _require_decider(actor: Actor, row: TransferRequest, union: Union) -> None:
    require(actor.user_id and may_at(actor, DECIDE, union))
    require(actor.person_id != row.person_id, errors.TRANSFER_OWN)
