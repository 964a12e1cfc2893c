"""One set of criteria: the same person gets the same answer by sheet, by phone, by poster and from an officer."""

from __future__ import annotations

import datetime as dt

import pytest

from gonghui.joining.actions import Told, Way, apply_to_join, enter_on_site
from gonghui.joining.tests.stage import build_stage, id_no
from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.members import criteria
from gonghui.members.criteria import Candidate, Identity, Refused, Standing, read_identity, why_not
from gonghui.members.models import Membership, Person
from gonghui.members.roster_match import Matcher, UnionFinder
from gonghui.members.tests.rosters import read, xlsx_of
from tests.cast import IDS, new_person

TODAY = dt.date(2026, 11, 22)
GROUPS = {"truck_driver": "货车司机", "": ""}


def asked(known=None, *, kind="enterprise", born=dt.date(1990, 1, 1), groups=(), relation="", name="王大力"):
    found = why_not(Candidate(name, born, groups, relation), known, union_kind=kind, today=TODAY)
    return found.code if found else ""


def test_sixteen_today_may_join_and_tomorrow_may_not():
    assert asked(born=dt.date(2010, 11, 22)) == ""
    assert asked(born=dt.date(2010, 11, 23)) == "under_age"
    assert asked(born=None) == ""
    assert criteria.age_on(dt.date(2012, 2, 29), dt.date(2028, 2, 28)) == 15
    assert criteria.age_on(dt.date(2012, 2, 29), dt.date(2028, 3, 1)) == 16


def test_pool_needs_a_group_or_an_employer_and_an_employers_union_vouches():
    assert asked(kind="pool") == "no_relation"
    assert asked(kind="pool", groups=("courier",)) == asked(kind="pool", relation="顺达货运") == ""
    assert asked(kind="enterprise") == ""


def test_gravest_reason_comes_first():
    young = dt.date(2015, 1, 1)
    assert asked(Standing("李四", union="蓝海机械厂工会", is_expelled=True), born=young) == "name_differs"
    assert (
        asked(Standing("王大力", union="蓝海机械厂工会", is_expelled=True), born=young) == "member_elsewhere"
    )
    assert asked(Standing("王大力", is_revoked=True, is_expelled=True), born=young) == "expelled"
    assert asked(Standing("王大力", is_revoked=True), born=young) == "identity_revoked"


def test_member_who_stays_one_is_judged_by_the_name_only():
    known = Standing("王大力", is_revoked=True, union="蓝海机械厂工会", may_move=True, is_expelled=True)
    assert asked(known, kind="pool", born=dt.date(2015, 1, 1)) == ""


def test_where_somebody_is_a_member_is_masked():
    found = why_not(
        Candidate("王大力", None, (), ""),
        Standing("王大力", union="西岭配送工会联合会"),
        union_kind="enterprise",
        today=TODAY,
    )
    assert "西岭******会" in found.sentence and "西岭配送" not in found.sentence


def test_all_that_is_wrong_with_an_identity_is_read_at_once():
    found, wrong = read_identity("王1", "resident_id", "440101199003070000")
    assert (found, [one.code for one in wrong]) == (None, ["name_digits_in_name", "id_no_checksum"])
    assert read_identity("王五", "driving_licence", "1")[1][0].code == "id_type_unknown"
    assert read_identity(" 张 伟 ", "passport", "e 1234567") == (Identity("张伟", "passport", "E1234567"), [])
    assert read_identity("张伟", "passport", "E1234567")[0].birth_date is None


# --- the same answer by every channel ------------------------------------------------------------------------

YOUNG = id_no(300, clock.today() - dt.timedelta(days=15 * 365))
GOOD = id_no(301)
# name, document kind as a sheet says it, number, group, what is on record → the one answer
PEOPLE = {
    "newcomer": ("王大力", "", GOOD, "truck_driver", None, ""),
    "digits in the name": ("王1", "", GOOD, "truck_driver", None, "name_digits_in_name"),
    "one letter": ("王", "", GOOD, "truck_driver", None, "name_name_too_short"),
    "wrong check digit": ("王大力", "", GOOD[:17] + ("1" if GOOD[17] != "1" else "2"), "truck_driver", None, "id_no_checksum"),
    "seventeen digits": ("王大力", "", GOOD[:17], "truck_driver", None, "id_no_length"),
    "permit of a foreigner": ("John Smith", "外国人永久居留身份证", "911561198511220036", "truck_driver", None, ""),
    "passport that is none": ("John Smith", "护照", "E!", "truck_driver", None, "id_no_document"),
    "beyond the BMP": ("𠮷田㛃", "", GOOD, "truck_driver", None, ""),
    "too young": ("王大力", "", YOUNG, "truck_driver", None, "under_age"),
    "no relation": ("王大力", "", GOOD, "", None, "no_relation"),
    "other name on record": ("王大力", "", GOOD, "truck_driver", ("王小力", "none", "", ""), "name_differs"),
    "known to a roster": ("王大力", "", GOOD, "truck_driver", ("王大力", "none", "", ""), ""),
    "member elsewhere": ("王大力", "", GOOD, "truck_driver", ("王大力", "none", "riders", "active"), "member_elsewhere"),
    "retained elsewhere": ("王大力", "", GOOD, "truck_driver", ("王大力", "none", "riders", "retained"), "member_elsewhere"),
    "left elsewhere": ("王大力", "", GOOD, "truck_driver", ("王大力", "none", "riders", "exited"), ""),
    "expelled here": ("王大力", "", GOOD, "truck_driver", ("王大力", "none", "here", "expelled"), "expelled"),
    "expelled elsewhere": ("王大力", "", GOOD, "truck_driver", ("王大力", "none", "riders", "expelled"), ""),
    "revoked": ("王大力", "", GOOD, "truck_driver", ("王大力", "revoked", "", ""), "identity_revoked"),
}  # fmt: skip
KINDS = {"": "resident_id", "护照": "passport", "外国人永久居留身份证": "foreign_permanent"}


def by_sheet(stage, name, kind, number, group) -> str:
    outcome = read(xlsx_of(["姓名", "证件类型", "身份证号", "职业群体"], [name, kind, number, GROUPS[group]]))
    if outcome.refused:
        return outcome.refused[0].codes[0]
    (found,) = Matcher(UnionFinder(stage.pool, stage.actor("city_admin"))).match(outcome.good)
    return found.refusal.code if found.refusal else ""


def by_form(stage, monkeypatch, call) -> str:
    """The code under the sentence the applicant reads."""
    said: list[Refused] = []
    monkeypatch.setattr("gonghui.joining.queries.why_not", lambda *a, **f: noted(said, why_not(*a, **f)))
    monkeypatch.setattr(
        "gonghui.joining.actions.applying.read_identity", lambda *a: listed(said, read_identity(*a))
    )
    try:
        call()
    except DomainError:
        return said[0].code
    return ""


def noted(said, found):
    said += [found] if found else []
    return found


def listed(said, found):
    said += found[1]
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("who", PEOPLE)
def test_every_channel_gives_the_same_answer(cast, who, monkeypatch):
    stage = build_stage(cast)
    name, kind, number, group, record, answer = PEOPLE[who]
    if record:
        on_file, verification, union, status = record
        place = stage.pool if union == "here" else cast.unions.get(union)
        person = new_person(on_file, number, "", place, verified=False)
        Person.objects.unscoped("test").filter(pk=person.pk).update(verification=verification)
        Membership.objects.unscoped("test").filter(person=person).update(status=status)
    told = Told(union_id=stage.pool.pk, name=name, id_type=KINDS[kind], id_no=number, group=group)
    worker, officer = stage.worker("13700000001"), stage.actor("officer")
    said = {
        "sheet": by_sheet(stage, name, kind, number, group),
        "officer": by_form(
            stage, monkeypatch, lambda: enter_on_site(officer, told=told, phone="13700000002")
        ),
        "h5": by_form(stage, monkeypatch, lambda: apply_to_join(worker, told=told, consent=True)),
    }
    way = Way(channel="mini_program")
    other = stage.worker("13700000003")
    if not said["h5"]:
        from gonghui.joining.actions import withdraw_application
        from gonghui.joining.models import JoinApplication

        made = JoinApplication.objects.unscoped("test").get(user_id=worker.user_id)
        withdraw_application(worker, application_id=made.pk)
    said["mini"] = by_form(stage, monkeypatch, lambda: apply_to_join(other, told=told, consent=True, way=way))
    assert said == dict.fromkeys(said, answer)
    assert IDS
