"""Finding the list in the file."""

import tracemalloc
from datetime import date, timedelta

import pytest

from gonghui.kit.errors import DomainError
from gonghui.kit.tests import sheet_makers
from gonghui.members.roster import RosterRow, read_roster
from gonghui.members.roster.columns import FIELDS, meaning_of
from gonghui.members.tests.rosters import CHEN, HEADINGS, LI, ZHANG, Book, csv_of, read, resident_id, xlsx_of

PEOPLE = [ZHANG, LI, CHEN]


def refused(content, **options):
    with pytest.raises(DomainError) as caught:
        read(content, **options)
    return caught.value


# --- Headings -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "key"),
    [
        ("姓  名", "name"), ("姓名（必填）", "name"), ("*会员姓名", "name"), ("职工\n姓名：", "name"), ("名字", "name"),
        ("配偶姓名", None), ("紧急联系人姓名", None), ("填表人姓名", None), ("姓名拼音", None),
        ("身份证", "id_no"), ("身份证号码（18位）", "id_no"), ("公民身份号码", "id_no"), ("证 件 号 码", "id_no"),
        ("身份证/证件号码", "id_no"), ("身份证有效期", None), ("身份证地址", None), ("ＩＤ", "id_no"),
        ("证件类型", "id_type"), ("身份证件类型", "id_type"),
        ("手机", "phone"), ("移动电话", "phone"), ("联系电话", "phone"), ("本人手机号码（用于登录）", "phone"),
        ("手机型号", None), ("紧急联系人电话", None),
        ("工会", "union"), ("基层工会名称", "union"), ("所属基层工会全称", "union"), ("工作单位", "union"),
        ("所属工会小组", None), ("工会主席", None), ("部门", None),
        ("性别", "gender"), ("出生年月", "birth_date"), ("入会时间（年月）", "joined_on"), ("入会申请时间", None),
        ("工种", "groups"), ("用工形式", "employment"), ("备 注", "remark"),
    ],
)  # fmt: skip
def test_heading_means_its_field(heading, key):
    meaning = meaning_of(heading)
    assert (meaning.key if meaning else None) == key


def test_every_synonym_means_its_own_field():
    for field in FIELDS:
        assert [meaning_of(name).key for name in field.names] == [field.key] * len(field.names)


def test_columns_in_any_order_with_strangers_between():
    headings = ["序号", "工作单位", "学历", "联系电话", "公民身份号码", "部门", "会员姓名"]
    rows = [[number, p[3], "本科", p[2], p[1], "一部", p[0]] for number, p in enumerate(PEOPLE, 1)]
    outcome = read(xlsx_of(headings, *rows))
    assert outcome.people == PEOPLE
    assert outcome.report.ignored == ("学历", "部门")
    assert "没有用到的列：“学历”、“部门”。" in outcome.report.sentences()


def test_better_named_column_beats_the_other():
    headings = ["姓名", "身份证号", "联系电话", "手机号码", "工作单位", "所属工会"]
    rows = [[p[0], p[1], "020-88888888", p[2], "某公司", p[3]] for p in PEOPLE]
    outcome = read(xlsx_of(headings, *rows))
    assert outcome.people == PEOPLE
    assert outcome.report.ignored == ("联系电话", "工作单位")


# --- Above the heading --------------------------------------------------------------------------------------


def test_titles_notes_and_merged_cells_above_the_heading_are_passed_over():
    book = Book().rows(
        ["天河区快递行业工会会员花名册"], ["填报单位：天河区快递行业工会", None, None, "填报日期：2026年3月1日"], [],
        HEADINGS, *PEOPLE,
    )  # fmt: skip
    outcome = read(book.merged("A1:D1", "A2:C2").saved())
    assert outcome.people == PEOPLE
    assert outcome.report.header_line == 4
    assert [row.line_no for row in outcome.good] == [5, 6, 7]


def test_two_heading_rows_are_joined():
    book = Book().rows(
        ["会员花名册"],
        ["序号", "姓名", "证件", None, "联系方式", None, "所属工会"],
        [None, None, "类型", "号码", "手机", "邮箱", None],
        *[[n, p[0], "居民身份证", p[1], p[2], "a@b.cn", p[3]] for n, p in enumerate(PEOPLE, 1)],
    )
    merged = book.merged("A1:G1", "A2:A3", "B2:B3", "C2:D2", "E2:F2", "G2:G3")
    outcome = read(merged.saved())
    assert outcome.people == PEOPLE
    assert dict(outcome.report.columns)["证件号码"] == "身份证号"
    assert outcome.report.header_line == 3
    assert outcome.report.ignored == ("邮箱",)


def test_grouping_row_above_the_heading_changes_nothing():
    book = Book().rows(["基本信息", None, "联系信息", None], HEADINGS, *PEOPLE).merged("A1:B1", "C1:D1")
    assert read(book.saved()).people == PEOPLE


def test_heading_in_line_twenty_is_found_and_below_is_refused():
    notes = [[f"说明第{'一二三四五六七八九十'[n % 10]}条"] for n in range(19)]
    assert read(Book().rows(*notes, HEADINGS, *PEOPLE).saved()).people == PEOPLE
    refusal = refused(Book().rows(["最后一条"], *notes, HEADINGS, *PEOPLE).saved())
    assert refusal.code == "roster_no_header"
    assert refusal.facts["within"] == 20
    assert refusal.facts["found"].startswith("“最后一条”、“说明第一条”")


def test_sheet_without_heading_is_refused_without_telling_numbers():
    refusal = refused(xlsx_of(*PEOPLE))
    assert refusal.code == "roster_no_header"
    assert refusal.facts["found"] == "“张伟”、“天河区快递行业工会”、“李娜”、“陈静”、“番禺区货运工会”"
    assert not any(person[1] in str(refusal) or person[2] in str(refusal) for person in PEOPLE)


def test_heading_without_id_column_says_what_was_found():
    refusal = refused(xlsx_of(["姓名", "手机号", "工号"], ["张伟", "13812345678", "A1"]))
    assert refusal.code == "roster_half_header"
    assert refusal.message == (
        "第 1 行像是表头，但缺少“身份证号”列。已认出：“姓名”、“手机号”；没认出：“工号”。"
    )
    assert refusal.advice.startswith("请把表头写成")


def test_only_a_heading_is_refused():
    assert refused(xlsx_of(HEADINGS)).code == "roster_no_rows"
    assert refused(csv_of([HEADINGS, ["合计", "0"]])).code == "roster_no_rows"


def test_empty_sheet_is_refused():
    assert refused(Book().saved()).code == "roster_no_header"


# --- Below the heading --------------------------------------------------------------------------------------


def test_rows_that_are_no_members_are_skipped_and_counted():
    example = ["张三（示例）", "11010519491231002X", "13800138000", "某某工会"]
    outcome = read(
        xlsx_of(
            ["序号", *HEADINGS],
            ["示例", *example],
            [1, *ZHANG],
            ["  ", "", None, "  ", ""],
            ["分拣一组"],
            [2, *LI],
            ["序号", *HEADINGS],
            [3, *CHEN],
            [4],
            ["合 计：", "3人"],
            ["填表人：王芳", None, None, "审核人：刘强"],
            ["注：以上信息真实有效"],
        )
    )
    assert outcome.people == PEOPLE
    assert [(row.line_no, row.code) for row in outcome.skipped] == [
        (2, "example"), (5, "caption"), (7, "heading_again"), (9, "serial_only"),
        (10, "footer"), (11, "footer"), (12, "footer"),
    ]  # fmt: skip
    assert outcome.report.rows == 3
    assert "3 行是合计、填表人之类的表尾，已略过。" in outcome.report.sentences()


def test_union_merged_over_many_lines_is_filled_down():
    book = Book().rows(HEADINGS, ZHANG, [*LI[:3], None], CHEN).merged("D2:D3")
    assert read(book.saved()).people == PEOPLE


def test_name_merged_over_two_lines_is_not_filled_down():
    book = Book().rows(HEADINGS, ZHANG, [None, *LI[1:]]).merged("A2:A3")
    assert read(book.saved()).faults == [(3, ("name_empty",))]


# --- Files and sheets ---------------------------------------------------------------------------------------


def test_sheet_that_looks_like_a_roster_is_chosen_and_told():
    book = Book("封面").rows(["天河区快递行业工会"], ["联系人", "王芳"])
    book.another("字典", hidden=True).rows(HEADINGS, CHEN)
    book.another("空白表").rows([*HEADINGS, "备注"])
    book.another("会员").rows(["名册"], HEADINGS, ZHANG)
    book.another("二组").rows(HEADINGS, LI)
    outcome = read(book.saved())
    assert outcome.people == [ZHANG]
    assert outcome.report.sheet_name == "会员"
    assert outcome.report.other_sheets == ("空白表", "二组")
    assert outcome.report.sentences()[0] == "读取的是工作表“会员”，表头在第 2 行。"
    assert read(book.saved(), sheet_name="二组").people == [LI]
    assert refused(book.saved(), sheet_name="三组").code == "sheet_no_such"


def test_workbook_with_only_hidden_sheets_is_refused():
    parts = sheet_makers.workbook_parts(sheet_makers.sheet_xml_of('<row r="1"><c r="A1"><v>1</v></c></row>'))
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace("<sheet ", '<sheet state="veryHidden" ')
    assert refused(sheet_makers.zip_of(parts)).code == "sheet_no_sheets"


def test_first_member_without_numbers_is_no_second_heading():
    headings = ["姓名", "证件类型", "证件号码", "工会"]
    outcome = read(
        xlsx_of(headings, ["张伟", "居民身份证", "", "公司"], ["李娜", "身份证", "4.40106E+17", ""])
    )
    assert outcome.report.header_line == 1
    assert outcome.faults == [(2, ("id_no_empty",)), (3, ("id_no_scientific",))]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_roster_as_text(encoding, separator):
    outcome = read(csv_of([["花名册"], HEADINGS, *PEOPLE], encoding, separator))
    assert outcome.people == PEOPLE
    assert outcome.report.sentences() == []


def test_roster_as_old_xls():
    assert read(sheet_makers.xls_of([["花名册"], HEADINGS, *PEOPLE])).people == PEOPLE


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "sheet_empty"),
        (sheet_makers.PNG, "sheet_other_kind"),
        (sheet_makers.WEB_PAGE_AS_XLS, "sheet_web_page"),
        (sheet_makers.password_protected_xlsx(), "sheet_password"),
        (sheet_makers.zip_bomb(unpacked_mb=60), "sheet_bomb"),
        (sheet_makers.lying_zip_bomb(unpacked_mb=60), "sheet_broken"),
        (csv_of([HEADINGS + ["列"] * 60_000]), "sheet_too_wide"),
        (xlsx_of(HEADINGS + ["列"] * 16_000), "sheet_too_wide"),
    ],
)
def test_file_that_is_no_roster_is_refused(content, code):
    assert refused(content).code == code


def test_progress_is_told_and_reading_twice_gives_the_same():
    seen = []
    rows = [[f"张{chr(0x4E00 + n)}", "x", "", ""] for n in range(2500)]
    with read_roster(xlsx_of(HEADINGS, *rows, ZHANG), on_progress=seen.append) as reading:
        first, report = list(reading), reading.report
        assert seen == [1000, 2000, 2501]
        assert list(reading) == first
        assert reading.report == report
        assert reading.report is not report
    assert (report.rows, report.good, report.refused) == (2501, 1, 2500)


def test_large_roster_is_never_held_whole():
    """A line held as Python objects takes about 2 KB; packed, each further one must cost far less."""
    peak_bytes(1)  # fills the caches of regions
    few, many = peak_bytes(3000), peak_bytes(8000)
    assert many - few < 5000 * 700


def peak_bytes(rows):
    """The most memory that was taken while reading so many members."""
    body = "".join(_inline_row(line, large_roster_row(line)) for line in range(2, rows + 2))
    content = sheet_makers.xlsx_of_xml(_inline_row(1, HEADINGS) + body)
    tracemalloc.start()
    try:
        with read_roster(content) as reading:
            assert sum(isinstance(item, RosterRow) for item in reading) == rows
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def large_roster_row(line):
    born = date(1950, 1, 1) + timedelta(days=line % 18_000)
    return [
        f"张{chr(0x4E00 + line)}",
        resident_id(born, 1 + line // 18_000),
        f"1380{line:07}",
        f"第{line % 50}工会",
    ]


def _inline_row(line, cells):
    inner = "".join(
        f'<c r="{letter}{line}" t="inlineStr"><is><t>{cell}</t></is></c>'
        for letter, cell in zip("ABCD", cells, strict=True)
    )
    return f'<row r="{line}">{inner}</row>'
