"""The embedded PostgreSQL: start it, take over a running one, stop it when the last user leaves.

Every process that uses it holds a shared lock on `pg.users`; the kernel drops the lock with the process,
so the count is right even after kill -9. This module needs no Django: settings call `database_url`.
"""

import atexit
import contextlib
import fcntl
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import IO

from gonghui.config.launcher import cluster
from gonghui.config.launcher.binaries import find_binaries
from gonghui.config.launcher.cluster import DATABASE, Postmaster
from gonghui.config.launcher.errors import LauncherError
from gonghui.config.launcher.places import exclusive, state_folder

START_TIMEOUT_S = 180  # recovery after a crash under load may take a while
LOG_SIZE_MAX = 8 * 2**20  # bytes
HELD_BY_DEAD_SERVER = "pre-existing shared memory block"

_children: dict[Path, subprocess.Popen] = {}
_leases: dict[Path, IO[str]] = {}


def data_folder() -> Path:
    return state_folder() / "pg"


def database_url(start: bool = True) -> str:
    """DATABASE_URL, or the embedded server's address; with `start` it serves until this process ends."""
    named = os.environ.get("DATABASE_URL")
    if named:
        return named
    folder = data_folder()
    if start:
        if folder not in _leases:
            take_lease(folder)
        start_server(folder)
    server = cluster.postmaster(folder)
    if server is None:
        raise LauncherError("自带的数据库没有在运行。请用 gonghui up 启动，或设置 DATABASE_URL。")
    return cluster.url_of(folder, server)


def take_lease(folder: Path) -> None:
    """Say that this process uses the server; at its end the server stops if nobody else does."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    lease = (folder.parent / "pg.users").open("a")
    fcntl.flock(lease, fcntl.LOCK_SH)
    _leases[folder] = lease
    atexit.register(leave, folder, os.getpid())


def leave(folder: Path, pid: int) -> None:
    """Give the lease back; the last one out stops the server. A forked child leaves nothing."""
    lease = _leases.pop(folder, None) if pid == os.getpid() else None
    if lease is None:
        return
    with lease, contextlib.suppress(BlockingIOError):
        fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
        stop_server(folder)


def ensure_cluster(folder: Path) -> None:
    if not cluster.is_made(folder):
        cluster.make_cluster(folder, find_binaries())


def start_server(folder: Path) -> Postmaster:
    """A server that answers on this folder: the running one, or a new one. One process starts at a time."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    cluster.check_owner(folder)
    with exclusive(folder.parent / "pg.lock"):
        server = cluster.postmaster(folder)
        if server is not None and (server := settled(folder)) is not None:
            return server
        ensure_cluster(folder)
        return launch(folder)


def is_serving(folder: Path) -> bool:
    return cluster.postmaster(folder) is not None


def settled(folder: Path) -> Postmaster | None:
    """Wait for a server found running; one that does not come to answer is stopped, and None returned."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while (server := cluster.postmaster(folder)) and time.monotonic() < deadline:
        if server.ready and answers(folder, server):
            return server
        time.sleep(0.05)
    stop_server(folder)
    return None


def launch(folder: Path, attempts: int = 20) -> Postmaster:
    binaries = find_binaries()
    way = cluster.way_to_serve(folder, binaries)
    cluster.forget_dead_server(folder, way)
    cluster.write_settings(folder, binaries, way)
    log = fresh_log(folder)
    if folder in _children:
        _children[folder].poll()  # reaps a killed one
    for _ in range(attempts):
        offset = log.stat().st_size
        with log.open("a") as output:
            child = subprocess.Popen(
                [*way.prefix, binaries["postgres"], "-D", str(folder)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/",
                env=cluster.server_environment(), start_new_session=True, **way.popen_options(),
            )  # fmt: skip
        _children[folder] = child
        server = wait_until_ready(folder, child)
        if server:
            return server
        complaint = log.read_text(errors="replace")[offset:]
        if HELD_BY_DEAD_SERVER not in complaint:
            raise LauncherError(explain(folder, complaint, log))
        time.sleep(0.5)  # children of a killed server end by themselves within a second or two
    raise LauncherError(f"上一次的数据库进程还没有退出，数据文件夹 {folder} 仍被占用。请稍后再试。")


def wait_until_ready(folder: Path, child: subprocess.Popen) -> Postmaster | None:
    """None when the new server ended by itself."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while child.poll() is None:
        server = cluster.postmaster(folder)
        if server and server.pid == child.pid and server.ready and answers(folder, server):
            return server
        if time.monotonic() > deadline:
            stop_server(folder)
            raise LauncherError(f"数据库在 {START_TIMEOUT_S} 秒内没有就绪。详情见 {log_of(folder)}。")
        time.sleep(0.02)
    return None


def answers(folder: Path, server: Postmaster) -> bool:
    """Whether it takes a connection; makes the database on a new cluster."""
    import psycopg  # slow to import; a server already known needs none of it

    try:
        psycopg.connect(cluster.url_of(folder, server), connect_timeout=5).close()
        return True
    except psycopg.OperationalError as error:
        if f'"{DATABASE}" does not exist' not in str(error):
            return False
    try:
        url = cluster.url_of(folder, server, "postgres")
        with psycopg.connect(url, connect_timeout=5, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {DATABASE}")
    except psycopg.OperationalError:
        return False
    return True


def log_of(folder: Path) -> Path:
    return folder.parent / "log" / "postgres.log"


def fresh_log(folder: Path) -> Path:
    log = log_of(folder)
    log.parent.mkdir(exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_SIZE_MAX:
        log.replace(log.with_suffix(".log.1"))
    log.touch()
    return log


def explain(folder: Path, complaint: str, log: Path) -> str:
    known = {
        "No space left on device": f"磁盘已满，数据库不能启动。请腾出 {folder.parent} 所在的磁盘再试。",
        "could not create shared memory": "共享内存不足，数据库不能启动。请放宽这台机器或容器的内存限制。",
        "Permission denied": f"没有权限读写 {folder}。请检查文件夹归谁所有，或用 GONGHUI_DATA 换一个文件夹。",
    }
    for sign, sentence in known.items():
        if sign in complaint:
            return sentence
    last = "\n".join(complaint.strip().splitlines()[-6:])
    return f"数据库没有启动起来。它最后的话是：\n{last}\n全部记录在 {log}。"


def stop_server(folder: Path, patience_s: tuple[float, float, float] = (20, 5, 5)) -> None:
    """Fast shutdown; then harder, so that a hanging server does not keep the terminal."""
    server = cluster.postmaster(folder)
    if server is None:
        return
    for how, wait_s in zip((signal.SIGINT, signal.SIGQUIT, signal.SIGKILL), patience_s, strict=True):
        with contextlib.suppress(ProcessLookupError):
            os.kill(server.pid, how)
        if has_ended(folder, server.pid, wait_s):
            break
    place = Path(server.socket_folder or folder)
    if place.parent not in (folder.parent, folder):  # a folder of ours in /tmp
        with contextlib.suppress(OSError):
            place.rmdir()


def has_ended(folder: Path, pid: int, patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    child = _children.get(folder)
    while time.monotonic() < deadline:
        if child is not None and child.pid == pid:
            child.poll()  # reaps it
        if not cluster.is_postgres(pid):
            return True
        time.sleep(0.02)
    return False
