"""What becomes of an introduction when its application moves."""

from __future__ import annotations

from gonghui.joining.events import ApplicationApproved, ApplicationSubmitted
from gonghui.kit.actors import Actor
from gonghui.kit.events import reacts_to
from gonghui.referrals.actions import introductions

NEWS = Actor.system("news of an application")


@reacts_to(ApplicationSubmitted)
def note_who_invited(event: ApplicationSubmitted) -> None:
    introductions.note_invitation(NEWS, application_id=event.application_id)


@reacts_to(ApplicationApproved)
def reward_who_invited(event: ApplicationApproved) -> None:
    """In any order with the news of its submission."""
    introductions.note_invitation(NEWS, application_id=event.application_id)
    referral = introductions.qualify(NEWS, application_id=event.application_id)
    if referral:
        introductions.reward_waiting(NEWS)
