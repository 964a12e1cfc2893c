import datetime as dt

import pytest
import time_machine

from gonghui.accounts.actions.lockouts import count_failures, forget_failures, require_unlocked
from gonghui.accounts.errors import LOCKED
from gonghui.accounts.models import Lockout
from gonghui.kit.actors import ANONYMOUS
from gonghui.kit.clock import CHINA
from gonghui.kit.errors import DomainError

NOON = dt.datetime(2025, 9, 28, 12, 0, tzinfo=CHINA)
LOGIN = ("login", "zhang")
pytestmark = pytest.mark.django_db


def fail(*subjects, times=1):
    for _ in range(times):
        count_failures(ANONYMOUS, subjects=subjects)


def is_locked(*subjects) -> bool:
    try:
        require_unlocked(*subjects)
    except DomainError as error:
        assert error.reason is LOCKED
        return True
    return False


def test_lock_falls_at_the_fifth_failure_and_says_until_when():
    with time_machine.travel(NOON, tick=False):
        fail(LOGIN, times=4)
        assert not is_locked(LOGIN)
        fail(LOGIN)
        with pytest.raises(DomainError) as caught:
            require_unlocked(LOGIN)
        assert "今天 12:15" in caught.value.message


def test_lock_opens_after_its_time():
    with time_machine.travel(NOON, tick=False) as clock:
        fail(LOGIN, times=5)
        clock.shift(dt.timedelta(minutes=15, seconds=-1))
        assert is_locked(LOGIN)
        clock.shift(dt.timedelta(seconds=1))
        assert not is_locked(LOGIN)


def test_window_slides_so_that_slow_failures_never_lock():
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(20):
            fail(LOGIN)
            clock.shift(dt.timedelta(minutes=4))
        assert not is_locked(LOGIN)


def test_window_slides_so_that_a_burst_across_its_edge_locks():
    with time_machine.travel(NOON, tick=False) as clock:
        fail(LOGIN)
        clock.shift(dt.timedelta(minutes=14))
        fail(LOGIN, times=3)
        clock.shift(dt.timedelta(minutes=2))
        fail(LOGIN)
        assert not is_locked(LOGIN)
        fail(LOGIN)
        assert is_locked(LOGIN)


def test_lock_of_one_subject_leaves_others_free():
    fail(LOGIN, times=5)
    assert is_locked(LOGIN, ("address", "10.0.0.1"))
    assert not is_locked(("login", "li"), ("address", "10.0.0.1"))


def test_address_locks_for_every_login_behind_it():
    for number in range(200):
        fail(("login", f"guess{number}"), ("address", "10.0.0.1"))
    assert is_locked(("login", "li"), ("address", "10.0.0.1"))
    assert not is_locked(("login", "li"), ("address", "10.0.0.2"))


def test_success_empties_the_window():
    fail(LOGIN, times=4)
    forget_failures(ANONYMOUS, subjects=(LOGIN,))
    fail(LOGIN, times=4)
    assert not is_locked(LOGIN)


def test_empty_subject_is_nobody():
    fail(("address", ""), times=300)
    assert Lockout.objects.unscoped("test").count() == 0


def test_subject_is_kept_as_a_hash_only():
    fail(("phone", "13800001111"))
    row = Lockout.objects.unscoped("test").get()
    assert len(row.subject) == 32 and b"138" not in row.subject
