"""The one way a single membership begins; rosters write theirs in batches (`roster_writes`)."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction

from gonghui.kit import clock
from gonghui.kit.errors import DomainError, require
from gonghui.kit.events import emit
from gonghui.members import errors
from gonghui.members.criteria import JOINABLE
from gonghui.members.events import MemberJoined
from gonghui.members.models import Membership, Person
from gonghui.orgs.models import Union


def require_takes_members(union: Union) -> None:
    """Of whoever moves there by their own or by somebody's word: open, and of the kinds one may join."""
    require(union.status == "active", errors.UNION_TAKES_NOBODY, union=union.name)
    kind = union.get_kind_display()
    require(union.kind in JOINABLE, errors.UNION_HAS_NO_MEMBERS_OF_ITS_OWN, union=union.name, kind=kind)


def begin_membership(
    person: Person, *, union_id: int, source: str, joined_on: date | None = None
) -> Membership:
    """For actions that have decided about a person they hold locked. The union is held against merging meanwhile."""
    held = Union.objects.unscoped("decided by the caller").select_for_update(of=("self",), no_key=True)
    union = held.get(pk=union_id)
    require(union.status == "active", errors.UNION_TAKES_NOBODY, union=union.name)
    past = Membership.objects.unscoped("of a person held").filter(person=person, union=union)
    require(not past.filter(status="expelled").exists(), errors.EXPELLED_THERE, union=union.name)
    try:
        with transaction.atomic():
            made = Membership.objects.create(
                person=person, union=union, source=source, joined_on=joined_on or clock.today()
            )
    except IntegrityError as error:
        if "one_live_membership" not in str(error):
            raise
        raise DomainError(errors.MEMBER_ALREADY) from error
    emit(MemberJoined(membership_id=made.pk))
    return made
