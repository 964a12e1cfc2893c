"""Jobs of introductions."""

from __future__ import annotations

from gonghui.kit.actors import Actor
from gonghui.kit.jobs import periodic
from gonghui.referrals import reactions  # noqa: F401  register them
from gonghui.referrals.actions import introductions

CLOCK = Actor.system("sweep of introductions")


@periodic("* * * * *")
def reward_introductions(timestamp: int) -> None:
    """The net below the news: also whom a budget found short before."""
    introductions.reward_waiting(CLOCK)


@periodic("20 18 * * *")
def void_introductions(timestamp: int) -> None:
    introductions.void_those_who_left(CLOCK)
    introductions.void_what_came_to_nothing(CLOCK)
