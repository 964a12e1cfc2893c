"""The processes a run needs, all its own: PostgreSQL in a temporary folder, a server for "hello", a server for the gate."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from gonghui.config.launcher import cluster, postgres
from gonghui.config.launcher.orphans import LAUNCHER
from gonghui.kit.tests.ports import free_port

START_TIMEOUT_S = 60


@contextlib.contextmanager
def own_postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL nobody else uses, as our launcher starts it, fsync on; its address."""
    server = postgres.start_server(folder)
    try:
        yield cluster.url_of(folder, server)
    finally:
        postgres.stop_server(folder)


def new_world(url: str, keys: str, **wanted: Any) -> dict[str, Any]:
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.world", json.dumps(wanted)],
        env=environment(url, keys),
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(made.stdout)


def environment(url: str, keys: str) -> dict[str, str]:
    ours = {
        "DATABASE_URL": url,
        "GONGHUI_KEYS": keys,
        "GONGHUI_GATE_ONLY": "1",
        "GONGHUI_LOG_LEVEL": "ERROR",
        LAUNCHER: str(os.getpid()),
    }
    return {**os.environ, **ours, "DJANGO_SETTINGS_MODULE": "gonghui.config.settings"}


@contextlib.contextmanager
def server(module: str, env: dict[str, str]) -> Iterator[tuple[int, psutil.Process]]:
    """`python -m module HOST PORT WORKERS` with one worker; its port and its process."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", module, "127.0.0.1", str(port), "1"], env=env)
    try:
        wait_for_port(port, process)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def wait_for_port(port: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.connect(("127.0.0.1", port))
            return
        time.sleep(0.05)
    raise RuntimeError("the server does not answer")


def largest_worker_mb(process: psutil.Process) -> float:
    workers = process.children(recursive=True) or [process]
    return max(worker.memory_info().rss for worker in workers) / 2**20


def press(**order: Any) -> dict[str, Any]:
    """One run of the crowd, in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=json.dumps(order),
        text=True,
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(ran.stdout)
