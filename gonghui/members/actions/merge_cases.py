"""A person of the union decides who an ID number belongs to."""

from __future__ import annotations

from gonghui.kit import clock
from gonghui.kit.actions import action
from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, require
from gonghui.kit.events import emit
from gonghui.members import errors
from gonghui.members.actions.verification import require_may_verify
from gonghui.members.events import MergeCaseSettled, PersonVerified
from gonghui.members.models import MergeCase, Person, Verification


@action
def keep_identity(actor: Actor, *, case_id: int) -> None:
    """The person stays with the account that has them."""
    case = _open_case(actor, case_id)
    _settle(case, "kept")


@action
def move_identity(actor: Actor, *, case_id: int) -> None:
    """The claimant showed the document: the person moves to their account and is verified."""
    case = _open_case(actor, case_id)
    own = Person.objects.unscoped("the claimant's own person").filter(user_id=case.claimant_id)
    own.exclude(pk=case.person_id).update(user=None, updated_at=clock.now())
    Person.objects.unscoped("the person of a fetched case").filter(pk=case.person_id).update(
        user_id=case.claimant_id,
        verification=Verification.VERIFIED,
        verified_at=clock.now(),
        verified_by="staff",
        updated_at=clock.now(),
    )
    _settle(case, "moved")
    emit(PersonVerified(person_id=case.person_id))


def _open_case(actor: Actor, case_id: int) -> MergeCase:
    found = MergeCase.objects.visible_to(actor).filter(pk=case_id).select_related("person").first()
    require(found, NOT_FOUND)
    require_may_verify(actor, found.person)
    return found


def _settle(case: MergeCase, state: str) -> None:
    still_open = MergeCase.objects.unscoped("compare-and-set of a fetched row").filter(
        pk=case.pk, state="open"
    )
    require(still_open.update(state=state, updated_at=clock.now()), errors.CASE_SETTLED)
    emit(MergeCaseSettled(case_id=case.pk))
