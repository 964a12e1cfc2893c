import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class Bars:
    """One bar per stage with counts; without a terminal one line per finished stage."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False)
        columns = (TextColumn("{task.description}"), BarColumn(32), MofNCompleteColumn(), TimeElapsedColumn())
        self.bars = Progress(*columns, console=self.console, disable=not self.console.is_terminal)
        self.current: TaskID | None = None
        self.title, self.done, self.began = "", 0, 0.0

    def __enter__(self) -> "Bars":
        self.bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.finish()
        self.bars.stop()

    def start(self, title: str, total: int) -> None:
        self.finish()
        self.title, self.done, self.began = title, 0, time.monotonic()
        self.current = self.bars.add_task(title, total=total)

    def advance(self, count: int = 1) -> None:
        self.done += count
        if self.current is not None:
            self.bars.advance(self.current, count)

    def finish(self) -> None:
        if self.current is None:
            return
        if self.console.is_terminal:
            self.bars.update(self.current, total=self.done, completed=self.done)
        else:
            self.console.print(f"{self.title}：{self.done}（{time.monotonic() - self.began:.1f} 秒）")
        self.current = None
