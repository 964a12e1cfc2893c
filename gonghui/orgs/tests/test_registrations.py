"""建会申请: who applies never decides; codes; doubles; what an approval makes."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from gonghui.kit import clock
from gonghui.kit.models import AuditEntry
from gonghui.kit.tests.racing import at_once
from gonghui.kit.workdays import working_days_after
from gonghui.orgs import actions, rules
from gonghui.orgs.models import Employer, RegistrationPaper, Union, UnionRegistration
from gonghui.orgs.tests.stage import (
    PAPER,
    PHONE,
    WITH_EVIDENCE,
    applied,
    bad_code,
    colleague,
    everything,
    facts,
    good_code,
    refused,
    region,
)
from tests.cast import new_union

pytestmark = pytest.mark.django_db


def now(row):
    return type(row).objects.unscoped("test").get(pk=row.pk)


def test_approval_makes_the_union_and_its_employer(cast):
    row = applied(cast, uscc=good_code("81", 1))
    assert (row.state, row.due_on) == (
        "submitted",
        working_days_after(clock.today(), rules.REGISTRATION_DAYS),
    )
    row = actions.approve_registration(cast.actor("province_admin"), unionregistration_id=row.pk)
    union = now(row.union)
    assert (row.state, row.decided_by_id) == ("approved", cast.users["province_admin"].pk)
    assert (union.name, union.kind, union.parent_id, union.status) == (
        "木棉1号公司工会", "enterprise", cast.unions["district"].pk, "active",
    )  # fmt: skip
    assert union.path == f"{cast.unions['district'].path}{union.pk}."
    assert (union.uscc, union.region_id) == (good_code("81", 1), region().pk)
    employer = now(union.employer)
    assert (employer.name, employer.uscc) == ("木棉1号有限公司", good_code("91", 1))
    assert (employer.category, employer.industry_code) == ("150", "C")


@pytest.mark.parametrize("verb", ["approve", "return", "reject"])
def test_who_applies_never_decides(cast, verb):
    row = applied(cast, who="province_admin")
    act = getattr(actions, f"{verb}_registration")
    extra = {} if verb == "approve" else {"reason": "请补材料"}
    with refused("registration_own"):
        act(cast.actor("province_admin"), unionregistration_id=row.pk, **extra)
    with pytest.raises(IntegrityError, match="registration_decided_by_another"), transaction.atomic():
        UnionRegistration.objects.unscoped("test").filter(pk=row.pk).update(
            state="rejected", decided_by=row.maker_id, decided_at=clock.now()
        )
    act(cast.actor("city_admin"), unionregistration_id=row.pk, **extra)


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("sister_admin", "not_found"),
        ("judge", "not_found"),
        ("finance_officer", "not_found"),
        ("mei", "not_found"),
    ],
)
def test_registration_is_decided_by_who_reviews_there(cast, who, code):
    row = applied(cast)
    with refused(code):
        actions.approve_registration(cast.actor(who), unionregistration_id=row.pk)


@pytest.mark.parametrize("who", ["sister_admin", "judge", "finance_officer", "mei", "anonymous"])
def test_only_who_writes_there_applies(cast, who):
    code = "not_allowed" if who in ("judge", "finance_officer", "anonymous") else "not_found"
    with refused(code):
        applied(cast, who=who)
    assert RegistrationPaper.objects.unscoped("test").count() == 0


def test_reviewer_decides_but_does_not_apply(cast):
    reviewer = colleague(cast, "reviewer_a", "reviewer")
    with refused("not_allowed"):
        actions.apply_for_union(reviewer, parent_id=cast.unions["district"].pk, new=facts(), paper=PAPER)
    row = applied(cast)
    assert actions.approve_registration(reviewer, unionregistration_id=row.pk).state == "approved"


def test_returned_is_mended_and_sent_again_by_its_maker(cast):
    row = applied(cast)
    actions.return_registration(
        cast.actor("province_admin"), unionregistration_id=row.pk, reason="批复看不清"
    )
    assert (now(row).state, now(row).answer) == ("returned", "批复看不清")
    with refused("registration_of_another"):
        actions.amend_registration(colleague(cast), unionregistration_id=row.pk, new=facts(headcount=90))
    actions.amend_and_resubmit(
        cast.actor("city_admin"),
        unionregistration_id=row.pk,
        new=facts(headcount=90),
        paper=("new.pdf", PAPER[1]),
    )
    assert (now(row).state, now(row).headcount, now(row).paper.name) == ("submitted", 90, "new.pdf")
    actions.reject_registration(cast.actor("province_admin"), unionregistration_id=row.pk, reason="重复建会")
    with refused("illegal_move"):
        actions.approve_registration(cast.actor("province_admin"), unionregistration_id=row.pk)
    with refused("illegal_move"):
        actions.amend_registration(cast.actor("city_admin"), unionregistration_id=row.pk, new=facts())
    assert Union.objects.unscoped("test").filter(name=row.name).count() == 0


def test_withdrawn_is_over_and_leaves_room_for_another(cast):
    row = applied(cast)
    actions.withdraw_registration(cast.actor("city_admin"), unionregistration_id=row.pk)
    with refused("illegal_move"):
        actions.approve_registration(cast.actor("province_admin"), unionregistration_id=row.pk)
    assert applied(cast).state == "submitted"


def test_draft_may_be_incomplete_and_sending_it_names_what_is_missing(cast):
    actor, district = cast.actor("city_admin"), cast.unions["district"].pk
    empty = actions.NewRegistration(name="木棉公司工会")
    row = actions.draft_registration(actor, parent_id=district, new=empty)
    with refused("registration_incomplete") as said:
        actions.submit_registration(actor, unionregistration_id=row.pk)
    assert "批复文件" in said.value.message
    actions.amend_registration(actor, unionregistration_id=row.pk, new=empty, paper=PAPER)
    with refused("registration_incomplete") as said:
        actions.submit_registration(actor, unionregistration_id=row.pk)
    for word in ("所在地区", "职工人数", "工会主席", "联系电话", "批复文号", "用人单位"):
        assert word in said.value.message


def test_registration_takes_the_region_above_when_it_names_none(cast):
    Union.objects.unscoped("test").filter(pk=cast.unions["district"].pk).update(region=region())
    assert applied(cast, region_id=None).region_id == region().pk


# Codes


def test_code_that_fails_the_check_needs_what_is_shown_for_it(cast):
    for wrong in ({"employer_uscc": bad_code()}, {"uscc": bad_code("81")}):
        with refused("register_code_fails"):
            applied(cast, **wrong)
    row = applied(cast, uscc=bad_code("81"), employer_uscc=bad_code(), evidence=WITH_EVIDENCE)
    assert (row.code_document, row.code_by_id) == (WITH_EVIDENCE.document, cast.users["city_admin"].pk)
    union = actions.approve_registration(cast.actor("province_admin"), unionregistration_id=row.pk).union
    for kept in (now(union), now(now(union).employer)):
        assert (kept.code_document, kept.code_reason, kept.code_by_id) == (
            WITH_EVIDENCE.document, WITH_EVIDENCE.reason, cast.users["city_admin"].pk,
        )  # fmt: skip


def test_code_without_evidence_is_impossible_in_the_database(cast):
    row = applied(cast)
    rows = UnionRegistration.objects.unscoped("test").filter(pk=row.pk)
    with pytest.raises(IntegrityError, match="registration_codes_fit"), transaction.atomic():
        rows.update(employer_uscc=bad_code())
    with pytest.raises(IntegrityError, match="registration_codes_fit"), transaction.atomic():
        rows.update(employer_uscc=bad_code(), code_document="1", code_reason="1")
    with pytest.raises(IntegrityError, match="last character does not fit"), transaction.atomic():
        Union.objects.unscoped("test").filter(pk=cast.unions["factory"].pk).update(uscc=bad_code("81"))
    with pytest.raises(IntegrityError, match="last character does not fit"), transaction.atomic():
        Employer.objects.create(name="木棉", uscc=bad_code())


@pytest.mark.parametrize("prefix", ["11", "12", "51", "52", "53", "81", "89", "91", "92", "93"])
def test_the_database_checks_codes_as_the_standard_does(prefix):
    good = [good_code(prefix, seed) for seed in range(40)]
    bad = [bad_code(prefix, seed) for seed in range(40)]
    with connection.cursor() as cursor:
        fits = "SELECT array_agg(orgs_code_fits(c)) FROM unnest(%s::text[]) c"
        assert cursor.execute(fits, [good]).fetchone()[0] == [True] * 40
        assert cursor.execute(fits, [bad]).fetchone()[0] == [False] * 40
        shapes = ["", "9144", good[0].lower(), good[0] + "0", good[0][:8] + "I" + good[0][9:]]
        assert cursor.execute(fits, [shapes]).fetchone()[0] == [False] * len(shapes)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"uscc": good_code("89")}, "register_code_prefix"),
        ({"uscc": good_code("91")}, "register_code_prefix"),
        ({"kind": "street", "uscc": good_code("81")}, "register_code_prefix"),
        ({"kind": "group", "uscc": good_code("81")}, "kind_has_no_code"),
        ({"employer_uscc": good_code("81")}, "register_code_is_of_a_union"),
        ({"employer_uscc": "914401"}, "register_code_wrong"),
        ({"employer_uscc": "9.14E+17"}, "register_code_wrong"),
        ({"contact_phone": "8888"}, "bad_input"),
        ({"kind": "pool"}, "registration_kind"),
        ({"name": "  "}, "registration_incomplete"),
        ({"document_no": ""}, "registration_incomplete"),
        ({"employer_category": ""}, "registration_incomplete"),
    ],
)
def test_wrong_registration_is_refused_and_nothing_is_kept(cast, given, code):
    with refused(code):
        applied(cast, **given)


def test_other_unions_carry_89_and_need_no_employer(cast):
    none = {"employer_name": "", "employer_uscc": "", "employer_category": "", "employer_industry": ""}
    row = applied(cast, kind="street", name="江口街道总工会", uscc=good_code("89"), **none)
    union = actions.approve_registration(cast.actor("province_admin"), unionregistration_id=row.pk).union
    assert (now(union).kind, now(union).employer_id) == ("street", None)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4 torn off", b"GIF89a", b"MZ\x90\x00"])
def test_paper_is_read_from_its_bytes(cast, content):
    with refused("paper_unknown"):
        actor = cast.actor("city_admin")
        actions.apply_for_union(
            actor, parent_id=cast.unions["district"].pk, new=facts(), paper=("批复.pdf", content)
        )
    with refused("paper_too_large"):
        actions.apply_for_union(
            actor,
            parent_id=cast.unions["district"].pk,
            new=facts(),
            paper=("批复.pdf", PAPER[1] + b" " * 6 * 2**20),
        )


def test_phone_and_paper_lie_sealed(cast):
    row = applied(cast)
    with connection.cursor() as cursor:
        cursor.execute("SELECT contact_phone FROM orgs_unionregistration WHERE id = %s", [row.pk])
        assert PHONE.encode() not in bytes(cursor.fetchone()[0])
        cursor.execute("SELECT content FROM orgs_registrationpaper WHERE registration_id = %s", [row.pk])
        assert b"%PDF" not in bytes(cursor.fetchone()[0])
    assert now(row).contact_phone == PHONE
    told = AuditEntry.objects.unscoped("test").filter(table_name="orgs_unionregistration")
    assert PHONE not in str(list(told.values_list("after", flat=True)))


# Doubles


def test_two_live_applications_share_no_code_and_no_name(cast):
    applied(cast, 1, uscc=good_code("81", 1))
    with refused("registration_twice"):
        applied(cast, 2, uscc=good_code("81", 1))
    with refused("registration_twice"):
        applied(cast, 2, employer_uscc=good_code("91", 1))
    with refused("registration_twice"):
        applied(cast, 2, name="木棉1号公司工会")
    assert applied(cast, 2).state == "submitted"


def test_what_stands_already_is_refused_when_it_is_sent_and_when_it_is_decided(cast):
    factory = Union.objects.unscoped("test").filter(pk=cast.unions["factory"].pk)
    factory.update(uscc=good_code("81", 7))
    with refused("register_code_taken"):
        applied(cast, uscc=good_code("81", 7))
    with refused("union_name_taken"):
        applied(cast, name="蓝海机械厂工会")
    row = applied(cast, 2, uscc=good_code("81", 2))
    factory.update(uscc=good_code("81", 2))
    with refused("register_code_taken"):
        actions.approve_registration(cast.actor("province_admin"), unionregistration_id=row.pk)


def test_employer_has_one_grass_roots_union(cast):
    row = applied(cast)
    actions.approve_registration(cast.actor("province_admin"), unionregistration_id=row.pk)
    with refused("employer_has_union"):
        applied(cast, 2, employer_name="木棉1号有限公司", employer_uscc=good_code("91", 1))
    with refused("employer_of_another_name"):
        applied(cast, 2, employer_uscc=good_code("91", 1))
    union = Union.objects.unscoped("test").filter(pk=cast.unions["factory"].pk)
    with pytest.raises(IntegrityError, match="union_one_an_employer"), transaction.atomic():
        union.update(employer=now(now(row).union).employer_id)


@pytest.mark.django_db(transaction=True)
def test_two_approvals_at_once_make_one_union(cast):
    row = applied(cast, uscc=good_code("81", 1))
    reviewers = [cast.actor("province_admin"), colleague(cast)]
    answers = at_once(
        *[
            lambda who=who: actions.approve_registration(who, unionregistration_id=row.pk)
            for who in reviewers * 2
        ]
    )
    assert sum(isinstance(answer, UnionRegistration) for answer in answers) == 1, answers
    assert {getattr(answer, "code", "") for answer in answers} == {"", "illegal_move"}
    assert Union.objects.unscoped("test").filter(uscc=good_code("81", 1)).count() == 1


@pytest.mark.django_db(transaction=True)
def test_same_code_approved_twice_at_once_gives_one_union(cast):
    """Two applications of one code can wait only where the code was written behind the rules; the union is one."""
    first, second = applied(cast, 1, uscc=good_code("81", 1)), applied(cast, 2, uscc=good_code("81", 2))
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX registration_code_once")
    try:
        UnionRegistration.objects.unscoped("test").filter(pk=second.pk).update(uscc=first.uscc)
        who = cast.actor("province_admin")
        answers = at_once(
            *[
                lambda row=row: actions.approve_registration(who, unionregistration_id=row.pk)
                for row in (first, second)
            ]
        )
        assert sorted(getattr(answer, "code", "made") for answer in answers) == [
            "made",
            "register_code_taken",
        ]
        assert Union.objects.unscoped("test").filter(uscc=first.uscc).count() == 1
    finally:
        UnionRegistration.objects.unscoped("test").all().delete()
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE UNIQUE INDEX registration_code_once ON orgs_unionregistration (uscc)"
                " WHERE state IN ('submitted', 'returned') AND NOT (uscc = '')"
            )


@pytest.mark.django_db(transaction=True)
def test_two_applications_at_once_for_one_employer_leave_one(cast):
    actor, parent, region_id = cast.actor("city_admin"), cast.unions["district"].pk, region().pk
    code = good_code("91", 1)
    answers = at_once(
        *[
            lambda n=n: actions.apply_for_union(
                actor, parent_id=parent, new=facts(n, employer_uscc=code, region_id=region_id), paper=PAPER
            )
            for n in range(1, 5)
        ]
    )
    assert sorted(getattr(answer, "code", "sent") for answer in answers) == ["registration_twice"] * 3 + [
        "sent"
    ]
    assert UnionRegistration.objects.unscoped("test").count() == 1


# Codes of what stands already


def test_code_is_recorded_later_and_let_in_by_evidence(cast):
    actor, factory = cast.actor("city_admin"), cast.unions["factory"]
    with refused("register_code_fails"):
        actions.record_union_code(actor, union_id=factory.pk, uscc=bad_code("81"))
    actions.record_union_code(
        actor, union_id=factory.pk, uscc=bad_code("81"), document="粤登〔2018〕1号", reason="证书如此"
    )
    assert (now(factory).uscc, now(factory).code_by_id) == (bad_code("81"), actor.user_id)
    actions.record_union_code(actor, union_id=factory.pk, uscc=good_code("81"), document="x", reason="y")
    assert (now(factory).uscc, now(factory).code_document, now(factory).code_by_id) == (
        good_code("81"),
        "",
        None,
    )
    with refused("register_code_taken"):
        other = new_union("江口纺织厂工会", "enterprise", cast.unions["district"])
        actions.record_union_code(actor, union_id=other.pk, uscc=good_code("81"))


def test_code_of_an_employer_is_recorded_by_who_writes_its_union(cast):
    employer = actions.register_employer(
        cast.actor("city_admin"), union_id=cast.unions["factory"].pk, name="蓝海机械厂"
    )
    for who in ("sister_admin", "judge", "mei"):
        with refused("not_allowed" if who == "judge" else "not_found"):
            actions.record_employer_code(cast.actor(who), employer_id=employer.pk, uscc=good_code())
    actions.record_employer_code(cast.actor("city_admin"), employer_id=employer.pk, uscc=good_code())
    assert now(employer).uscc == good_code()


def test_refusals_change_nothing_at_all(cast):
    before = everything()
    with refused("not_found"):
        actions.approve_registration(cast.actor("province_admin"), unionregistration_id=0)
    assert everything() == before
