"""Jobs of offers: money that nobody can ask for any more goes home. Registered by `apps`."""

from __future__ import annotations

from gonghui.kit.actors import Actor
from gonghui.kit.jobs import job, periodic


@job
def sweep_offer_money() -> None:
    from gonghui.bills.purses import sweep_purses

    sweep_purses(Actor.system("what offers left goes back to its budgets"))


@job
def make_series_days() -> None:
    from gonghui.bills.actions.series import make_due_days

    make_due_days(Actor.system("releases that come again"))


@periodic("47 16 * * *")
def make_series_days_daily(timestamp: int) -> None:
    """00:47 in China, every night."""
    make_series_days.defer()


@periodic("37 16 * * *")
def sweep_offer_money_daily(timestamp: int) -> None:
    """00:37 in China, every night."""
    sweep_offer_money.defer()
