"""The launcher's small parts, and the command line in front of them."""

import io
import json
import shutil
import socket
import subprocess
import sys
import time
import tomllib

import pytest
from click.testing import CliRunner

from gonghui.config.cli import cli
from gonghui.config.cli.new_app import scaffold
from gonghui.config.databases import place_of_database
from gonghui.config.launcher import doctor, frontend, panel, ports
from gonghui.config.launcher.child import Child
from gonghui.config.launcher.doctor import Level
from gonghui.config.launcher.errors import LauncherError
from gonghui.config.launcher.places import ROOT
from gonghui.config.launcher.preparation import fingerprint
from gonghui.config.launcher.totp import current_code


def test_help_imports_neither_django_nor_the_supervisor():
    program = (
        "import sys; from gonghui.config.cli import cli\n"
        "try: cli(['--help'])\n"
        "except SystemExit: print('django' in sys.modules, 'rich' in sys.modules, file=sys.stderr)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert answer.stderr.strip() == "False False"


@pytest.mark.parametrize("name", cli.list_commands(None))
def test_each_command_explains_itself(name):
    answer = CliRunner().invoke(cli, [name, "--help"])
    assert answer.exit_code == 0
    assert len(answer.output.strip()) > 20


def test_code_of_the_standard_agrees():
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238, appendix B, last six digits
    assert [current_code(secret, at) for at in (59, 1111111109, 2000000000)] == ["287082", "081804", "279037"]


def test_port_taken_moves_to_the_next_free_one():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert ports.is_free("127.0.0.1", port) is False
        with pytest.raises(LauncherError, match=f"端口 {port} 不能用"):
            ports.choose_port("127.0.0.1", port)


def test_port_without_a_wish_avoids_a_taken_one(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(ports, "PORT_DEFAULT", port)
        assert port < ports.choose_port("127.0.0.1", None) < port + ports.PORTS_TRIED


def test_panel_shows_accounts_with_the_paths_and_codes(capsys, tmp_path):
    file = tmp_path / "accounts.json"
    account = {"role": "省总工会管理员", "address": "http://127.0.0.1:9/console/", "login": "province",
               "password": "s3cret", "totp_secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}  # fmt: skip
    file.write_text(json.dumps([account]))
    told = render(panel.ready_panel({"会员端": "http://127.0.0.1:8000/"}, 3.21, panel.read_accounts(file)))
    assert [
        part in told for part in ("http://127.0.0.1:8000/", "province", "s3cret", "/console/", "3.2 秒")
    ] == [True] * 5
    assert "127.0.0.1:9" not in told


def render(renderable) -> str:
    from rich.console import Console

    console = Console(width=160, record=True, file=io.StringIO())
    console.print(renderable)
    return console.export_text()


def test_accounts_that_are_absent_or_damaged_count_as_none(tmp_path):
    assert panel.read_accounts(tmp_path / "absent.json") == []
    (tmp_path / "damaged.json").write_text("[{")
    assert panel.read_accounts(tmp_path / "damaged.json") == []


def test_child_that_keeps_failing_waits_longer_each_time(tmp_path):
    child = Child("试验", [sys.executable, "-c", "raise SystemExit(3)"], {}, tmp_path / "log")
    child.start()
    sentences = []
    while len(sentences) < 3:
        if sentence := child.revive():
            sentences.append(sentence)
        time.sleep(0.02)
    assert [s.split("，详情")[0].split("。")[0] for s in sentences] == [
        f"试验停了（退出码 3），{pause} 秒后重新启动" for pause in ("0.5", "1", "2")
    ]


def test_child_that_does_not_stop_is_killed(tmp_path):
    deaf = """if True:
        import signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("on", flush=True)
        time.sleep(60)
    """
    child = Child("试验", [sys.executable, "-c", deaf], {}, tmp_path / "log")
    child.start()
    while "on" not in child.last_words():
        time.sleep(0.02)
    child.ask_to_stop()
    child.wait_stopped(time.monotonic() + 0.3)
    assert (child.is_running(), child.reason()) == (False, "被信号 SIGKILL 结束")


def test_front_end_files_are_installed_once():
    frontend.install_frontend()
    assert frontend.install_frontend() is False
    assert frontend.missing_file() is None


def test_lock_of_the_front_end_names_no_host():
    assert "://" not in (ROOT / "frontend" / "package-lock.json").read_text()


def test_fingerprint_changes_with_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr("gonghui.config.launcher.preparation.ROOT", tmp_path)
    file = tmp_path / "a.py"
    file.write_text("one")
    before = fingerprint([file])
    assert fingerprint([file]) == before
    file.write_text("three")
    assert fingerprint([file]) != before


def test_doctor_finds_keys_that_others_may_read(tmp_path, monkeypatch):
    from gonghui.kit.crypto import Keyring, write_keyring

    file = tmp_path / "keys.json"
    monkeypatch.delenv("GONGHUI_KEYS", raising=False)
    monkeypatch.setenv("GONGHUI_KEY_FILE", str(file))
    assert doctor.keys().level is Level.WARNING
    write_keyring(Keyring.generate(), file, replace=True)
    assert doctor.keys().level is Level.GOOD
    file.chmod(0o644)
    assert (doctor.keys().level, "chmod 600" in doctor.keys().advice) == (Level.BAD, True)


@pytest.mark.parametrize(("url", "said"), [
    ("postgresql://ann:s3cret@db.example:5433/gonghui_b", "gonghui_b @ db.example:5433"),
    ("postgresql:///gonghui?host=/run/pg&port=5432&user=ann&password=s3cret", "gonghui @ /run/pg:5432"),
    ("postgres://db.example/union", "union @ db.example"),
    ("postgresql://ann:12/s3cret@db.example/union", "?"),
    ("postgresql://ann:12#s3cret@db.example/union", "?"),
    ("postgresql://ann:s3cret/12@db.example/union", "?"),
    ("host=db.example password=s3cret dbname=union", "?"),
])  # fmt: skip
def test_place_of_a_database_never_shows_its_password(url, said):
    assert place_of_database(url) == said


def test_demo_says_which_database_of_the_environment_it_uses(tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{closed.getsockname()[1]}"
    environment = {
        "DATABASE_URL": f"postgresql://nobody:s3cret@{place}/nothing",
        "GONGHUI_DATA": str(tmp_path),
    }
    answer = subprocess.run(
        [sys.executable, "-m", "gonghui", "demo", "--workers", "1"],
        cwd=ROOT,
        env={**environment, "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    said = [line for line in answer.stdout.splitlines() if "DATABASE_URL 指定的数据库" in line]
    assert [line.partition("：")[2] for line in said] == [f"nothing @ {place}"]
    assert answer.returncode == 1
    assert "s3cret" not in answer.stdout + answer.stderr


def test_doctor_and_launcher_load_where_the_libraries_are_missing():
    """To say so is what the doctor is for."""
    blind = "import sys; sys.modules['django'] = sys.modules['psycopg'] = None; "
    line = blind + "import gonghui.config.launcher.doctor, gonghui.config.launcher.supervisor"
    loaded = subprocess.run(
        [sys.executable, "-c", line], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (loaded.returncode, loaded.stderr) == (0, "")


def test_doctor_says_that_the_database_does_not_answer(tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"postgresql://nobody@127.0.0.1:{closed.getsockname()[1]}/nothing"
    environment = {"DATABASE_URL": url, "GONGHUI_DATA": str(tmp_path), "PATH": "/usr/bin:/bin"}
    answer = subprocess.run(
        [sys.executable, "-m", "gonghui", "doctor"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert "✘ 数据库：DATABASE_URL 指的数据库连不上" in answer.stdout
    assert "Traceback" not in answer.stderr


@pytest.mark.django_db(transaction=True)
def test_doctor_is_content_with_a_good_database(settings):
    import psycopg

    from gonghui.config.databases import database_url

    name = settings.DATABASES["default"]["NAME"]
    with psycopg.connect(database_url(), dbname=name, autocommit=True) as connection:
        asked = (
            doctor.database_version,
            doctor.database_settings,
            doctor.extensions,
            doctor.clock_skew,
            doctor.rights,
            doctor.failed_jobs,
        )
        assert [ask(connection).level for ask in asked] == [Level.GOOD] * 6


@pytest.mark.django_db(transaction=True)
def test_doctor_finds_a_right_that_somebody_gave_the_services(settings):
    import psycopg

    from gonghui.config.databases import database_url

    name = settings.DATABASES["default"]["NAME"]
    with psycopg.connect(database_url(), dbname=name, autocommit=True) as connection:
        connection.execute("GRANT UPDATE (amount) ON ledger_transfer TO gonghui_app")
        try:
            assert doctor.rights(connection).level == Level.BAD
        finally:
            connection.execute("REVOKE UPDATE (amount) ON ledger_transfer FROM gonghui_app")
        assert doctor.rights(connection).level == Level.GOOD


@pytest.mark.django_db(transaction=True)
def test_services_enter_as_a_role_of_their_own_where_the_server_lets_them(monkeypatch):
    import psycopg

    from gonghui.config import databases
    from gonghui.config.launcher import supervisor

    url = databases.database_url()
    serving = databases.serving_url(url)
    with psycopg.connect(serving) as services:
        assert services.execute("SELECT session_user").fetchone() == ("gonghui_app",)
    assert databases.serving_url(serving) == serving
    monkeypatch.setattr(databases, "ROLE", "nobody_here")
    assert databases.serving_url(url) == url
    said = []
    monkeypatch.setattr(supervisor.panel, "tell", lambda text, _colour="": said.append(text))
    assert supervisor.url_to_serve(url) == url
    assert ["docs/operations.md" in text for text in said] == [True]


def checkout(tmp_path):
    """A copy of the two files that a new app is written into."""
    for name in ("pyproject.toml", "gonghui/config/settings.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_new_app_is_written_into_both_contracts(tmp_path):
    root = checkout(tmp_path)
    scaffold(root, name="stations", title="服务站点", beside="activities", above=None)
    scaffold(root, name="programmes", title="项目", beside=None, above="partners")
    layers = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0][
        "layers"
    ]
    before = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0][
        "layers"
    ]
    at = next(i for i, layer in enumerate(before) if "partners" in layer)
    assert (
        layers
        == [f"{layer} | stations" if "activities" in layer else layer for layer in before[:at]]
        + ["programmes"]
        + before[at:]
    )
    installed = (root / "gonghui/config/settings.py").read_text()
    assert [installed.count(f'"gonghui.{name}",') for name in ("stations", "programmes")] == [1, 1]
    assert 'verbose_name = _("服务站点")' in (root / "gonghui/stations/apps.py").read_text()


def test_new_app_beside_a_stranger_changes_nothing(tmp_path):
    root = checkout(tmp_path)
    with pytest.raises(ValueError, match="没有 nowhere"):
        scaffold(root, name="stations", title="服务站点", beside="nowhere", above=None)
    assert sorted(p.name for p in (root / "gonghui").iterdir()) == ["config"]
    assert (root / "pyproject.toml").read_text() == (ROOT / "pyproject.toml").read_text()


def test_rotated_keys_open_what_the_old_ones_sealed(tmp_path, monkeypatch):
    from gonghui.kit.crypto import Keyring, write_keyring

    file = tmp_path / "keys.json"
    monkeypatch.delenv("GONGHUI_KEYS", raising=False)
    write_keyring(Keyring.generate(), file, replace=True)
    old = Keyring.from_json(file.read_text())
    environment = {"GONGHUI_KEY_FILE": str(file), "GONGHUI_DATA": str(tmp_path), "PATH": "/usr/bin:/bin"}
    told = subprocess.run(
        [sys.executable, "-m", "gonghui", "keys", "rotate", "seal"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    new = Keyring.from_json(file.read_text())
    assert (told.returncode, new.current_id("seal"), oct(file.stat().st_mode)[-3:]) == (0, 2, "600")
    assert new.open("试验", old.seal("试验", b"plain")) == b"plain"


def test_doctor_notices_clocks_that_differ():
    class Ahead:
        def execute(self, question):
            return self

        def fetchall(self):
            return [(time.time() + 90,)]

    finding = doctor.clock_skew(Ahead())
    assert (finding.level, "90.00 秒" in finding.sentence) == (Level.BAD, True)
