"""Several hands at a transfer at once, on real connections: one outcome, one live membership."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest

from gonghui.kit.errors import STATE_CHANGED, DomainError
from gonghui.kit.tests.racing import at_once
from gonghui.members.actions import roster_runs, rosters
from gonghui.members.actions.changes import confirm_change
from gonghui.members.actions.transfers import (
    accept_transfer,
    aim_transfer,
    answer_silence,
    cancel_transfer,
    refuse_transfer,
    release_transfer,
)
from gonghui.members.models import Membership, TransferRequest
from gonghui.members.tests.rosters.makers import xlsx_of
from gonghui.members.tests.test_changes import proposed
from gonghui.members.tests.transferring import (
    NEW,
    OLD,
    SYSTEM,
    again,
    days_later,
    memberships,
    new_admin,
    new_home,
    opened,
    released,
    settle,
    steps,
)
from gonghui.orgs.actions import dissolve_union, merge_union, suspend_union
from tests.cast import IDS

pytestmark = pytest.mark.django_db(transaction=True)


def codes(said: list) -> Counter:
    return Counter(one.code if isinstance(one, DomainError) else type(one).__name__ for one in said)


def lives(cast, name: str = "mei") -> int:
    return (
        Membership.objects.unscoped("test")
        .filter(person=cast.people[name], status__in=Membership.LIVE)
        .count()
    )


def test_eight_taps_at_once_open_one_transfer(cast):
    calls = [partial(opened, cast, "mei", to) for to in ("riders", new_home(cast, "sister")) * 4]
    assert codes(at_once(*calls)) == {"TransferRequest": 1, "transfer_open": 7}
    assert (TransferRequest.objects.unscoped("test").count(), memberships(cast)) == (
        1,
        [("factory", "transferring")],
    )


def test_release_and_cancel_at_once_are_one_after_the_other(cast):
    row = opened(cast)
    said = codes(
        at_once(
            partial(release_transfer, cast.actor(OLD), transfer_id=row.pk),
            partial(cancel_transfer, cast.actor("mei"), transfer_id=row.pk),
        )
    )
    assert said in ({"TransferRequest": 2}, {"TransferRequest": 1, "illegal_move": 1})
    assert (again(row).state, memberships(cast)) == ("cancelled", [("factory", "active")])


def test_two_acceptances_at_once_make_one_membership(cast):
    row = released(cast)
    second = new_admin(cast, "second", "riders")
    calls = [partial(accept_transfer, actor, transfer_id=row.pk) for actor in (cast.actor(NEW), second) * 3]
    assert codes(at_once(*calls)) == {"TransferRequest": 1, "illegal_move": 5}
    settle()
    assert memberships(cast) == [("factory", "ended"), ("riders", "active")]
    assert steps(row) == [("opened", "member"), ("released", "union"), ("accepted", "union")]


def test_acceptance_refusal_cancelling_and_aiming_at_once_have_one_outcome(cast):
    there = cast.unions[new_home(cast, "sister")].pk
    for _round in range(3):
        row = released(cast)
        at_once(
            partial(accept_transfer, cast.actor(NEW), transfer_id=row.pk),
            partial(refuse_transfer, cast.actor(NEW), transfer_id=row.pk, reason="不是本单位职工"),
            partial(cancel_transfer, cast.actor("mei"), transfer_id=row.pk),
            partial(aim_transfer, cast.actor("mei"), transfer_id=row.pk, to_union_id=there),
        )
        state = again(row).state
        assert (lives(cast), again(row).closed_at is not None) == (1, True), state
        if state == "accepted":
            return
        assert memberships(cast)[-1] == ("factory", "active")


def test_clock_and_hand_at_once_answer_once(cast):
    row = opened(cast)
    with days_later(11):
        said = at_once(
            partial(answer_silence, SYSTEM, transfer_id=row.pk),
            partial(answer_silence, SYSTEM, transfer_id=row.pk),
            partial(release_transfer, cast.actor(OLD), transfer_id=row.pk),
        )
    assert codes(said)["TransferRequest"] == 1, said
    assert [kind for kind, _by in steps(row)] == ["opened", "released"]


def endings(cast, union: str) -> dict:
    """How a union goes, as the province's administrator does it."""
    who, facts = cast.actor("province_admin"), {"union_id": cast.unions[union].pk}
    return {
        "suspend": partial(suspend_union, who, **facts),
        "dissolve": partial(dissolve_union, who, **facts, reason="机构撤并", members_to="above"),
        "merge": partial(merge_union, who, **facts, into_id=cast.unions["city"].pk, reason="机构合并"),
    }


@pytest.mark.parametrize("verb", ["suspend", "dissolve", "merge"])
def test_acceptance_while_the_union_goes_ends_in_the_union_or_leaves_the_transfer_open(cast, verb):
    row = released(cast)
    said = at_once(
        partial(accept_transfer, cast.actor(NEW), transfer_id=row.pk), endings(cast, "riders")[verb]
    )
    left = codes(said)
    assert not [one for one in said if isinstance(one, Exception) and not isinstance(one, DomainError)], said
    if left["union_takes_nobody"] or left[STATE_CHANGED.code]:
        row = again(row)
        assert (row.state, memberships(cast)) == ("released", [("factory", "transferring")])
        goes_to = {"suspend": "riders", "dissolve": "sister", "merge": "city"}[verb]
        assert row.to_union_id == cast.unions[goes_to].pk
        if verb == "suspend":
            there = cast.unions[new_home(cast, "sister")].pk
            aim_transfer(cast.actor("mei"), transfer_id=row.pk, to_union_id=there)
    else:
        assert again(row).state == "accepted", said
        assert memberships(cast)[:1] == [("factory", "ended")]
    assert lives(cast) == 1


@pytest.mark.parametrize("into", ["district", "riders"])
@pytest.mark.parametrize("verb", [accept_transfer, cancel_transfer])
def test_old_union_merged_while_the_transfer_is_decided_leaves_one_live_membership(cast, verb, into):
    row = released(cast)
    who = cast.actor(NEW if verb is accept_transfer else "mei")
    merge = partial(
        merge_union, cast.actor("province_admin"), union_id=cast.unions["factory"].pk,
        into_id=cast.unions[into].pk, reason="机构合并",
    )  # fmt: skip
    said = at_once(partial(verb, who, transfer_id=row.pk), merge)
    assert not [one for one in said if isinstance(one, Exception) and not isinstance(one, DomainError)], said
    assert lives(cast) == 1
    state = again(row).state
    assert (state in ("opened", "released")) == (memberships(cast)[-1][1] == "transferring"), state


def roster_of(cast, union: str) -> int:
    """A sheet of the province that puts Mei into another union of the old city."""
    name, id_no, phone = IDS["mei"]
    sheet = xlsx_of(("姓名", "证件号码", "手机号", "所属工会"), (name, id_no, phone, cast.unions[union].name))
    roster = rosters.upload_roster(
        cast.actor("province_admin"), union_id=cast.unions["province"].pk, file_name="名册.xlsx", content=sheet,
        in_background=False,
    )  # fmt: skip
    roster_runs.check_roster(roster.pk)
    rosters.apply_roster(cast.actor("province_admin"), roster_id=roster.pk, in_background=False)
    return roster.pk


@pytest.mark.parametrize("union", ["district", "riders"])
def test_acceptance_while_a_roster_puts_the_member_elsewhere_leaves_one_live_membership(cast, union):
    row = released(cast)
    roster = roster_of(cast, union)
    said = at_once(
        partial(accept_transfer, cast.actor(NEW), transfer_id=row.pk),
        partial(roster_runs.apply_roster, roster),
    )
    assert lives(cast) == 1, said
    assert not [one for one in said if isinstance(one, Exception) and not isinstance(one, DomainError)], said
    assert again(row).state in ("accepted", "overtaken")
    assert again(row).closed_at is not None


def test_acceptance_while_a_death_is_confirmed_leaves_one_story(cast):
    row = released(cast)
    change = proposed(cast, "died")
    said = at_once(
        partial(accept_transfer, cast.actor(NEW), transfer_id=row.pk),
        partial(confirm_change, cast.actor("province_admin"), change_id=change.pk),
    )
    stories = {
        "accepted": [("factory", "ended"), ("riders", "active")],
        "overtaken": [("factory", "ended")],
    }
    assert memberships(cast) == stories[again(row).state], said
    assert codes(said) in (
        {"TransferRequest": 1, "membership_change_past": 1}, {"MembershipChange": 1, "illegal_move": 1},
    )  # fmt: skip
