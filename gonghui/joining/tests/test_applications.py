"""From the form to the membership: what is taken, what is refused and why, what comes back, what ends it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from gonghui import joining
from gonghui.joining import actions, errors
from gonghui.joining.actions import Told, Way
from gonghui.joining.models import VERBS, JoinApplication, JoinRule
from gonghui.joining.tests.stage import NAMES, again, applied, counted, id_no, taken, thread, told
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.kit.workdays import working_days_after
from gonghui.members.actions.consents import give_consent
from gonghui.members.actions.verification import verify_identity
from gonghui.members.models import Consent, Membership, MergeCase, Person, VerificationTry
from gonghui.members.tests.rosters import short_id
from gonghui.notices.models import Message
from tests.cast import IDS, new_person

pytestmark = pytest.mark.django_db


def approved(stage, row, who="reviewer", how="id_seen", note=""):
    if again(row).state == "submitted":
        taken(stage, row, who)
    return actions.approve_application(stage.actor(who), joinapplication_id=row.pk, how=how, note=note)


def refused(code, call):
    before = counted()
    with pytest.raises(DomainError) as caught:
        call()
    assert caught.value.code == code, str(caught.value)
    assert counted() == before
    return caught.value


# --- the road ------------------------------------------------------------------------------------------------


def test_worker_joins_and_is_verified_member_and_welcomed(stage):
    row = applied(stage, way=Way(invitation_code=" ab12 "))
    assert (row.state, row.channel, row.invitation_code) == ("submitted", "h5", "ab12")
    assert (row.due_on, row.consent_version) == (working_days_after(clock.today(), 10), "2026-11")
    done = approved(stage, row)
    person = Person.objects.unscoped("test").get(pk=done.person_id)
    assert (person.name, person.id_no, person.user_id) == ("王大力", id_no(1), row.user_id)
    assert (person.verification, person.verified_by, person.groups) == (
        "verified",
        "review",
        ["truck_driver"],
    )
    assert (person.gender, person.birth_date, person.phone) == ("male", dt.date(1990, 3, 7), "13700000001")
    joined = person.memberships.get()
    assert (joined.union, joined.source, joined.status) == (stage.yard, "h5", "active")
    assert (done.membership_id, done.confirmed_how, done.confirmed_by_id) == (
        joined.pk, "id_seen", stage.cast.users["reviewer"].pk,
    )  # fmt: skip
    assert thread(row) == [("submit", "submitted"), ("take", "under_review"), ("approve", "approved")]
    message = Message.objects.unscoped("test").get(person=person)
    assert (message.title, message.link) == ("欢迎加入东站货运场工会联合会", f"/join/applications/{row.pk}")
    assert Consent.objects.unscoped("test").filter(user_id=row.user_id, purpose="joining").count() == 1


def test_worker_without_a_union_lands_in_the_nearest_pool(stage):
    row = applied(stage, union_id=None, region_code="440106")
    assert (row.union, row.region_code) == (stage.pool, "440106")
    assert refused(
        "join_not_eligible", lambda: applied(stage, 2, union_id=None, region_code="440106", group="")
    )
    assert (
        applied(stage, 3, union_id=None, region_code="440106", group="", employer="顺达货运").union
        == stage.pool
    )


def test_region_without_a_pool_is_refused_with_its_name(stage):
    type(stage.pool).objects.unscoped("test").filter(pk=stage.pool.pk).update(status="dissolved")
    said = refused("join_no_pool", lambda: applied(stage, union_id=None, region_code="440106"))
    assert "江口区" in said.message


def test_verified_account_joins_with_the_person_it_has(stage):
    lan = stage.cast.people["lan"]
    Membership.objects.unscoped("test").filter(person=lan).update(status="exited")
    row = actions.apply_to_join(
        stage.actor("lan"), told=Told(union_id=stage.yard.pk, name="别人", id_no="1"), consent=True
    )
    assert (row.name, row.id_no, row.confirmed_how) == (IDS["lan"][0], IDS["lan"][1], "roster")
    taken(stage, row)
    done = actions.approve_application(stage.actor("reviewer"), joinapplication_id=row.pk)
    assert (done.person_id, again(lan).verified_by) == (lan.pk, "roster")
    assert list(lan.memberships.order_by("id").values_list("status", flat=True)) == ["exited", "active"]


def test_person_of_a_roster_is_found_not_doubled(stage):
    known = new_person(NAMES["wang"], id_no(1), "13900000001", None, verified=False)
    done = approved(stage, applied(stage))
    assert done.person_id == known.pk
    assert Person.objects.unscoped("test").filter(name=NAMES["wang"]).count() == 1
    assert again(known).is_verified


# --- documents and names -------------------------------------------------------------------------------------


def test_old_short_and_small_letter_numbers_are_one_document(stage):
    number = next(n for n in (id_no(i) for i in range(900)) if n.endswith("X"))
    first = applied(stage, 1, id_no=number.lower())
    assert first.id_no == number
    refused("join_document_in_review", lambda: applied(stage, 2, id_no=short_id(number)))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("𠮷田㛃", "𠮷田㛃"), ("阿卜杜拉 • 买买提", "阿卜杜拉·买买提"), ("张 伟", "张伟"), ("John  Smith", "John Smith"),
        ("\ue863明", "䶮明"),
    ],
)  # fmt: skip
def test_names_as_people_bear_them(stage, typed, kept):
    done = approved(stage, applied(stage, name=typed))
    person = Person.objects.unscoped("test").get(pk=done.person_id)
    assert (done.name, person.name) == (kept, kept)


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("foreign_permanent", "911561198511220036"), ("passport", "e12345678"), ("hk_macao_permit", "H12345678"),
        ("taiwan_permit", "12345678"), ("other", "军1234".replace("军", "J")),
    ],
)  # fmt: skip
def test_permits_of_foreigners_and_others_join(stage, kind, number):
    done = approved(stage, applied(stage, id_type=kind, id_no=number))
    person = Person.objects.unscoped("test").get(pk=done.person_id)
    assert (person.id_type, person.id_no, person.is_verified) == (kind, number.upper(), True)


def test_all_that_is_wrong_is_said_at_once(stage):
    said = refused("join_bad_application", lambda: applied(stage, name="王1", id_no="440101199003070000"))
    assert "姓名里不能有数字" in said.message and "校验码" in said.message


# --- refusals ------------------------------------------------------------------------------------------------


def test_member_is_refused_with_a_sentence(stage):
    said = refused(
        "join_member_now",
        lambda: actions.apply_to_join(stage.actor("mei"), told=told(stage), consent=True),
    )
    assert "蓝海机械厂工会" in said.message


def test_member_under_the_number_is_refused_without_telling_where_and_counted(stage):
    name, number, _phone = IDS["qiang"]
    before = counted()
    for _n in range(3):
        with pytest.raises(DomainError) as caught:
            applied(stage, name=name, id_no=number)
        assert caught.value.code == "join_not_eligible" and "西岭******会" in str(caught.value)
    assert counted() == before
    assert VerificationTry.objects.unscoped("test").filter(outcome="member_elsewhere").count() == 3
    refused("join_checks_spent", lambda: applied(stage))
    with time_machine.travel(clock.now() + dt.timedelta(days=1), tick=False):
        assert applied(stage).state == "submitted"


def test_tries_spent_on_the_verify_page_do_not_keep_anybody_from_joining(stage):
    worker = stage.worker("13700000001")
    for _n in range(3):
        VerificationTry.objects.create(
            user_id=worker.user_id, on=clock.today(), provider="roster", outcome="x"
        )
    assert applied(stage).state == "submitted"


def test_too_young_expelled_revoked_and_unconsenting_are_refused(stage):
    young = id_no(5, clock.today() - dt.timedelta(days=15 * 365))
    refused("join_not_eligible", lambda: applied(stage, 5, id_no=young))
    refused(
        "join_consent_needed",
        lambda: actions.apply_to_join(stage.worker("13700000006"), told=told(stage, 6), consent=False),
    )
    for number, (status, verification) in enumerate((("expelled", "none"), ("exited", "revoked")), 7):
        person = new_person("王大力", id_no(number), "", stage.yard, verified=False)
        Membership.objects.unscoped("test").filter(person=person).update(status=status)
        Person.objects.unscoped("test").filter(pk=person.pk).update(verification=verification)
        with pytest.raises(DomainError) as caught:
            applied(stage, number)
        assert caught.value.code == "join_not_eligible"
    assert JoinApplication.objects.unscoped("test").count() == 0


def test_suspended_city_and_unknown_unions_are_not_joined(stage):
    type(stage.yard).objects.unscoped("test").filter(pk=stage.yard.pk).update(status="suspended")
    for union_id in (stage.yard.pk, stage.cast.unions["city"].pk, 987654321):
        refused("join_not_joinable", lambda union_id=union_id: applied(stage, union_id=union_id))
    refused("join_unknown_group", lambda: applied(stage, union_id=stage.pool.pk, group="astronaut"))


def test_one_open_application_an_account(stage):
    applied(stage)
    refused("join_account_in_review", lambda: applied(stage, 2, phone="13700000001"))


# --- returned, rejected, withdrawn -----------------------------------------------------------------------------


def corrected(stage, row, **other):
    worker = stage.worker("13700000001")
    return actions.apply_to_join(worker, told=told(stage, **other), consent=True, application_id=row.pk)


def test_returned_application_is_completed_and_approved(stage):
    row = taken(stage, applied(stage))
    actions.return_application(stage.actor("reviewer"), joinapplication_id=row.pk, asked="请写明货运公司")
    back = again(row)
    assert (back.state, back.asked, back.due_on) == ("needs_info", "请写明货运公司", None)
    assert Message.objects.unscoped("test").get(user_id=row.user_id).body.endswith("请您补充：请写明货运公司")
    corrected(stage, row, employer="顺达货运")
    back = again(row)
    assert (back.state, back.asked, back.employer, back.reviewer_id) == ("submitted", "", "顺达货运", None)
    assert approved(stage, row, "second").state == "approved"


def test_rejected_may_be_handed_in_again_as_the_same_or_another(stage):
    row = taken(stage, applied(stage))
    actions.reject_application(stage.actor("reviewer"), joinapplication_id=row.pk, reason="证件照片不清")
    assert (again(row).state, again(row).reason) == ("rejected", "证件照片不清")
    other = applied(stage)
    assert other.pk != row.pk
    refused("join_account_in_review", lambda: corrected(stage, row))
    actions.withdraw_application(stage.worker("13700000001"), application_id=other.pk)
    assert corrected(stage, row).pk == row.pk
    assert approved(stage, row).state == "approved"


def test_approved_and_withdrawn_are_over(stage):
    row = applied(stage)
    approved(stage, row)
    refused("join_member_now", lambda: corrected(stage, row))
    refused(
        "illegal_move",
        lambda: actions.withdraw_application(stage.worker("13700000001"), application_id=row.pk),
    )
    gone = applied(stage, 2)
    actions.withdraw_application(stage.worker("13700000002"), application_id=gone.pk)
    refused("illegal_move", lambda: taken(stage, gone))
    assert again(gone).due_on is None


def test_application_under_review_rests_and_may_be_withdrawn(stage):
    row = taken(stage, applied(stage))
    refused("join_account_in_review", lambda: corrected(stage, row, employer="别家"))
    actions.withdraw_application(stage.worker("13700000001"), application_id=row.pk)
    assert again(row).state == "withdrawn"


# --- who reviews -----------------------------------------------------------------------------------------------


def test_reviewer_is_of_the_unions_path_and_never_its_maker(stage):
    row = applied(stage)
    refused("not_found", lambda: taken(stage, row, "sister_admin"))
    refused("not_allowed", lambda: taken(stage, row, "officer"))
    refused("not_found", lambda: taken(stage, row, "mei"))
    taken(stage, row, "second")
    said = refused("join_other_reviewer", lambda: approved(stage, row, "reviewer"))
    assert "second" in said.message
    actions.release_application(stage.actor("reviewer"), joinapplication_id=row.pk)
    assert again(row).reviewer_id is None
    assert approved(stage, row, "reviewer").state == "approved"


def test_identity_must_be_confirmed_in_a_known_way(stage):
    row = taken(stage, applied(stage))
    for how, note in (("", ""), ("guess", "x"), ("phone", ""), ("wechat", "  ")):
        refused("join_how_needed", lambda how=how, note=note: approved(stage, row, how=how, note=note))
    done = approved(stage, row, how="phone", note="本人报出证件后四位和住址")
    assert (done.confirmed_how, done.confirmed_note) == ("phone", "本人报出证件后四位和住址")


@pytest.mark.parametrize("how", ["phone", "sms", "wechat"])
def test_phone_that_answers_makes_a_member_and_proves_no_name(stage, how):
    row = applied(stage)
    done = approved(stage, row, how=how, note="本人报出证件后四位和住址")
    person = Person.objects.unscoped("test").get(pk=done.person_id)
    assert (person.name, person.id_no, person.user_id) == ("王大力", id_no(1), row.user_id)
    assert (person.verification, person.verified_at, person.verified_by) == ("none", None, "")
    assert person.memberships.get().status == "active"
    claim = {"name": "王大力", "id_no": id_no(1), "consent": True}
    proved = verify_identity(stage.worker("13700000001"), **claim)
    assert (proved.pk, proved.verification, proved.verified_by) == (person.pk, "verified", "roster")


@pytest.mark.parametrize("is_verified", [True, False])
def test_phone_that_answers_brings_nobody_elses_record(stage, is_verified):
    """Whoever knows a name and a number and answers a telephone gets no account of a person on record."""
    there = new_person("王大力", id_no(1), "13711112222", None, verified=is_verified)
    row = applied(stage)
    done = approved(stage, row, how="phone", note="本人报出证件后四位和住址")
    person = Person.objects.unscoped("test").get(pk=done.person_id)
    assert (person.pk, person.user_id, person.phone) == (there.pk, None, "13711112222")
    assert person.verification == there.verification
    assert person.memberships.get().union == stage.yard


def test_way_of_proof_is_never_a_telephone_in_the_database(stage):
    person = new_person("王大力", id_no(1), "13711112222", None, verified=True)
    for how in ("phone", "sms", "wechat"):
        with pytest.raises(IntegrityError, match="members_proof_is_no_phone"), transaction.atomic():
            Person.objects.unscoped("test").filter(pk=person.pk).update(verified_by=how)


def test_reasons_are_needed(stage):
    row, actor = taken(stage, applied(stage)), stage.actor("reviewer")
    refused(
        "join_words_needed", lambda: actions.reject_application(actor, joinapplication_id=row.pk, reason=" ")
    )
    refused(
        "join_words_needed", lambda: actions.return_application(actor, joinapplication_id=row.pk, asked="")
    )


def test_number_of_another_account_opens_a_case_and_no_second_person(stage):
    row = applied(stage, 1)
    other = stage.worker("13700000099")
    person = new_person("王大力", id_no(1), "", None, verified=True, user=None)
    Person.objects.unscoped("test").filter(pk=person.pk).update(user_id=other.user_id)
    taken(stage, row)
    before = counted()
    with pytest.raises(DomainError) as caught:
        approved(stage, row)
    assert caught.value.code == "join_identity_conflict"
    assert counted() == before
    case = MergeCase.objects.unscoped("test").get()
    assert (case.person_id, case.claimant_id, case.reason) == (person.pk, row.user_id, "linked_elsewhere")
    with pytest.raises(DomainError):
        approved(stage, row)
    assert MergeCase.objects.unscoped("test").count() == 1


def test_account_verified_as_another_meanwhile_is_not_approved(stage):
    row = applied(stage, 1)
    new_person("李二", id_no(2), "", None, verified=True, user=None)
    Person.objects.unscoped("test").filter(name="李二").update(user_id=row.user_id)
    taken(stage, row)
    refused("join_other_person", lambda: approved(stage, row))


def ended(stage, status):
    into = stage.cast.unions["factory"] if status == "merged" else None
    yard = type(stage.yard).objects.unscoped("test").filter(pk=stage.yard.pk)
    yard.update(status=status, merged_into=into)


def test_union_suspended_or_merged_meanwhile_takes_nobody(stage):
    row = taken(stage, applied(stage))
    for status in ("suspended", "merged", "dissolved"):
        ended(stage, status)
        refused("union_takes_nobody", lambda: approved(stage, row))
    ended(stage, "active")
    assert approved(stage, row).state == "approved"


def test_member_elsewhere_meanwhile_is_not_approved(stage):
    row = taken(stage, applied(stage))
    new_person("王大力", id_no(1), "", stage.cast.unions["riders"], verified=False)
    refused("join_not_eligible", lambda: approved(stage, row))


def test_application_goes_on_to_the_union_it_belongs_to(stage):
    row, reviewer = taken(stage, applied(stage)), stage.actor("reviewer")
    JoinRule.objects.create(union=stage.pool, review_days=3)
    second = stage.actor("second")
    refused("join_other_reviewer", lambda: redirected(second, row, stage.pool))
    refused("join_redirect_over_both", lambda: redirected(reviewer, row, stage.cast.unions["riders"]))
    for union in (stage.yard, stage.cast.unions["city"]):
        refused("join_not_joinable", lambda union=union: redirected(reviewer, row, union))
    ended(stage, "merged")
    redirected(reviewer, row, stage.pool)
    now = again(row)
    assert (now.union, now.state, now.reviewer_id) == (stage.pool, "submitted", None)
    assert now.due_on == working_days_after(clock.today(), 3)
    assert Message.objects.unscoped("test").get(user_id=row.user_id).title == "入会申请已转交"
    done = approved(stage, row)
    assert Membership.objects.unscoped("test").get(pk=done.membership_id).union == stage.pool


def redirected(actor, row, union):
    return actions.redirect_application(actor, joinapplication_id=row.pk, union_id=union.pk)


# --- deadlines -------------------------------------------------------------------------------------------------


def test_days_of_review_come_down_the_path(stage):
    city, district = stage.cast.unions["city"], stage.cast.unions["district"]
    JoinRule.objects.create(union=city, review_days=7)
    assert applied(stage, 1).due_on == working_days_after(clock.today(), 7)
    JoinRule.objects.create(union=district, review_days=3)
    assert applied(stage, 2).due_on == working_days_after(clock.today(), 3)
    assert applied(stage, 3, union_id=stage.pool.pk).due_on == working_days_after(clock.today(), 7)


# --- the database ----------------------------------------------------------------------------------------------


def test_database_knows_the_same_moves(stage):
    """Every pair of states: what Python lists the trigger lets pass, and nothing else."""
    listed = {(a, b) for moves in VERBS.values() for a, b in moves.items() if a != b}
    sql = (Path(joining.__file__).parent / "sql" / "10_joining.sql").read_text(encoding="utf-8")
    states = JoinApplication.State.values
    written = {(a, b) for a in states for b in states if f"'{a}>{b}'" in sql}
    assert written == listed


def test_database_lets_nothing_move_without_a_step_and_no_step_change(stage):
    row = applied(stage)
    rows = JoinApplication.objects.unscoped("test").filter(pk=row.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(state="withdrawn", due_on=None)
        connection.check_constraints()
    with pytest.raises(IntegrityError), transaction.atomic():
        row.entries.all().update(words="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        row.entries.all().delete()


@pytest.mark.parametrize(
    "change",
    [
        {"state": "approved"}, {"state": "needs_info", "due_on": None}, {"channel": "scan"}, {"invitation_code": "ZZ"},
        {"due_on": None}, {"agreed_how": ""}, {"id_index": None, "id_no": None},
    ],
)  # fmt: skip
def test_database_refuses(stage, change):
    row = applied(stage)
    with pytest.raises(IntegrityError), transaction.atomic():
        JoinApplication.objects.unscoped("test").filter(pk=row.pk).update(**change)


def test_database_keeps_what_was_approved_but_lets_a_person_be_forgotten(stage):
    row = applied(stage)
    approved(stage, row)
    rows = JoinApplication.objects.unscoped("test").filter(pk=row.pk)
    other_union = {"union_id": stage.pool.pk}
    for change in ({"state": "rejected", "reason": "x"}, other_union, {"reviewer_id": None}, {"id_no": "1"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
    rows.update(name="", id_no=None, id_index=None, phone=None, phone_index=None, employer="", user_id=None)
    assert (again(row).name, again(row).id_no) == ("", None)


def test_database_lets_no_fact_change_under_review(stage):
    row = taken(stage, applied(stage))
    rows = JoinApplication.objects.unscoped("test").filter(pk=row.pk)
    for change in ({"name": "别人"}, {"union_id": stage.pool.pk}, {"employer": "x"}, {"group": "guard"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(state="submitted", name="别人")


def test_database_holds_maker_and_reviewer_apart(stage):
    row = applied(stage)
    rows = JoinApplication.objects.unscoped("test").filter(pk=row.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(reviewer_id=row.user_id)


def test_consent_may_be_given_before(stage):
    give_consent(stage.worker("13700000001"), purpose="joining")
    assert applied(stage).state == "submitted"
    assert errors.CONSENT_NEEDED.clause
