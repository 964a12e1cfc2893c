"""What is the same for every reader is read once in a second or two, not once a reader."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.core.cache import cache, caches
from django.core.cache.backends.base import BaseCache
from django.utils.translation import get_language

FRESH_S = 2  # how late a page may be with what is the same for all
shelf = caches["shelf"]

P = ParamSpec("P")
T = TypeVar("T")


def fresh_key(name: str, *facts: object) -> str:
    """As short as every cache takes and of plain letters, whatever was asked for; of the reader's language."""
    return f"portal.{name}:{hashlib.sha256(repr((get_language(), facts)).encode()).hexdigest()}"


def fresh_for(seconds: float, *, store: BaseCache = cache) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keeps the answer in this process; arguments must be few and simple, the answer not None.

    On the `shelf` every reader gets the very same answer: only for what nobody can change.
    """

    def wrap(read: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(read)
        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            key = fresh_key(read.__name__, args, sorted(kwargs.items()))
            found = store.get(key)
            if found is None:
                found = read(*args, **kwargs)
                store.set(key, found, seconds)
            return found

        return run

    return wrap
