import time

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

SAY_EVERY_S = 30


class Bars:
    """One bar per stage with counts and the time left; without a terminal a line per stage, and every half minute of one."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(32),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("还需"),
            TimeRemainingColumn(),
        )
        self.bars = Progress(*columns, console=self.console, disable=not self.console.is_terminal)
        self.current: TaskID | None = None
        self.title, self.done, self.total, self.began, self.said = "", 0, 0, 0.0, 0.0

    def __enter__(self) -> "Bars":
        self.bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.finish()
        self.bars.stop()

    def start(self, title: str, total: int) -> None:
        self.finish()
        self.title, self.done, self.total, self.began = title, 0, total, time.monotonic()
        self.said = self.began
        self.current = self.bars.add_task(title, total=total)

    def advance(self, count: int = 1) -> None:
        self.done += count
        if self.current is not None:
            self.bars.advance(self.current, count)
        if not self.console.is_terminal and time.monotonic() - self.said > SAY_EVERY_S:
            self.say_how_far()

    def say_how_far(self) -> None:
        self.said = time.monotonic()
        spent_s = self.said - self.began
        left_s = spent_s / self.done * (self.total - self.done) if self.done else 0
        self.console.print(f"{self.title}：{self.done:,} / {self.total:,}，还需约 {left_s / 60:.0f} 分钟")

    def finish(self) -> None:
        if self.current is None:
            return
        if self.console.is_terminal:
            self.bars.update(self.current, total=self.done, completed=self.done)
        else:
            self.console.print(f"{self.title}：{self.done}（{time.monotonic() - self.began:.1f} 秒）")
        self.current = None
