"""The words for kinds of accounts and reasons of transfers. Apps above register theirs: a code is data, its name a word."""

from __future__ import annotations

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
