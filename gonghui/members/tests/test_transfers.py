"""转会: asked by the member, let go by the old union, taken in by the new one; the clock answers where nobody did."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Q

from gonghui.kit import clock
from gonghui.kit.errors import NOT_ALLOWED, NOT_FOUND, STATE_CHANGED, DomainError
from gonghui.kit.states import ILLEGAL_MOVE
from gonghui.kit.workdays import working_days_after
from gonghui.members import errors
from gonghui.members.actions.changes import confirm_change
from gonghui.members.actions.transfers import (
    Papers,
    accept_transfer,
    aim_transfer,
    answer_silence,
    open_transfer,
    open_transfer_for,
    release_transfer,
)
from gonghui.members.models import Membership, Person, TransferRequest, TransferRule, TransferStep
from gonghui.members.tasks import answer_silent_transfers
from gonghui.members.tests.test_changes import proposed
from gonghui.members.tests.transferring import (
    NEW,
    OLD,
    SYSTEM,
    accepted,
    again,
    cancelled,
    days_later,
    goes,
    memberships,
    new_admin,
    new_home,
    opened,
    refused,
    released,
    settle,
    steps,
)
from gonghui.members.transfer_queries import unions_to_move_to
from gonghui.orgs.actions import merge_union
from gonghui.orgs.models import Union
from tests.cast import IDS, new_person, new_union

pytestmark = pytest.mark.django_db


def refusal_of(call) -> object:
    with pytest.raises(DomainError) as caught, transaction.atomic():
        call()
    return caught.value.reason


def stands() -> list[tuple]:
    """What a refusal must leave as it was."""
    rows = (
        TransferRequest.objects.unscoped("test")
        .order_by("id")
        .values_list("state", "to_union", "due_on", "desk")
    )
    lives = Membership.objects.unscoped("test").order_by("id").values_list("person", "union", "status")
    return [*rows, *lives, TransferStep.objects.unscoped("test").count()]


def refuses(call) -> object:
    before = stands()
    reason = refusal_of(call)
    assert stands() == before
    return reason


# --- the way of it ------------------------------------------------------------------------------------------


def test_member_who_was_let_go_and_taken_in_has_one_membership_and_it_is_the_new_one(cast):
    row = accepted(cast)
    settle()
    assert memberships(cast) == [("factory", "ended"), ("riders", "active")]
    assert steps(row) == [("opened", "member"), ("released", "union"), ("accepted", "union")]
    row = again(row)
    old, new = row.membership, row.became
    assert (row.state, row.due_on, row.desk_id) == ("accepted", None, cast.unions["riders"].pk)
    assert (old.left_on, new.joined_on, new.source) == (clock.today(), clock.today(), "transfer")
    assert old.person == new.person
    assert (row.releaser, row.decider) == (cast.users[OLD], cast.users[NEW])


def test_membership_is_transferring_meanwhile_and_what_it_was_when_nothing_comes_of_it(cast):
    for verb in (
        cancelled,
        lambda cast, row: refused(cast, row, OLD),
        lambda cast, row: refused(cast, row, NEW),
    ):
        row = opened(cast)
        assert memberships(cast) == [("factory", "transferring")]
        verb(cast, row)
        assert memberships(cast) == [("factory", "active")]
    settle()
    states = TransferRequest.objects.unscoped("test").order_by("id").values_list("state", flat=True)
    assert list(states) == ["cancelled", "refused", "refused"]


def test_retained_member_stays_retained_when_refused_and_is_active_when_taken_in(cast):
    confirm_change(cast.actor("province_admin"), change_id=proposed(cast, "laid_off").pk)
    refused(cast, opened(cast), OLD)
    assert memberships(cast) == [("factory", "retained")]
    accepted(cast)
    assert memberships(cast) == [("factory", "ended"), ("riders", "active")]


def test_refusal_says_why_and_by_whom(cast):
    row = released(cast)
    assert refuses(lambda: refused(cast, row, NEW, " ")) is errors.TRANSFER_WORDS
    refused(cast, row, NEW, "没有这份劳动合同")
    step = row.steps.get(kind="refused")
    assert (step.words, step.union, step.author) == (
        "没有这份劳动合同",
        cast.unions["riders"],
        cast.users[NEW],
    )


def test_who_has_let_go_can_no_longer_refuse(cast):
    row = released(cast)
    assert refuses(lambda: refused(cast, row, OLD)) is NOT_ALLOWED


# --- who may ------------------------------------------------------------------------------------------------


def test_neither_union_decides_for_the_other(cast):
    row = opened(cast)
    assert refuses(lambda: release_transfer(cast.actor(NEW), transfer_id=row.pk)) is NOT_ALLOWED
    row = release_transfer(cast.actor(OLD), transfer_id=row.pk)
    assert refuses(lambda: accept_transfer(cast.actor(OLD), transfer_id=row.pk)) is NOT_ALLOWED


@pytest.mark.parametrize("who", ["anonymous", "stranger", "hua", "clerk", "judge", "finance_officer"])
def test_others_do_not_even_see_it(cast, who):
    row = opened(cast)
    for verb in (release_transfer, accept_transfer):
        assert refuses(lambda verb=verb: verb(cast.actor(who), transfer_id=row.pk)) is NOT_FOUND
    assert refuses(lambda: refused(cast, row, who)) is NOT_FOUND
    assert refuses(lambda: cancelled(cast, row, who)) is NOT_FOUND
    assert not TransferRequest.objects.visible_to(cast.actor(who)).exists()
    assert not TransferStep.objects.visible_to(cast.actor(who)).exists()


def test_staff_who_are_the_member_decide_nothing_of_it(cast):
    admin = cast.users[OLD]
    Person.objects.unscoped("test").filter(pk=cast.people["mei"].pk).update(user=admin)
    row = opened(cast, OLD)
    assert refuses(lambda: release_transfer(cast.actor(OLD), transfer_id=row.pk)) is errors.TRANSFER_OWN
    assert refuses(lambda: refused(cast, row, OLD)) is errors.TRANSFER_OWN
    papers = Papers(*IDS["mei"][:2], "东转〔2026〕1号")
    mine = lambda: open_transfer_for(cast.actor(OLD), to_union_id=cast.unions["riders"].pk, papers=papers)  # noqa: E731
    assert refuses(mine) is errors.TRANSFER_OWN


def test_releaser_and_accepter_are_never_the_member_in_the_database(cast):
    row = opened(cast)
    mei = cast.users["mei"].pk
    for facts in ({"state": "released", "releaser_id": mei}, {"releaser_id": mei}, {"decider_id": mei}):
        found = TransferRequest.objects.unscoped("test").filter(pk=row.pk)
        with pytest.raises(IntegrityError, match="own transfer"), transaction.atomic():
            found.update(**facts)


def test_unverified_person_and_person_without_membership_open_none(cast):
    assert refuses(lambda: opened(cast, "hua")) is errors.VERIFY_FIRST
    assert refuses(lambda: opened(cast, "stranger")) is errors.VERIFY_FIRST
    Membership.objects.unscoped("test").filter(person=cast.people["mei"]).update(status="exited")
    assert refuses(lambda: opened(cast)) is errors.TRANSFER_NO_MEMBERSHIP


# --- where to -----------------------------------------------------------------------------------------------


def test_one_open_request_a_membership(cast):
    row = opened(cast)
    assert refuses(lambda: opened(cast, "mei", "sister")) is errors.TRANSFER_OPEN
    with pytest.raises(IntegrityError, match="members_transfer_one_open"), transaction.atomic():
        TransferRequest.objects.create(
            membership=row.membership, person=row.person, from_union=row.from_union, to_union=cast.unions["sister"],
            was="active", desk=row.from_union, opener=cast.users["mei"], due_on=clock.today(), silence="wait",
        )  # fmt: skip


def test_not_to_the_same_union_nor_to_one_that_takes_nobody_nor_where_one_was_expelled(cast):
    assert refuses(lambda: opened(cast, "mei", "factory")) is errors.TRANSFER_SAME_UNION
    assert refuses(lambda: open_transfer(cast.actor("mei"), to_union_id=10**12)) is errors.TRANSFER_NO_UNION
    for status in ("suspended", "merged", "dissolved"):
        goes(cast, "riders", status)
        assert refuses(lambda: opened(cast)) is errors.UNION_TAKES_NOBODY
    there = new_home(cast, "sister")
    Membership.objects.create(person=cast.people["mei"], union=cast.unions[there], status="expelled")
    assert refuses(lambda: opened(cast, "mei", there)) is errors.EXPELLED_THERE


def test_one_moves_only_where_one_might_have_joined(cast):
    """A province, a city, a district and a pool are no aim of a transfer, by whomever: neither opened, aimed nor noted."""
    cast.unions["pool"] = new_union("西岭市周转库", "pool", cast.unions["sister"])
    row, none = opened(cast), errors.UNION_HAS_NO_MEMBERS_OF_ITS_OWN
    given = Papers(IDS["lan"][0], IDS["lan"][1], "东工转〔2026〕8号")
    for key in ("province", "sister", "district", "pool"):
        pk = cast.unions[key].pk
        assert refuses(lambda key=key: opened(cast, "lan", key)) is none, key
        aim = lambda pk=pk: aim_transfer(cast.actor("mei"), transfer_id=row.pk, to_union_id=pk)  # noqa: E731
        assert refuses(aim) is none, key
        by_papers = lambda pk=pk: open_transfer_for(cast.actor(OLD), to_union_id=pk, papers=given)  # noqa: E731
        assert refuses(by_papers) is none, key
        assert refuses(lambda pk=pk: proposed(cast, "moved", name="lan", to_union_id=pk)) is none, key
        assert cast.unions[key] not in unions_to_move_to(cast.actor("lan"), cast.unions[key].name)
    assert [found.pk for found in unions_to_move_to(cast.actor("lan"), "西岭配送")] == [
        cast.unions["riders"].pk
    ]


def test_open_change_goes_first(cast):
    proposed(cast)
    assert refuses(lambda: opened(cast)) is errors.CHANGE_OPEN


@pytest.mark.parametrize("status", ["suspended", "merged", "dissolved"])
def test_acceptance_by_a_union_that_takes_nobody_leaves_it_open_to_be_aimed_elsewhere(cast, status):
    row = released(cast)
    goes(cast, "riders", status)
    assert refuses(lambda: accept_transfer(cast.actor(NEW), transfer_id=row.pk)) is errors.UNION_TAKES_NOBODY
    assert memberships(cast) == [("factory", "transferring")]
    aim_transfer(cast.actor("mei"), transfer_id=row.pk, to_union_id=cast.unions[new_home(cast, "sister")].pk)
    row = accept_transfer(cast.actor(NEW), transfer_id=row.pk)
    settle()
    assert memberships(cast) == [("factory", "ended"), ("sister_home", "active")]
    assert [kind for kind, _by in steps(row)] == ["opened", "released", "aimed", "accepted"]


def test_aiming_is_the_members_and_the_new_union_gets_its_days(cast):
    row = opened(cast)
    there = cast.unions[new_home(cast, "sister")].pk
    assert (
        refuses(lambda: aim_transfer(cast.actor("hua"), transfer_id=row.pk, to_union_id=there)) is NOT_FOUND
    )
    assert refuses(lambda: aim_transfer(cast.actor(OLD), transfer_id=row.pk, to_union_id=there)) is NOT_FOUND
    same = cast.unions["riders"].pk
    assert (
        refuses(lambda: aim_transfer(cast.actor("mei"), transfer_id=row.pk, to_union_id=same))
        is errors.TRANSFER_SAME_UNION
    )
    home = cast.unions["factory"].pk
    assert (
        refuses(lambda: aim_transfer(cast.actor("mei"), transfer_id=row.pk, to_union_id=home))
        is errors.TRANSFER_SAME_UNION
    )
    row = release_transfer(cast.actor(OLD), transfer_id=row.pk)
    with days_later(3):
        row = aim_transfer(cast.actor("mei"), transfer_id=row.pk, to_union_id=there)
        assert (row.desk_id, row.due_on) == (there, working_days_after(clock.today(), 10))
    cancelled(cast, row)
    assert (
        refuses(lambda: aim_transfer(cast.actor("mei"), transfer_id=row.pk, to_union_id=same))
        is STATE_CHANGED
    )


# --- papers at the counter ----------------------------------------------------------------------------------


def papers(**facts) -> Papers:
    real, id_no, _phone = IDS["mei"]
    return Papers(**({"name": real, "id_no": id_no, "document": "东转〔2026〕1号"} | facts))


@pytest.mark.parametrize("who", [OLD, NEW])
def test_staff_of_either_union_open_it_for_a_member_with_papers(cast, who):
    row = open_transfer_for(cast.actor(who), to_union_id=cast.unions["riders"].pk, papers=papers())
    assert (row.opener, row.document, memberships(cast)) == (
        cast.users[who], "东转〔2026〕1号", [("factory", "transferring")],
    )  # fmt: skip
    assert steps(row) == [("opened", "union")]


def test_who_opened_it_for_a_member_does_not_take_them_in(cast):
    row = open_transfer_for(cast.actor(NEW), to_union_id=cast.unions["riders"].pk, papers=papers())
    release_transfer(cast.actor(OLD), transfer_id=row.pk)
    assert refuses(lambda: accept_transfer(cast.actor(NEW), transfer_id=row.pk)) is errors.TRANSFER_TWO_HANDS
    colleague = new_admin(cast, "sister_second", "sister")
    accept_transfer(colleague, transfer_id=row.pk)
    assert memberships(cast) == [("factory", "ended"), ("riders", "active")]


def test_papers_of_nobody_and_of_members_beyond_reach_are_answered_alike(cast):
    for given in (papers(name="王五"), papers(id_no=IDS["lan"][1]), papers(id_no="440101199003070106")):
        call = lambda given=given: open_transfer_for(  # noqa: E731
            cast.actor(NEW), to_union_id=cast.unions["riders"].pk, papers=given
        )
        assert refuses(call) in (errors.TRANSFER_NOT_KNOWN, errors.BAD_IDENTITY)
    other = new_union("北岸市总工会", "city", cast.unions["province"])
    elsewhere = lambda: open_transfer_for(cast.actor(NEW), to_union_id=other.pk, papers=papers())  # noqa: E731
    assert refuses(elsewhere) is errors.TRANSFER_NOT_KNOWN
    nobody = lambda: open_transfer_for(cast.actor("judge"), to_union_id=other.pk, papers=papers())  # noqa: E731
    assert refuses(nobody) is NOT_ALLOWED
    blank = lambda: open_transfer_for(cast.actor(NEW), to_union_id=other.pk, papers=papers(document=" "))  # noqa: E731
    assert refuses(blank) is errors.TRANSFER_DOCUMENT


@pytest.mark.parametrize(
    ("id_type", "stored", "typed"),
    [
        ("resident_id", "11010519491231002X", "11010519491231002x"),
        ("resident_id", "11010519491231002X", " 110105 19491231 002Ｘ"),
        ("resident_id", "440101900307012", "440101199003070122"),
        ("hk_macao_permit", "H12345678", "h12345678"),
        ("foreign_permanent", "USA310064122561", "usa310064122561"),
    ],
)
def test_one_person_however_their_document_is_written(cast, id_type, stored, typed):
    from gonghui.kit import identifiers

    known = identifiers.read_document(id_type, stored, typed=True)
    assert known.ok, known.message
    Person.objects.unscoped("test").filter(pk=cast.people["mei"].pk).update(
        id_no=None, id_index=None, verification="none"
    )
    person = Person.objects.create(name="王㐅𠮷", id_type=id_type, id_no=known.value)
    Membership.objects.create(person=person, union=cast.unions["factory"])
    given = papers(name="王㐅 𠮷", id_no=typed, id_type=id_type)
    row = open_transfer_for(cast.actor(OLD), to_union_id=cast.unions["riders"].pk, papers=given)
    assert row.person == person


# --- the clock ----------------------------------------------------------------------------------------------


def test_release_passes_and_acceptance_climbs_where_no_union_wrote_a_rule(cast):
    row = opened(cast)
    assert (row.due_on, row.silence, row.rule) == (working_days_after(clock.today(), 10), "pass", None)
    with days_later(10):
        answer_silent_transfers(0)
        assert again(row).state == "opened"
    with days_later(11):
        answer_silent_transfers(0)
        row = again(row)
        assert (row.state, row.releaser, row.desk, row.silence) == (
            "released", None, cast.unions["riders"], "escalate",
        )  # fmt: skip
        step = row.steps.get(kind="released")
        assert (step.by, step.words) == ("clock", "到期未答复，按产品默认规定，工会可另行规定")
    for days, desk in ((22, "sister"), (33, "province")):
        with days_later(days):
            answer_silent_transfers(0)
            assert again(row).desk == cast.unions[desk]
    with days_later(60):
        answer_silent_transfers(0)
        answer_silent_transfers(0)
        row = again(row)
        assert (row.state, row.desk, row.silence) == ("released", cast.unions["province"], "wait")
        accept_transfer(cast.actor("province_admin"), transfer_id=row.pk)
    settle()
    assert memberships(cast) == [("factory", "ended"), ("riders", "active")]


def rule(cast, union: str, **facts) -> TransferRule:
    return TransferRule.objects.create(union=cast.unions[union], clause=f"{union}会籍办法第五条", **facts)


def test_nearest_rule_down_the_path_decides_and_the_clock_says_which(cast):
    rule(cast, "province", release_days=30, release_silence="wait")
    near = rule(cast, "district", release_days=3, release_silence="pass")
    far = rule(cast, "sister", accept_days=5, accept_silence="pass")
    rule(cast, "city", release_days=20, release_silence="escalate")
    row = opened(cast)
    assert (row.due_on, row.rule) == (working_days_after(clock.today(), 3), near)
    with days_later(4):
        answer_silent_transfers(0)
    row = again(row)
    assert (row.state, row.rule) == ("released", far)
    assert (
        row.steps.get(kind="released").words
        == f"到期未答复，按第 {near.pk} 号期限规定（district会籍办法第五条）"
    )
    with days_later(10):
        answer_silent_transfers(0)
    settle()
    row = again(row)
    assert (row.state, row.decider, row.steps.get(kind="accepted").rule) == ("accepted", None, far)
    assert memberships(cast) == [("factory", "ended"), ("riders", "active")]


def test_rule_written_later_changes_nothing_promised_before(cast):
    row = opened(cast)
    rule(cast, "city", release_days=1, release_silence="wait")
    with days_later(2):
        answer_silent_transfers(0)
        assert again(row).state == "opened"
    with days_later(11):
        answer_silent_transfers(0)
        assert again(row).state == "released"


def test_rule_that_waits_waits_and_one_out_of_use_binds_nobody(cast):
    rule(cast, "city", release_days=2, release_silence="wait")
    rule(cast, "factory", release_days=1, is_active=False)
    row = opened(cast)
    with days_later(40):
        answer_silent_transfers(0)
        assert (again(row).state, again(row).silence, again(row).is_overdue) == ("opened", "wait", True)
        release_transfer(cast.actor(OLD), transfer_id=row.pk)


def test_escalated_release_goes_to_the_nearest_active_level_above(cast):
    rule(cast, "city", release_days=1, release_silence="escalate")
    Union.objects.unscoped("test").filter(pk=cast.unions["district"].pk).update(status="suspended")
    row = opened(cast)
    with days_later(2):
        answer_silent_transfers(0)
        assert again(row).desk == cast.unions["city"]
        assert row.steps.get(kind="escalated").union == cast.unions["city"]


def test_clock_takes_nobody_into_a_union_that_takes_nobody(cast):
    rule(cast, "sister", accept_days=1, accept_silence="pass")
    released(cast)
    goes(cast, "riders", "dissolved")
    with days_later(3):
        before = stands()
        answer_silent_transfers(0)
        assert stands() == before


def test_nobody_but_the_clock_answers_for_it_and_not_before_its_day(cast):
    row = opened(cast)
    assert refuses(lambda: answer_silence(SYSTEM, transfer_id=row.pk)) is STATE_CHANGED
    with days_later(11):
        assert refuses(lambda: answer_silence(cast.actor(OLD), transfer_id=row.pk)) is STATE_CHANGED


def test_two_rules_of_one_union_are_not_in_use_at_once(cast):
    rule(cast, "city")
    with pytest.raises(IntegrityError, match="members_transfer_rule_once"), transaction.atomic():
        rule(cast, "city")
    for facts in ({"release_days": 0}, {"accept_days": 91}, {"accept_silence": "never"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rule(cast, "sister", **facts)


# --- what else may happen to the membership -----------------------------------------------------------------


def test_change_confirmed_meanwhile_ends_the_transfer(cast):
    row = opened(cast)
    change = proposed(cast, "died")
    confirm_change(cast.actor("province_admin"), change_id=change.pk)
    settle()
    assert (again(row).state, memberships(cast)) == ("overtaken", [("factory", "ended")])
    assert steps(row)[-1] == ("overtaken", "change")
    assert refuses(lambda: accept_transfer(cast.actor("province_admin"), transfer_id=row.pk)) is ILLEGAL_MOVE


def test_transfer_follows_a_membership_that_is_moved_and_is_over_when_it_arrives(cast):
    row = opened(cast)
    mine = Membership.objects.unscoped("test").filter(person=cast.people["mei"])
    mine.update(union=cast.unions["district"])
    assert (again(row).from_union, again(row).desk) == (cast.unions["district"], cast.unions["district"])
    mine.update(union=cast.unions["riders"])
    settle()
    assert (again(row).state, memberships(cast)) == ("overtaken", [("riders", "active")])


def merged(cast, union: str, into: str) -> None:
    merge_union(
        cast.actor("province_admin"), union_id=cast.unions[union].pk, into_id=cast.unions[into].pk, reason="机构合并",
    )  # fmt: skip


def test_transfer_goes_on_when_the_old_union_is_merged_into_a_third(cast):
    row = opened(cast)
    merged(cast, "factory", "district")
    settle()
    row = again(row)
    assert (row.state, row.from_union, row.desk) == (
        "opened",
        cast.unions["district"],
        cast.unions["district"],
    )
    assert memberships(cast) == [("factory", "ended"), ("district", "transferring")]
    release_transfer(cast.actor(OLD), transfer_id=row.pk)
    accept_transfer(cast.actor(NEW), transfer_id=row.pk)
    settle()
    assert memberships(cast) == [("factory", "ended"), ("district", "ended"), ("riders", "active")]


def test_transfer_is_over_when_the_old_union_is_merged_into_the_new_one(cast):
    confirm_change(cast.actor("province_admin"), change_id=proposed(cast, "laid_off").pk)
    row = opened(cast)
    merged(cast, "factory", "riders")
    settle()
    assert (again(row).state, steps(row)[-1]) == ("overtaken", ("overtaken", "change"))
    assert memberships(cast) == [("factory", "ended"), ("riders", "retained")]


def test_transfer_to_a_union_merged_meanwhile_goes_on_there_and_may_be_aimed_elsewhere(cast):
    row = released(cast)
    merged(cast, "riders", "district")
    assert again(row).to_union == cast.unions["district"]
    there = new_home(cast, "district")
    aim_transfer(cast.actor("mei"), transfer_id=row.pk, to_union_id=cast.unions[there].pk)
    accept_transfer(cast.actor(OLD), transfer_id=row.pk)
    assert memberships(cast) == [("factory", "ended"), (there, "active")]


# --- the database -------------------------------------------------------------------------------------------


def test_facts_of_a_transfer_never_change_and_it_goes_its_ways_only(cast):
    row = opened(cast)
    found = TransferRequest.objects.unscoped("test").filter(pk=row.pk)
    lan = cast.people["lan"]
    for facts in (
        {"person": lan},
        {"from_union": cast.unions["city"]},
        {"document": "1"},
        {"was": "retained"},
    ):
        with pytest.raises(IntegrityError, match="facts"), transaction.atomic():
            found.update(**facts)
    over = {"due_on": None, "silence": "", "closed_at": clock.now()}
    with pytest.raises(IntegrityError, match="cannot go"), transaction.atomic():
        found.update(state="accepted", **over)
    with pytest.raises(IntegrityError, match="members_transfer_due"), transaction.atomic():
        found.update(due_on=None)
    with pytest.raises(IntegrityError, match="stays"), transaction.atomic():
        found._raw_delete("default")
    with pytest.raises(IntegrityError, match="stays"), transaction.atomic():
        TransferStep.objects.unscoped("test").update(words="x")
    cancelled(cast, row)
    with pytest.raises(IntegrityError, match="facts"), transaction.atomic():
        found.update(reason="x")
    with pytest.raises(IntegrityError, match="state it led to"), transaction.atomic():
        TransferStep.objects.create(transfer=row, kind="accepted", by="clock", at=clock.now())


def test_no_state_without_its_step_and_no_transferring_without_an_open_transfer(cast):
    row = opened(cast)
    with pytest.raises(IntegrityError, match="step in its record"), transaction.atomic():
        TransferRequest.objects.unscoped("test").filter(pk=row.pk).update(state="released")
        settle()
    with pytest.raises(IntegrityError, match="transferring"), transaction.atomic():
        Membership.objects.unscoped("test").filter(person=cast.people["lan"]).update(status="transferring")
        settle()


def test_acceptance_by_who_opened_it_is_impossible_in_the_database(cast):
    row = released(cast)
    found = TransferRequest.objects.unscoped("test").filter(pk=row.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        found.update(state="accepted", decider=row.opener, due_on=None, silence="", closed_at=clock.now())


def test_membership_that_is_over_stays_over(cast):
    accepted(cast)
    old = Membership.objects.unscoped("test").filter(Q(status="ended"), person=cast.people["mei"])
    with pytest.raises(IntegrityError, match="stays over"), transaction.atomic():
        old.update(status="active")


def test_member_goes_back_and_forth_with_a_membership_each_time(cast):
    accepted(cast)
    row = open_transfer(cast.actor("mei"), to_union_id=cast.unions["factory"].pk)
    release_transfer(cast.actor(NEW), transfer_id=row.pk)
    accept_transfer(cast.actor(OLD), transfer_id=row.pk)
    settle()
    assert memberships(cast) == [("factory", "ended"), ("riders", "ended"), ("factory", "active")]


def test_person_without_account_is_transferred_by_papers(cast):
    person = new_person("周无号", "440101197001010012", "13800000055", cast.unions["factory"], verified=False)
    given = papers(name="周无号", id_no="440101197001010012")
    row = open_transfer_for(cast.actor(OLD), to_union_id=cast.unions["riders"].pk, papers=given)
    release_transfer(cast.actor(OLD), transfer_id=row.pk)
    accept_transfer(cast.actor(NEW), transfer_id=row.pk)
    assert (
        Membership.objects.unscoped("test").get(person=person, status="active").union == cast.unions["riders"]
    )
