"""Several hands at once, on real connections: one application, one review, one person, one membership."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest
from django.db import transaction

from gonghui.joining import actions
from gonghui.joining.models import JoinApplication, JoinPoster, PosterDay
from gonghui.joining.tests.stage import again, applied, build_stage, id_no, taken, thread, told
from gonghui.kit.errors import DomainError
from gonghui.kit.tests.racing import at_once
from gonghui.members.actions import roster_runs
from gonghui.members.models import Membership, Person
from gonghui.members.tests.test_rosters import checked
from gonghui.orgs.models import Union

pytestmark = pytest.mark.django_db(transaction=True)


def codes(said: list) -> Counter:
    return Counter(one.code if isinstance(one, DomainError) else type(one).__name__ for one in said)


def of(row) -> list[tuple[str, str]]:
    found = Membership.objects.unscoped("test").filter(person__name=row.name).order_by("id")
    return list(found.values_list("union__name", "status"))


def test_four_reviewers_who_take_at_once_are_one(cast):
    stage = build_stage(cast)
    row = applied(stage)
    calls = [
        partial(taken, stage, row, who) for who in ("reviewer", "second", "city_admin", "province_admin")
    ]
    assert codes(at_once(*calls)) == {"JoinApplication": 1, "join_other_reviewer": 3}
    assert thread(row) == [("submit", "submitted"), ("take", "under_review")]


def test_approving_four_times_at_once_makes_one_member(cast):
    stage = build_stage(cast)
    row = taken(stage, applied(stage))
    approve = partial(
        actions.approve_application, stage.actor("reviewer"), joinapplication_id=row.pk, how="id_seen"
    )
    assert codes(at_once(*[approve] * 4)) == {"JoinApplication": 1, "illegal_move": 3}
    assert of(row) == [("东站货运场工会联合会", "active")]


def test_approval_and_withdrawal_at_once_are_one_of_both(cast):
    stage = build_stage(cast)
    row = taken(stage, applied(stage))
    worker = stage.worker("13700000001")
    said = codes(
        at_once(
            partial(
                actions.approve_application, stage.actor("reviewer"), joinapplication_id=row.pk, how="id_seen"
            ),
            partial(actions.withdraw_application, worker, application_id=row.pk),
        )
    )
    assert said == {"JoinApplication": 1, "illegal_move": 1}
    assert len(of(row)) == (again(row).state == "approved")


def test_one_document_applied_for_from_six_sides_is_one_application(cast):
    """Four phones, the same phone twice, and an officer's entry confirmed meanwhile."""
    stage = build_stage(cast)
    officer = stage.actor("officer")
    entered = actions.enter_on_site(officer, told=told(stage), phone="13700000009")
    phones = [stage.worker(f"1370000000{n}") for n in (1, 2, 3, 3)]
    calls = [partial(actions.apply_to_join, worker, told=told(stage), consent=True) for worker in phones]
    calls.append(
        partial(actions.confirm_by_signature, officer, application_id=entered.pk, form_no="2026-001")
    )
    said = codes(at_once(*calls))
    assert said["JoinApplication"] == 1, said
    assert set(said) <= {"JoinApplication", "join_document_in_review", "join_account_in_review"}
    assert JoinApplication.objects.unscoped("test").filter(state="submitted").count() == 1


def test_approval_and_roster_at_once_make_one_person_with_one_membership(cast):
    stage = build_stage(cast)
    row = taken(stage, applied(stage))
    roster = checked(cast, ("王大力", id_no(1), "13700000001", "江口区总工会"))
    type(roster).objects.unscoped("test").filter(pk=roster.pk).update(
        state="applying", applied_by_id=cast.users["city_admin"].pk
    )
    approve = partial(
        actions.approve_application, stage.actor("reviewer"), joinapplication_id=row.pk, how="id_seen"
    )
    said = at_once(approve, partial(roster_runs.apply_roster, roster.pk))
    assert {type(one).__name__ for one in said} <= {"JoinApplication", "DomainError", "NoneType"}, said
    assert Person.objects.unscoped("test").filter(name="王大力").count() == 1
    live = [union for union, status in of(row) if status == "active"]
    assert len(live) == 1
    # The roster's union moves its own people: whichever came last, the membership is one.
    assert live[0] in ("东站货运场工会联合会", "江口区总工会")


def test_two_applications_of_one_person_under_two_documents_of_one_account_are_one(cast):
    """The account is the same, the documents are two."""
    stage = build_stage(cast)
    worker = stage.worker("13700000001")
    calls = [partial(actions.apply_to_join, worker, told=told(stage, n), consent=True) for n in (1, 2, 3)]
    assert codes(at_once(*calls)) == {"JoinApplication": 1, "join_account_in_review": 2}


def test_union_suspended_or_merged_at_once_with_approvals_holds_nobody_new_afterwards(cast):
    """Whoever is approved before the union is held is its member; afterwards nobody is."""
    stage = build_stage(cast)
    rows = [taken(stage, applied(stage, n, name=f"王{'一二三四'[n]}力")) for n in range(4)]
    seen = []

    def suspend():
        with transaction.atomic():
            held = Union.objects.unscoped("test").select_for_update().get(pk=stage.yard.pk)
            held.status = "suspended"
            held.save(update_fields=["status", "updated_at"])
            seen.append(Membership.objects.unscoped("test").filter(union=stage.yard).count())

    calls = [
        partial(
            actions.approve_application, stage.actor("reviewer"), joinapplication_id=row.pk, how="id_seen"
        )
        for row in rows
    ]
    said = codes(at_once(*calls[:2], suspend, *calls[2:]))
    members = Membership.objects.unscoped("test").filter(union=stage.yard).count()
    assert said["JoinApplication"] == members == seen[0]
    assert said["union_takes_nobody"] == 4 - members
    assert Person.objects.unscoped("test").filter(name__endswith="力").count() == members


def test_scans_at_once_are_all_counted(cast):
    stage = build_stage(cast)
    poster = actions.make_poster(stage.actor("officer"), union_id=stage.yard.pk, place="东门")
    scan = partial(actions.count_scan, stage.actor("anonymous"), poster_id=poster.pk)
    at_once(*[scan] * 8)
    assert PosterDay.objects.unscoped("test").get(poster=poster).scans == 8
    assert JoinPoster.objects.unscoped("test").count() == 1
