"""Many applications by one sheet: right lines go, wrong ones come back and can be mended."""

from __future__ import annotations

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from gonghui.kit.sheets import Column, write_xlsx
from gonghui.orgs.models import UnionRegistration
from gonghui.orgs.registration_sheets import HEADINGS, LINES_MAX
from gonghui.orgs.tests.stage import bad_code, good_code, region

pytestmark = pytest.mark.django_db
PAGE = "/console/registrations/import"


def line(seed: int = 1, **given: str) -> list[str]:
    known = {
        "name": f"木棉{seed}号公司工会", "region": "江口区", "employer_name": f"木棉{seed}号有限公司",
        "employer_uscc": good_code("91", seed), "employer_category": "有限责任公司", "employer_industry": "C",
        "headcount": "86人", "chair": "林巧珍", "contact_phone": "138 0000 0123", "document_no": f"东工复{seed}号",
    }  # fmt: skip
    return [str((known | given).get(key, "")) for key in HEADINGS]


TITLES = tuple(HEADINGS.values())


def sheet(*lines: list[str], headings: tuple[str, ...] = TITLES) -> bytes:
    target = io.BytesIO()
    write_xlsx(target, [Column(title) for title in headings], lines)
    return target.getvalue()


def upload(cast, client, content: bytes, who: str = "city_admin", parent: str = "district"):
    region()
    cast.sign_in(client, who)
    file = SimpleUploadedFile("建会申请表.xlsx", content)
    return client.post(PAGE, {"union": cast.unions[parent].pk, "sheet": file})


def sent() -> list[tuple[str, str]]:
    found = UnionRegistration.objects.unscoped("test").order_by("id")
    return list(found.values_list("name", "state"))


def test_right_lines_are_submitted_and_wrong_ones_come_back_mendable(cast, client):
    answer = upload(
        cast, client,
        sheet(
            line(1), line(2, employer_uscc=bad_code("91", 2)), line(3, region="没有这个地方"), line(4, kind="某某"),
            line(5, headcount="很多"), line(6, name="长" * 150), line(1, document_no="重复"), line(8, contact_phone="123"),
            line(9, employer_uscc=bad_code("91", 9), code_document="粤证1号", code_reason="证书如此"),
        ),
    )  # fmt: skip
    assert sent() == [("木棉1号公司工会", "submitted"), ("木棉9号公司工会", "submitted")]
    page = answer.content.decode()
    assert "提交审批 2 份，退回 7 行" in page
    for words in ("校验码不对", "没有这个地方", "某某", "很多", "太长", "同样的", "联系电话"):
        assert words in page, words
    row = UnionRegistration.objects.unscoped("test").order_by("id").first()
    assert (row.headcount, row.contact_phone, row.employer_category, row.kind) == (
        86,
        "13800000123",
        "150",
        "enterprise",
    )
    kept = answer.context["kept"]
    back = client.post(reverse("admin:union_registration_refused"), {"kept": kept})
    book = openpyxl.load_workbook(io.BytesIO(b"".join(back.streaming_content)))
    rows = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    assert rows[0][:3] == ["原因", "行号", "工会名称"]
    assert len(rows) == 8
    mended = [["" if cell is None else str(cell) for cell in row] for row in rows[:2]]
    mended[1][mended[0].index("用人单位统一社会信用代码")] = good_code("91", 2)
    again = upload(cast, client, sheet(mended[1], headings=tuple(mended[0])))
    assert "提交审批 1 份，退回 0 行" in again.content.decode()


def test_same_sheet_twice_applies_once(cast, client):
    content = sheet(line(1), line(2))
    upload(cast, client, content)
    answer = upload(cast, client, content)
    assert "提交审批 0 份，退回 2 行" in answer.content.decode()
    assert len(sent()) == 2


def test_template_is_taken_as_it_is_filled(cast, client):
    cast.sign_in(client, "city_admin")
    got = client.get(reverse("admin:union_registration_template"))
    book = openpyxl.load_workbook(io.BytesIO(b"".join(got.streaming_content)))
    titles = [cell.value for cell in book.worksheets[0][1]]
    assert titles == list(HEADINGS.values())
    book.worksheets[0].append(line(1))
    target = io.BytesIO()
    book.save(target)
    upload(cast, client, target.getvalue())
    assert sent() == [("木棉1号公司工会", "submitted")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "文件"),
        (b"\x00\x01\x02", "文件"),
        (sheet(), "没有要申请的工会"),
        (sheet(["x"], headings=("别的",)), "没有找到表头"),
        (sheet(*[line(n) for n in range(LINES_MAX + 1)]), "最多 500 个工会"),
    ],
)
def test_what_is_no_sheet_of_applications_is_refused_with_a_sentence(cast, client, content, words):
    answer = upload(cast, client, content)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert sent() == []


@pytest.mark.parametrize(
    ("who", "status"),
    [("anonymous", 302), ("mei", 302), ("judge", 403), ("finance_officer", 403), ("sister_admin", 422)],
)
def test_sheet_is_for_who_writes_there(cast, client, who, status):
    assert upload(cast, client, sheet(line(1)), who=who).status_code == status
    assert sent() == []


def test_refused_lines_are_given_to_who_uploaded_them_only(cast, client):
    kept = upload(cast, client, sheet(line(1, chair=""))).context["kept"]
    address = reverse("admin:union_registration_refused")
    assert client.post(address, {"kept": kept}).status_code == 200
    assert client.post(address, {"kept": kept[:-8] + "AAAAAAA="}).status_code == 403
    assert client.post(address, {"kept": "x"}).status_code == 403
    cast.sign_in(client, "sister_admin")
    assert client.post(address, {"kept": kept}).status_code == 403
