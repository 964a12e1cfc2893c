"""Work that needs no database, made one lot ahead: beside whoever writes the lot before it, on the second core if need be.

A thread is enough where the other side waits for the database. Where both count, they hold each other up, and a second process
takes one of them. The two speak through a pipe: whichever ends, however it ends, the other one hears of it there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from multiprocessing import Pipe, parent_process
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any, TypeVar

A = TypeVar("A")
B = TypeVar("B")
END_PATIENCE_S = 10
STARTING, READY, DEAD = "starting", "ready", "dead"


def in_lots(items: Iterable[A], size: int) -> Iterator[list[A]]:
    walk = iter(items)
    while lot := list(islice(walk, size)):
        yield lot


def made_ahead(lots: Iterable[A], make: Callable[[A], B]) -> Iterator[tuple[A, B]]:
    """Each lot with what `make` makes of it, one lot ahead. `lots` is walked by the caller's thread."""
    with ThreadPoolExecutor(1, "ahead") as pool:
        waiting: tuple[A, Future[B]] | None = None
        for lot in lots:
            following = (lot, pool.submit(make, lot))
            if waiting:
                yield waiting[0], waiting[1].result()
            waiting = following
        if waiting:
            yield waiting[0], waiting[1].result()


def begin_in_pool(set_up: Callable[[], object]) -> None:
    """The first thing in a process of a pool. It holds both ends of the pipe it is asked through: when whoever asks is killed, it
    would wait for ever."""
    Thread(target=_end_with_parent, daemon=True).start()
    set_up()


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)


@contextmanager
def in_second_process(make: Callable[[A], B]) -> Iterator[Callable[[A], B]]:
    """`make`, a function of a module, as it is called there: asked and answered by pickles, one call at a time.

    Until the second process stands, which takes seconds, the first one makes it by itself; so it does once the second is dead.
    """
    ours, theirs = Pipe()
    command = [sys.executable, "-m", __name__, str(theirs.fileno()), make.__module__, make.__name__]
    process = subprocess.Popen(command, pass_fds=[theirs.fileno()])
    theirs.close()
    state = STARTING

    def ask(asked: A) -> B:
        nonlocal state
        try:
            if state == STARTING and ours.poll():
                state = ours.recv()
            if state == READY:
                ours.send(asked)
                is_made, answer = ours.recv()
                if is_made:
                    return answer
                raise answer
        except (EOFError, ConnectionError):
            state = DEAD
        return make(asked)

    try:
        yield ask
    finally:
        ours.close()
        try:
            process.wait(END_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answer_all(pipe: Connection, make: Callable[[Any], Any]) -> None:
    pipe.send(READY)
    while True:
        try:
            asked = pipe.recv()
        except EOFError:
            return
        try:
            answer = (True, make(asked))
        except Exception as error:
            answer = (False, error)
        pipe.send(answer)


if __name__ == "__main__":
    import importlib
    import signal

    import django

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the keyboard: who asked decides, and closes the pipe
    django.setup()
    _program, place, module, name = sys.argv
    answer_all(Connection(int(place)), getattr(importlib.import_module(module), name))
