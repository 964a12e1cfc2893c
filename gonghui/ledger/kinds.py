"""The words for kinds of accounts and reasons of transfers. Apps above register theirs: a code is data, its name a word."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

KINDS: dict[str, str | Promise] = {}
WORDS: dict[str, str | Promise] = {"expired": _("预留到期退回")}


def kind_name(code: str) -> str:
    """Of an account; the code itself where nobody named it."""
    return str(KINDS.get(code, code))


def word_of(code: str) -> str:
    """Why a transfer was made; the code itself where nobody named it."""
    return str(WORDS.get(code, code))


BACKING: dict[str, str] = {}
"""By kind of an account that is within none: the kind of the fen account of the same union and name that stands behind it."""
PASSES_ON: set[str] = set()
"""Kinds of accounts that nothing limits and that still give only what they received."""

Namer = Callable[[list[int]], Mapping[int, str]]
SUBJECTS: dict[str, Namer] = {}
"""By the word before the colon of "budget:7": what the rows of these ids are called. Apps above register theirs."""
PLAIN: dict[str, str | Promise] = {"own": _("本人"), "prepaid": _("线上代收"), "bank": _("银行付款")}


def subject_names(subjects: Iterable[str]) -> dict[str, str]:
    """In plain words, a statement a kind however many; what nobody can name stays as it is written."""
    asked = set(subjects)
    wanted: dict[str, set[int]] = {}
    for subject in asked:
        word, number = _parts(subject)
        if word in SUBJECTS and number:
            wanted.setdefault(word, set()).add(number)
    found = {word: SUBJECTS[word](sorted(ids)) for word, ids in wanted.items()}
    return {subject: _named(subject, found) for subject in asked}


def _parts(subject: str) -> tuple[str, int]:
    """What was set aside for grant 17 out of budget 5 is named after the grant: commitment:grant:17:5."""
    words = subject.removeprefix("commitment:").split(":")
    number = words[1] if len(words) > 1 else ""
    aside = f"commitment:{words[0]}"
    word = aside if subject.startswith(aside) and aside in SUBJECTS else words[0]
    return word, int(number) if number.isdecimal() and len(number) < 18 else 0


def _named(subject: str, found: Mapping[str, Mapping[int, str]]) -> str:
    word, number = _parts(subject)
    return found.get(word, {}).get(number) or str(PLAIN.get(subject, subject))
