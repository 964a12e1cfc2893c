"""`gonghui up` as a person uses it: real processes, killed in the ways that happen."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from gonghui.config.launcher import cluster, postgres
from gonghui.config.launcher.places import ROOT
from gonghui.kit.tests.ports import free_port

pytestmark = pytest.mark.faults
READY, PATIENCE_S = "工惠已就绪", 300


class Up:
    """One `gonghui up` with what it has said so far."""

    def __init__(self, state: Path, *arguments: str) -> None:
        self.state, self.log = state, state.parent / f"said-{time.monotonic_ns()}.txt"
        with self.log.open("w") as output:
            self.program = subprocess.Popen(
                [sys.executable, "-m", "gonghui", "up", "--workers=1", *arguments],
                cwd=ROOT, env=environment(state), stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip

    def said(self) -> str:
        return self.log.read_text()

    def ready(self) -> "Up":
        wait_for(lambda: READY in self.said() or self.program.poll() is not None, self.said)
        assert READY in self.said(), self.said()
        return self

    @property
    def port(self) -> int:
        return json.loads((self.state / "up.json").read_text())["port"]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.program.send_signal(how)
        return self.program.wait(60)


def environment(state: Path) -> dict[str, str]:
    names = (
        "DATABASE_URL",
        "GONGHUI_PG_BIN",
        "GONGHUI_TEST_DB",
        "GONGHUI_KEY_FILE",
        "GONGHUI_KEYS",
        "GONGHUI_COLLECTED",
    )
    kept = {name: value for name, value in os.environ.items() if name not in names}
    return {**kept, "GONGHUI_DATA": str(state), "COLUMNS": "200"}


def wait_for(condition, tell=lambda: ""):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"did not happen in time\n{tell()}"
        time.sleep(0.05)


def status_of(port: int) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def processes_of(state: Path) -> list[int]:
    """Every process whose environment names this state folder, PostgreSQL aside."""
    found = []
    for entry in Path("/proc").iterdir() if Path("/proc/self/environ").exists() else ():
        with contextlib.suppress(OSError, ValueError):
            if f"GONGHUI_DATA={state}\0" in (
                entry / "environ"
            ).read_text() + "\0" and not cluster.is_postgres(int(entry.name)):
                found.append(int(entry.name))
    return found


def children_running(state: Path, module: str) -> list[int]:
    return [pid for pid in processes_of(state) if module in Path(f"/proc/{pid}/cmdline").read_text()]


@pytest.fixture(scope="module")
def first_run(tmp_path_factory):
    """A state folder on which `up` ran once, so that the tests' own starts are quick."""
    state = tmp_path_factory.mktemp("up") / "state"
    up = Up(state, f"--port={free_port()}")
    try:
        assert status_of(up.ready().port) == 200
    finally:
        stopped = up.stop()
    assert stopped == 0
    return state, up.said()


@pytest.fixture
def state(first_run):
    state = first_run[0]
    yield state
    for pid in processes_of(state):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    postgres.stop_server(state / "pg")


def test_first_run_shows_each_step_and_leaves_nothing_running(first_run):
    state, said = first_run
    assert [step in said for step in ("数据库结构", "静态文件", "会员端", "管理后台", "已停止")] == [True] * 5
    assert (processes_of(state), cluster.postmaster(state / "pg")) == ([], None)
    assert not (state / "up.json").exists()


def test_later_run_skips_what_is_done(state):
    up = Up(state, f"--port={free_port()}").ready()
    assert ("数据库结构" in up.said(), "静态文件" in up.said()) == (False, False)
    assert up.stop(signal.SIGINT) == 0
    assert (processes_of(state), cluster.postmaster(state / "pg")) == ([], None)


def test_closed_terminal_stops_everything(state):
    up = Up(state, f"--port={free_port()}").ready()
    assert up.stop(signal.SIGHUP) == 0
    assert (processes_of(state), cluster.postmaster(state / "pg")) == ([], None)


def test_killed_launcher_leaves_nothing_but_the_database_and_starts_again(state):
    port = free_port()
    up = Up(state, f"--port={port}").ready()
    server = cluster.postmaster(state / "pg")
    up.stop(signal.SIGKILL)
    again = Up(state, f"--port={port}").ready()
    assert (again.port, status_of(port)) == (port, 200)
    assert cluster.postmaster(state / "pg").pid == server.pid
    wait_for(lambda: len(children_running(state, "launcher.serve")) <= 2)
    assert again.stop() == 0
    assert (processes_of(state), cluster.postmaster(state / "pg")) == ([], None)


def test_killed_programs_come_back(state):
    up = Up(state, f"--port={free_port()}").ready()
    wait_for(lambda: children_running(state, "gonghui\0worker"))
    [worker] = children_running(state, "gonghui\0worker")
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: "后台任务停了（被信号 SIGKILL 结束）" in up.said())
    wait_for(lambda: children_running(state, "gonghui\0worker") not in ([], [worker]))
    for web in children_running(state, "launcher.serve"):
        os.kill(web, signal.SIGKILL)
    wait_for(lambda: "页面服务停了" in up.said())
    wait_for(lambda: status_of(up.port) == 200, up.said)
    os.kill(cluster.postmaster(state / "pg").pid, signal.SIGKILL)
    wait_for(lambda: "数据库已恢复" in up.said(), up.said)
    wait_for(lambda: readiness_of(up.port) == 200, up.said)
    assert up.stop() == 0


def readiness_of(port: int) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_hanging_program_does_not_keep_the_terminal(state):
    up = Up(state, f"--port={free_port()}").ready()
    wait_for(lambda: children_running(state, "gonghui\0worker"))
    os.kill(children_running(state, "gonghui\0worker")[0], signal.SIGSTOP)
    assert up.stop() == 0
    assert processes_of(state) == []


def test_second_start_on_one_folder_is_refused_with_a_sentence(state):
    first = Up(state, f"--port={free_port()}").ready()
    second = Up(state, f"--port={free_port()}")
    assert second.program.wait(30) == 1
    assert re.search(
        rf"已经有一个 gonghui 在运行（进程 {first.program.pid}，端口 {first.port}）", second.said()
    )
    assert status_of(first.port) == 200
    assert first.stop() == 0


def test_taken_port_is_refused_or_avoided(state):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        up = Up(state, f"--port={port}")
        assert up.program.wait(60) == 1
        assert f"端口 {port} 不能用" in up.said()
    assert (processes_of(state), cluster.postmaster(state / "pg")) == ([], None)


def test_stop_while_starting_leaves_nothing(state):
    up = Up(state, f"--port={free_port()}")
    wait_for(lambda: cluster.postmaster(state / "pg"))
    up.stop()
    wait_for(lambda: processes_of(state) == [])
    assert cluster.postmaster(state / "pg") is None


def test_gates_alone_serve_beside_the_whole(state):
    port = free_port()
    up = Up(state, f"--port={port}").ready()
    gate = Up(state, f"--port={free_port()}", "--gate-only").ready()
    assert "抢票口" in gate.said()
    assert gate.stop() == 0
    assert (up.port, status_of(up.port)) == (port, 200)
    assert up.stop() == 0


def test_wrong_binaries_are_told_in_a_sentence(tmp_path):
    told = subprocess.run(
        [sys.executable, "-m", "gonghui", "up"], cwd=ROOT, capture_output=True, text=True, timeout=60,
        env={**environment(tmp_path / "state"), "GONGHUI_PG_BIN": str(tmp_path)}, check=False,
    )  # fmt: skip
    assert told.returncode == 1
    assert "没有 initdb、postgres" in told.stderr
    assert "Traceback" not in told.stderr
    shutil.rmtree(tmp_path / "state")
