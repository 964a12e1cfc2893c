"""Work made a lot ahead, here or in a second process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from gonghui.kit.ahead import in_lots, in_second_process, made_ahead

PARENT = """
import os, time
from gonghui.kit.ahead import in_second_process
from gonghui.kit.tests.test_ahead import asked_until_second, doubled
with in_second_process(doubled) as make:
    print(asked_until_second(make), flush=True)
    time.sleep(600)
"""


def doubled(number: int) -> tuple[int, int]:
    return os.getpid(), 2 * number


def refused(number: int) -> int:
    raise ValueError(f"{number} in {os.getpid()}")


def asked_until_second(make) -> int:
    """The process that answers once it stands; till then the answers are as right."""
    return until(lambda: (answer := make(21))[1] == 42 and answer[0] != os.getpid() and answer[0])


def until(happened, patience_s: int = 60):
    deadline = time.monotonic() + patience_s
    while not (found := happened()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def test_lots_come_in_order_with_what_was_made_of_them():
    lots = list(in_lots(range(5), 2))
    assert lots == [[0, 1], [2, 3], [4]]
    assert list(made_ahead(lots, sum)) == [([0, 1], 1), ([2, 3], 5), ([4], 4)]
    assert list(made_ahead([], sum)) == []


def test_what_fails_ahead_fails_where_it_is_read():
    walk = made_ahead([1, 0, 2], lambda number: 6 // number)
    assert next(walk) == (1, 6)
    with pytest.raises(ZeroDivisionError):
        next(walk)


@pytest.mark.faults
def test_second_process_answers_goes_on_when_killed_and_ends_with_the_first():
    with in_second_process(doubled) as make:
        assert make(1) == (os.getpid(), 2)
        second = asked_until_second(make)
        os.kill(second, signal.SIGKILL)
        assert make(4) == (os.getpid(), 8)
    assert not psutil.pid_exists(second)
    with in_second_process(doubled) as make:
        second = asked_until_second(make)
    assert not psutil.pid_exists(second)


@pytest.mark.faults
def test_what_fails_there_is_raised_here():
    with in_second_process(refused) as make:

        def said() -> int:
            with pytest.raises(ValueError, match="7 in") as failure:
                make(7)
            return int(str(failure.value).split()[-1])

        until(lambda: said() != os.getpid())


@pytest.mark.faults
def test_second_process_is_gone_soon_after_the_first_was_killed():
    first = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE)
    try:
        second = psutil.Process(int(first.stdout.readline()))
    finally:
        first.kill()
        first.wait()
    second.wait(30)
