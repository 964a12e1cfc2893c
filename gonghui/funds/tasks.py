"""Jobs of the funds: grants are given in batches, points end in time."""

from __future__ import annotations

from gonghui.funds import ledger_reactions, reactions  # noqa: F401 - registers them
from gonghui.funds.actions import decisions, grants, lives, points
from gonghui.kit.actors import Actor
from gonghui.kit.jobs import job, periodic, sweep


@job
def screen_points(grant_id: int) -> None:
    grants.screen_grant(Actor.system("asking the rules about a roster"), grant_id=grant_id)


@job
def give_points(grant_id: int) -> None:
    grants.give_grant(Actor.system("giving points"), grant_id=grant_id)


@job
def take_effect(decision_id: int) -> None:
    decisions.settle_decision(Actor.system("the cooling-off is over"), decision_id=decision_id)


@periodic("*/5 * * * *")
def take_due_effects(timestamp: int) -> None:
    """Whatever became of the job of each."""
    with sweep() as each:
        for decision_id in decisions.due_decisions():
            each(decisions.settle_decision, Actor.system("the cooling-off is over"), decision_id=decision_id)


@periodic("7 16 * * *")
def expire_points(timestamp: int) -> None:
    """00:07 in China, every night."""
    points.expire_points(Actor.system("nightly end of points"))


@periodic("11 1 * * *")
def warn_of_expiry(timestamp: int) -> None:
    """09:11 in China, every day."""
    points.warn_of_expiry(Actor.system("warning of points that end"))


@periodic("17 16 * * *")
def return_due_lots(timestamp: int) -> None:
    """00:17 in China, every night: what is left of lots whose owner died or left, once the term is over."""
    lives.return_due_lots(Actor.system("points that go back after a change of membership"))
