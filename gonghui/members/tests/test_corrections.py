"""更正: a member says what is wrong, their union compares and decides; nothing changes before, and nobody decides their own."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse

from gonghui.kit import clock
from gonghui.kit.actors import Actor
from gonghui.kit.errors import DomainError
from gonghui.kit.models import AuditEntry
from gonghui.kit.search import pinyin_key
from gonghui.kit.workdays import working_days_after
from gonghui.members import retention
from gonghui.members.actions import corrections, forget
from gonghui.members.actions.corrections import Right
from gonghui.members.actions.transfers import accept_transfer, release_transfer
from gonghui.members.actions.verification import revoke_verification, verify_identity
from gonghui.members.correction_pages import open_corrections
from gonghui.members.models import CorrectionPaper, CorrectionRequest, Farewell, MemberMark, MergeCase, Person
from gonghui.members.tests.transferring import opened as asked_to_move
from gonghui.orgs.actions import merge_union
from tests.cast import IDS, new_union
from tests.console_contract import ConsoleContract

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4 document %%EOF"
NEW_ID = "440101197801010010"
SYSTEM = Actor.system("test")
NAME = Right(name="陈晓梅")
DOCUMENT = Right(id_type="resident_id", id_no="440101 19780101 0010")


def asked(cast, name: str = "mei", right: Right = NAME, papers=()) -> CorrectionRequest:
    return corrections.ask_correction(cast.actor(name), right=right, papers=papers)


def approved(cast, row: CorrectionRequest, proof: str = "original", who: str = "city_admin"):
    return corrections.approve_correction(cast.actor(who), correction_id=row.pk, proof=proof)


def refused(cast, row: CorrectionRequest, who: str = "city_admin", reason: str = "照片看不清"):
    return corrections.refuse_correction(cast.actor(who), correction_id=row.pk, reason=reason)


def withdrawn(cast, row: CorrectionRequest, name: str = "mei"):
    return corrections.withdraw_correction(cast.actor(name), correction_id=row.pk)


def code_of(call) -> str:
    with pytest.raises(DomainError) as caught:
        call()
    return caught.value.code


def person_of(cast, name: str = "mei") -> Person:
    return Person.objects.unscoped("test").get(pk=cast.people[name].pk)


def again(row: CorrectionRequest) -> CorrectionRequest:
    return CorrectionRequest.objects.unscoped("test").get(pk=row.pk)


def count() -> int:
    return CorrectionRequest.objects.unscoped("test").count()


def papers_left() -> int:
    return CorrectionPaper.objects.unscoped("test").count()


# Asked


def test_nothing_changes_before_somebody_decides_and_the_day_is_a_working_day(cast):
    row = asked(cast)
    assert (person_of(cast).name, row.state, row.union) == ("陈小梅", "open", cast.unions["factory"])
    assert row.due_on == working_days_after(clock.today(), corrections.ANSWER_DAYS)
    assert (row.name, row.was_name, row.parts) == ("陈晓梅", "陈小梅", ["name"])


@pytest.mark.parametrize(
    ("right", "code"),
    [
        (Right(), "correction_nothing"),
        (Right(name="陈小梅 "), "correction_same"),
        (Right(name="1"), "bad_identity"),
        (Right(id_type="resident_id", id_no=IDS["mei"][1]), "correction_same"),
        (Right(id_type="resident_id", id_no="440101199003070123"), "bad_identity"),
        (Right(id_type="nothing", id_no="E12345678"), "bad_identity"),
        (Right(gender="male"), "correction_derived"),
        (Right(birth_date=dt.date(1990, 1, 1)), "correction_derived"),
        (Right(id_type="passport", id_no="E12345678", birth_date=dt.date(2990, 1, 1)), "bad_identity"),
        (Right(id_type="passport", id_no="E12345678", gender="other"), "bad_identity"),
    ],
)  # fmt: skip
def test_what_is_no_correction_is_refused_and_nothing_is_kept(cast, right, code):
    assert (code_of(lambda: asked(cast, right=right)), count()) == (code, 0)


def test_papers_are_what_their_bytes_say_and_few(cast):
    for papers, code in (
        ([b"GIF89a"], "correction_paper_unknown"),
        ([PDF] * 3, "correction_papers_many"),
        ([PDF + b"x" * 5 * 2**20], "correction_paper_too_large"),
    ):
        assert code_of(lambda papers=papers: asked(cast, papers=papers)) == code
    asked(cast, papers=[PDF, PDF])
    assert (count(), papers_left()) == (1, 2)


def test_one_open_a_person_three_a_day_and_none_without_a_union(cast):
    assert code_of(lambda: asked(cast, "stranger")) == "correction_no_person"
    for _nth in range(3):
        row = asked(cast)
        assert code_of(lambda: asked(cast)) == "correction_open"
        withdrawn(cast, row)
    assert code_of(lambda: asked(cast)) == "correction_spent"
    cast.people["hua"].memberships.all().delete()
    assert code_of(lambda: asked(cast, "hua")) == "correction_no_union"


def test_withdrawn_keeps_nothing_of_what_was_told_and_is_the_members_alone(cast):
    row = asked(cast, right=Right(name="陈晓梅", words="户口本上是晓"), papers=[PDF])
    for who in ("hua", "city_admin"):
        assert code_of(lambda who=who: withdrawn(cast, row, who)) == "not_found"
    withdrawn(cast, row)
    left = again(row)
    assert (left.state, left.name, left.was_name, left.words, papers_left()) == (
        "withdrawn",
        None,
        None,
        None,
        0,
    )
    assert code_of(lambda: approved(cast, row)) == "illegal_move"


# Decided


def test_name_is_corrected_wherever_it_is_searched_and_shown(cast, client):
    approved(cast, asked(cast, papers=[PDF]), "papers")
    person = person_of(cast)
    assert (person.name, person.pinyin, person.verified_by) == ("陈晓梅", pinyin_key("陈晓梅"), "staff")
    cast.sign_in(client, "city_admin")
    listed = reverse("admin:members_person_changelist")
    for word, found in (("陈晓梅", True), ("chenxiaomei", True), ("陈小梅", False)):
        rows = client.get(listed, {"q": word}).context["cl"].result_list
        assert (person.pk in [row.pk for row in rows]) == found, word
    card = cast.sign_in(client, "mei").get("/me/card").content.decode()
    assert "陈晓梅" in card or "陈*" in card


def test_document_is_corrected_with_its_index_its_birthday_and_gender(cast):
    approved(cast, asked(cast, right=DOCUMENT))
    person = person_of(cast)
    assert (person.id_no, person.birth_date, person.gender) == (NEW_ID, dt.date(1978, 1, 1), "male")
    assert [one.pk for one in corrections.with_id("resident_id", NEW_ID)] == [person.pk]
    assert not corrections.with_id("resident_id", IDS["mei"][1]).exists()


def test_new_document_of_another_kind_brings_its_birthday_along(cast):
    right = Right(id_type="passport", id_no="e12345678", birth_date=dt.date(1990, 3, 8), gender="male")
    approved(cast, asked(cast, right=right))
    person = person_of(cast)
    assert (person.id_type, person.id_no, person.birth_date, person.gender) == (
        "passport", "E12345678", dt.date(1990, 3, 8), "male",
    )  # fmt: skip


def test_without_papers_the_name_is_to_be_proved_again_and_marks_follow(cast):
    approved(cast, asked(cast), "record")
    person = person_of(cast)
    assert (person.verification, person.verified_at, person.verified_by) == ("none", None, "")
    marks = MemberMark.objects.unscoped("test").filter(person_id=person.pk, mark__startswith="v:")
    assert list(marks.values_list("mark", flat=True)) == ["v:none"]
    found = verify_identity(cast.actor("mei"), name="陈晓梅", id_no=IDS["mei"][1], consent=True)
    assert (found.pk, found.is_verified) == (person.pk, True)


def test_proof_fits_what_is_asked(cast):
    row = asked(cast)
    assert code_of(lambda: approved(cast, row, "papers")) == "correction_no_papers"
    assert code_of(lambda: approved(cast, row, "")) == "bad_identity"
    withdrawn(cast, row)
    both = Right(name="王小明", id_type="resident_id", id_no=NEW_ID)
    row = asked(cast, right=both, papers=[PDF])
    for proof in ("papers", "record"):
        assert code_of(lambda proof=proof: approved(cast, row, proof)) == "correction_needs_original"
    assert (again(row).state, person_of(cast).name) == ("open", "陈小梅")


def test_picture_verifies_nobody_who_was_not_and_what_was_revoked_stays_revoked(cast):
    approved(cast, asked(cast, "hua", Right(name="李建花"), [PDF]), "papers")
    assert (person_of(cast, "hua").name, person_of(cast, "hua").verification) == ("李建花", "none")
    revoke_verification(cast.actor("city_admin"), person_id=cast.people["mei"].pk, reason="冒用")
    approved(cast, asked(cast))
    assert (person_of(cast).name, person_of(cast).verification) == ("陈晓梅", "revoked")


def test_number_of_another_opens_a_case_and_makes_no_second(cast):
    row = asked(cast, right=Right(id_type="resident_id", id_no=IDS["qiang"][1]))
    for _nth in range(2):
        assert code_of(lambda: approved(cast, row)) == "correction_taken"
    case = MergeCase.objects.unscoped("test").get()
    assert (case.person, case.claimant, case.state) == (cast.people["qiang"], cast.users["mei"], "open")
    assert (again(row).state, person_of(cast).id_no) == ("open", IDS["mei"][1])
    assert refused(cast, row).state == "refused"


def test_refusal_keeps_its_reason_and_changes_nothing(cast):
    row = refused(cast, asked(cast))
    assert (again(row).answer, person_of(cast).name) == ("照片看不清", "陈小梅")
    assert code_of(lambda: approved(cast, row)) == "illegal_move"


def test_what_changed_since_it_was_asked_is_not_overwritten(cast):
    row = asked(cast)
    Person.objects.unscoped("test").filter(pk=row.person_id).update(name="陈肖梅")
    assert (code_of(lambda: approved(cast, row)), person_of(cast).name) == ("correction_overtaken", "陈肖梅")


@pytest.mark.parametrize(
    "who", ["sister_admin", "finance_officer", "judge", "clerk", "mei", "hua", "stranger"]
)
def test_only_staff_of_the_members_union_decide(cast, who):
    row = asked(cast)
    codes = {code_of(lambda: approved(cast, row, who=who)), code_of(lambda: refused(cast, row, who=who))}
    assert codes <= {"not_found", "not_allowed"}
    assert again(row).state == "open"


def test_nobody_decides_their_own_not_even_in_the_database(cast):
    row = asked(cast, "hua", Right(name="李建花"))
    Person.objects.unscoped("test").filter(pk=cast.people["hua"].pk).update(user=cast.users["city_admin"])
    assert code_of(lambda: approved(cast, row)) == "correction_own"
    assert code_of(lambda: refused(cast, row)) == "correction_own"
    rows = CorrectionRequest.objects.unscoped("test").filter(pk=row.pk)
    done = {"closed_at": clock.now(), "due_on": None}
    wrong = (
        {"state": "approved", "proof": "original", "decider": cast.users["city_admin"], **done},
        {"state": "approved", "proof": "original", **done},
        {"state": "refused", "decider": cast.users["province_admin"]},
        {"parts": ["gender"]},
        {"parts": []},
        {"person": cast.people["lan"]},
    )
    for change in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
    approved(cast, row, who="province_admin")
    with pytest.raises(IntegrityError, match="members_correction_guard"), transaction.atomic():
        rows.update(state="open", decider=None, proof="", closed_at=None, due_on=clock.today())


# Meanwhile


def test_request_goes_along_to_another_union_and_who_stood_over_the_old_one_sees_it_no_more(cast):
    row = asked(cast)
    move = asked_to_move(cast, "mei", "riders")
    release_transfer(cast.actor("city_admin"), transfer_id=move.pk)
    accept_transfer(cast.actor("sister_admin"), transfer_id=move.pk)
    assert again(row).union == cast.unions["riders"]
    assert code_of(lambda: approved(cast, row)) == "not_found"
    assert approved(cast, row, who="sister_admin").state == "approved"


def test_request_goes_along_when_the_union_merges_also_of_who_left(cast):
    mill = new_union("江口纺织厂工会", "enterprise", cast.unions["district"])
    mine, hers = asked(cast), asked(cast, "hua", Right(name="李建花"))
    cast.people["hua"].memberships.update(status="exited")
    merge_union(
        cast.actor("province_admin"), union_id=cast.unions["factory"].pk, into_id=mill.pk, reason="两厂合并"
    )
    assert {again(mine).union, again(hers).union} == {mill}


def test_account_given_up_takes_its_requests_back_and_leaves_no_word(cast):
    row = asked(cast, "hua", Right(name="李建花", words="户口本上是花"), [PDF])
    old = asked(cast, "mei")
    refused(cast, old, reason="陈小梅本人没有到场")
    for name in ("hua", "mei"):
        farewell = Farewell.objects.create(
            user=cast.users[name], person=cast.people[name], gives_up=["points", "tickets"],
            due_at=clock.now() + dt.timedelta(seconds=1),
        )  # fmt: skip
        Farewell.objects.unscoped("test").filter(pk=farewell.pk).update(
            due_at=clock.now() - dt.timedelta(seconds=1)
        )
        assert forget.carry_out(SYSTEM, farewell_id=farewell.pk)
    left = again(row)
    assert (left.state, left.name, left.was_name, left.words, papers_left()) == (
        "withdrawn", None, None, None, 0,
    )  # fmt: skip
    assert (again(old).state, again(old).answer) == ("refused", "")
    assert code_of(lambda: approved(cast, row)) == "illegal_move"


def test_papers_go_ninety_days_after_the_decision_and_the_request_after_three_years(cast):
    refused(cast, asked(cast, papers=[PDF]))
    left = []
    for days in (89, 91, 1094, 1096):
        with time_machine.travel(clock.now() + dt.timedelta(days=days), tick=True):
            retention.remove_what_is_over(SYSTEM)
        left.append((papers_left(), count()))
    assert left == [(1, 1), (0, 1), (0, 1), (0, 0)]


def test_trail_tells_no_name_and_no_number(cast):
    row = asked(cast, right=Right(name="陈晓梅", id_type="resident_id", id_no=NEW_ID))
    approved(cast, row)
    told = AuditEntry.objects.unscoped("test").filter(table_name="members_correctionrequest")
    said = str(list(told.values_list("before", "after")))
    assert told.exists()
    assert not [word for word in ("陈晓梅", "陈小梅", NEW_ID, IDS["mei"][1]) if word in said]


# The console


class TestCorrectionScreen(ConsoleContract):
    model = CorrectionRequest
    sightless = ("judge", "finance_officer")

    def own(self, cast):
        """Of a number: a name is whole wherever staff see who it is."""
        return asked(cast, right=DOCUMENT)

    def foreign(self, cast):
        return asked(cast, "qiang", Right(name="赵志刚"))

    def more(self, cast, count):
        for name in ("hua", "lan")[:count]:
            asked(cast, name, Right(name="李建花"))


def at(row, name: str) -> str:
    return reverse(f"admin:members_correctionrequest_{name}", args=[row.pk])


def test_page_shows_old_and_new_masked_and_leads_to_the_papers(cast, client):
    row = asked(cast, right=DOCUMENT, papers=[PDF])
    cast.sign_in(client, "city_admin")
    page = client.get(at(row, "change")).content.decode()
    assert NEW_ID not in page
    assert IDS["mei"][1] not in page
    assert [name for name in ("paper_1", "paper_2") if f"verb/{name}/" in page] == ["paper_1"]
    answer = client.post(at(row, "paper_1"), {"reason": "核对证件"})
    assert (answer.content, answer["Content-Type"]) == (PDF, "application/pdf")
    looks = AuditEntry.objects.unscoped("test").filter(op="UNMASK", table_name="members_correctionpaper")
    assert looks.count() == 1
    assert NEW_ID in client.post(at(row, "unmask"), {"reason": "核对号码"}).content.decode()
    assert client.post(at(row, "approve"), {"proof": ""}).status_code == 422
    assert client.post(at(row, "approve"), {"proof": "papers"}).status_code == 302
    assert person_of(cast).id_no == NEW_ID


def test_queue_counts_what_waits_and_what_is_late(cast):
    assert open_corrections(cast.actor("city_admin")) is None
    row = asked(cast)
    assert open_corrections(cast.actor("sister_admin")) is None
    assert (
        open_corrections(cast.actor("city_admin")).value,
        open_corrections(cast.actor("city_admin")).note,
    ) == (1, "")
    CorrectionRequest.objects.unscoped("test").filter(pk=row.pk).update(
        due_on=clock.today() - dt.timedelta(days=1)
    )
    assert open_corrections(cast.actor("city_admin")).note == "其中 1 件已过期"


def test_page_shows_of_both_sides_what_was_asked_and_nothing_else(cast, client):
    Person.objects.unscoped("test").filter(pk=cast.people["mei"].pk).update(id_type="passport")
    asked(cast, right=Right(birth_date=dt.date(1990, 3, 8), gender="male"))
    row = CorrectionRequest.objects.unscoped("test").get()
    page = cast.sign_in(client, "city_admin").get(at(row, "change")).content.decode()
    assert not [word for word in ("原来：姓名", "改为：证件") if word in page]
    assert not [word for word in ("1990-03-07", "1990-03-08", "女", "男", "原来：性别") if word not in page]
