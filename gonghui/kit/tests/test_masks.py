import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonghui.kit.masks import mask_id, mask_name, mask_phone


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张伟", "张*"),
        ("张", "张*"),
        ("王小明", "王**"),
        ("欧阳修文", "欧***"),
        ("𠮷田", "𠮷*"),
        ("阿卜杜拉·买买提", "阿***·***"),
        ("John Smith", "J*** S****"),
        ("  张伟 ", "张*"),
        ("", ""),
        (None, ""),
    ],
)
def test_mask_name_keeps_the_first_character(name, masked):
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13812345678", "138****5678"),
        ("+8613812345678", "+86*******5678"),
        ("88886666", "8*****66"),
        ("12345", "*****"),
        ("", ""),
        (None, ""),
    ],
)
def test_mask_phone_keeps_three_and_four(phone, masked):
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("44010619900101123X", "**************123X"),
        ("H12345678", "*****5678"),
        ("1234567", "*******"),
        ("", ""),
        (None, ""),
    ],
)
def test_mask_id_keeps_the_last_four(number, masked):
    assert mask_id(number) == masked


@given(st.text(max_size=30))
def test_masks_never_show_more_than_they_say(text):
    bare = text.strip()
    assert sum(c != "*" for c in mask_phone(bare.replace("*", ""))) <= 7
    assert sum(c != "*" for c in mask_id(bare.replace("*", ""))) <= 4
    assert len(mask_id(text)) == len(bare)
