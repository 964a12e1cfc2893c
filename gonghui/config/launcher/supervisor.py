"""`gonghui up`: database, tables, files, pages with the gate, job worker; kept running until told to stop."""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field

from gonghui.config.databases import parse_database_url, place_of_database, serving_url
from gonghui.config.launcher import panel, postgres
from gonghui.config.launcher.child import Child
from gonghui.config.launcher.errors import LauncherError
from gonghui.config.launcher.frontend import install_frontend
from gonghui.config.launcher.orphans import LAUNCHER
from gonghui.config.launcher.places import ROOT, log_file, state_folder
from gonghui.config.launcher.ports import PORT_DEFAULT, address_of_this_machine, choose_port
from gonghui.config.launcher.preparation import (
    collect_if_stale,
    database_identity,
    migrate_if_needed,
    read_note,
)
from gonghui.kit.rights import ROLE

STOP_PATIENCE_S = 10
START_PATIENCE_S = 60
TICK_S = 0.5


@dataclass(frozen=True)
class UpOptions:
    host: str = "127.0.0.1"
    port: int | None = None
    workers: int = 1
    gate_only: bool = False
    world_members: int | None = None  # build a demo world of this size when there is none


@dataclass
class Supervisor:
    options: UpOptions
    children: list[Child] = field(default_factory=list)
    stop_wanted: threading.Event = field(default_factory=threading.Event)
    is_preparing: bool = True
    watches_database: bool = False
    database_retry_at: float = 0.0
    url: str = ""

    def run(self) -> None:
        """Until a signal says stop; LauncherError when it cannot start."""
        began = time.monotonic()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.on_signal)
        with only_one(self.options) as left_behind:
            try:
                port = self.prepare(patience_s=10 if left_behind else 0)
                if not self.options.gate_only:
                    write_note(port)
                self.is_preparing = False
                self.await_first_answer(port)
                if not self.stop_wanted.is_set():
                    panel.show(self.panel(port, time.monotonic() - began))
                self.watch()
            finally:
                self.is_preparing = False
                self.stop()

    def on_signal(self, number: int, frame: object) -> None:
        if self.is_preparing:
            self.is_preparing = False
            raise KeyboardInterrupt
        if self.stop_wanted.is_set():  # asked twice: at once
            for child in self.children:
                child.end_group(signal.SIGKILL)
        self.stop_wanted.set()

    def prepare(self, patience_s: float) -> int:
        if named := os.environ.get("DATABASE_URL"):
            panel.tell(f"使用环境变量 DATABASE_URL 指定的数据库：{place_of_database(named)}", "yellow")
        with panel.progress() as tell:
            tell("正在启动数据库…")
            self.watches_database = not os.environ.get("DATABASE_URL")
            self.url = os.environ["DATABASE_URL"] = postgres.database_url()
            if not self.options.gate_only:
                install_frontend(tell)
                migrate_if_needed(self.url, tell)
                collect_if_stale(self.url, tell)
        if self.options.world_members is not None:
            build_world_once(self.url, self.options.world_members)
        port = choose_port(self.options.host, self.options.port, patience_s)
        if self.options.port is None and port != PORT_DEFAULT:
            panel.tell(f"端口 {PORT_DEFAULT} 已被占用，改用 {port}。")
        self.children = list(programs(self.options, port, url_to_serve(self.url)))
        self.children[0].start()
        return port

    def await_first_answer(self, port: int) -> None:
        web, *others = self.children
        deadline = time.monotonic() + START_PATIENCE_S
        with panel.progress() as tell:
            tell("正在打开页面…")
            while not (status := first_answer(self.options, port)):
                if self.stop_wanted.wait(0.05):
                    return
                if not web.is_running() or time.monotonic() > deadline:
                    raise LauncherError(f"页面服务没有启动起来。它最后的话是：\n{web.last_words()}")
        for child in others:  # the first page comes first: on few cores it matters
            child.start()
        if status >= 500:
            panel.tell(f"首页回答“{status}”，有地方不对：请另开一个终端运行 gonghui doctor。", "red")

    def panel(self, port: int, took_s: float):
        host = self.options.host if self.options.host not in ("0.0.0.0", "::") else "127.0.0.1"  # noqa: S104
        origin = f"http://{host}:{port}/"
        if self.options.gate_only:
            return panel.ready_panel({"抢票口": f"{origin}grab/"}, took_s, [])
        places = {"会员端": origin, "管理后台": f"{origin}console/"}
        if host != self.options.host and (outside := address_of_this_machine()):
            places["手机访问"] = f"http://{outside}:{port}/"
        return panel.ready_panel(places, took_s, panel.read_accounts())

    def watch(self) -> None:
        while not self.stop_wanted.wait(TICK_S):
            self.revive_database()
            for child in self.children:
                if sentence := child.revive():
                    panel.tell(sentence, "yellow")

    def revive_database(self) -> None:
        if not self.watches_database or time.monotonic() < self.database_retry_at:
            return
        folder = postgres.data_folder()
        if postgres.is_serving(folder):
            return
        panel.tell("数据库停了，正在重新启动。", "yellow")
        try:
            postgres.start_server(folder)
            panel.tell("数据库已恢复。", "green")
        except LauncherError as error:
            panel.tell(f"{error}\n30 秒后再试。", "red")
            self.database_retry_at = time.monotonic() + 30

    def stop(self) -> None:
        if self.children:
            panel.tell("正在停止…")
        deadline = time.monotonic() + STOP_PATIENCE_S
        for child in self.children:
            child.ask_to_stop()
        for child in self.children:
            child.wait_stopped(deadline)
        postgres.leave(postgres.data_folder(), os.getpid())
        if self.children:
            panel.tell("已停止。")


def url_to_serve(url: str) -> str:
    """As a role that owns nothing; where the server lets it not in, as before, and it is said."""
    found = serving_url(url)
    if parse_database_url(found)["USER"] != ROLE:
        panel.tell(f"数据库没有让 {ROLE} 进来，服务以表的主人身份连接。做法见 docs/operations.md。", "yellow")
    return found


def programs(options: UpOptions, port: int, url: str) -> Iterator[Child]:
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "PYTHONUNBUFFERED": "1",
        "GONGHUI_COLLECTED": "1",
        LAUNCHER: str(os.getpid()),
    }
    python = [sys.executable, "-m"]
    web = [*python, "gonghui.config.launcher.serve", options.host, str(port), str(options.workers)]
    if options.gate_only:
        yield Child("抢票口", web, {**environment, "GONGHUI_GATE_ONLY": "1"}, log_file(f"gate-{port}"))
        return
    yield Child("页面服务", web, environment, log_file("web"))
    yield Child("后台任务", [*python, "gonghui", "worker"], environment, log_file("worker"))


def first_answer(options: UpOptions, port: int) -> int:
    """The status of the first page, 0 while nothing answers."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(options.host, options.host)  # noqa: S104
    path = "grab/" if options.gate_only else ""
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/{path}", timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def build_world_once(url: str, members: int) -> None:
    """Build the demo world in a database that has none, renew its programme when that is over; its own command
    decides and shows its progress. Asked once a day."""
    noted = state_folder() / "world.json"
    identity = {"database": database_identity(url), "day": time.strftime("%Y-%m-%d")}
    if read_note(noted) == identity:
        return
    command = [sys.executable, "-m", "gonghui", "world", "build", "--if-empty", "--members", str(members)]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise LauncherError("演示数据没有建成，原因见上。可以再运行一次；要从头来，请删除 .gonghui 文件夹。")
    noted.write_text(json.dumps(identity))


@contextlib.contextmanager
def only_one(options: UpOptions) -> Iterator[bool]:
    """One `gonghui up` per data folder. True when the last one was killed and left its note behind."""
    if options.gate_only:
        yield False
        return
    note = state_folder() / "up.json"
    with (state_folder() / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            running = read_note(note)
            raise LauncherError(
                f"这个数据文件夹（{state_folder()}）已经有一个 gonghui 在运行"
                f"（进程 {running.get('pid', '未知')}，端口 {running.get('port', '尚未打开')}）。"
                "请先停掉它，或用 GONGHUI_DATA 指定另一个文件夹。"
            ) from None
        try:
            yield note.exists()
        finally:
            note.unlink(missing_ok=True)


def write_note(port: int) -> None:
    (state_folder() / "up.json").write_text(json.dumps({"pid": os.getpid(), "port": port}))
