"""What the union gets back, and that it can be sent again."""

import io
from datetime import date

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st

from gonghui.members.roster import refused_sheet, template_sheet
from gonghui.members.roster.columns import FIELDS
from gonghui.members.tests.rosters import CHEN, HEADINGS, LI, ZHANG, Book, csv_of, read, resident_id, xlsx_of


def refused_sheet_of(outcome):
    target = io.BytesIO()
    assert refused_sheet(target, outcome.headings, outcome.refused) == len(outcome.refused)
    return target.getvalue()


def shown(content):
    return [
        [cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].rows
    ]


def test_refused_rows_can_be_mended_and_imported_as_they_are():
    headings = ["序号", "部门", *HEADINGS, "入会时间"]
    outcome = read(
        xlsx_of(
            headings,
            [1, "一部", *ZHANG, "2015-10-01"],
            [2, "二部", LI[0], "4.40106E+17", LI[2], LI[3], date(2016, 1, 2)],
            [3, "=1+1", CHEN[0], CHEN[1], "123", CHEN[3], "2017-03-04"],
        )
    )
    assert outcome.people == [ZHANG]
    content = refused_sheet_of(outcome)
    rows = shown(content)
    assert rows[0] == ["原因", "行号", *headings]
    assert rows[1][1:] == [3, "2", "二部", LI[0], "4.40106E+17", *LI[2:], rows[1][-1]]
    assert rows[2][0] == "手机号：位数不对。现在是 3 位，应为 11 位；有几个号码的只留一个"
    assert rows[2][3] == "=1+1"

    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book.worksheets[0]
    sheet["F2"], sheet["G3"] = LI[1], CHEN[2]
    target = io.BytesIO()
    book.save(target)
    again = read(target.getvalue())
    assert again.people == [LI, CHEN]
    assert again.report.ignored == ("部门",)
    assert again.report.other_sheets == ()
    assert again.headings == tuple(headings)


def test_unmended_sheet_is_refused_with_the_same_reasons_and_form():
    first = read(xlsx_of(HEADINGS, [ZHANG[0], "4.40106E+17", "1", "x"], ["", LI[1], "", ""]))
    second = read(refused_sheet_of(first))
    assert [item.codes for item in second.refused] == [item.codes for item in first.refused]
    assert [item.raw for item in second.refused] == [item.raw for item in first.refused]
    assert shown(refused_sheet_of(second))[0] == ["原因", "行号", *HEADINGS]


def test_refused_row_of_two_heading_rows_comes_back_with_one():
    book = Book().rows(["姓名", "证件", None], [None, "类型", "号码"], ["张伟", "身份证", "1"])
    assert shown(refused_sheet_of(read(book.merged("A1:A2", "B1:C1").saved())))[0][2:] == [
        "姓名",
        "证件类型",
        "证件号码",
    ]


def test_template_is_empty_for_the_reader_and_takes_members():
    target = io.BytesIO()
    template_sheet(target, groups=("外卖配送员", "护路员"))
    book = openpyxl.load_workbook(io.BytesIO(target.getvalue()))
    sheet = book.worksheets[0]
    assert [page.title for page in book.worksheets] == ["会员名册", "填写说明"]
    assert sheet.column_dimensions["B"].width > 20
    assert sheet["C2"].number_format == "@"
    rules = {str(rule.sqref).split(":")[0]: rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert rules == {
        "B2": '"居民身份证,港澳居民来往内地通行证,台湾居民来往大陆通行证,外国人永久居留身份证,护照,其他证件"',
        "F2": '"男,女"',
        "H2": '"外卖配送员,护路员"',
        "I2": '"合同制,劳务派遣,灵活就业,非全日制"',
    }
    member = ["李娜", "居民身份证", *LI[1:], "女", "1992-12-30", "护路员", "合同制", "2020-01-05"]
    for column, value in zip("ABCDEFGHIJ", member, strict=True):
        sheet[f"{column}3"] = value
    filled = io.BytesIO()
    book.save(filled)
    outcome = read(filled.getvalue(), group_names={"护路员": "road_guard"})
    assert outcome.people == [LI]
    assert outcome.good[0].group_codes == ("road_guard",)
    assert [(row.line_no, row.code) for row in outcome.skipped] == [(2, "example")]
    assert outcome.report.ignored == ()


# --- Any list, any mess -------------------------------------------------------------------------------------

FIELD_NAMES = {field.key: field.names for field in FIELDS}
STRANGERS = ["学历", "民族", "部门", "政治面貌", "序号"]
people = st.builds(
    lambda number, born, phone, name, union: [name, resident_id(born, number), phone, union],
    st.integers(1, 998),
    st.dates(date(1930, 1, 1), date(2005, 12, 31)),
    st.integers(13_000_000_000, 19_999_999_999).map(str),
    st.text(st.sampled_from("张李王陈欧阳伟娜静𠮷䶮"), min_size=2, max_size=4),
    st.sampled_from(["天河区快递行业工会", "番禺区货运工会", "某某（广州）有限公司工会委员会"]),
).filter(lambda person: not person[1].endswith("000"))


def messy(text, chance):
    """The same content as careless typing shows it."""
    tricks = [
        lambda t: f" {t}\u3000",
        lambda t: "".join(
            chr(ord(char) + 0xFEE0) if char.isascii() and char.isalnum() else char for char in t
        ),
        lambda t: t.lower(),
        lambda t: t + "\n",
        lambda t: "\u200b" + t,
        lambda t: t,
    ]
    return chance.choice(tricks)(text)


@given(
    st.lists(people, min_size=1, max_size=8, unique_by=lambda person: person[1]),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_any_list_comes_back_from_a_messy_sheet(members, chance):
    columns = ["name", "id_no", "phone", "union"]
    headings = [messy(chance.choice(FIELD_NAMES[key]), chance) for key in columns]
    order = chance.sample(range(4 + len(STRANGERS)), 4 + len(STRANGERS))
    width = len(order)
    lines = []
    for person in members:
        phone = chance.choice(
            [person[2], f"+86 {person[2]}", f"{person[2][:3]}-{person[2][3:7]}-{person[2][7:]}"]
        )
        cells = [messy(cell, chance) for cell in (person[0], person[1], phone, person[3])] + ["汉"] * len(
            STRANGERS
        )
        lines.append([cells[place] for place in order])
        if chance.random() < 0.2:
            lines.append([None] * width)
    titles = [["会员花名册"], [], ["填报单位：", "某工会"]][: chance.randrange(4)]
    heading = [[*headings, *STRANGERS][place] for place in order]
    footer = [["合计", f"{len(members)}人"]] if chance.random() < 0.5 else []
    rows = [*titles, heading, *lines, *footer]
    content = (
        Book().rows(*rows).saved()
        if chance.random() < 0.5
        else csv_of(rows, chance.choice(["gb18030", "utf-16"]))
    )
    outcome = read(content)
    assert outcome.faults == []
    assert outcome.people == [[p[0], p[1], p[2], p[3].replace("（", "(").replace("）", ")")] for p in members]
