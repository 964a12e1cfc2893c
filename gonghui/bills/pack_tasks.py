"""Jobs of packs: claimed ones are opened, new members are welcomed."""

from __future__ import annotations

from gonghui.bills.actions import packs
from gonghui.kit.actors import Actor
from gonghui.kit.events import reacts_to
from gonghui.kit.jobs import periodic
from gonghui.members.events import MemberJoined, PersonVerified, RosterApplied


@periodic("* * * * *")
def open_claimed_packs(timestamp: int) -> None:
    packs.open_packs(Actor.system("packs that were claimed"))


@periodic("*/5 * * * *")
def welcome_new_members(timestamp: int) -> None:
    """The net below the news of those who joined."""
    packs.welcome_joiners(Actor.system("members who joined"))


@reacts_to(RosterApplied)
def welcome_who_is_on_a_roster(event: RosterApplied) -> None:
    packs.welcome_joiners(Actor.system("members who joined"))


@reacts_to(PersonVerified)
def welcome_who_was_verified(event: PersonVerified) -> None:
    packs.welcome_joiners(Actor.system("members who joined"))


@reacts_to(MemberJoined)
def welcome_who_joined(event: MemberJoined) -> None:
    packs.welcome_joiners(Actor.system("members who joined"))
