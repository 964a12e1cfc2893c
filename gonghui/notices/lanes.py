"""Calls outside, several side by side. A lane waits for the other end and does nothing else: what came of its call is written by
whoever asked for it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.db import connection

USUAL = 8
"""Of one process. WeChat names no limit by the second; what it takes a minute and a day it says itself (`AskedTooOften`)."""


class Lanes:
    """At most `count` calls at once in this process, whoever asks for them; with one, in the caller's own thread."""

    def __init__(self, count: int = USUAL):
        self.count = count
        self.pool = ThreadPoolExecutor(count, thread_name_prefix="lane") if count > 1 else None

    def call(self, function: Callable[..., Any], *args: Any) -> Future:
        if self.pool is not None:
            return self.pool.submit(_in_lane, function, *args)
        answered: Future = Future()
        try:
            answered.set_result(function(*args))
        except Exception as error:
            answered.set_exception(error)
        return answered


def _in_lane(function: Callable[..., Any], *args: Any) -> Any:
    try:
        return function(*args)
    finally:
        connection.close()  # a stand-in keeps its memory in our database
