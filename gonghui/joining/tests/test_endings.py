"""A union ends while people apply to it, are on their way to it, and unions are being founded below it: nothing is lost."""

from __future__ import annotations

from functools import partial

import pytest
from django.urls import reverse

from gonghui.joining import actions
from gonghui.joining.models import JoinApplication, JoinPoster
from gonghui.joining.tests.stage import again, applied, build_stage, taken, told
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.tests.racing import at_once
from gonghui.kit.workdays import working_days_after
from gonghui.members.actions.transfers import accept_transfer, release_transfer
from gonghui.members.models import Membership, Person, TransferRequest
from gonghui.members.tests.transferring import OLD, memberships, opened, settle, steps
from gonghui.members.tests.transferring import again as now
from gonghui.notices.models import Message
from gonghui.orgs.actions import (
    approve_registration,
    dissolve_union,
    merge_union,
    resume_union,
    suspend_union,
    withdraw_registration,
)
from gonghui.orgs.tests.stage import applied as registered
from gonghui.orgs.tests.stage import refused
from tests.cast import new_union

pytestmark = pytest.mark.django_db


def merged(cast, union, into, who: str = "province_admin"):
    actor = cast.actor(who)
    return merge_union(actor, union_id=union.pk, into_id=into.pk, reason="上级批复合并")


def dissolved(cast, union, to: str = "", who: str = "province_admin"):
    return dissolve_union(cast.actor(who), union_id=union.pk, reason="单位注销", members_to=to)


# --- applications -------------------------------------------------------------------------------------------


def test_open_applications_go_along_when_their_union_ends(cast):
    stage = build_stage(cast)
    waiting, reviewed, returned, decided = (applied(stage, n) for n in (1, 2, 3, 4))
    taken(stage, reviewed)
    for row in (returned, decided):
        taken(stage, row)
    reviewer = stage.actor("reviewer")
    actions.return_application(reviewer, joinapplication_id=returned.pk, asked="请写明单位")
    actions.reject_application(reviewer, joinapplication_id=decided.pk, reason="不是本单位职工")
    draft = actions.enter_on_site(stage.actor("officer"), told=told(stage, 5), phone="13700000055")
    poster = actions.make_poster(stage.actor("officer"), union_id=stage.yard.pk, place="东门")
    into = new_union("江口货运联合工会", "federation", cast.unions["district"])
    merged(cast, stage.yard, into)
    settle()
    found = {row.pk: row for row in map(again, (waiting, reviewed, returned, decided, draft))}
    states = [found[row.pk].state for row in (waiting, reviewed, returned, decided, draft)]
    assert states == ["submitted", "submitted", "needs_info", "rejected", "draft"]
    assert [row.union_id == into.pk for row in found.values()] == [True, True, True, False, True]
    due = working_days_after(clock.today(), 10)
    assert [found[row.pk].due_on for row in (waiting, reviewed, returned)] == [due, due, None]
    last = found[reviewed.pk].entries.order_by("id").last()
    assert (last.verb, last.by, into.name in last.words) == ("redirect", "ending", True)
    told_of = Message.objects.unscoped("test").filter(title="入会申请已转交")
    assert sorted(told_of.values_list("user_id", flat=True)) == sorted([waiting.user_id, reviewed.user_id])
    assert JoinPoster.objects.unscoped("test").get(pk=poster.pk).union_id == into.pk
    taken(stage, found[waiting.pk])
    done = actions.approve_application(reviewer, joinapplication_id=waiting.pk, how="id_seen")
    assert Membership.objects.unscoped("test").get(pk=done.membership_id).union == into


def test_dissolving_a_union_with_work_says_where_it_goes_first(cast, client):
    stage = build_stage(cast)
    row = applied(stage, 1)
    with refused("union_has_work"):
        dissolved(cast, stage.yard)
    cast.sign_in(client, "province_admin")
    page = client.get(reverse("admin:orgs_union_dissolve", args=[stage.yard.pk])).content.decode()
    assert "入会申请" in page and "1 件，一起转过去" in page and "周转库" in page
    dissolved(cast, stage.yard, "pool")
    assert again(row).union_id == stage.pool.pk


def test_suspended_union_keeps_its_applications_and_answers_after_it_resumes(cast):
    stage = build_stage(cast)
    row = taken(stage, applied(stage, 1))
    ids = {"union_id": stage.yard.pk}
    suspend_union(cast.actor("city_admin"), **ids)
    with refused("union_takes_nobody"):
        actions.approve_application(stage.actor("reviewer"), joinapplication_id=row.pk, how="id_seen")
    assert again(row).state == "under_review"
    resume_union(cast.actor("city_admin"), **ids)
    done = actions.approve_application(stage.actor("reviewer"), joinapplication_id=row.pk, how="id_seen")
    assert done.state == "approved"


# --- transfers ----------------------------------------------------------------------------------------------


def test_transfers_on_their_way_go_on_to_where_their_union_went(cast):
    into = new_union("西岭快递联合工会", "federation", cast.unions["sister"])
    open_, let_go = opened(cast, "mei"), opened(cast, "lan")
    release_transfer(cast.actor(OLD), transfer_id=let_go.pk)
    merged(cast, cast.unions["riders"], into)
    settle()
    open_, let_go = now(open_), now(let_go)
    assert [(row.state, row.to_union_id) for row in (open_, let_go)] == [
        ("opened", into.pk),
        ("released", into.pk),
    ]
    assert (open_.desk_id, let_go.desk_id) == (cast.unions["factory"].pk, into.pk)
    assert steps(let_go)[-1] == ("aimed", "change")
    accept_transfer(cast.actor("sister_admin"), transfer_id=let_go.pk)
    settle()
    assert (
        Membership.objects.unscoped("test")
        .filter(person=cast.people["lan"], union=into, status="active")
        .exists()
    )


def test_transfer_to_a_union_that_merges_into_ones_own_is_over(cast):
    row = opened(cast, "mei")
    merged(cast, cast.unions["riders"], cast.unions["factory"])
    settle()
    assert (now(row).state, steps(row)[-1]) == ("overtaken", ("overtaken", "change"))
    assert memberships(cast) == [("factory", "active")]


def test_transfer_that_climbed_to_a_union_that_ends_climbs_on(cast):
    row = opened(cast, "mei")
    TransferRequest.objects.unscoped("test").filter(pk=row.pk).update(desk=cast.unions["district"])
    twin = new_union("江北区总工会", "district", cast.unions["city"])
    merged(cast, cast.unions["district"], twin)
    assert (now(row).desk, now(row).state) == (twin, "opened")


# --- registrations ------------------------------------------------------------------------------------------


def test_registrations_below_a_union_that_ends_go_along_and_namesakes_are_settled_first(cast):
    row = registered(cast)
    twin = new_union("江北区总工会", "district", cast.unions["city"])
    cast.unions["twin"] = twin
    same = registered(cast, 2, parent="twin", name=row.name)
    with refused("registration_namesakes"):
        merged(cast, cast.unions["district"], twin)
    withdraw_registration(cast.actor("city_admin"), unionregistration_id=same.pk)
    merged(cast, cast.unions["district"], twin)
    done = approve_registration(cast.actor("province_admin"), unionregistration_id=row.pk)
    assert done.union.parent_id == twin.pk


# --- at once ------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["merge", "approve"])
def test_approvals_and_a_merge_at_once_lose_no_application(cast, first):
    stage = build_stage(cast)
    rows = [taken(stage, applied(stage, n, name=f"王{'一二三四'[n]}力")) for n in range(4)]
    into = new_union("江口货运联合工会", "federation", cast.unions["district"])
    approvals = [
        partial(
            actions.approve_application, stage.actor("reviewer"), joinapplication_id=row.pk, how="id_seen"
        )
        for row in rows
    ]
    calls = [partial(merged, cast, stage.yard, into), *approvals]
    said = at_once(*(calls if first == "merge" else reversed(calls)))
    assert not [one for one in said if isinstance(one, Exception) and not isinstance(one, DomainError)], said
    found = JoinApplication.objects.unscoped("test").filter(pk__in=[row.pk for row in rows])
    people = Person.objects.unscoped("test").filter(name__endswith="力")
    approved = {row.person_id for row in found if row.state == "approved"}
    assert approved == set(people.values_list("pk", flat=True))
    live = Membership.objects.unscoped("test").filter(person__in=people, status__in=Membership.LIVE)
    assert {one.union_id for one in live} <= {into.pk} and live.count() == len(approved)
    left = [row for row in found if row.state != "approved"]
    assert {(row.state, row.union_id) for row in left} <= {("submitted", into.pk)}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["merge", "accept"])
def test_acceptance_and_a_merge_of_the_new_union_at_once_end_in_where_it_went(cast, first):
    into = new_union("西岭快递联合工会", "federation", cast.unions["sister"])
    row = opened(cast, "mei")
    release_transfer(cast.actor(OLD), transfer_id=row.pk)
    calls = [
        partial(merged, cast, cast.unions["riders"], into),
        partial(accept_transfer, cast.actor("sister_admin"), transfer_id=row.pk),
    ]
    said = at_once(*(calls if first == "merge" else reversed(calls)))
    assert not [one for one in said if isinstance(one, Exception) and not isinstance(one, DomainError)], said
    row = now(row)
    if (
        row.state == "released"
    ):  # the merge was first: the hand that accepted sees another aim, and says so again
        assert row.to_union_id == into.pk
        accept_transfer(cast.actor("sister_admin"), transfer_id=row.pk)
    live = Membership.objects.unscoped("test").get(person=cast.people["mei"], status__in=Membership.LIVE)
    assert (live.union_id, live.status) == (into.pk, "active")


@pytest.mark.django_db(transaction=True)
def test_applications_handed_in_while_the_union_merges_are_where_it_went_or_refused(cast):
    stage = build_stage(cast)
    into = new_union("江口货运联合工会", "federation", cast.unions["district"])
    calls = [partial(applied, stage, n) for n in (1, 2, 3)]
    said = at_once(*calls[:2], partial(merged, cast, stage.yard, into), calls[2])
    wrong = [
        one for one in said if isinstance(one, Exception) and getattr(one, "code", "") != "join_not_joinable"
    ]
    assert not wrong, said
    found = JoinApplication.objects.unscoped("test")
    assert {row.union_id for row in found} <= {into.pk}
    assert len(found) == sum(isinstance(one, JoinApplication) for one in said)
