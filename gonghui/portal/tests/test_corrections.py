"""更正我的资料, as a browser without JavaScript walks it."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gonghui.members.actions.corrections import Right
from gonghui.members.models import CorrectionPaper, CorrectionRequest, Person
from gonghui.members.tests.test_corrections import NEW_ID, PDF, approved, asked, refused
from gonghui.portal.views.corrections import ASKED_A_MINUTE

pytestmark = pytest.mark.django_db
PAGE, BACK = "/me/data/correct", "/me/data/correct/back"
QUERIES_MAX = 12


@pytest.fixture
def mei(client, cast):
    return cast.sign_in(client, "mei")


def text(answer) -> str:
    return answer.content.decode()


def states() -> list[str]:
    return list(CorrectionRequest.objects.unscoped("test").order_by("id").values_list("state", flat=True))


def test_member_asks_sees_how_far_it_is_and_takes_it_back(mei):
    assert PAGE in text(mei.get("/me/data"))
    papers = {f"paper_{n}": SimpleUploadedFile("a.pdf", PDF, "application/pdf") for n in (1, 2)}
    assert mei.post(PAGE, {"name": "陈晓梅", "id_type": "resident_id", **papers})["Location"] == PAGE
    assert CorrectionPaper.objects.unscoped("test").count() == 2
    page = text(mei.get(PAGE))
    assert "蓝海机械厂工会最迟" in page
    assert "陈晓梅" in page
    assert "更正在核对中" in text(mei.get("/me/data"))
    assert mei.post(BACK).status_code == 302
    assert (states(), mei.post(BACK).status_code) == (["withdrawn"], 409)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "没有写要更正什么"),
        ({"id_type": "resident_id", "id_no": "123"}, "证件号码不对"),
        ({"name": "陈小梅"}, "与现在登记的一样"),
        ({"id_type": "none", "id_no": NEW_ID}, ""),
        ({"name": "陈晓梅", "paper_1": SimpleUploadedFile("a.pdf", b"no", "application/pdf")}, "不是完整的照片"),
        ({"name": "陈" * 61}, ""),
    ],
)  # fmt: skip
def test_what_was_typed_comes_back_with_what_is_wrong(mei, given, said):
    answer = mei.post(PAGE, given)
    assert (answer.status_code, states()) == (422, [])
    assert said in text(answer)
    assert given.get("name", "")[:30] in text(answer)


def test_birthday_and_gender_are_asked_where_no_number_tells_them(mei, cast):
    assert "正确的出生日期" not in text(mei.get(PAGE))
    person = Person.objects.unscoped("test").get(pk=cast.people["mei"].pk)
    person.id_type, person.id_no = "passport", "E12345678"
    person.save()
    assert "正确的出生日期" in text(mei.get(PAGE))
    assert mei.post(PAGE, {"birth_date": "1990-03-08", "gender": "male"}).status_code == 302
    assert "1990-03-08" in text(mei.get(PAGE))


def test_outcome_stands_on_the_page_and_in_the_copy_of_ones_data(mei, cast):
    refused(cast, asked(cast), reason="照片看不清")
    page = text(mei.get(PAGE))
    assert "上次没有更正。" in page and page.index("照片看不清") < page.index("正确的姓名")
    approved(cast, asked(cast, right=Right(name="陈晓梅")))
    page = text(mei.get(PAGE))
    assert "照片看不清" in page and "上次没有更正。" not in page
    assert "已更正" in page
    rows = mei.post("/me/data/download.json").json()["corrections"]["rows"]
    assert [row["改为姓名"] for row in rows] == ["陈晓梅", "陈晓梅"]


def test_others_see_nothing_of_it(client, cast):
    asked(cast)
    for who in ("hua", "stranger", "city_admin"):
        page = text(cast.sign_in(client, who).get(PAGE))
        assert "陈晓梅" not in page
    assert cast.sign_in(client, "hua").post(BACK).status_code == 409
    assert states() == ["open"]


def test_page_costs_few_questions_and_floods_are_turned_away(mei):
    with CaptureQueriesContext(connection) as asked_for:
        mei.get(PAGE)
    assert len(asked_for) <= QUERIES_MAX, len(asked_for)
    answers = [mei.post(PAGE, {}).status_code for _nth in range(ASKED_A_MINUTE + 1)]
    assert answers == [422] * ASKED_A_MINUTE + [429]
