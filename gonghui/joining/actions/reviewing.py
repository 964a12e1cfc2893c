"""审核: taken by one, returned, rejected, or approved into a verified person and a membership, under locks in one order:
union (shared), application, identity, person, union."""

from __future__ import annotations

from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from gonghui.accounts.actions import answered
from gonghui.joining import errors, queries
from gonghui.joining.actions.telling import tell
from gonghui.joining.actions.thread import due_of, held, keep_union, keep_union_of, step
from gonghui.joining.events import ApplicationApproved, ApplicationRejected, ApplicationReturned
from gonghui.joining.models import VERBS, WORDS_MAX, How, JoinApplication, JoinEntry
from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError, require
from gonghui.kit.events import emit
from gonghui.kit.identifiers import plain_text
from gonghui.kit.locks import lock_name
from gonghui.kit.states import target
from gonghui.members.actions.memberships import begin_membership
from gonghui.members.actions.verification import collision, stated, verified
from gonghui.members.criteria import Identity
from gonghui.members.models import Person
from gonghui.members.ports.real_name import IdentityClaim

log = structlog.get_logger("gonghui.joining")
REVIEWER = JoinEntry.By.REVIEWER
BY_WORD = (How.PHONE, How.SMS, How.WECHAT)
"""Confirmed without a document or a list at hand: a sentence says what was asked (M5)."""


@action
def take_application(actor: Actor, *, joinapplication_id: int) -> JoinApplication:
    """From now on this reviewer's; the second of two at once is told whose it is."""
    row = _to_review(actor, joinapplication_id)
    step(actor, row, "take", by=REVIEWER, reviewer_id=actor.user_id)
    return row


@action
def release_application(actor: Actor, *, joinapplication_id: int) -> JoinApplication:
    """Back into the queue, by whoever may review there: its reviewer may be away."""
    row = _to_review(actor, joinapplication_id, is_anybodys=True)
    step(actor, row, "release", by=REVIEWER, reviewer_id=None)
    return row


@action
def redirect_application(actor: Actor, *, joinapplication_id: int, union_id: int) -> JoinApplication:
    """To the union it belongs to, by one who reviews for both; its days begin anew. Also where the first was merged."""
    row = _to_review(actor, joinapplication_id)
    union = queries.joinable_union(union_id)
    require(union and union.pk != row.union_id, errors.NOT_JOINABLE)
    require(actor.may("joining.review", union.path), errors.REDIRECT_OVER_BOTH)
    keep_union(union.pk)
    words = _("从{former}转到{union}").format(former=row.union.name, union=union.name)
    changes = {"union_id": union.pk, "region_code": "", "due_on": due_of(union), "reviewer_id": None}
    entry = step(actor, row, "redirect", by=REVIEWER, words=words[:WORDS_MAX], **changes)
    row.union = union
    tell(actor, row, entry)
    return row


@action
def return_application(actor: Actor, *, joinapplication_id: int, asked: str) -> JoinApplication:
    row = _to_review(actor, joinapplication_id)
    words = said(asked)
    entry = step(actor, row, "ask", by=REVIEWER, words=words, asked=words)
    emit(ApplicationReturned(application_id=row.pk))
    tell(actor, row, entry)
    return row


@action
def reject_application(actor: Actor, *, joinapplication_id: int, reason: str) -> JoinApplication:
    row = _to_review(actor, joinapplication_id)
    words = said(reason)
    entry = step(actor, row, "reject", by=REVIEWER, words=words, reason=words, decided_at=clock.now())
    emit(ApplicationRejected(application_id=row.pk))
    tell(actor, row, entry)
    return row


def approve_application(
    actor: Actor, *, joinapplication_id: int, how: str = "", note: str = ""
) -> JoinApplication:
    """`how` the identity was confirmed, where nobody has said so yet."""
    return answered(settle_approval(actor, application_id=joinapplication_id, how=how, note=note))


@action
def settle_approval(
    actor: Actor, *, application_id: int, how: str, note: str
) -> JoinApplication | DomainError:
    """A conflict of identities is returned, so that its case stays."""
    keep_union_of(application_id)
    row = _to_review(actor, application_id)
    target(row, VERBS, "approve")
    changes = _confirmed(actor, row, how, plain_text(note)[:200])
    identity = Identity(row.name, row.id_type, row.id_no)
    lock_name("identity", f"{identity.id_type}:{identity.id_no}")
    person = _person_of(row, identity, changes)
    if isinstance(person, DomainError):
        return person
    made = begin_membership(person, union_id=row.union_id, source=row.channel)
    entry = step(
        actor,
        row,
        "approve",
        by=REVIEWER,
        person_id=person.pk,
        membership_id=made.pk,
        decided_at=clock.now(),
        **changes,
    )
    emit(ApplicationApproved(application_id=row.pk))
    tell(actor, row, entry)
    log.info("join_approved", application=row.pk)
    return row


def _to_review(actor: Actor, application_id: int, *, is_anybodys: bool = False) -> JoinApplication:
    row = held(JoinApplication.objects.visible_to(actor).filter(pk=application_id).exclude(state="draft"))
    require(row is not None, NOT_FOUND)
    require(actor.user_id and actor.may("joining.review", row.union.path))
    require(actor.user_id not in (row.user_id, row.entered_by_id), errors.OWN_APPLICATION)
    if row.state == "under_review" and row.reviewer_id != actor.user_id and not is_anybodys:
        raise DomainError(errors.OTHER_REVIEWER, reviewer=str(row.reviewer))
    return row


def said(words: str) -> str:
    text = words.strip()[:WORDS_MAX]
    require(text, errors.WORDS_NEEDED)
    return text


def _confirmed(actor: Actor, row: JoinApplication, how: str, note: str) -> dict[str, Any]:
    """Kept as it stands where the account or the officer brought it."""
    if row.confirmed_how:
        return {}
    require(how in How.values and (note or how not in BY_WORD), errors.HOW_NEEDED)
    return {
        "confirmed_how": how,
        "confirmed_note": note,
        "confirmed_by_id": actor.user_id,
        "confirmed_at": clock.now(),
    }


def _person_of(row: JoinApplication, identity: Identity, changes: dict[str, Any]) -> Person | DomainError:
    """Found or made under the lock of their document, held, verified; the criteria are asked once more."""
    mine = Person.objects.unscoped("of the applicant's account").filter(user_id=row.user_id).first()
    mine = mine if row.user_id else None
    person = queries.person_under(identity, is_held=True)
    if mine and mine.is_verified and mine != person:
        return DomainError(errors.OTHER_PERSON)
    refused = queries.judged(identity, union=row.union, group=row.group, employer=row.employer, person=person)
    require(refused is None, errors.NOT_ELIGIBLE, why=refused.sentence if refused else "")
    if row.user_id and person and person.user_id not in (None, row.user_id):
        collision(row.user_id, person, "linked_elsewhere")
        return DomainError(errors.IDENTITY_CONFLICT)
    if mine and mine != person and (person or mine.id_index):
        collision(row.user_id, person or mine, "has_other_person" if person else "has_other_id")
        return DomainError(errors.IDENTITY_CONFLICT)
    how = changes.get("confirmed_how", row.confirmed_how)
    by = "" if how in BY_WORD else "review" if changes else "officer"
    return _written(row, person or mine or Person(), identity, by=by)


def _written(row: JoinApplication, person: Person, identity: Identity, *, by: str) -> Person:
    """`by` what the document was seen; without it nobody is verified, and nobody else's record comes to this account."""
    if not by and person.pk and person.user_id != row.user_id:
        return person
    if not person.phone:
        person.phone = row.phone
    if row.group and row.group not in person.groups:
        person.groups = [*person.groups, row.group]
    if person.is_verified:
        person.user_id = person.user_id or row.user_id
        person.save()
        return person
    claim = IdentityClaim(*identity, key="")
    try:
        with transaction.atomic():
            return verified(person, row.user_id, claim, by) if by else stated(person, row.user_id, claim)
    except IntegrityError as error:
        if "one_person_per_id_number" not in str(error):
            raise
    # A roster wrote the same person between our look and our insert.
    return _person_again(row, identity, by)


def _person_again(row: JoinApplication, identity: Identity, by: str) -> Person:
    person = queries.person_under(identity, is_held=True)
    refused = queries.judged(identity, union=row.union, group=row.group, employer=row.employer, person=person)
    require(refused is None, errors.NOT_ELIGIBLE, why=refused.sentence if refused else "")
    return _written(row, person, identity, by=by)
