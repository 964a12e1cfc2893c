"""Members when a union ends: all go to the other one in its transaction, with what is noted about them.

Rosters bring in members by the thousand: while one writes a batch no union ends, and while a union ends no batch begins.
"""

from __future__ import annotations

from django.db import connection
from django.utils.translation import gettext as _

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import require
from gonghui.kit.locks import lock_name, share_name
from gonghui.members import errors
from gonghui.members.models import Membership, MembershipChange
from gonghui.orgs.endings import Ending
from gonghui.orgs.models import Union

OTHERWISE = {"id", "created_at", "updated_at", "union_id", "source", "left_on"}
"""Columns of a membership that do not go along; every other does, the day of joining too: nobody joins anew."""
MOVE = """
WITH moving AS MATERIALIZED (
    SELECT * FROM members_membership WHERE union_id = %(union)s AND status = ANY (%(live)s) ORDER BY id FOR NO KEY UPDATE
), gone AS (
    UPDATE members_membership m SET status = 'ended', left_on = %(today)s, updated_at = now()
      FROM moving WHERE m.id = moving.id RETURNING m.id
)
INSERT INTO members_membership ({columns}, union_id, source)
SELECT {moving}, %(into)s, %(source)s FROM moving JOIN gone USING (id)
"""
CARRY_CHANGES = """
UPDATE members_membershipchange c SET membership_id = now_.id, union_id = now_.union_id, updated_at = now()
  FROM members_membership was JOIN members_membership now_
    ON now_.person_id = was.person_id AND now_.union_id = %(into)s AND now_.status = ANY (%(live)s)
 WHERE c.state = 'proposed' AND c.membership_id = was.id AND was.union_id = %(union)s
"""
PLACE = "SELECT id, path, name FROM orgs_union WHERE id = %s"
PLACE_HELD = "SELECT id, path, name FROM orgs_union WHERE id = %s FOR SHARE"
LOCK = "members_come_and_go"


def hold_unions_still() -> None:
    """For a batch of a roster: no union ends until its transaction does."""
    share_name(LOCK, "")


def wait_for_rosters() -> None:
    lock_name(LOCK, "")


def count_live(union: Union) -> int:
    live = Membership.objects.unscoped("counted for whoever ends this union").filter(union=union)
    return live.filter(status__in=Membership.LIVE).count()


def move_members(actor: Actor, ending: Ending) -> int:
    """One statement for all of them; a change that waits for its second hand goes along, and still waits."""
    union, into = ending.union, ending.into
    _require_nothing_between(union, into)
    carried = [f.column for f in Membership._meta.concrete_fields if f.column not in OTHERWISE]
    columns, moving = ", ".join(carried), ", ".join(f"moving.{name}" for name in carried)
    facts = {
        "union": union.pk,
        "into": into.pk,
        "live": list(Membership.LIVE),
        "source": ending.verb,
        "today": clock.today(),
    }
    with connection.cursor() as cursor:
        cursor.execute(MOVE.format(columns=columns, moving=moving), facts)
        moved = cursor.rowcount
        cursor.execute(CARRY_CHANGES, facts)
    proposed = MembershipChange.objects.unscoped("of members who move").filter(state="proposed")
    proposed.filter(to_union=union).update(to_union=into, updated_at=clock.now())
    return moved


def _require_nothing_between(union: Union, into: Union) -> None:
    """Who is to move between these very two is decided first: afterwards the question would be meaningless."""
    waiting = MembershipChange.objects.unscoped("of members who move").filter(state="proposed")
    count = waiting.filter(union__in=(union, into), to_union__in=(union, into)).count()
    require(not count, errors.CHANGES_BETWEEN, union=union.name, into=into.name, count=count)


def union_now(union_id: int, *, lock: bool) -> tuple[int, str, str]:
    """(id, path, name); shared with others who hold it, so that it is not moved until the batch is written."""
    with connection.cursor() as cursor:
        cursor.execute(PLACE_HELD if lock else PLACE, [union_id])
        return cursor.fetchone()


def ended_unions(ids: set[int]) -> dict[int, str]:
    """Of these, what is said of those that take nobody any more."""
    found = Union.objects.unscoped("named in a roster").filter(pk__in=ids).exclude(status="active")
    return {union.pk: _sentence(union) for union in found.select_related("merged_into")}


def _sentence(union: Union) -> str:
    if union.merged_into:
        said = _("“{union}”已并入“{into}”。请把所属工会改成“{into}”再导入。")
        return said.format(union=union.name, into=union.merged_into.name)
    said = _("“{union}”现在{status}，不接收会员。请改成另一个工会再导入。")
    return said.format(union=union.name, status=union.get_status_display())
