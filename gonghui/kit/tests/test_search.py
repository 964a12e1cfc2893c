import random
import time

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import lazy_pinyin

from gonghui.kit.search import NameSearch, is_match, pinyin_key, query_terms, search_grams

NAMES = [
    "张伟", "赵文武", "安宁", "吕布", "方章武", "小张伟", "单田芳", "单于明", "曾国藩", "欧阳修文",
    "女娲", "昌伟", "阿卜杜拉·买买提", "John Smith", "王㐂", "𠮷田龘", "\U000309e6面",
    "广州市总工会", "第5G工会联合会", "长沙银行工会",
]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("张", ["张伟", "小张伟"]),
        ("张伟", ["张伟", "小张伟"]),
        ("伟", ["张伟", "小张伟", "昌伟"]),
        ("张 伟", ["张伟", "小张伟"]),
        ("伟 张", ["张伟", "小张伟"]),
        ("伟张", []),
        ("zhangwei", ["张伟", "小张伟"]),
        ("ZhangWei", ["张伟", "小张伟"]),
        ("ｚｈａｎｇｗｅｉ", ["张伟", "小张伟"]),
        ("zhang wei", ["张伟", "小张伟"]),
        ("zhangw", ["张伟", "方章武", "小张伟"]),
        ("zw", ["张伟", "赵文武", "方章武", "小张伟"]),
        ("hangw", []),
        ("张wei", ["张伟", "小张伟"]),
        ("wen", ["赵文武", "欧阳修文"]),
        ("shantianfang", ["单田芳"]),
        ("stf", ["单田芳"]),
        ("chanyu", ["单于明"]),
        ("zeng", ["曾国藩"]),
        ("lvbu", ["吕布"]),
        ("lyubu", ["吕布"]),
        ("lb", ["吕布"]),
        ("nü", ["女娲"]),
        ("买买提", ["阿卜杜拉·买买提"]),
        ("阿卜杜拉•买买提", ["阿卜杜拉·买买提"]),
        ("mmt", ["阿卜杜拉·买买提"]),
        ("smith", ["John Smith"]),
        ("mit", ["John Smith"]),
        ("js", ["John Smith"]),
        ("㐂", ["王㐂"]),
        ("𠮷田", ["𠮷田龘"]),
        ("\U000309e6", ["\U000309e6面"]),
        ("工会", ["广州市总工会", "第5G工会联合会", "长沙银行工会"]),
        ("5g", ["第5G工会联合会"]),
        ("gzszgh", ["广州市总工会"]),
        ("yinhang", ["长沙银行工会"]),
        ("changsha", ["长沙银行工会"]),
        ("没有这人", []),
        ("xq", []),
    ],
)
def test_is_match_finds_by_characters_pinyin_and_initials(question, found):
    assert [name for name in NAMES if is_match(question, name)] == found


@pytest.mark.parametrize("question", ["", "  ", "\u3000"])
def test_empty_question_asks_nothing(question):
    assert query_terms(question) == []
    assert is_match(question, "张伟") is True


@given(st.sampled_from(NAMES), st.data())
def test_grams_hold_every_reading_that_fits(name, draws):
    """The index may offer too much, never too little."""
    key = pinyin_key(name).replace(" ", "")
    source = draws.draw(st.sampled_from([name, key, "".join(s[0] for s in pinyin_key(name).split())]))
    start = draws.draw(st.integers(0, len(source) - 1))
    question = source[start : draws.draw(st.integers(start + 1, len(source)))]
    held = set(search_grams(name))
    for readings in query_terms(question):
        assert all(held.issuperset(r.grams) for r in readings if r.fits(name))


@given(st.text(max_size=60))
def test_any_text_can_be_indexed_and_asked(text):
    assert search_grams(text) == sorted(set(search_grams(text)))
    assert "  " not in pinyin_key(text)
    is_match(text, "张伟")


PHRASES = st.sampled_from(["重庆", "长乐", "行长", "会计", "银行", "朝阳", "单于", "大夫", "音乐"])
HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), max_size=3)


@given(st.one_of(HAN, st.builds(str.__add__, HAN, PHRASES), st.builds(str.__add__, PHRASES, HAN)))
def test_names_are_read_as_the_library_reads_them_whole(rest):
    """Characters one by one only where no phrase says otherwise."""
    assert pinyin_key("张" + rest) == " ".join(lazy_pinyin("张" + rest))


def test_search_grams_keep_namespaces_apart():
    grams = search_grams("张伟")
    pinyin = ["~zh", "~ha", "~an", "~ng", "~gw", "~we", "~ei"]
    assert grams == sorted(["张", "伟", "张伟", *pinyin, "^z", "^w", "^zw"])


def test_search_grams_of_several_texts_are_those_of_each():
    assert search_grams("张伟", "李四") == sorted({*search_grams("张伟"), *search_grams("李四")})


def test_pinyin_key_sorts_by_syllables():
    names = ["张三", "詹一", "赵六", "单五", "Alice", "张伟", "张伟明"]
    assert sorted(names, key=pinyin_key) == ["Alice", "单五", "詹一", "张三", "张伟", "张伟明", "赵六"]


def test_long_question_is_cut():
    assert len(query_terms("张 " * 100)) == 6
    assert len(query_terms("a" * 10_000)[0][0].pattern) == 40


def test_indexing_20000_names_is_quick():
    rng = random.Random(7)
    surnames, given_names = (
        "王李张刘陈杨黄赵周吴曾单",
        [chr(rng.randrange(0x4E00, 0x6000)) for _ in range(500)],
    )
    names = [rng.choice(surnames) + rng.choice(given_names) + rng.choice(given_names) for _ in range(20_000)]
    started = time.process_time()
    for name in names:
        search_grams(name)
        pinyin_key(name)
    assert time.process_time() - started < 6  # about 1.5 s; the bound only catches a loss of the cache


# --- In PostgreSQL ------------------------------------------------------------------------------------------


class Named(models.Model):
    name = models.TextField()
    pinyin = models.TextField(db_collation="C")
    grams = ArrayField(models.TextField())

    class Meta:
        app_label = "kit_tests"
        managed = False


SEARCH = NameSearch("grams", "name", "pinyin")


@pytest.fixture
def named(db):
    with connection.schema_editor() as editor:
        editor.create_model(Named)
    rows = [Named(name=name, pinyin=pinyin_key(name), grams=search_grams(name)) for name in NAMES]
    Named._base_manager.bulk_create(rows)
    return Named._base_manager


def test_database_answers_as_memory_does(named):
    questions = [
        "张", "张伟", "张 伟", "伟张", "zhangwei", "zhang wei", "zhangw", "zw", "z", "hangw", "张wei",
        "stf", "lyubu",
        "nü", "阿卜杜拉•买买提", "js", "mit", "㐂", "𠮷田", "工会", "5g", "yinhang", "xq", "",
        "%", "_", "a.b", "[", "\\",
    ]  # fmt: skip
    for question in questions:
        found = list(named.filter(SEARCH.q(question)).order_by("id").values_list("name", flat=True))
        assert found == [name for name in NAMES if is_match(question, name)], question


def test_database_sorts_as_memory_does(named):
    assert list(named.order_by("pinyin", "name").values_list("name", flat=True)) == sorted(
        NAMES, key=lambda name: (pinyin_key(name).encode(), name.encode())
    )
