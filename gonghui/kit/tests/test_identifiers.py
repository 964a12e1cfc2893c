from datetime import date, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from gonghui.kit import identifiers
from gonghui.kit.identifiers import (
    MESSAGES,
    Reading,
    normalise_name,
    read_document,
    read_person_name,
    read_phone,
    read_resident_id,
    read_uscc,
    row_id,
)

GOOD = "440106199001011235"
GOOD_X = "44010619900101011X"
regions = st.sampled_from(["440106", "440118", "441900", "442527", "110101", "830000", "810000"])
births = st.dates(date(1930, 1, 1), date(2015, 12, 31))
numbers = st.builds(
    lambda region, birth, order: (
        (body := f"{region}{birth:%Y%m%d}{order:03}") + ric.calc_check_digit(body + "0")
    ),
    regions,
    births,
    st.integers(1, 999),
)


def full_width(text):
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


# --- Numbers of rows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), ("007", 7), ("9" * 18, 10**18 - 1), ("9" * 19, None), ("9" * 5000, None), ("", None)]
    + [(text, None) for text in ("-1", "1e9", "²", "٣", "1\n", " 1", "1_0")],
)
def test_row_id_is_up_to_eighteen_plain_digits(text, number):
    assert row_id(text) == number


# --- Resident ID --------------------------------------------------------------------------------------------


@given(numbers)
def test_read_resident_id_accepts_every_well_formed_number(number):
    assert read_resident_id(number, typed=True) == Reading(number)
    assert read_resident_id(read_resident_id(number, typed=True).value, typed=True).value == number


@given(numbers, st.integers(0, 17), st.sampled_from("0123456789"))
def test_read_resident_id_refuses_every_single_wrong_digit(number, position, digit):
    changed = number[:position] + digit + number[position + 1 :]
    assert read_resident_id(changed, typed=True).ok is (changed == number)


@given(
    st.one_of(
        st.text(max_size=30), st.floats(), st.integers(), st.booleans(), st.none(), st.binary(max_size=9)
    )
)
def test_read_anything_never_raises(raw):
    kinds = ("hk_macao_permit", "passport")
    readings = [read_resident_id(raw), read_phone(raw), read_uscc(raw), read_person_name(raw)]
    readings += [read_document(kind, raw) for kind in kinds]
    assert all(reading.code in {"", *MESSAGES} for reading in readings)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (full_width(GOOD), GOOD),
        (" 440106 19900101 1235\u3000", GOOD),
        ("440106-19900101-1235", GOOD),
        ("'" + GOOD, GOOD),
        ("\u200b" + GOOD + "\ufeff\n", GOOD),
        ("44010619900101011x", GOOD_X),
        ("44010619900101011ｘ", GOOD_X),
        ("440106900101123", GOOD),
        (440106900101123, GOOD),
        (440106900101123.0, GOOD),
    ],
)
def test_read_resident_id_normalises_what_people_write(raw, value):
    assert read_resident_id(raw) == Reading(value)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (None, "empty"),
        ("", "empty"),
        (" \u3000", "empty"),
        (float("nan"), "empty"),
        ("4.40106E+17", "scientific"),
        ("4.40106199001011E+17", "scientific"),
        ("４．４０１０６ｅ＋１７", "scientific"),
        (4.40106199001011e17, "digits_lost"),
        (440106199001011235, "digits_lost"),
        (float("inf"), "digits_lost"),
        ("440106199001011000", "digits_lost"),
        (0.5, "characters"),
        (True, "characters"),
        ("44010619900101123", "length"),
        ("4401061990010112355", "length"),
        ("44010619900101123O", "characters"),
        ("4401061990010l1235", "characters"),
        ("000106199001011235", "region"),
        ("449906199001011235", "region"),
        ("440106199002301235", "birth_date"),
        ("440106177001011235", "birth_date"),
        ("440106299001011235", "birth_date"),
        ("440106199001011234", "checksum"),
        ("440106199001011253", "checksum"),
    ],
)
def test_read_resident_id_says_which_part_is_wrong(raw, code):
    assert read_resident_id(raw).code == code


def test_read_resident_id_ending_in_000_only_when_typed_by_a_person():
    genuine = _number_ending_in_000()
    assert read_resident_id(genuine).code == "digits_lost"
    assert read_resident_id(genuine, typed=True) == Reading(genuine)


def _number_ending_in_000():
    days = (date(1990, 1, 1) + timedelta(days=n) for n in range(365))
    candidates = (f"440106{day:%Y%m%d}1000" for day in days)
    return next(number for number in candidates if ric.calc_check_digit(number) == "0")


def test_read_resident_id_born_today_is_good_and_tomorrow_is_not():
    body = "44010620171001001"
    number = body + ric.calc_check_digit(body + "0")
    with time_machine.travel("2017-10-01T00:30:00+08:00"):
        assert read_resident_id(number).ok
    with time_machine.travel("2017-09-30T23:30:00+08:00"):
        assert read_resident_id(number).code == "birth_date"


@pytest.mark.parametrize(
    "region", ["440106", "442527", "440524", "310230", "810000", "820000", "830000", "440199"]
)
def test_known_region_holds_abolished_and_special_ones(region):
    assert identifiers.is_known_region(region) is True


@pytest.mark.parametrize("region", ["000000", "990101", "449901", "840000"])
def test_known_region_refuses_what_never_was(region):
    assert identifiers.is_known_region(region) is False


def test_region_names_of_a_listed_county():
    assert identifiers.region_names("440105") == ("广东省", "海珠区")
    assert identifiers.region_names("999999") == ()


def test_lengthen_resident_id_of_a_centenarian():
    assert identifiers.lengthen_resident_id("440106980101996")[:14] == "44010618980101"


def test_birth_date_and_gender_from_the_number():
    assert identifiers.birth_date(GOOD) == date(1990, 1, 1)
    assert identifiers.gender(GOOD) == "male"
    assert identifiers.gender("440106199001011243") == "female"
    with pytest.raises(ValueError, match="resident ID"):
        identifiers.birth_date("440106199013011235")


@pytest.mark.parametrize(
    ("kind", "raw", "reading"),
    [
        ("resident_id", GOOD, Reading(GOOD)),
        ("hk_macao_permit", "h 12345678", Reading("H12345678")),
        ("hk_macao_permit", "M1234567801", Reading("M1234567801")),
        ("hk_macao_permit", "12345678", Reading("12345678", "document")),
        ("taiwan_permit", "01234567", Reading("01234567")),
        ("taiwan_permit", "X", Reading("X", "document")),
        ("foreign_permanent", "911561198511220036", Reading("911561198511220036")),
        ("foreign_permanent", "CAN110018600101"[:15], Reading("CAN110018600101")),
        ("passport", "e12345678", Reading("E12345678")),
        ("passport", "4.4E+17", Reading("4.4E+17", "scientific")),
        ("passport", "汉", Reading("汉", "document")),
        ("other", "", Reading("", "empty")),
        ("other", "440101199003070122", Reading("440101199003070122", "resident_number")),
        ("passport", "440101900307012", Reading("440101900307012", "resident_number")),
    ],
)
def test_read_document_is_loose_but_not_blind(kind, raw, reading):
    assert read_document(kind, raw) == reading


# --- Phone --------------------------------------------------------------------------------------------------

mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


@given(
    mobiles,
    st.sampled_from(["", "+86", "86", "0086", "+86 ", "＋８６", " "]),
    st.sampled_from(["", ".0", " ", ".00"]),
)
def test_read_phone_ignores_prefix_and_spreadsheet_tail(number, before, after):
    assert read_phone(before + number + after) == Reading(number)
    assert read_phone(f"{number[:3]}-{number[3:7]} {number[7:]}") == Reading(number)
    assert read_phone(float(number)) == Reading(number)
    assert read_phone(full_width(number)) == Reading(number)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (None, "empty"),
        ("1.38E+10", "scientific"),
        ("1381234567", "length"),
        ("138123456789", "length"),
        ("020-88886666", "mobile"),
        ("12812345678", "mobile"),
        ("1381234567a", "characters"),
        ("13812345678/13912345678", "characters"),
        (13812345678.5, "characters"),
    ],
)
def test_read_phone_says_what_is_wrong(raw, code):
    assert read_phone(raw).code == code


# --- USCC ---------------------------------------------------------------------------------------------------


def union_code(prefix="81"):
    body = f"{prefix}440106MC0000001"[:17]
    return body + uscc.calc_check_digit(body)


def test_read_uscc_of_a_union():
    code = union_code()
    assert read_uscc(f" {full_width(code.lower())} ", of_union=True) == Reading(code)
    assert read_uscc(union_code("89"), of_union=True).ok


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "empty"),
        ("91110000600037341", "length"),
        ("91110000600O37341L", "characters"),
        ("9111000I600037341L", "characters"),
        ("91110000600037341L", "not_a_union"),
        ("81110000600037341L", "checksum"),
    ],
)
def test_read_uscc_says_what_is_wrong(raw, code):
    assert read_uscc(raw, of_union=True).code == code


def test_read_uscc_of_an_employer():
    assert read_uscc("91110000600037341L") == Reading("91110000600037341L")


def test_likely_uscc_reads_letters_for_digits():
    assert identifiers.likely_uscc("9111OOOO6OOO37341L") == "91110000600037341L"
    assert identifiers.likely_uscc("nonsense") == ""


# --- Names --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("张 伟", "张伟"),
        ("张\u3000\u3000伟\n", "张伟"),
        ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉．买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉.买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉 ‧ 买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉・买买提", "阿卜杜拉·买买提"),
        ("Ｊｏｈｎ  Smith", "John Smith"),
        ("O'Neil-Smith", "O'Neil-Smith"),
        ("J. Smith", "J. Smith"),
        ("𠮷田", "𠮷田"),
        ("\U000309e6\U0003138b", "\U000309e6\U0003138b"),
        ("\ue863龘", "䶮龘"),
        ("\ue831伟", "\U000215d7伟"),
        ("〇一", "〇一"),
        ("\u200b李四\ufeff", "李四"),
        ("·李四·", "李四"),
    ],
)
def test_read_person_name_normalises(raw, name):
    assert read_person_name(raw) == Reading(name)
    assert normalise_name(name) == name


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "empty"),
        (None, "empty"),
        ("·", "empty"),
        ("张", "name_too_short"),
        ("张" * 51, "name_too_long"),
        ("张3", "digits_in_name"),
        ("张③", "digits_in_name"),
        (13812345678, "digits_in_name"),
        ("张伟（组长）", "symbols_in_name"),
        ("张伟、李四", "symbols_in_name"),
        ("=cmd|' /C calc'!A0", "symbols_in_name"),
        ("张\ue000", "unknown_character"),
        ("张\ufffd", "unknown_character"),
    ],
)
def test_read_person_name_says_what_is_wrong(raw, code):
    assert read_person_name(raw).code == code


@given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=2, max_size=6))
def test_normalise_name_keeps_chinese_characters_and_drops_spaces_between(name):
    assert normalise_name("　".join(name)) == name


@given(st.text(max_size=40))
def test_normalise_name_twice_changes_nothing(text):
    once = normalise_name(text)
    assert normalise_name(once) == once


def test_every_code_has_a_sentence():
    assert all(str(message).endswith("。") for message in MESSAGES.values())
    assert str(read_phone("1").message) == "位数不对。"
    assert Reading(GOOD).message == ""
