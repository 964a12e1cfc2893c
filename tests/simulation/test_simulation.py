"""A city run by dice: people, clerks, nights and faults at any statement; after each turn the laws are read.

`GONGHUI_SIMULATION="7:5000"` runs seed 7 for 5,000 turns instead. The same seed is the same course, faults and all.
"""

from __future__ import annotations

import datetime as dt
import os
import random
from collections import Counter

import pytest
import time_machine

from gonghui.kit import clock
from gonghui.kit.errors import DomainError
from gonghui.ledger.sealing import seal_transfers
from gonghui.ledger.verify import unsealed_count, verify_ledger
from tests.cast import new_cast
from tests.emptying import empty_database
from tests.simulation.faults import Crash, Faults, dealt_by
from tests.simulation.laws import broken_laws, stand_of_everything
from tests.simulation.world import SYSTEM, World

BEGINS = dt.datetime(
    2028, 3, 1, 9, tzinfo=clock.CHINA
)  # ahead of the database's clock: it ends nothing by itself
PAUSES_H = (0, 0, 0, 1, 5, 30, 100)
TRIES = 4
COURSES = [(3, 120)]
if asked := os.environ.get("GONGHUI_SIMULATION"):
    COURSES = [tuple(map(int, asked.split(":")))]

pytestmark = pytest.mark.django_db(transaction=True)


class Course:
    """Turn after turn; what happened is told in words without numbers of rows."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.faults = Faults(random.Random(seed + 1))
        with time_machine.travel(BEGINS, tick=False):
            self.world = World(new_cast(), self.dice)
        self.told: list[str] = []
        self.done: Counter[str] = Counter()

    def run(self, turns: int) -> None:
        at = BEGINS
        for nth in range(turns):
            at += dt.timedelta(hours=self.dice.choice(PAUSES_H), minutes=3)
            with time_machine.travel(at, tick=False):
                self.turn()
                broken = broken_laws(self.done["sell"], self.done["refund"])
            assert not broken, (nth, broken, self.told[-8:])

    def turn(self) -> None:
        doing = None
        while doing is None:  # there is always something to seal
            verb = self.dice.choice(self.world.verbs)
            doing = getattr(self.world, f"do_{verb}")()
        before, said = stand_of_everything(), ""
        for tried in range(TRIES):
            try:
                with self.faults.about(is_armed=tried < TRIES - 1):
                    doing()
                said = "done"
                break
            except Crash:
                said += "crash "
            except DomainError as refused:
                # Refused at once, it moved nothing; refused after a fault, it may have been done before that.
                assert tried or stand_of_everything() == before, (verb, refused.code)
                said += refused.code
                break
        if said.endswith("done"):
            self.done[verb] += 1
        self.told.append(f"{verb}: {said}")


@pytest.mark.parametrize(("seed", "turns"), COURSES)
def test_city_run_by_dice_breaks_no_law_whatever_fails(seed, turns):
    with dealt_by(random.Random(seed + 2)):
        course = Course(seed)
        course.run(turns)
    print(seed, course.done, course.faults.struck, sep="\n")
    for _minute in range(2):
        seal_transfers(SYSTEM)
    assert (unsealed_count(), [check.name for check in verify_ledger() if not check.ok]) == (0, [])
    assert course.faults.struck.total() > turns // 20 and course.done.total() > turns // 2


def test_same_seed_is_the_same_course():
    told = []
    for _again in range(2):
        empty_database()
        with dealt_by(random.Random(9)):
            course = Course(9)
            course.run(20)
        told.append((course.told, course.faults.struck))
    assert told[0] == told[1]
