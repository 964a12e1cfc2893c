"""Where an activity stands for its readers, and how times and places are said. Pure, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext as _

from gonghui.kit.clock import CHINA
from gonghui.kit.templatetags.kit import cn_day, cn_time, cn_when


class Stage(StrEnum):
    """The names are those of kit/includes/state_chip.html; in the order in which readers want to see them."""

    OPEN = "open"
    DRAW = "draw"
    SOON = "soon"
    GRANT = "grant"
    WAITING = "waiting"
    PAUSED = "paused"
    SOLD_OUT = "sold_out"
    ENDED = "ended"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Supply:
    """What of one release or pool can be had now: the clock decides, not the timer that moves states."""

    mode: str
    is_cancelled: bool
    is_closed: bool
    has_line: bool
    capacity: int
    open_count: int
    left: int
    next_opening: datetime | None
    pause_reason: str = ""
    """Why nothing goes out just now; empty where it does."""

    @property
    def stage(self) -> Stage:
        if self.is_cancelled:
            return Stage.CANCELLED
        if self.is_closed or not (self.open_count or self.next_opening):
            return Stage.ENDED
        if self.pause_reason:
            return Stage.PAUSED
        if self.mode == "grab":
            return self._grab_stage
        if self.open_count:
            return Stage.DRAW if self.mode == "draw" else Stage.GRANT
        return Stage.SOON

    @property
    def rank(self) -> tuple[int, float]:
        """What can be had now comes first, then what opens soonest."""
        return list(Stage).index(self.stage), self.next_opening.timestamp() if self.next_opening else 0.0

    @property
    def _grab_stage(self) -> Stage:
        if self.open_count and self.left:
            return Stage.OPEN
        if self.next_opening:
            return Stage.SOON
        return Stage.WAITING if self.has_line else Stage.SOLD_OUT


def said_when(first: datetime | None, last: datetime | None, sessions: int) -> str:
    """10月1日 周四 19:30 · 10月1日 周四，2 场 · 10月1日–10月7日，42 场."""
    if first is None or last is None:
        return _("时间待定")
    if sessions == 1:
        return cn_when(first)
    start, end = first.astimezone(CHINA), last.astimezone(CHINA)
    if start.date() == end.date():
        return _("%(day)s，%(n)s 场") % {"day": cn_day(first), "n": sessions}
    last_day = (
        f"{end.day}日" if (start.year, start.month) == (end.year, end.month) else f"{end.month}月{end.day}日"
    )
    days = f"{start.month}月{start.day}日–{last_day}"
    return _("%(days)s，%(n)s 场") % {"days": days, "n": sessions}


def said_places(stores: set[str]) -> str:
    return _("%d 个场馆") % len(stores) if len(stores) > 1 else next(iter(stores), "")


def said_for(seconds: int) -> str:
    """1800 → 30 分钟, 7200 → 2 小时, 172800 → 2 天."""
    for size, unit in ((86400, _("天")), (3600, _("小时")), (60, _("分钟"))):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return _("%d 秒") % seconds


def said_until(moment: datetime) -> str:
    return f"{cn_day(moment)} {cn_time(moment)}"
