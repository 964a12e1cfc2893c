"""Names and documents as people have them, through every door: sheet, form, search, pinyin, card, export."""

from __future__ import annotations

import io

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from gonghui.accounts.models import User
from gonghui.joining.models import JoinApplication
from gonghui.joining.tests.stage import build_stage
from gonghui.members.actions import exports
from gonghui.members.actions.verification import verify_identity
from gonghui.members.models import Membership, Person
from gonghui.members.tests.test_rosters import applied as brought
from gonghui.members.tests.test_rosters import checked, counts, id_no

pytestmark = pytest.mark.django_db

NAMES = [  # in the sheet, typed on a phone, as it is kept, what it is found by
    ("阿卜杜拉•买买提", "阿卜杜拉・买买提", "阿卜杜拉·买买提", "abodula"),
    ("欧阳　𬭎", "欧阳 𬭎", "欧阳𬭎", "ouyang"),
    ("王 㐅 𠮷", "王㐅𠮷", "王㐅𠮷", "王㐅"),
    ("䶮小丽", "䶮　小丽", "䶮小丽", "小丽"),
    ("ＪＯＨＮ　ＳＭＩＴＨ", "JOHN  SMITH", "JOHN SMITH", "john"),
    ("古丽·阿依.努尔", "古丽•阿依·努尔", "古丽·阿依·努尔", "guli"),
]


def newcomer(cast, nth: int) -> User:
    user = User.objects.create(phone=f"1380000{nth:04}")
    cast.users["newcomer"] = user
    return user


@pytest.mark.parametrize(("sheet", "typed", "kept", "found_by"), NAMES)
def test_name_of_any_characters_comes_through_every_door_as_one_person(cast, sheet, typed, kept, found_by):
    assert counts(brought(cast, (sheet, id_no(77), "13900000077", "蓝海机械厂工会"))) == (1, 0, 0, 0)
    person = Person.objects.unscoped("test").get(name=kept)
    newcomer(cast, 41)
    verified = verify_identity(cast.actor("newcomer"), name=typed, id_no=id_no(77), consent=True)
    assert (verified.pk, verified.name) == (person.pk, kept)
    card = cast.sign_in(Client(), "newcomer").get("/me/card").content.decode()
    assert kept in card
    console = cast.sign_in(Client(), "city_admin")
    for question in (typed, sheet, kept, found_by, kept[-1] if kept[-1] > "z" else kept):
        rows = (
            console.get(reverse("admin:members_person_changelist"), {"q": question}).context["cl"].result_list
        )
        assert person.pk in [row.pk for row in rows], question
    assert kept in exported(cast, person)


def exported(cast, person: Person) -> str:
    terms = exports.ExportTerms(table="members.Person", title="职工", reason="核对体检名单")
    asked = exports.ask_export(cast.actor("city_admin"), terms=terms, row_ids=[person.pk])
    exports.approve_export(cast.actor("province_admin"), export_id=asked.pk)
    exports.make_export(asked.pk)
    content = exports.take_export(cast.actor("city_admin"), export_id=asked.pk)[1]
    return openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].cell(2, 1).value


@pytest.mark.parametrize(("sheet", "typed", "kept", "found_by"), NAMES)
def test_name_typed_into_the_form_of_joining_is_kept_as_it_is(cast, client, sheet, typed, kept, found_by):
    stage = build_stage(cast)
    newcomer(cast, 42)
    cast.sign_in(client, "newcomer")
    told = {
        "union": stage.yard.pk,
        "name": typed,
        "id_type": "resident_id",
        "id_no": id_no(78),
        "consent": "on",
    }
    answer = client.post("/join/apply", told)
    assert answer.status_code == 302, answer.content.decode()
    row = JoinApplication.objects.unscoped("test").get()
    assert row.name == kept
    queue = cast.sign_in(Client(), "reviewer").get(
        reverse("admin:joining_joinapplication_changelist"), {"q": found_by}
    )
    assert [one.pk for one in queue.context["cl"].result_list] == [row.pk]


PERMITS = [  # kind, as written on it, typed otherwise
    ("resident_id", "810000199001010019", "８１００００ 19900101 0019"),
    ("resident_id", "820000199001010029", "820000199001010029"),
    ("resident_id", "830000199001010039", "830000-19900101-0039"),
    ("hk_macao_permit", "H12345678", "h12345678"),
    ("hk_macao_permit", "M1234567801", "M1234567801"),
    ("taiwan_permit", "T12345678", "t12345678"),
    ("foreign_permanent", "USA310064122561", "usa310064122561"),
    ("foreign_permanent", "911124198108030024", "９１１１２４１９８１０８０３００２４"),
    ("passport", "E12345678", "e 12345678"),
]


@pytest.mark.parametrize(("kind", "written", "typed"), PERMITS)
def test_foreign_permits_join_once_however_they_are_typed(cast, client, kind, written, typed):
    stage = build_stage(cast)
    newcomer(cast, 43)
    cast.sign_in(client, "newcomer")
    told = {"union": stage.yard.pk, "name": "JOHN SMITH", "id_type": kind, "id_no": typed, "consent": "on"}
    assert client.post("/join/apply", told).status_code == 302
    row = JoinApplication.objects.unscoped("test").get()
    assert (row.id_type, row.id_no) == (kind, written)
    newcomer(cast, 44)
    cast.sign_in(client, "newcomer")
    again = client.post("/join/apply", told | {"id_no": written})
    assert again.status_code == 409 and "已经有一份申请在办理" in again.content.decode()
    assert JoinApplication.objects.unscoped("test").count() == 1


@pytest.mark.parametrize(
    ("kind", "typed", "said"),
    [
        ("resident_id", "840000199001010010", "地区码"),
        ("resident_id", "44010119900307012", "位数"),
        ("foreign_permanent", "US310064122561", "格式"),
        ("hk_macao_permit", "X12345678", "格式"),
        ("passport", "E1", "格式"),
    ],
)
def test_permit_that_is_none_is_refused_with_what_is_wrong_and_nothing_is_kept(
    cast, client, kind, typed, said
):
    stage = build_stage(cast)
    newcomer(cast, 45)
    cast.sign_in(client, "newcomer")
    told = {"union": stage.yard.pk, "name": "JOHN SMITH", "id_type": kind, "id_no": typed, "consent": "on"}
    answer = client.post("/join/apply", told)
    assert answer.status_code == 422 and said in answer.content.decode()
    assert not JoinApplication.objects.unscoped("test").exists()


def test_old_and_new_number_and_small_letter_bring_one_person_by_sheet_and_form(cast):
    """15 digits in one sheet, 18 in the next, a small x typed: one person, one membership."""
    number = next(one for one in map(id_no, range(3000)) if one.endswith("X") and one[6:8] == "19")
    short = number[:6] + number[8:17]
    assert counts(brought(cast, ("王芳", short, "13900000078", "蓝海机械厂工会"))) == (1, 0, 0, 0)
    for other in (number, number.lower(), f" {number[:6]} {number[6:14]} {number[14:]}"):
        assert counts(checked(cast, ("王芳", other, "13900000078", "蓝海机械厂工会"))) == (0, 0, 1, 0), other
    newcomer(cast, 46)
    person = verify_identity(cast.actor("newcomer"), name="王芳", id_no=number.lower(), consent=True)
    assert person.id_no == number
    assert Person.objects.unscoped("test").filter(name="王芳").count() == 1
    assert Membership.objects.unscoped("test").filter(person=person).count() == 1
