"""One program that the launcher keeps running."""

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from gonghui.config.launcher.places import ROOT

BACK_OFF_S = (0.5, 1, 2, 5, 10, 30)
STEADY_S = 30  # after this long alive, earlier failures are forgiven
LOG_SIZE_MAX = 16 * 2**20  # bytes


@dataclass
class Child:
    """Has a session of its own: Ctrl-C reaches the launcher alone, which then stops its children."""

    title: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    program: subprocess.Popen | None = None
    started_at: float = 0.0
    failures: int = 0
    restart_at: float = field(default=0.0)

    def start(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_SIZE_MAX:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as output:
            self.program = subprocess.Popen(
                self.command, cwd=ROOT, env=self.environment, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        self.started_at = time.monotonic()
        self.restart_at = 0.0

    def is_running(self) -> bool:
        return self.program is not None and self.program.poll() is None

    def revive(self) -> str:
        """Start again after a pause that grows; the sentence to tell, empty when there is none."""
        now = time.monotonic()
        if self.is_running() or self.program is None or now < self.restart_at:
            return ""
        if self.restart_at:
            self.start()
            return ""
        self.failures = 1 if now - self.started_at > STEADY_S else self.failures + 1
        pause_s = BACK_OFF_S[min(self.failures, len(BACK_OFF_S)) - 1]
        self.restart_at = now + pause_s
        self.end_group(signal.SIGKILL)  # what it started must not keep the port
        return f"{self.title}停了（{self.reason()}），{pause_s:g} 秒后重新启动。详情见 {self.log}。"

    def reason(self) -> str:
        code = self.program.returncode if self.program else None
        if code is not None and code < 0:
            return f"被信号 {signal.Signals(-code).name} 结束"
        return f"退出码 {code}"

    def ask_to_stop(self) -> None:
        if self.is_running() and self.program:
            self.program.terminate()

    def wait_stopped(self, deadline: float) -> None:
        """Past the deadline (monotonic seconds) it is killed with all that it started."""
        if self.program is None:
            return
        try:
            self.program.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.end_group(signal.SIGKILL)
            self.program.wait()
        else:
            self.end_group(signal.SIGKILL)

    def end_group(self, how: signal.Signals) -> None:
        if self.program:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.program.pid, how)

    def last_words(self, lines: int = 12) -> str:
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.rstrip().splitlines()[-lines:])
