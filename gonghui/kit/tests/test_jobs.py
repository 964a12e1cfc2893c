"""Sweeps by the clock: what one row cannot do is no other row's misfortune, and is seen."""

import pytest
from django.db import OperationalError

from gonghui.kit.actors import Actor
from gonghui.kit.errors import NOT_FOUND, DomainError
from gonghui.kit.jobs import sweep

SYSTEM = Actor.system("test")


class Rows:
    """The second breaks, the fourth is refused."""

    def __init__(self, fault: Exception):
        self.fault, self.met = fault, []

    def follow(self, _actor: Actor, *, row: int) -> int:
        self.met.append(row)
        if row == 2:
            raise self.fault
        if row == 4:
            raise DomainError(NOT_FOUND)
        return row


def test_row_that_cannot_go_on_keeps_no_other_waiting_and_fails_the_sweep():
    rows, answers = Rows(ZeroDivisionError("the second")), []
    with pytest.raises(ZeroDivisionError, match="the second"), sweep() as each:
        answers = [each(rows.follow, SYSTEM, row=row) for row in range(1, 6)]
    assert (rows.met, answers) == ([1, 2, 3, 4, 5], [1, None, 3, None, 5])


def test_sweep_that_is_only_refused_does_not_fail():
    rows = Rows(DomainError(NOT_FOUND))
    with sweep() as each:
        assert [each(rows.follow, SYSTEM, row=row) for row in (2, 4)] == [None, None]


def test_sweep_asks_no_further_where_the_database_is_away():
    rows = Rows(OperationalError("the server closed the connection"))
    with pytest.raises(OperationalError), sweep() as each:
        [each(rows.follow, SYSTEM, row=row) for row in range(1, 6)]
    assert rows.met == [1, 2]
