"""Finding names by Chinese characters, pinyin and initials.

A row keeps two columns: grams (text[], GIN) from `search_grams`, and the sort key from `pinyin_key`
(collation "C"). A question is split at spaces; every term must be met by one of its readings. A reading first
asks the index (`grams @> …`, a superset of the hits), then rechecks the rows found:

    张 伟     the name holds 张, and the name holds 伟          张伟     the name holds 张伟
    zhangw    pinyin read on from the start of a syllable: 张伟, 张文武, 小张伟; not 昌伟 by its "hangw"
    zw        initials of neighbouring syllables: 张伟, 赵文; or the letters of the name itself

Grams live in namespaces that cannot mix: the text as it is, pinyin after "~", initials after "^".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from django.db.models import Q

from gonghui.kit.identifiers import is_han, normalise_name

TERMS_MAX = 6
TERM_LENGTH_MAX = 40
PERSON_NAME_LENGTH_MAX = 4

# Characters that are read otherwise as a surname.
SURNAMES = {
    "单": "shan", "仇": "qiu", "曾": "zeng", "查": "zha", "解": "xie", "盖": "ge", "区": "ou", "朴": "piao",
    "员": "yun", "乐": "yue", "覃": "qin", "缪": "miao", "翟": "zhai", "牟": "mu", "隗": "wei", "秘": "bi",
    "繁": "po", "种": "chong", "召": "shao", "折": "she", "黑": "he", "洗": "xian", "祭": "zhai", "薄": "bo",
    "都": "du", "阚": "kan", "乜": "nie", "适": "kuo", "能": "nai", "句": "gou", "卜": "bu", "佴": "nai",
    "藏": "zang", "番": "pan", "些": "suo", "粘": "nian", "蔚": "yu", "重": "chong",
}  # fmt: skip
DOUBLE_SURNAMES = {
    "单于": "chan yu", "长孙": "zhang sun", "万俟": "mo qi", "尉迟": "yu chi", "澹台": "tan tai",
}  # fmt: skip
_PARTS = re.compile(r"[a-z0-9]+|[^\sa-z0-9·]")
_UMLAUT = re.compile(r"ü|(?<=^[ln])yu")  # no syllable starts with ly or ny: the passport spelling of lü, nü


def pinyin_key(name: str) -> str:
    """`zhang wei`: sorts by syllables, and pinyin is rechecked on it. Keep it in collation "C"."""
    return " ".join(_syllables(name.strip().lower()))


def search_grams(*texts: str) -> list[str]:
    """Everything the given texts can be found by, sorted, without repeats."""
    if len(texts) == 1:
        return list(_grams(texts[0]))
    return sorted({gram for text in texts for gram in _grams(text)})


@lru_cache(maxsize=65536)
def _grams(text: str) -> tuple[str, ...]:
    """Names come again and again: of a million members some hundred thousand."""
    name = _folded(text)
    grams = set(_text_grams(name))
    latin = [syllable for syllable in _syllables(name) if _is_latin(syllable)]
    grams.update(_bigrams("".join(latin), "~"))
    initials = "".join(syllable[0] for syllable in latin)
    grams.update("^" + letter for letter in initials)
    grams.update(_bigrams(initials, "^"))
    return tuple(sorted(grams))


@dataclass(frozen=True, slots=True)
class TermReading:
    """One way to understand a term: what the index must hold, and what the row must then really say."""

    grams: tuple[str, ...]
    column: Literal["name", "pinyin"]
    pattern: str

    word: str
    """What `word_patterns` looks for: it stands in a row's words if and only if the reading is met."""

    def fits(self, name: str) -> bool:
        if self.column == "name":
            return self.pattern in _folded(name)
        return re.search(self.pattern, pinyin_key(name)) is not None


def query_terms(question: str) -> list[list[TermReading]]:
    """Every term must be met, by any one of its readings; an empty question asks nothing."""
    spaced = " ".join(_folded(part) for part in question.split())
    terms = [run for word in spaced.split() for run in _runs(word)]
    return [list(_readings(term[:TERM_LENGTH_MAX])) for term in terms[:TERMS_MAX]]


def is_match(question: str, name: str) -> bool:
    """The same answer without a database, for lists already in memory."""
    return all(any(reading.fits(name) for reading in readings) for readings in query_terms(question))


@dataclass(frozen=True, slots=True)
class NameSearch:
    """Builds the filter from field names: `NameSearch("grams", "name", "pinyin").q("张伟")`."""

    grams_field: str
    name_field: str
    pinyin_field: str

    def q(self, question: str) -> Q:
        condition = Q()
        for readings in query_terms(question):
            either = Q()
            for reading in readings:
                either |= self._reading_q(reading)
            condition &= either
        return condition

    def begins_with(self, question: str) -> Q:
        """By the sort key, whose index has these beside each other; narrows what `q` found."""
        return Q(**{f"{self.pinyin_field}__startswith": pinyin_key(question)})

    def _reading_q(self, reading: TermReading) -> Q:
        candidates = Q(**{f"{self.grams_field}__contains": list(reading.grams)})
        if reading.column == "name":
            return candidates & Q(**{f"{self.name_field}__icontains": reading.pattern})
        return candidates & Q(**{f"{self.pinyin_field}__regex": reading.pattern})


def word_patterns(question: str) -> list[list[str]]:
    """For a column of words, where each row is looked at: `words LIKE ANY (patterns)` of every term.

    张伟民 is 张伟民 ZHANGWEIMIN WEIMIN MIN Z W M there: the name, how it reads on from each syllable (each on a new line), the
    initials (each after a tab). Capitals keep sounds apart from a name of Latin letters.
    """
    return [[f"%{_like(reading.word)}%" for reading in readings] for readings in query_terms(question)]


def _like(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)


def _readings(term: str) -> Iterator[TermReading]:
    yield TermReading(_term_grams(term), "name", term, term)
    letters = _UMLAUT.sub("v", term)
    if not (letters.isascii() and letters.isalpha()):
        return
    if len(letters) > 1:
        aligned = " ?".join(letters)
        yield TermReading(tuple(_bigrams(letters, "~")), "pinyin", f"(^| ){aligned}", "\n" + letters.upper())
    initials = "[^ ]* ".join(letters)
    grams = _bigrams(letters, "^") if len(letters) > 1 else ["^" + letters]
    firsts = "".join("\t" + letter for letter in letters.upper())
    yield TermReading(tuple(grams), "pinyin", f"(^| ){initials}", firsts)


def _term_grams(term: str) -> tuple[str, ...]:
    return tuple(_bigrams(term)) if len(term) > 1 else (term,)


def _runs(word: str) -> list[str]:
    """Chinese and other characters apart, so that 张wei asks for both."""
    runs: list[str] = []
    for char in word:
        if runs and is_han(runs[-1][-1]) == is_han(char):
            runs[-1] += char
        else:
            runs.append(char)
    return runs


def _folded(text: str) -> str:
    return normalise_name(text).lower()


def _text_grams(text: str) -> list[str]:
    return [gram for gram in [*text, *_bigrams(text)] if " " not in gram]


def _bigrams(text: str, namespace: str = "") -> list[str]:
    return [namespace + text[i : i + 2] for i in range(len(text) - 1)]


def _is_latin(syllable: str) -> bool:
    return syllable.isascii() and syllable.isalnum()


@lru_cache(maxsize=65536)
def _syllables(text: str) -> tuple[str, ...]:
    """Pinyin without tones (ü as v), Latin words and characters without pinyin as they are."""
    surname, rest = _surname_apart(text)
    parts = surname.split()
    if len(rest) > PERSON_NAME_LENGTH_MAX or not all(map(is_han, rest)) or _holds_a_phrase(rest):
        return (*parts, *_sounds(rest))
    return (*parts, *(sound for char in rest for sound in _sounds_of(char)))


def _sounds(text: str) -> list[str]:
    from pypinyin import lazy_pinyin  # its dictionary takes half a second, and most commands read no name

    return [part for piece in lazy_pinyin(text) for part in _PARTS.findall(piece)]


@lru_cache(maxsize=32768)
def _sounds_of(char: str) -> tuple[str, ...]:
    """Where no phrase says otherwise, a character is read alone: names are many, their characters some thousand."""
    return tuple(_sounds(char))


def _holds_a_phrase(text: str) -> bool:
    from pypinyin.constants import PHRASES_DICT

    places = range(len(text))
    return any(text[start : end + 1] in PHRASES_DICT for end in places for start in range(end))


def _surname_apart(text: str) -> tuple[str, str]:
    """Only what looks like a person's name has a surname: two to four Chinese characters."""
    if not 2 <= len(text) <= PERSON_NAME_LENGTH_MAX or not all(is_han(char) for char in text):
        return "", text
    for length, table in ((2, DOUBLE_SURNAMES), (1, SURNAMES)):
        if text[:length] in table:
            return table[text[:length]], text[length:]
    return "", text
