"""Jobs about audiences."""

from __future__ import annotations

from gonghui.audiences import actions, reactions  # noqa: F401  registers the reactions
from gonghui.audiences.actions.rebuilding import BUILDER, begin_due_runs
from gonghui.kit.jobs import job, periodic


@job(queue="audiences")
def rebuild_audiences() -> None:
    actions.rebuild_waiting()


@job(queue="audiences_news")
def reconsider_member(person_id: int, topic: str = "person") -> None:
    actions.reconsider(person_id, topic)


@job(queue="audiences_news")
def look_at_news() -> None:
    actions.look_at_news()


@periodic("* * * * *")
def begin_due_audiences(timestamp: int) -> None:
    """And whatever news a lost job left."""
    begin_due_runs(BUILDER)
    actions.look_at_news()
