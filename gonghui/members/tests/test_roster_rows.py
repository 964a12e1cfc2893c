"""What a single line may hold, and what is said about it."""

from datetime import date, datetime

import pytest

from gonghui.kit.identifiers import MESSAGES
from gonghui.members.roster.values import group_codes, read_date
from gonghui.members.tests.rosters import (
    CHEN,
    HEADINGS,
    LI,
    ZHANG,
    Book,
    csv_of,
    read,
    resident_id,
    short_id,
    xlsx_of,
)

NUMBER = ZHANG[1]
ENDING_IN_X = next(n for n in (resident_id(date(1980, 1, 5), s) for s in range(1, 99)) if n.endswith("X"))


def row_with(**cells):
    """ZHANG with further columns."""
    outcome = read(xlsx_of([*HEADINGS, *cells], [*ZHANG, *cells.values()]))
    (found,) = outcome.good or outcome.refused
    return found


def row_with_id(number, **cells):
    (found,) = (lambda out: out.good or out.refused)(
        read(xlsx_of(["姓名", "身份证号", *cells], ["张伟", number, *cells.values()]))
    )
    return found


# --- Numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "number"),
    [
        (NUMBER, NUMBER),
        (f" {NUMBER[:6]} {NUMBER[6:14]}\u3000{NUMBER[14:]}\n", NUMBER),
        ("".join(chr(ord(char) + 0xFEE0) for char in NUMBER), NUMBER),
        (f"'{NUMBER}", NUMBER),
        (ENDING_IN_X.lower(), ENDING_IN_X),
        (ENDING_IN_X.replace("X", "Ｘ"), ENDING_IN_X),
        (ENDING_IN_X.replace("X", "ｘ"), ENDING_IN_X),
    ],
)
def test_id_is_cleaned(written, number):
    row = row_with_id(written)
    assert (row.id_type, row.id_no, row.notes) == ("resident_id", number, ("phone_missing", "union_missing"))


def test_birth_date_and_gender_come_from_the_id():
    row = row_with_id(NUMBER)
    assert (row.birth_date, row.gender) == (date(1980, 1, 5), "male")


@pytest.mark.parametrize("written", [short_id(NUMBER), int(short_id(NUMBER)), f" {short_id(NUMBER)} "])
def test_id_of_15_digits_is_lengthened_and_noted(written):
    row = row_with_id(written)
    assert row.id_no == NUMBER
    assert "id_lengthened" in row.notes


@pytest.mark.parametrize(
    ("written", "code", "shown", "hint"),
    [
        ("4.40106E+17", "scientific", "“4.40106E+17”", ""),
        (440106198001050000, "digits_lost", "“4.40106E+17”", ""),
        (NUMBER[:15] + "000", "digits_lost", f"“{NUMBER[:15]}000”", ""),
        (NUMBER[:17], "length", "", "现在是 17 位，应为 18 位。"),
        (NUMBER[:17] + "5", "checksum", "", ""),
        ("990106198001050112", "region", "", ""),
        ("440106198002300112", "birth_date", "", ""),
        (None, "empty", "", ""),
        (
            "H12345678",
            "length",
            "",
            "现在是 9 位，应为 18 位。如果不是居民身份证，请填写“证件类型”一列。",
        ),
    ],
)
def test_bad_id_is_refused_and_never_guessed(written, code, shown, hint):
    refusal = row_with_id(written)
    assert refusal.codes == (f"id_no_{code}",)
    assert refusal.sentences == (f"身份证号{shown}：{MESSAGES[code]}{hint}",)


@pytest.mark.parametrize("written", ["4.40106E+17", 440106198001050000])
def test_lost_digits_come_with_the_way_to_keep_them(written):
    assert "请把这一列设为“文本”" in row_with_id(written).sentences[0]


def test_csv_saved_by_a_spreadsheet_shows_lost_digits_too():
    outcome = read(csv_of([HEADINGS, ["张伟", "4.40106E+17", "13812345678", ""]]))
    assert outcome.faults == [(2, ("id_no_scientific",))]


@pytest.mark.parametrize(
    "written",
    [
        "+86 138 1234 5678",
        "86-13812345678",
        "１３８１２３４５６７８",
        13812345678,
        13812345678.0,
        "138-1234-5678",
    ],
)
def test_phone_is_cleaned(written):
    assert read(xlsx_of(HEADINGS, [*ZHANG[:2], written, ZHANG[3]])).people == [ZHANG]


@pytest.mark.parametrize("written", [None, "", "无", " / ", "—", "暂无"])
def test_missing_phone_is_allowed_and_noted(written):
    outcome = read(xlsx_of(HEADINGS, [*ZHANG[:2], written, ZHANG[3]]))
    assert outcome.good[0].phone == ""
    assert outcome.report.notes == {"phone_missing": 1}
    assert "1 行没有手机号：可以导入，本人以后登录时再补。" in outcome.report.sentences()


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("020-88888888", "phone_mobile"),
        ("12812345678", "phone_mobile"),
        ("1381234567", "phone_length"),
        ("13812345678/13912345678", "phone_characters"),
        ("见附件", "phone_characters"),
        ("1.38E+10", "phone_scientific"),
    ],
)
def test_bad_phone_is_refused(written, code):
    assert read(xlsx_of(HEADINGS, [*ZHANG[:2], written, ZHANG[3]])).faults == [(2, (code,))]


def test_all_faults_of_a_row_are_told_at_once():
    refusal = row_with(性别="女", 出生日期="1980-01-06", 入会时间="去年")
    assert refusal.codes == ("birth_date_contradicts_id", "gender_contradicts_id", "joined_on_unreadable")
    assert refusal.line_no == 2
    assert refusal.raw == (*ZHANG, "女", "1980-01-06", "去年")


# --- Names --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("张 伟", "张伟"),
        ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
        ("𠮷田", "𠮷田"),
        ("John  Smith", "John Smith"),
    ],
)
def test_name_is_cleaned(written, name):
    assert read(xlsx_of(HEADINGS, [written, *ZHANG[1:]])).good[0].name == name


@pytest.mark.parametrize(
    ("written", "code"),
    [("", "name_empty"), ("张伟2", "name_digits_in_name"), ("=张伟", "name_symbols_in_name")],
)
def test_bad_name_is_refused(written, code):
    assert read(xlsx_of(HEADINGS, [written, *ZHANG[1:]])).faults == [(2, (code,))]


# --- What contradicts the number ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        date(1980, 1, 5),
        datetime(1980, 1, 5),
        "1980-1-5",
        "1980.01.05",
        "1980年1月5日",
        "1980年01月",
        19800105,
        "198001",
        1980,
    ],
)
def test_birth_date_that_agrees_is_accepted(written):
    row = row_with(出生日期=written)
    assert (row.birth_date, row.notes) == (date(1980, 1, 5), ())


def test_birth_date_that_contradicts_is_refused_with_both_values():
    refusal = row_with(出生日期="1980年1月6日")
    assert refusal.codes == ("birth_date_contradicts_id",)
    assert refusal.sentences == (
        "出生日期对不上：表中是 1980年1月6日，身份证号里是 1980-01-05。请核对后改正其中一个。",
    )


def test_gender_that_contradicts_is_refused_with_both_values():
    assert row_with(性别="男 ").gender == "male"
    refusal = row_with(性别="女")
    assert refusal.codes == ("gender_contradicts_id",)
    assert refusal.sentences == ("性别对不上：表中是“女”，身份证号里是“男”。请核对后改正其中一个。",)
    assert row_with(性别="未知").codes == ("gender_unreadable",)


# --- Dates --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "value", "exact"),
    [
        ("2015-10-01", date(2015, 10, 1), "day"),
        ("２０１５／１０／１", date(2015, 10, 1), "day"),
        ("2015年10月1日", date(2015, 10, 1), "day"),
        ("2015 年 10 月 1 日", date(2015, 10, 1), "day"),
        ("2015-10-01 00:00:00", date(2015, 10, 1), "day"),
        (20151001, date(2015, 10, 1), "day"),
        ("2015年10月", date(2015, 10, 1), "month"),
        ("2015.06", date(2015, 6, 1), "month"),
        (2015.06, date(2015, 6, 1), "month"),
        (201510, date(2015, 10, 1), "month"),
        (2015, date(2015, 1, 1), "year"),
        (42278, date(2015, 10, 1), "serial"),
        (2015.1, None, "day"),
        ("2015.1", None, "day"),
        ("2015-02-30", None, "day"),
        ("1015-02-03", None, "day"),
        ("去年", None, "day"),
        (True, None, "day"),
    ],
)
def test_date_is_read_or_left_unread(cell, value, exact):
    assert read_date(cell) == (value, exact)


def test_joining_date_without_day_is_noted():
    row = row_with(入会时间="2015年10月")
    assert (row.joined_on, row.notes) == (date(2015, 10, 1), ("joined_on_rounded",))
    assert row_with(入会时间=42278).notes == ("joined_on_serial",)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("2015.1", "joined_on_unreadable"),
        ("2099-01-01", "joined_on_future"),
        ("1979-01-01", "joined_on_before_birth"),
    ],
)
def test_impossible_joining_date_is_refused(written, code):
    assert row_with(入会时间=written).codes == (code,)


def test_date_cells_of_every_format_are_dates():
    book = Book().rows([*HEADINGS, "入会时间"], [*ZHANG, date(2015, 10, 1)], [*LI, date(2016, 10, 1)])
    content = book.shown_as('yyyy"年"m"月"d"日"', "E2").shown_as("[$-804]mmm-yy", "E3").saved()
    assert [row.joined_on for row in read(content).good] == [date(2015, 10, 1), date(2016, 10, 1)]


# --- Kinds of documents and people --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "number", "id_type", "id_no"),
    [
        ("身份证", NUMBER, "resident_id", NUMBER),
        ("港澳居民来往内地通行证", "H12345678", "hk_macao_permit", "H12345678"),
        ("台胞证", 12345678, "taiwan_permit", "12345678"),
        ("护照", "e1234 5678", "passport", "E12345678"),
        ("其他", "南字第0001号", None, None),
        ("结婚证", NUMBER, None, None),
    ],
)
def test_document_kind_decides_how_the_number_is_read(kind, number, id_type, id_no):
    found = row_with_id(number, 证件类型=kind)
    assert (getattr(found, "id_type", None), getattr(found, "id_no", None)) == (id_type, id_no)


def test_unknown_document_kind_is_refused_with_the_choices():
    (sentence,) = row_with_id(NUMBER, 证件类型="结婚证").sentences
    assert sentence == (
        "证件类型“结婚证”不在系统的目录里，请改成以下之一：居民身份证、港澳居民来往内地通行证、"
        "台湾居民来往大陆通行证、外国人永久居留身份证、护照、其他证件。"
    )


def test_birth_date_and_gender_of_other_documents_come_from_the_columns():
    row = row_with_id("H12345678", 证件类型="回乡证", 性别="女", 出生日期="1990-02-03")
    assert (row.birth_date, row.gender) == (date(1990, 2, 3), "female")


@pytest.mark.parametrize(
    ("text", "codes", "all_known"),
    [
        ("外卖骑手", ("food_rider",), True),
        ("网约车司机、快递员", ("ride_driver", "courier"), True),
        ("货车司机/货运司机", ("truck_driver",), True),
        ("护路员", ("road_guard",), True),
        ("会计", (), False),
        ("无", (), True),
    ],
)
def test_groups_are_read_from_words(text, codes, all_known):
    assert group_codes(text, {"护路员": "road_guard"}) == (codes, all_known)


def test_unknown_group_is_noted_not_refused():
    assert row_with(工种="会计").notes == ("group_unknown",)
    assert row_with(职业群体="快递小哥").group_codes == ("courier",)


def test_union_employment_and_remark_are_kept_as_tidy_text():
    row = row_with(用工形式=" 劳务 派遣 ", 备注="长" * 300)
    assert (row.union_text, row.employment, row.remark) == ("天河区快递行业工会", "劳务 派遣", "长" * 200)
    assert read(xlsx_of(HEADINGS, [*ZHANG[:3], "长" * 201])).faults == [(2, ("union_too_long",))]


def test_formula_errors_are_refused_by_column():
    outcome = read(
        Book()
        .rows(HEADINGS, ZHANG, [LI[0], "#N/A", LI[2], "#REF!"], [CHEN[0], CHEN[1], "#VALUE!", CHEN[3]])
        .saved()
    )
    assert outcome.people == [ZHANG]
    assert outcome.faults == [(3, ("id_no_error_value", "union_error_value")), (4, ("phone_error_value",))]
    assert outcome.refused[0].sentences[0] == "“身份证号”这一格是公式错误 #N/A，请改成实际内容。"


# --- The same person twice ----------------------------------------------------------------------------------


def test_equal_rows_are_imported_once_and_the_line_is_told():
    outcome = read(xlsx_of(HEADINGS, ZHANG, LI, [f" {ZHANG[0]}", ZHANG[1], f"+86{ZHANG[2]}", ZHANG[3]]))
    assert outcome.people == [ZHANG, LI]
    assert [(row.line_no, row.code, row.sentence) for row in outcome.skipped] == [
        (4, "repeated", "与第 2 行相同。")
    ]
    assert (outcome.report.rows, outcome.report.good, outcome.report.repeated) == (3, 2, 1)


def test_differing_rows_of_one_person_are_all_refused_with_their_lines():
    other = [ZHANG[0], short_id(ZHANG[1]), "13612345678", ZHANG[3]]
    outcome = read(xlsx_of(HEADINGS, ZHANG, LI, other, ZHANG))
    assert outcome.people == [LI]
    assert outcome.faults == [
        (2, ("conflicting_rows",)),
        (4, ("conflicting_rows",)),
        (5, ("conflicting_rows",)),
    ]
    assert [refusal.sentences[0] for refusal in outcome.refused] == [
        "与第 4、5 行的证件号码相同，但内容不一样。请核对后只留一行。",
        "与第 2、5 行的证件号码相同，但内容不一样。请核对后只留一行。",
        "与第 2、4 行的证件号码相同，但内容不一样。请核对后只留一行。",
    ]
    assert outcome.refused[1].raw == tuple(other)


def test_same_number_of_another_document_is_another_person():
    outcome = read(
        xlsx_of(
            ["姓名", "证件类型", "证件号码"], ["王一", "护照", "12345678"], ["王二", "台胞证", "12345678"]
        )
    )
    assert [row.id_type for row in outcome.good] == ["passport", "taiwan_permit"]


def test_phone_of_two_people_is_noted_on_both():
    outcome = read(xlsx_of(HEADINGS, ZHANG, [*LI[:2], ZHANG[2], LI[3]], CHEN))
    assert [row.notes for row in outcome.good] == [("phone_shared",), ("phone_shared",), ()]
    assert outcome.report.notes == {"phone_shared": 2}


def test_a_thousand_differing_rows_name_a_few_lines():
    rows = [[*ZHANG[:3], f"第{n}工会"] for n in range(1000)]
    outcome = read(xlsx_of(HEADINGS, *rows))
    assert outcome.report.refusals == {"conflicting_rows": 1000}
    assert outcome.refused[0].sentences[0].startswith("与第 3、4、5、6、7等 行的")
