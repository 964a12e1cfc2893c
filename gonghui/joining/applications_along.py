"""Applications to a union that ends go on to where it went, with a step in their thread; its posters lead there."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from gonghui.joining.actions.telling import tell
from gonghui.joining.actions.thread import due_of, step
from gonghui.joining.models import IN_REVIEW, OPEN, WORDS_MAX, JoinApplication, JoinEntry, JoinPoster
from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.members.criteria import JOINABLE, POOL
from gonghui.orgs.endings import Ending, InFlight
from gonghui.orgs.models import Union

WHY = "at a union that ends"


def open_at(union: Union):
    return JoinApplication.objects.unscoped(WHY).filter(union=union, state__in=("draft", *OPEN))


def carry(actor: Actor, ending: Ending) -> None:
    """Whoever hands one in or approves it holds its union first, so none of them is decided while that one ends."""
    for row in open_at(ending.union).select_for_update(of=("self",), no_key=True).order_by("pk"):
        _move(actor, row, ending)
    if ending.into.kind in (*JOINABLE, POOL):
        posters = JoinPoster.objects.unscoped(WHY).filter(union=ending.union)
        posters.update(union=ending.into, updated_at=clock.now())


def _move(actor: Actor, row: JoinApplication, ending: Ending) -> None:
    """Back into the queue where it was reviewed; with the applicant it stays, and a draft stays a draft."""
    words = ending.words[:WORDS_MAX]
    if row.state == "under_review":
        changes = {"union_id": ending.into.pk, "due_on": due_of(ending.into), "reviewer_id": None}
        entry = step(actor, row, "redirect", by=JoinEntry.By.ENDING, words=words, **changes)
        row.union = ending.into
        tell(actor, row, entry)
        return
    row.union = ending.into
    if row.state in IN_REVIEW:
        row.due_on = due_of(ending.into)
    row.save(update_fields=["union", "due_on", "updated_at"])
    if row.state == "draft":
        return
    entry = JoinEntry.objects.create(
        application=row, at=clock.now(), by=JoinEntry.By.ENDING, author_id=actor.user_id, verb="redirect", state=row.state,
        words=words,
    )  # fmt: skip
    if row.state in IN_REVIEW:
        tell(actor, row, entry)


FLIGHT = InFlight(_("入会申请"), lambda union: open_at(union).count(), carry)
