"""What the funds do when the rooms below have news."""

from __future__ import annotations

from gonghui.funds.actions import lives
from gonghui.kit.actors import Actor
from gonghui.kit.events import reacts_to
from gonghui.members.events import MembershipChanged, RosterApplied

SETTLER = Actor.system("points after a change of membership")


@reacts_to(MembershipChanged)
def settle_lots_after_change(event: MembershipChanged) -> None:
    lives.settle_lots(SETTLER, change_id=event.change_id)


@reacts_to(RosterApplied)
def keep_lots_of_returned_members(event: RosterApplied) -> None:
    lives.keep_of_returned_members(SETTLER)
