"""What every verb does: the application held, moved with its step in the thread; its facts written while nobody reviews them."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import IntegrityError, connection, transaction

from gonghui.joining import errors
from gonghui.joining.models import IN_REVIEW, VERBS, JoinApplication, JoinEntry
from gonghui.joining.queries import review_days_of
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError, require
from gonghui.kit.states import move, target
from gonghui.kit.workdays import working_days_after
from gonghui.orgs.models import Union

WHY = "held by its own verb"
UNION_KEPT = """
SELECT FROM orgs_union WHERE id = (SELECT union_id FROM joining_joinapplication WHERE id = %s) FOR KEY SHARE
"""
ONE_OPEN = {
    "join_one_open_a_document": errors.DOCUMENT_IN_REVIEW,
    "join_one_open_an_account": errors.ACCOUNT_IN_REVIEW,
}


def due_of(union: Union) -> date:
    return working_days_after(clock.today(), review_days_of(union))


def step(
    actor: Actor, row: JoinApplication, verb: str, *, by: str, words: str = "", **changes: Any
) -> JoinEntry:
    """Moves the application by compare-and-set; the deadline goes where nobody of the union has the word."""
    if target(row, VERBS, verb) not in IN_REVIEW:
        changes["due_on"] = None
    try:
        with transaction.atomic():
            move(row, VERBS, verb, updated_at=clock.now(), **changes)
    except IntegrityError as error:
        raise taken(error) from error
    author = None if by == JoinEntry.By.APPLICANT and actor.user_id is None else actor.user_id
    return JoinEntry.objects.create(
        application=row, at=clock.now(), by=by, author_id=author, verb=verb, state=row.state, words=words
    )


def taken(error: IntegrityError) -> Exception:
    """Of a document or an account that is applied for already; anything else is as it is."""
    refused = next((reason for name, reason in ONE_OPEN.items() if name in str(error)), None)
    return DomainError(refused) if refused else error


def keep_union(union_id: int) -> None:
    """Shared, and before the application, as whoever ends the union holds it before its applications."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT status FROM orgs_union WHERE id = %s FOR KEY SHARE", [union_id])
        found = cursor.fetchone()
    require(found and found[0] == "active", errors.NOT_JOINABLE)


def keep_union_of(application_id: int) -> None:
    """Likewise, whatever its status: of the one applied to."""
    with connection.cursor() as cursor:
        cursor.execute(UNION_KEPT, [application_id])


def held(found: Any) -> JoinApplication | None:
    return found.select_related("union").select_for_update(of=("self",), no_key=True).first()
