import codecs
import io
import zipfile
from datetime import date, datetime, time
from itertools import islice

import openpyxl
import pytest
import xlsxwriter

from gonghui.kit.errors import DomainError
from gonghui.kit.sheets import (
    CellError,
    Column,
    Limits,
    Merge,
    SheetRow,
    cell_text,
    open_workbook,
    read_sheet,
    write_csv,
    write_xlsx,
)
from gonghui.kit.sheets.writing import guarded, unguarded
from gonghui.kit.tests import sheet_makers as make

RISKY = ["=1+1", "+86", "-5", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("http://x")', "＝1", "=cmd|' /C calc'!A0"]
NAMED_ROWS = [["姓名", "手机号"], ["张伟", "13812345678"], ["李娜，女", 'A"B']]


def rows_of(content, limits=None):
    with open_workbook(content, limits) as book:
        return [row for sheet in book.sheets for row in sheet.rows()]


def cells_of(content, limits=None):
    return [row.cells for row in rows_of(content, limits)]


def refused(content, limits=None):
    with pytest.raises(DomainError) as caught:
        rows_of(content, limits)
    assert str(caught.value)
    return caught.value.code


# --- Kinds of cells -----------------------------------------------------------------------------------------


def test_xlsx_keeps_the_kind_of_every_cell():
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet("名册")
    day = book.add_format({"num_format": "yyyy年m月d日"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    clock = book.add_format({"num_format": "[h]:mm"})
    money = book.add_format({"num_format": '[Red]#,##0.00"日元"'})
    sheet.write_string(1, 0, "张伟")
    sheet.write_number(1, 1, 13812345678)
    sheet.write_number(1, 2, 2015.06)
    sheet.write_number(1, 3, 440106198001011234)
    sheet.write_boolean(1, 4, True)
    sheet.write_datetime(1, 5, date(2020, 1, 5), day)
    sheet.write_datetime(1, 6, datetime(2020, 1, 5, 8, 30), moment)
    sheet.write_number(1, 7, 0.5, clock)
    sheet.write_number(1, 8, 12.5, money)
    sheet.write_formula(1, 9, "=NA()", None, "#N/A")
    sheet.write_formula(1, 10, '="a"&"b"', None, "ab")
    book.close()
    (row,) = rows_of(target.getvalue())
    assert row.number == 2
    assert row.cells == [
        "张伟", 13812345678, 2015.06, 440106198001011328, True, date(2020, 1, 5),
        datetime(2020, 1, 5, 8, 30), time(12, 0), 12.5, "#N/A", "ab",
    ]  # fmt: skip
    assert isinstance(row.cells[9], CellError)
    assert not isinstance(row.cells[10], CellError)


def test_xlsx_of_openpyxl_reads_the_same():
    book = openpyxl.Workbook()
    book.active.append(["张伟", 13812345678, date(2020, 1, 5), None, False, 440106198001011234])
    target = io.BytesIO()
    book.save(target)
    assert cells_of(target.getvalue()) == [
        ["张伟", 13812345678, date(2020, 1, 5), None, False, 440106198001011328]
    ]


def test_dates_before_march_1900_and_of_1904_are_right():
    style = '<styleSheet xmlns="x"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>'
    cells = [
        f'<c r="{place}1" s="1"><v>{value}</v></c>' for place, value in (("A", 1), ("B", 61), ("C", 9e9))
    ]
    rows = f'<row r="1">{"".join(cells)}</row>'
    assert cells_of(make.xlsx_of_xml(rows, styles=style)) == [[date(1900, 1, 1), date(1900, 3, 1), 9 * 10**9]]
    parts = make.workbook_parts(make.sheet_xml_of(rows), styles=style)
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(
        "<sheets>", '<workbookPr date1904="1"/><sheets>'
    )
    assert cells_of(make.zip_of(parts))[0][0] == date(1904, 1, 2)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        ("张伟", "张伟"),
        (13812345678, "13812345678"),
        (440106198001011200, "4.40106E+17"),
        (2015.06, "2015.06"),
        (True, "TRUE"),
        (date(2020, 1, 5), "2020-01-05"),
        (datetime(2020, 1, 5, 8, 30), "2020-01-05 08:30:00"),
        (CellError("#REF!"), "#REF!"),
    ],
)
def test_cell_text_is_what_the_spreadsheet_shows(cell, text):
    assert cell_text(cell) == text


# --- Unusual but honest .xlsx -------------------------------------------------------------------------------


def test_xlsx_without_references_with_prefix_and_rich_text_is_read():
    sheet = (
        f'<x:worksheet xmlns:x="{make.MAIN_NS}"><x:sheetData><x:row>'
        '<x:c t="inlineStr"><x:is><x:t>姓名</x:t></x:is></x:c>'
        '<x:c t="s"><x:v>0</x:v></x:c></x:row><x:row r="5"><x:c r="B5"><x:v>7</x:v></x:c></x:row>'
        "</x:sheetData></x:worksheet>"
    )
    phonetic = '<rPh sb="0" eb="1"><t>シンブン</t></rPh>'
    strings = f'<sst xmlns="x"><si><r><t>身份</t></r><r><t>证</t></r>{phonetic}</si></sst>'
    content = make.zip_of(make.workbook_parts(sheet, sharedStrings=strings))
    assert rows_of(content) == [SheetRow(1, ["姓名", "身份证"]), SheetRow(5, [None, 7])]


def test_xlsx_with_backslashes_and_capitals_in_part_names_is_read():
    parts = make.workbook_parts(make.sheet_xml_of('<row r="1"><c r="A1"><v>1</v></c></row>'))
    odd = {
        name.replace("xl/worksheets/sheet1.xml", "XL\\Worksheets\\Sheet1.xml"): content
        for name, content in parts.items()
    }
    assert cells_of(make.zip_of(odd)) == [[1]]


def test_escaped_characters_are_decoded_and_unfit_ones_dropped():
    rows = '<row r="1"><c r="A1" t="inlineStr"><is><t>a_x000D_b_x0000__xD800_c_x0041_</t></is></c></row>'
    assert cells_of(make.xlsx_of_xml(rows)) == [["a\rbcA"]]


def test_blank_cells_far_to_the_right_and_below_cost_nothing():
    rows = (
        '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="0"/></row><row r="1048576"><c r="A1048576"/></row>'
    )
    assert rows_of(make.xlsx_of_xml(rows)) == [SheetRow(1, [1])]


def test_merged_ranges_are_told_before_the_rows():
    tail = '<mergeCells count="2"><mergeCell ref="A1:J1"/><mergeCell ref="G3:G9"/></mergeCells>'
    with open_workbook(make.xlsx_of_xml('<row r="1"/>', tail)) as book:
        assert book.sheets[0].merges() == [Merge(1, 0, 1, 9), Merge(3, 6, 9, 6)]


def test_hidden_sheets_are_known_and_a_chooser_picks():
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    for name in ("一", "二", "三"):
        book.add_worksheet(name).write(0, 0, name)
    book.get_worksheet_by_name("二").hide()
    book.close()
    with open_workbook(target.getvalue()) as opened:
        assert [(sheet.name, sheet.hidden) for sheet in opened.sheets] == [
            ("一", False),
            ("二", True),
            ("三", False),
        ]
        with pytest.raises(DomainError) as caught:
            opened.sheet("四")
        assert caught.value.message == "没有名为“四”的工作表，只有：一、三。"
    assert list(read_sheet(target.getvalue())) == [SheetRow(1, ["一"])]
    assert list(read_sheet(target.getvalue(), lambda sheets: sheets[-1])) == [SheetRow(1, ["三"])]


def test_rows_may_be_asked_for_again_after_stopping_half_way():
    with open_workbook(make.xlsx_of([[number] for number in range(50)])) as book:
        sheet = book.sheets[0]
        assert [row.cells for row in islice(sheet.rows(), 2)] == [[0], [1]]
        assert len(list(sheet.rows())) == 50


# --- Old .xls -----------------------------------------------------------------------------------------------


def test_xls_is_read_by_a_process_of_its_own():
    content = make.xls_of([["姓名", "身份证号"], [None, None], ["张伟", 13812345678, 0.5]])
    with open_workbook(content) as book:
        assert [sheet.name for sheet in book.sheets] == ["名册"]
    assert rows_of(content) == [SheetRow(1, ["姓名", "身份证号"]), SheetRow(3, ["张伟", 13812345678, 0.5])]


def test_xls_whose_bounds_would_fill_all_memory_harms_nothing():
    assert refused(make.xls_of([["a"]], far_corner=(65535, 65535))) == "sheet_broken"


def test_xls_with_password_is_refused():
    assert refused(make.xls_of([["a"]], is_locked=True)) == "sheet_password"


def test_xls_too_wide_is_refused():
    assert refused(make.xls_of([["a"] * 300])) == "sheet_too_wide"


# --- Text tables --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_text_is_read_whatever_its_encoding_and_separator(encoding, separator):
    text = "\r\n".join(
        separator.join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) for row in NAMED_ROWS
    )
    assert cells_of(text.encode(encoding)) == NAMED_ROWS


def test_text_with_line_breaks_in_quotes_counts_lines_as_a_spreadsheet_does():
    text = '"姓\r\n名",手机\r\n张伟,1\r\n\r\n李娜,2\r\n'
    assert rows_of(text.encode("gb18030")) == [
        SheetRow(1, ["姓\r\n名", "手机"]),
        SheetRow(2, ["张伟", "1"]),
        SheetRow(4, ["李娜", "2"]),
    ]


def test_text_that_becomes_chinese_late_is_still_gb18030():
    text = "id,name\n" + "1,x\n" * 40_000 + "2,张伟\n"
    assert cells_of(text.encode("gb18030"))[-1] == ["2", "张伟"]


def test_text_with_separator_line_and_guarded_numbers_is_read():
    text = 'sep=;\n姓名;证件\n张伟;="440106198001011234"\n李娜;\'440106198001011234\n'
    assert cells_of(text.encode())[1:] == [["张伟", "440106198001011234"], ["李娜", "440106198001011234"]]


def test_unfit_characters_far_down_are_dropped():
    text = "name,id\n" + "x,1\n" * 20_000 + "张\x1f伟\x00,\t2\n"
    assert cells_of(text.encode())[-1] == ["张伟", "\t2"]
    assert cells_of(make.xls_of([["张\x1f伟\x01"]])) == [["张伟"]]


def test_text_shared_with_the_caller_stays_open():
    file = io.BytesIO(b"a,b\n1,2\n")
    assert len(list(read_sheet(file))) == 2
    assert file.closed is False


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x81\xff\x30\x00\xfe\xfe\xff\xff" * 99, "sheet_encoding"),
        ("姓名,\x01\x02\n".encode(), "sheet_encoding"),
        (b'a,b\n"' + b"x" * 200_000, "sheet_broken"),
        (b'a,b\n"' + b"x" * 40_000, "sheet_cell_too_long"),
        (",".join(["列"] * 60_000).encode(), "sheet_too_wide"),
    ],
)
def test_text_that_is_no_table_is_refused(content, code):
    assert refused(content) == code


# --- What is not what it claims -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "sheet_empty"),
        (make.PNG, "sheet_other_kind"),
        (b"%PDF-1.7\n", "sheet_other_kind"),
        (b"Rar!\x1a\x07\x00", "sheet_other_kind"),
        (make.WEB_PAGE_AS_XLS, "sheet_web_page"),
        (b"\xef\xbb\xbf <!DOCTYPE html><html></html>", "sheet_web_page"),
        (codecs.BOM_UTF16_LE + "<table><tr>".encode("utf-16-le"), "sheet_web_page"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related\n\nContent-Type: text/html", "sheet_web_page"),
        (make.XML_SPREADSHEET_2003, "sheet_old_xml"),
        (make.password_protected_xlsx(), "sheet_password"),
        (make.compound_file("WordDocument", b""), "sheet_other_kind"),
        (make.compound_file("Whatever", b""), "sheet_broken"),
        (make.zip_of({"a.txt": "x"}), "sheet_other_kind"),
        (make.zip_of({"word/document.xml": "<x/>"}), "sheet_other_kind"),
        (make.zip_of({"xl/workbook.bin": "x"}), "sheet_other_format"),
        (make.zip_of({"content.xml": "<x/>"}), "sheet_other_format"),
        (b"PK\x03\x04 and no more", "sheet_broken"),
        (make.xlsx_of([["a"] * 50] * 50)[:-200], "sheet_broken"),
        (make.xlsx_of_xml("<row r='1'><c r='A1'><v>1</v></row>"), "sheet_broken"),
        (make.xlsx_of_xml("<row r='1'><c r='A1'><v>abc</v></c></row>"), "sheet_broken"),
        (make.xlsx_of_xml("<row r='1'><c r='A1' t='s'><v>9</v></c></row>"), "sheet_broken"),
        (make.xlsx_of_xml("<row r='x'><c r='A1'><v>1</v></c></row>"), "sheet_broken"),
    ],
    ids=lambda value: (
        value if isinstance(value, str) else "file"
    ),  # a ZIP holds the hour: no id for two workers
)
def test_file_that_is_no_workbook_is_refused_by_name(content, code):
    assert refused(content) == code


def test_every_refusal_says_what_to_do():
    from gonghui.kit.sheets import errors

    reasons = [reason for reason in vars(errors).values() if type(reason).__name__ == "Refusal"]
    assert len(reasons) == 16
    assert all(str(reason.advice) and reason.status in {413, 422} for reason in reasons)


# --- Attacks ------------------------------------------------------------------------------------------------


def test_zip_bomb_is_refused_by_its_directory():
    assert refused(make.zip_bomb(unpacked_mb=60)) == "sheet_bomb"


def test_zip_bomb_that_lies_in_its_directory_is_refused_while_reading():
    assert refused(make.lying_zip_bomb(unpacked_mb=60)) == "sheet_broken"


def test_zip_bomb_of_many_parts_is_refused():
    parts = make.workbook_parts(make.sheet_xml_of("")) | {f"x/{number}": "" for number in range(5001)}
    assert refused(make.zip_of(parts)) == "sheet_bomb"


def test_zip_that_unpacks_beyond_the_limit_is_refused():
    content = make.xlsx_of_xml("<row r='1'/>" * 1000)
    assert refused(content, Limits(unpacked_bytes=2000)) == "sheet_bomb"
    assert cells_of(content) == []


def test_encrypted_zip_part_is_a_password():
    content = bytearray(make.xlsx_of([["a"]]))
    place = content.find(b"PK\x01\x02")
    content[place + 8] |= 1
    assert refused(bytes(content)) == "sheet_password"


def test_entity_bomb_is_refused_before_it_grows():
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "ha">{entities}]>' + make.sheet_xml_of(
        "<row r='1'><c r='A1' t='inlineStr'><is><t>&e11;</t></is></c></row>"
    ).removeprefix(make.XML_HEAD)
    assert refused(make.zip_of(make.workbook_parts(bomb))) == "sheet_broken"


def test_outer_file_named_by_an_entity_is_never_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    page = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>' + make.sheet_xml_of(
        "<row r='1'><c r='A1' t='inlineStr'><is><t>&e;</t></is></c></row>"
    ).removeprefix(make.XML_HEAD)
    assert refused(make.zip_of(make.workbook_parts(page))) == "sheet_broken"


def test_endless_tag_is_refused():
    row = f'<row r="1" spans="{"1" * (5 * 2**20)}"/>'
    assert (
        refused(make.zip_of(make.workbook_parts(make.sheet_xml_of(row)), zipfile.ZIP_STORED))
        == "sheet_broken"
    )


@pytest.mark.parametrize("reference", ["CJN1", "XFD1", "ZZZZZZZZ1", "1"])
def test_cell_beyond_the_last_column_is_refused(reference):
    rows = f'<row r="1"><c r="A1"><v>1</v></c><c r="{reference}"><v>1</v></c></row>'
    assert refused(make.xlsx_of_xml(rows)) == "sheet_too_wide"


def test_too_many_rows_too_long_cells_and_too_big_files_are_refused():
    content = make.xlsx_of([["x" * 50]] * 11)
    assert refused(content, Limits(rows=10)) == "sheet_too_many_rows"
    assert refused(content, Limits(cell_chars=49)) == "sheet_cell_too_long"
    assert refused(content, Limits(file_bytes=100)) == "sheet_too_big"
    assert refused(b"a\n" * 11, Limits(rows=10)) == "sheet_too_many_rows"


# --- Writing ------------------------------------------------------------------------------------------------

COLUMNS = [
    Column("文本"),
    Column("数", kind="number"),
    Column("金额", kind="money"),
    Column("日", kind="date"),
]


def written(writer, columns, rows, **options):
    target = io.BytesIO()
    assert writer(target, columns, rows, **options) == len(rows)
    return target.getvalue()


def test_written_xlsx_reads_back_with_its_kinds():
    rows = [
        ["张伟", 3, 12345, date(2020, 1, 5)],
        [None, 2.5, None, None],
        ["440106198001011234", 10**17, 0, None],
    ]
    assert cells_of(written(write_xlsx, COLUMNS, rows)) == [
        ["文本", "数", "金额", "日"],
        ["张伟", 3, 123.45, date(2020, 1, 5)],
        [None, 2.5],
        ["440106198001011234", "100000000000000000", 0],
    ]


def test_xlsx_never_holds_a_formula():
    content = written(write_xlsx, [Column(risky) for risky in RISKY], [RISKY])
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
        styles = package.read("xl/styles.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet.lower().replace("=hyperlink", "")
    assert 'quotePrefix="1"' in styles
    cells = [cell for row in openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} == {"s"}
    assert cells_of(content) == [RISKY, RISKY]


def test_csv_guards_every_formula_and_long_number():
    content = written(write_csv, [Column("文本")] * len(RISKY), [RISKY])
    assert content.startswith(codecs.BOM_UTF8)
    text = content.decode("utf-8-sig")
    assert all(f"'{risky[:2]}" in text for risky in RISKY)
    assert cells_of(content)[1] == RISKY
    assert guarded("440106198001011234") == "'440106198001011234"
    assert guarded("13812345678") == "13812345678"
    assert unguarded("'440106198001011234") == "440106198001011234"
    assert unguarded("'张伟'") == "'张伟'"


def test_csv_writes_kinds_as_people_read_them():
    rows = [["=张", 3, 12345, date(2020, 1, 5)], [True, -2, None, None]]
    assert written(write_csv, COLUMNS, rows).decode("utf-8-sig").splitlines() == [
        "文本,数,金额,日",
        "'=张,3,123.45,2020-01-05",
        "是,-2,,",
    ]


def test_xlsx_has_frozen_heading_widths_drop_downs_and_notes():
    columns = [Column("证件类型", width=30, choices=("居民身份证", "护照"), comment="不填就是居民身份证")]
    book = openpyxl.load_workbook(
        io.BytesIO(written(write_xlsx, columns, [["护照"]], sheet_name="名册[1]", notes=["第一条"]))
    )
    sheet = book.worksheets[0]
    assert [page.title for page in book.worksheets] == ["名册 1", "填写说明"]
    assert sheet.freeze_panes == "A2"
    assert round(sheet.column_dimensions["A"].width) == 31
    assert sheet["A1"].comment.text.endswith("不填就是居民身份证")
    assert sheet["A2"].number_format == "@"
    assert sheet.data_validations.dataValidation[0].formula1 == '"居民身份证,护照"'
    assert book.worksheets[1]["A1"].value == "第一条"


def test_xlsx_refuses_more_rows_than_a_sheet_holds(monkeypatch):
    monkeypatch.setattr("gonghui.kit.sheets.writing.ROWS_MAX", 3)
    with pytest.raises(DomainError) as caught:
        write_xlsx(io.BytesIO(), [Column("a")], [["x"]] * 4)
    assert caught.value.code == "sheet_too_long_to_write"


def test_xlsx_cuts_text_that_no_cell_holds():
    content = written(write_xlsx, [Column("a")], [["x" * 40_000]])
    assert len(cells_of(content)[1][0]) == 32_767
