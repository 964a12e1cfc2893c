"""The real web process, and the job worker beside it where wanted, on the test's database."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gonghui.benefits.tests.wire import database_url
from gonghui.config.databases import serving_url
from gonghui.config.launcher.orphans import LAUNCHER
from gonghui.kit.crypto import get_keyring
from gonghui.kit.tests.ports import free_port

START_TIMEOUT_S = 40
STOP_TIMEOUT_S = 15


@dataclass
class Processes:
    """Each writing what it says to a file of its own."""

    folder: Path
    port: int
    started: list[subprocess.Popen] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as said:
            line = [sys.executable, "-m", *command]
            self.started.append(subprocess.Popen(line, env=environment(), stdout=said, stderr=said))

    def said(self) -> dict[str, str]:
        return {path.stem: path.read_text(encoding="utf-8") for path in sorted(self.folder.glob("*.log"))}

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            assert all(each.poll() is None for each in self.started), self.said()
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer,
            ):
                if answer.status == 200:
                    return
            time.sleep(0.1)
        raise AssertionError(f"not ready: {self.said()}")

    def stop(self) -> None:
        for process in self.started:
            process.terminate()
        for process in self.started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_TIMEOUT_S)
            process.kill()
            process.wait()


def environment() -> dict[str, str]:
    ours = {
        "DATABASE_URL": serving_url(database_url()),
        "GONGHUI_KEYS": get_keyring().to_json(),
        "GONGHUI_SHOW_CODES": "1",
        "GONGHUI_LOG_LEVEL": "INFO",
        LAUNCHER: str(os.getpid()),  # killed tests leave no server behind
        "DJANGO_SETTINGS_MODULE": "gonghui.config.settings",
    }
    return {**os.environ, **ours}


@contextlib.contextmanager
def running(folder: Path, *, worker: bool = False) -> Iterator[Processes]:
    processes = Processes(folder, free_port())
    try:
        processes.start("web", "gonghui.config.launcher.serve", "127.0.0.1", str(processes.port), "1")
        if worker:
            processes.start("worker", "gonghui", "worker")
        processes.wait_until_ready()
        yield processes
    finally:
        processes.stop()
