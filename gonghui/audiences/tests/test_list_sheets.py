"""A list out of a real sheet: who is found, which rows are not and why, what is refused, and that nothing of it is left."""

from __future__ import annotations

import io

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from gonghui.audiences.actions import keep_list
from gonghui.audiences.list_rows import FILE_BYTES_MAX, ROWS_MAX
from gonghui.audiences.models import PeopleList
from gonghui.audiences.tests.test_audiences_console import as_city
from gonghui.kit.errors import DomainError
from gonghui.kit.sheets import Column, write_xlsx

pytestmark = pytest.mark.django_db
HEADINGS = ["序号", "姓名", "证件号码", "手机号", "备注"]
MEI, LAN_ID, HUA_ID = "13800000001", "440101199003070122", "440101198811110052"
QIANG = "13800000003"


def xlsx(rows: list[list], headings: list[str] = HEADINGS) -> bytes:
    target = io.BytesIO()
    write_xlsx(target, [Column(heading, 12) for heading in headings], rows, sheet_name="名单")
    return target.getvalue()


def keep(cast, sheet: bytes, **facts):
    given = {"union_id": cast.unions["city"].pk, "name": "名单", "sheet": sheet} | facts
    return keep_list(cast.actor("city_admin"), **given)


def names(cast, kept) -> list[str]:
    return sorted(name for name, person in cast.people.items() if person.pk in kept.people_list.people)


ROWS = [
    ["1", "陈小梅", "", MEI, ""],
    ["2", "某某", HUA_ID, QIANG, "证件号码优先"],
    ["3", "", "440101198811110053", "", "错了一位"],
    ["4", "外地", "", QIANG, ""],
    ["5", "没填", "", "", ""],
    ["6", "陈小梅", "", MEI, "重复"],
]


def test_sheet_with_headings_finds_members_and_says_why_not(cast):
    kept = keep(cast, xlsx(ROWS))
    assert names(cast, kept) == ["hua", "mei"]
    assert [(one.number, one.why) for one in kept.missed] == [
        (4, "最后一位校验码不对，请逐位核对。"),
        (5, "没有对上这个工会及下级的在籍会员。"),
        (6, "没有填证件号码或手机号。"),
    ]
    assert "440101" not in "".join(one.why for one in kept.missed)


def test_csv_of_any_spelling_and_sheets_without_headings_are_read(cast):
    for content in (
        f"手机\n{MEI}\n".encode("gb18030"), f"\ufeff{MEI}\r\n{HUA_ID}\r\n".encode(), f"甲;{MEI}\n乙;{HUA_ID}".encode(),
        xlsx([[MEI, "", "", "", ""]], ["职工名单", "", "", "", ""]),
    ):  # fmt: skip
        assert names(cast, keep(cast, content))[-1] == "mei"


def test_number_that_the_sheet_cut_off_is_said_as_such(cast):
    kept = keep(cast, f"证件号码,手机号\n4.40101E+17,\n,{MEI}\n".encode())
    [missed] = kept.missed
    assert missed.number == 2 and "末尾数字已丢失" in missed.why


@pytest.mark.parametrize(
    "content, code",
    [
        (b"", "people_list_file_empty"),
        (xlsx([]), "people_list_file_empty"),
        (b"x" * (FILE_BYTES_MAX + 1), "people_list_file_big"),
        ("\n".join(["手机", *["13899999999"] * (ROWS_MAX + 1)]).encode(), "people_list_long"),
        (b"PK\x03\x04 broken", "sheet_broken"),
        ("手机\n13899999999".encode(), "people_list_empty"),
        (f"手机\n{QIANG}".encode(), "people_list_empty"),
    ],
    ids=["nothing", "headings only", "too big", "too long", "broken", "nobody", "outside the union"],
)
def test_what_is_no_list_is_refused_and_nothing_is_kept(cast, content, code):
    with pytest.raises(DomainError) as said:
        keep(cast, content)
    assert said.value.code == code
    assert not PeopleList.objects.unscoped("test").exists()


def test_sheet_is_uploaded_once_shown_with_its_wrong_rows_and_lies_in_no_file(cast, client, tmp_path):
    """Every upload that is accepted fits in memory; the settings give the bound."""
    assert settings.FILE_UPLOAD_MAX_MEMORY_SIZE > FILE_BYTES_MAX
    as_city(cast, client)
    posted = {
        "union": cast.unions["city"].pk, "name": "名单", "text": "", "sheet": SimpleUploadedFile("甲.xlsx", xlsx(ROWS)),
    }  # fmt: skip
    page = client.post("/console/audiences/lists/new", posted).content.decode()
    assert "对上 2 人；有 3 行没有对上" in page and "第 5 行" in page
    assert not any(number in page for number in (MEI, QIANG, HUA_ID))
    both = posted | {"text": MEI, "sheet": SimpleUploadedFile("甲.xlsx", xlsx(ROWS))}
    answer = client.post("/console/audiences/lists/new", both)
    assert (answer.status_code, "只能选一种" in answer.content.decode()) == (422, True)
    big = posted | {"sheet": SimpleUploadedFile("甲.csv", b"1" * (FILE_BYTES_MAX + 1))}
    answer = client.post("/console/audiences/lists/new", big)
    assert (answer.status_code, "文件太大" in answer.content.decode()) == (422, True)
    assert PeopleList.objects.unscoped("test").count() == 1


def test_list_of_another_union_is_refused(cast):
    with pytest.raises(DomainError) as said:
        keep(cast, xlsx(ROWS), union_id=cast.unions["sister"].pk)
    assert said.value.code == "audience_union"
