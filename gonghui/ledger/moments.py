"""When the thing happened that a transfer was made for, where that is another time than the transfer's own.

A transfer says when it was recorded, and is sealed with that. What it was made for knows its own moment: a bill sold without
network, money the bank had a week ago. Apps above register theirs, by the code of the transfer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from uuid import UUID

from gonghui.kit.clock import CHINA
from gonghui.kit.templatetags.kit import cn_day, cn_when
from gonghui.ledger.models import Transfer

Moment = datetime | date
"""A day where nobody knows the hour."""
Teller = Callable[[list[int]], Mapping[int, Moment | None]]
MOMENTS: dict[str, Teller] = {}
"""By the code of a transfer: when it happened, by the number in its subject ("bill:7")."""
APART = timedelta(days=1)


def month_of(day: date) -> Hashable:
    return day.year, day.month


def is_apart(happened: Moment, recorded: datetime, period_of: Callable[[date], Hashable] = month_of) -> bool:
    """More than a day from each other, or in two periods: then a reader is shown both."""
    then, now = day_of(happened), day_of(recorded)
    passed = recorded - happened if isinstance(happened, datetime) else now - then
    return abs(passed) > APART or period_of(then) != period_of(now)


def day_of(moment: Moment) -> date:
    return moment.astimezone(CHINA).date() if isinstance(moment, datetime) else moment


def says_moment(moment: Moment) -> str:
    return cn_when(moment) if isinstance(moment, datetime) else cn_day(moment)


def in_sheet(moment: Moment | None) -> datetime | None:
    """As a cell holds it: China's time, a day as its first minute."""
    if moment is None or isinstance(moment, datetime):
        return moment and moment.astimezone(CHINA).replace(tzinfo=None)
    return datetime.combine(moment, time())


def moments_of(transfers: Iterable[Transfer]) -> dict[UUID, Moment]:
    """Of those that happened apart from their record; a question a cause, however many transfers."""
    asked: dict[Teller, dict[int, list[Transfer]]] = defaultdict(lambda: defaultdict(list))
    for transfer in transfers:
        number = transfer.subject.partition(":")[2]
        if transfer.code in MOMENTS and number.isdecimal() and len(number) < 18:
            asked[MOMENTS[transfer.code]][int(number)].append(transfer)
    return {
        transfer.pk: happened
        for teller, of in asked.items()
        for number, happened in teller(sorted(of)).items()
        if happened is not None
        for transfer in of[number]
        if is_apart(happened, transfer.at)
    }
